import PlantModel
import Settings
import Testing
import WattlineTime

@testable import InfluxSink
@testable import SinkCore

@Suite("Answers to a write")
struct WriteAnswerTests {
  struct Case: Sendable {
    var status: Int
    var body: String
    var action: SinkAction
    init(_ status: Int, body: String, action: SinkAction) {
      (self.status, self.body, self.action) = (status, body, action)
    }
  }

  static let cases = [
    Case(204, body: "", action: .accepted),
    Case(200, body: "<html>log in</html>", action: .hold(.unexpected)),
    Case(302, body: "", action: .hold(.unexpected)),
    Case(400, body: #"{"error":"unable to parse 'x': missing fields"}"#, action: .refused(.malformed, count: nil)),
    Case(
      400,
      body:
        #"{"error":"partial write: field type conflict: input field \"v\" on measurement \"m\" is type float, already exists as type string dropped=3"}"#,
      action: .refused(.typeConflict, count: 3)),
    Case(
      400, body: #"{"error":"partial write: points beyond retention policy dropped=2"}"#,
      action: .refused(.retention, count: 2)),
    Case(
      400, body: #"{"error":"partial write: max-series-per-database limit exceeded: (1000000) dropped=1"}"#,
      action: .hold(.limit)),
    Case(
      400,
      body:
        #"{"error":"partial write: max-values-per-tag limit exceeded (100000/100000): measurement=\"raw\" tag=\"sensor\" value=\"x\" dropped=1"}"#,
      action: .hold(.limit)),
    Case(
      422, body: #"{"error":"Update to schema would exceed number of columns per table limit of 500 columns"}"#,
      action: .hold(.limit)
    ),
    Case(
      400, body: #"{"error":"unable to parse 'max-series-per-database': missing fields"}"#,
      action: .refused(.malformed, count: nil)),
    Case(
      400,
      body:
        #"{"error":"partial write of line protocol occurred","data":[{"original_line":"a \"limit exceeded\" b","line_number":1,"error_message":"invalid column type"}]}"#,
      action: .refused(.typeConflict, count: nil)),
    Case(422, body: #"{"code":"unprocessable entity","message":"odd"}"#, action: .refused(.rejected, count: nil)),
    Case(400, body: "", action: .refused(.rejected, count: nil)),
    Case(400, body: #"{"error":"database is required"}"#, action: .hold(.missing)),
    Case(400, body: #"{"code":"invalid","message":"bucket name must be provided"}"#, action: .hold(.missing)),
    Case(400, body: #"{"error":"unable to parse 'bucket': missing fields"}"#, action: .refused(.malformed, count: nil)),
    Case(
      400, body: #"{"data":[{"original_line":"\u{301}limit \" exceeded","error_message":"odd"}]}"#,
      action: .refused(.rejected, count: nil)),
    Case(400, body: " <html>400 Bad Request</html>", action: .hold(.unexpected)),
    Case(400, body: "Client sent an HTTP request to an HTTPS server.", action: .hold(.unexpected)),
    Case(401, body: "", action: .hold(.credentials)),
    Case(403, body: "", action: .hold(.permission)),
    Case(404, body: #"{"error":"database not found: \"x\""}"#, action: .hold(.missing)),
    Case(404, body: "404 page not found", action: .hold(.missing)),
    Case(405, body: "", action: .hold(.unexpected)),
    Case(413, body: "", action: .tooLarge),
    Case(429, body: "", action: .retry(after: .seconds(7))),
    Case(502, body: "", action: .retry(after: .seconds(7))),
    Case(503, body: "", action: .retry(after: .seconds(7))),
    Case(504, body: "", action: .retry(after: .seconds(7))),
    Case(500, body: #"{"error":"panic"}"#, action: .serverFault),
    Case(500, body: #"{"error":"engine: cache-max-memory-size exceeded: (1/1)"}"#, action: .retry(after: .seconds(7))),
    Case(500, body: #"{"error":"timeout"}"#, action: .retry(after: .seconds(7))),
    Case(0, body: "", action: .retry(after: .seconds(7))),
    Case(999, body: "", action: .retry(after: .seconds(7))),
    Case(-1, body: "", action: .retry(after: .seconds(7))),
  ]

  @Test(arguments: cases)
  func `each answer has its action`(item: Case) {
    #expect(WriteAnswer.classify(status: item.status, body: item.body, retryAfter: .seconds(7)) == item.action)
  }

  @Test func `only a 404 that names a missing database lets it be created`() {
    #expect(WriteAnswer.isDatabaseMissing(status: 404, body: #"{"error":"database not found: \"x\""}"#))
    #expect(!WriteAnswer.isDatabaseMissing(status: 404, body: "404 page not found"))
    #expect(!WriteAnswer.isDatabaseMissing(status: 400, body: "database not found"))
  }
}

@Suite("Endpoints")
struct WriteEndpointTests {
  private var settings: DatabaseSettings {
    var settings = DatabaseSettings()
    settings.url = "http://db:8086//"
    settings.database = "my plant&x"
    settings.organisation = "öl"
    return settings
  }

  @Test func `each interface has its path and its words for the precision`() {
    #expect(
      WriteEndpoint(settings, interface: .v1).writeURL
        == "http://db:8086/write?db=my%20plant%26x&precision=ms&consistency=one")
    #expect(
      WriteEndpoint(settings, interface: .v2).writeURL
        == "http://db:8086/api/v2/write?org=%C3%B6l&bucket=my%20plant%26x&precision=ms")
    #expect(
      WriteEndpoint(settings, interface: .v3).writeURL
        == "http://db:8086/api/v3/write_lp?db=my%20plant%26x&precision=millisecond")
    #expect(WriteEndpoint(settings, interface: .v3, precision: .seconds).writeURL.hasSuffix("precision=second"))
    #expect(WriteEndpoint.pingURL(settings) == "http://db:8086/ping")
    var settings = settings
    settings.organisation = nil
    #expect(
      WriteEndpoint(settings, interface: .v2).writeURL
        == "http://db:8086/api/v2/write?bucket=my%20plant%26x&precision=ms")
    settings.username = "u"
    #expect(WriteEndpoint(settings, interface: .v2).writeURL == "http://db:8086/write?db=my%20plant%26x&precision=ms")
    settings.token = Secret("t")
    #expect(WriteEndpoint(settings, interface: .v2).writeURL.hasPrefix("http://db:8086/api/v2/write?bucket="))
  }

  @Test func `a token goes into its header without what would end it; else user and password are Basic`() {
    var settings = settings
    settings.username = "u"
    settings.password = Secret("p")
    #expect(WriteEndpoint(settings, interface: .v1).basicCredentials?.username == "u")
    #expect(WriteEndpoint(settings, interface: .v1).authorization == nil)
    settings.token = Secret("abc\r\nX-Evil: 1\n")
    #expect(WriteEndpoint(settings, interface: .v2).authorization?.text == "Token abcX-Evil:1")
    #expect(WriteEndpoint(settings, interface: .v3).authorization?.text == "Bearer abcX-Evil:1")
    #expect(WriteEndpoint(settings, interface: .v2).basicCredentials == nil)
    #expect(!"\(WriteEndpoint(settings, interface: .v2))".contains("abc"))
  }

  @Test func `a database's name cannot leave its quotes`() {
    #expect(WriteEndpoint.quotedIdentifier("a\"; DROP DATABASE \"b\\") == #""a\"; DROP DATABASE \"b\\""#)
    let request = WriteEndpoint(settings, interface: .v1).createDatabase
    #expect(request?.url == "http://db:8086/query")
    #expect(request?.body == "q=CREATE%20DATABASE%20%22my%20plant%26x%22")
    #expect(WriteEndpoint(settings, interface: .v2).createDatabase == nil)
  }

  @Test(
    arguments: [
      ("1.6.7~rc0", "", .v1), ("v2.7.1", "", .v2), ("3.0.1", "", .v3), (nil, "", .v1),
      (nil, #"{"version":"3.2.0","revision":"1"}"#, .v3), (nil, "hello", .v1),
    ] as [(String?, String, WriteEndpoint.Interface)])
  func `the server's version decides the interface`(header: String?, body: String, interface: WriteEndpoint.Interface) {
    #expect(WriteEndpoint.interface(versionHeader: header, body: body) == interface)
  }
}
