import PlantModel
import Settings
import Testing

@testable import InfluxSink

/// One question to each version of the database, as its documentation and sources have it.
@Suite("Reading the database", .timeLimit(.minutes(5)))
struct DatabaseReaderTests {
  struct Server: Sendable, CustomTestStringConvertible {
    var name: String
    var version: DatabaseSettings.Version = .auto
    /// The answer to `/ping`, of which 2.x tells its version in the header, 3 in the body.
    var ping: FakeAnswer = .status(204)
    var token: String?
    var username: String?
    var authorization: String?
    var testDescription: String { name }
  }

  static let servers: [Server] = [
    Server(name: "1.x, open", ping: .status(204, headers: ["X-Influxdb-Version: 1.6.7"])),
    Server(
      name: "1.x with a user", ping: .status(204, headers: ["X-Influxdb-Version: 1.6.7"]), username: "ada",
      authorization: "Basic YWRhOnNlY3JldA=="),
    Server(
      name: "2.x with a token", ping: .status(204, headers: ["X-Influxdb-Version: v2.7.1"]), token: "abc\n",
      authorization: "Token abc"),
    Server(
      name: "2.x with a user", ping: .status(204, headers: ["X-Influxdb-Version: v2.7.1"]), username: "ada",
      authorization: "Basic YWRhOnNlY3JldA=="),
    Server(
      name: "3 with a token", ping: .status(200, body: #"{"version":"3.0.1","revision":"d7c071e"}"#),
      token: "abc", authorization: "Bearer abc"),
    Server(
      name: "3 that tells its version to nobody", ping: .status(401), token: "abc",
      authorization: "Token abc"),
    Server(name: "3, configured", version: .v3, token: "abc", authorization: "Bearer abc"),
    Server(name: "2.x, configured", version: .v2, token: "abc", authorization: "Token abc"),
  ]

  private static func settings(_ url: String, version: DatabaseSettings.Version = .v1) -> DatabaseSettings {
    var settings = DatabaseSettings()
    (settings.url, settings.database, settings.version) = (url, "watt line", version)
    return settings
  }

  private static let rows = #"""
    {"results":[{"statement_id":0,"series":[{"name":"kpi","columns":["time","grid_kw","asset"],
    "values":[[1700000000000,1.5,"a b"],[1700000060000,null,"c"]]}]}]}
    """#

  @Test(arguments: servers)
  func `a statement is asked in the address, with what the version wants as proof of identity`(_ found: Server) throws {
    let server = try FakeDatabase { request, _ in
      request.target == "/ping"
        ? found.ping : .status(200, body: Self.rows, headers: ["Content-Type: application/json"])
    }
    defer { server.stop() }
    var settings = Self.settings(server.url + "/", version: found.version)
    settings.token = found.token.map { Secret($0) }
    settings.username = found.username
    settings.password = found.username.map { _ in Secret("secret") }
    let answer = try DatabaseReader(settings).rows(#"SELECT "grid_kw", "asset" FROM "kpi" WHERE time >= 5ms"#)
    #expect(answer.count == 2)
    #expect(answer[0].measurement == "kpi" && answer[0].number("time") == 1_700_000_000_000)
    #expect(
      answer[0].number("grid_kw") == 1.5 && answer[0].text("asset") == "a b" && answer[1].number("grid_kw") == nil)
    let asked = try #require(server.requests.last)
    #expect(asked.method == "GET" && asked.body == "")
    #expect(
      asked.target
        == "/query?db=watt%20line&epoch=ms&q=SELECT%20%22grid_kw%22%2C%20%22asset%22%20FROM%20%22kpi%22%20WHERE%20time%20%3E%3D%205ms"
    )
    #expect(asked.headers["authorization"] == found.authorization)
    #expect(server.requests.count == (found.version == .auto ? 2 : 1))
  }

  @Test func `tags by which a statement groups are found where each version puts them`() throws {
    let bodies = [
      #"{"results":[{"series":[{"name":"m","tags":{"asset":"pv"},"columns":["time","v"],"values":[[1,2]]}]}]}"#,
      #"{"results":[{"series":[{"name":"m","columns":["time","asset","v"],"values":[[1,"pv",2]]}]}]}"#,
    ]
    let server = try FakeDatabase { _, number in .status(200, body: bodies[number]) }
    defer { server.stop() }
    let reader = try DatabaseReader(Self.settings(server.url))
    for _ in bodies {
      let row = try #require(try reader.rows("SELECT").first)
      #expect(row.text("asset") == "pv" && row.number("v") == 2)
    }
  }

  static let refusals: [(Int, String, String?)] = [
    (401, #"{"code":"unauthorized","message":"unauthorized access"}"#, nil), (403, "", nil),
    (404, #"{"code":"not found","message":"no dbrp mapping found"}"#, "no dbrp mapping found"),
    (400, #"{"error":"error parsing query: found EOF"}"#, "error parsing query: found EOF"),
    (400, "must provide only one InfluxQl statement per query", "400 must provide only one"),
    (200, #"{"results":[{"statement_id":0,"error":"database not found: x"}]}"#, "database not found: x"),
    (200, "<html>log in</html>", "200 <html>"), (200, "{}", "200 {}"), (500, #"{"results":[]}"#, "500"),
    (302, "", "302"),
  ]

  @Test(arguments: refusals)
  func `a refusal is never taken for an answer without rows`(status: Int, body: String, words: String?) throws {
    let server = try FakeDatabase { _, _ in .status(status, body: body) }
    defer { server.stop() }
    let reader = try DatabaseReader(Self.settings(server.url))
    let error = #expect(throws: ReadError.self) { try reader.rows("SELECT 1") }
    guard let words else {
      #expect(error == .forbidden(url: server.url))
      return
    }
    guard case .refused(let said) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(said.hasPrefix(words))
  }

  @Test func `a database that gives no rows has none, and one that is away is told`() throws {
    let server = try FakeDatabase { _, _ in .status(200, body: #"{"results":[{"statement_id":0}]}"#) }
    let reader = try DatabaseReader(Self.settings(server.url))
    #expect(try reader.rows("SELECT 1").isEmpty)
    server.stop()
    let error = #expect(throws: ReadError.self) { try reader.rows("SELECT 1") }
    guard case .noAnswer = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
