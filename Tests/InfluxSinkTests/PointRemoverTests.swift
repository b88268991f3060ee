import PlantModel
import Settings
import Testing
import WattlineTime

@testable import InfluxSink

@Suite("Deleting old points", .timeLimit(.minutes(1)))
struct PointRemoverTests {
  private static let end = Timestamp(seconds: 1_796_061_600).floored(to: .day)

  @Test(arguments: [DatabaseSettings.Version.v1, .v2, .v3])
  func `each version is asked in its own form`(version: DatabaseSettings.Version) throws {
    let server = try FakeDatabase { request, _ in
      request.target.contains("SELECT")
        ? .status(200, body: #"{"results":[{"series":[{"name":"raw","columns":["time","value"],"values":[[5,1]]}]}]}"#)
        : .status(request.target.hasPrefix("/api/v2/delete") ? 204 : 200, body: "{\"results\":[{}]}")
    }
    defer { server.stop() }
    var settings = DatabaseSettings()
    (settings.url, settings.database, settings.version) = (server.url, "watt line", version)
    (settings.organisation, settings.token) = ("o", Secret("t"))
    guard version != .v3 else {
      #expect(throws: RemovalError.unsupported) { try PointRemover(settings) { false } }
      return
    }
    let remover = try PointRemover(settings) { false }
    #expect(try remover.oldest(of: "raw", before: Self.end) == Timestamp(milliseconds: 5))
    try remover.remove("raw", before: Self.end)
    let last = try #require(server.requests.last)
    #expect(last.method == "POST")
    if version == .v1 {
      #expect(last.target == "/query?db=watt%20line&epoch=ms")
      let statement = "DELETE FROM \"raw\" WHERE time > '1677-09-22T00:00:00Z' AND time < '2026-11-30T00:00:00Z'"
      #expect(last.body == "q=" + WriteEndpoint.percentEncoded(statement))
    } else {
      #expect(last.target == "/api/v2/delete?org=o&bucket=watt%20line" && last.headers["authorization"] == "Token t")
      #expect(
        last.body
          == #"{"start":"1677-09-22T00:00:00Z","stop":"2026-11-30T00:00:00Z","predicate":"_measurement=\"raw\""}"#
      )
    }
  }

  @Test func `windows of a minute are told from the others by their tag`() {
    let target = RemovalTarget("feature_1m")
    #expect(target.condition == #""feature" WHERE "window" = '1m'"#)
    #expect(target.predicate == #""_measurement=\"feature\" AND window=\"1m\"""#)
    #expect(RemovalTarget("clean").predicate == #""_measurement=\"clean\"""#)
  }

  @Test func `an error inside an answer of status 200, and a refusal, are failures with the database's words`() throws {
    for answer in [
      FakeAnswer.status(200, body: #"{"results":[{"error":"not executed"}]}"#), .status(401, body: "not executed"),
    ] {
      let server = try FakeDatabase { _, _ in answer }
      defer { server.stop() }
      var settings = DatabaseSettings()
      (settings.url, settings.version) = (server.url, .v1)
      let remover = try PointRemover(settings) { false }
      let error = #expect(throws: RemovalError.self) { try remover.remove("raw", before: Self.end) }
      #expect("\(error.map(String.init(describing:)) ?? "")".contains("not executed"))
    }
  }
}
