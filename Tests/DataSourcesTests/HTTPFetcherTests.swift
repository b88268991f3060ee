import Foundation
import LocalServers
import PlantModel
import PlantTesting
import SystemCore
import Testing
import WattlineTime

@testable import DataSources

/// A log in memory.
final class FetchedLines: FetchLog {
  private let lines = Locked<[(topic: String, payload: [UInt8])]>([])

  var endOffset: UInt64 { UInt64(lines.with { $0.count }) + 1 }
  /// Number of readings.
  var count: Int { lines.with { $0.reduce(0) { $0 + $1.payload.count { $0 == UInt8(ascii: "{") } } } }

  func append(_ payloads: [[UInt8]], topic: String) -> String? {
    lines.with { lines in lines += payloads.map { (topic, $0) } }
    return nil
  }

  func bringToDisk() -> String? { nil }

  func forEachFetched(from offset: UInt64, _ body: (String, UnsafeRawBufferPointer, UInt64) -> Void) {
    for (position, line) in lines.value.enumerated() where UInt64(position) >= offset {
      line.payload.withUnsafeBytes { body(line.topic, $0, UInt64(position) + 1) }
    }
  }
}

@Suite("pages over HTTP")
struct HTTPFetcherTests {
  private static let plant = Plant(
    name: "p", location: Location(latitude: 48.1, longitude: 11.6, timezone: "Europe/Berlin"))
  private static let page =
    "[{\"at\":\"2026-03-01T10:00:00Z\",\"kwh\":1.5},{\"at\":\"2026-03-01T10:15:00Z\",\"kwh\":2}]"

  /// Answers of a server, one a connection; the last one is repeated.
  private final class Answers: Sendable {
    let requests = Locked<[[String]]>([])
    private let server = Locked<ScriptedServer?>(nil)
    var port: Int { server.value?.port ?? 0 }

    init(_ answers: [String]) throws {
      let requests = requests
      server.set(
        try ScriptedServer { connection in
          var lines: [String] = []
          while let line = connection.line(), !line.isEmpty { lines.append(line) }
          let seen = lines
          let position = requests.with { requests in
            requests.append(seen)
            return requests.count - 1
          }
          connection.say(answers[min(position, answers.count - 1)])
        })
    }

    func stop() { server.value?.stop() }
  }

  private static func answer(_ body: String, status: String = "200 OK", headers: String = "") -> String {
    "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
  }

  private static func source(_ access: HTTPAccess) -> DataSource {
    let rule = TopicRule(
      match: DataSource.topic, payload: .json, each: "/", asset: "meter", time: "/at",
      values: [TopicRule.Value(name: "energy", path: "/kwh")])
    return DataSource(name: "s", access: .http(access), rule: rule)
  }

  private static func fetch(
    _ fetcher: HTTPFetcher, _ intake: SourceIntake
  ) throws(FetchError) -> FetchResult {
    let span = intake.beginFetch(at: Timestamp(seconds: 1_772_370_000))
    let result = try fetcher.fetch(span, into: intake) { false }
    intake.endFetch()
    return result
  }

  private static func parts(_ access: HTTPAccess) -> (fetcher: HTTPFetcher, intake: SourceIntake, log: FetchedLines) {
    let log = FetchedLines()
    let source = source(access)
    return (
      HTTPFetcher(access, directory: "/", calendar: .utc),
      SourceIntake(source, plant: plant, state: SourceState(), log: log), log
    )
  }

  @Test func `what has not changed is not sent again, and what is known is not taken again`() throws {
    let answers = try Answers([
      Self.answer(Self.page, headers: "ETag: \"a\"\r\n"), Self.answer("", status: "304 Not Modified"),
      Self.answer(Self.page),
    ])
    defer { answers.stop() }
    let (fetcher, intake, log) = Self.parts(HTTPAccess(url: "http://127.0.0.1:\(answers.port)/m"))
    #expect(try Self.fetch(fetcher, intake) == FetchResult(rows: 2))
    #expect(try Self.fetch(fetcher, intake) == FetchResult(rows: 0))
    #expect(answers.requests.value[1].contains { $0.lowercased() == "if-none-match: \"a\"" })
    #expect(try Self.fetch(fetcher, intake).rows == 0)
    #expect(log.count == 2 && intake.state.rows == 2)
    #expect(intake.state.through == Timestamp(seconds: 1_772_360_100))
  }

  @Test func `a Link header leads to the next page, and not to another server`() throws {
    let answers = try Answers([
      Self.answer(Self.page, headers: "Link: </m?page=2>; rel=\"next\"\r\n"),
      Self.answer(
        "[{\"at\":\"2026-03-01T10:30:00Z\",\"kwh\":3}]", headers: "Link: <http://localhost:9/m>; rel=next\r\n"),
    ])
    defer { answers.stop() }
    let (fetcher, intake, log) = Self.parts(HTTPAccess(url: "http://127.0.0.1:\(answers.port)/m"))
    let error = #expect(throws: FetchError.self) { try Self.fetch(fetcher, intake) }
    #expect(error?.words.contains("is at another server") == true)
    #expect(log.count == 3 && intake.state.through == nil, "the cursor waits for the last page")
    #expect(answers.requests.value.map { $0[0] } == ["GET /m HTTP/1.1", "GET /m?page=2 HTTP/1.1"])
  }

  @Test func `a page of a login, a long page and refused credentials are told`() throws {
    let answers = try Answers([Self.answer("<html>Log in</html>")])
    defer { answers.stop() }
    let (fetcher, intake, log) = Self.parts(HTTPAccess(url: "http://127.0.0.1:\(answers.port)/m"))
    let error = #expect(throws: FetchError.self) { try Self.fetch(fetcher, intake) }
    #expect(error?.words.contains("it begins with: <html>Log in") == true, "\(error?.words ?? "")")
    var access = HTTPAccess(url: "http://127.0.0.1:\(answers.port)/m")
    access.longestPage = 10
    let long = Self.parts(access)
    let tooLong = #expect(throws: FetchError.self) { try Self.fetch(long.fetcher, long.intake) }
    #expect(tooLong?.words.contains("raise limit_mb") == true)
    let refusing = try Answers([Self.answer("", status: "403 Forbidden")])
    defer { refusing.stop() }
    let refused = Self.parts(HTTPAccess(url: "http://127.0.0.1:\(refusing.port)/m"))
    let refusal = #expect(throws: FetchError.self) { try Self.fetch(refused.fetcher, refused.intake) }
    #expect(refusal?.kind == .refused && refusing.requests.value.count == 1)
    #expect(log.count == 0)
  }

  @Test func `pages are counted by number or by records until one has none`() throws {
    let pages = [Self.page, "[{\"at\":\"2026-03-01T10:30:00Z\",\"kwh\":3}]", "[]"].map { Self.answer($0) }
    for (counter, wanted) in [
      (PageCounter.page("p"), ["/m?p=1", "/m?p=2", "/m?p=3"]),
      (.offset("skip"), ["/m?skip=0", "/m?skip=2", "/m?skip=3"]),
    ] {
      let answers = try Answers(pages)
      defer { answers.stop() }
      var access = HTTPAccess(url: "http://127.0.0.1:\(answers.port)/m")
      access.counter = counter
      let (fetcher, intake, log) = Self.parts(access)
      #expect(try Self.fetch(fetcher, intake).rows == 3 && log.count == 3)
      #expect(answers.requests.value.map { $0[0] } == wanted.map { "GET \($0) HTTP/1.1" })
    }
  }

  @Test func `a token is asked for once, renewed when it is not taken, and a refused client is not tried again`() throws
  {
    let folder = try TemporaryFolder(prefix: "wattline-oauth")
    defer { folder.remove() }
    for name in ["secret", "refresh"] {
      try Data("\(name)\n".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
    }
    let data = try Answers([
      Self.answer(Self.page), Self.answer("", status: "401 Unauthorized"), Self.answer(Self.page),
    ])
    defer { data.stop() }
    let server = try Answers([
      Self.answer(#"{"access_token":"one","expires_in":3600,"refresh_token":"next"}"#),
      Self.answer(#"{"access_token":"two","expires_in":3600}"#),
      Self.answer(#"{"error":"invalid_client"}"#, status: "401 Unauthorized"),
    ])
    defer { server.stop() }
    var access = HTTPAccess(url: "http://127.0.0.1:\(data.port)/m")
    access.oauth = OAuthAccess(tokenURL: "http://127.0.0.1:\(server.port)/token", clientID: "plant")
    access.oauth?.secret = .file("secret")
    access.oauth?.refreshToken = .file("refresh")
    func fetcher() -> HTTPFetcher {
      HTTPFetcher(access, directory: folder.path, calendar: .utc, folder: folder.path)
    }
    let (_, intake, log) = Self.parts(access)
    let first = fetcher()
    #expect(try Self.fetch(first, intake).rows == 2)
    #expect(try Self.fetch(first, intake).rows == 0 && log.count == 2)
    let bearers = data.requests.value.map { $0.first { $0.hasPrefix("Authorization: ") } }
    #expect(bearers == ["Authorization: Bearer one", "Authorization: Bearer one", "Authorization: Bearer two"])
    #expect(server.requests.value.count == 2)
    #expect(server.requests.value[0].contains("Authorization: Basic cGxhbnQ6c2VjcmV0"))
    // The replaced refresh token is kept for the next process, readable by its user only.
    let kept = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/refresh-token"))
    #expect(String(decoding: kept, as: UTF8.self).contains("next"))
    let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/refresh-token")[.posixPermissions]
    #expect(mode as? Int == 0o600)
    let error = #expect(throws: FetchError.self) { try Self.fetch(fetcher(), intake) }
    #expect(error?.kind == .refused && error?.words.contains("gives no token (status 401, invalid_client)") == true)
  }

  @Test(arguments: [
    #"{"at":"soon","kwh":2}"#, #"{"at":"2026-03-01T10:15:00Z","kwh":"much"}"#,
  ])
  func `a record that cannot be read is counted and told each time, and the others are taken once`(
    record: String
  ) throws {
    let page = "[{\"at\":\"2026-03-01T10:00:00Z\",\"kwh\":1.5},\(record),{\"at\":\"2026-03-01T10:30:00Z\",\"kwh\":3}]"
    let answers = try Answers([Self.answer(page)])
    defer { answers.stop() }
    let (fetcher, intake, log) = Self.parts(HTTPAccess(url: "http://127.0.0.1:\(answers.port)/m"))
    for rows in [2, 0] {
      let result = try Self.fetch(fetcher, intake)
      #expect(result.rows == rows && result.unreadable == 1 && log.count == 2, "\(result)")
      #expect(result.hint?.isEmpty == false, "\(result)")
    }
  }

  @Test func `after a crash, what is in the log is known`() throws {
    let answers = try Answers([Self.answer(Self.page)])
    defer { answers.stop() }
    let access = HTTPAccess(url: "http://127.0.0.1:\(answers.port)/m")
    let (fetcher, intake, log) = Self.parts(access)
    _ = try Self.fetch(fetcher, intake)
    let again = SourceIntake(Self.source(access), plant: Self.plant, state: SourceState(), log: log)
    log.forEachFetched(from: 0) { topic, payload, _ in
      #expect(topic == "$wattline/source/p/s")
      again.recover(payload)
    }
    #expect(again.state.rows == 2)
    #expect(try Self.fetch(fetcher, again).rows == 0)
    #expect(log.count == 2)
  }
}
