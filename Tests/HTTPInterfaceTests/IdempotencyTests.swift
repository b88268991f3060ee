#if HTTP
  import Foundation
  import LocalServers
  import Pipeline
  import SystemCore
  import Testing
  import WattlineTime
  import WebServer

  @testable import Accounts
  @testable import HTTPInterface

  @Suite("Idempotency keys")
  final class IdempotencyTests {
    private let folder: TemporaryFolder
    /// Number of requests that reached the journal.
    private let appends = Locked(0)

    init() throws { folder = try TemporaryFolder(prefix: "keys") }

    deinit { folder.remove() }

    /// Runs a process's worth of requests, and ends the interface with its store.
    private func process<Result>(_ body: (AdminInterface) throws -> Result) throws -> Result {
      let appends = appends
      let own = try AdminInterface(in: folder) { pipeline in
        pipeline.append = { readings, _, _ in
          appends.with { $0 += 1 }
          return .accepted(appended: readings.count, repeated: 0)
        }
      }
      defer { own.interface.stop() }
      return try body(own)
    }

    private static let readings = "time,asset,sensor,value\n2026-01-01T00:00:00Z,bess,power,1\n"

    private static func post(_ own: AdminInterface, key: String, body: String = readings) -> HTTPResponse {
      own.send("POST", "/api/v1/plants/own/readings", body: body, key: key, type: "text/csv")
    }

    @Test func `a change that was made before a restart is not made again, and has the same answer`() throws {
      let first = try process { Self.post($0, key: "1") }
      #expect(first.status == 200 && appends.value == 1)
      try process { own in
        let again = Self.post(own, key: "1")
        #expect(again.status == 200 && again.body == first.body && again.contentType == first.contentType)
        #expect(appends.value == 1)
        #expect(Self.post(own, key: "1", body: Self.readings + ",bess,power,2\n").status == 422)
        #expect(Self.post(own, key: "2").status == 200 && appends.value == 2)
      }
    }

    @Test func `nothing of a change with a secret is on disk, and it is not made again`() throws {
      func add(_ own: AdminInterface, name: String = "roof") -> HTTPResponse {
        own.send(
          "POST", "/api/v1/keys", body: "{\"name\":\"\(name)\",\"owner\":\"chief\",\"scopes\":[\"read\"]}", key: "k")
      }
      let secret = try process { own -> String in
        let added = add(own)
        #expect(added.status == 201 && add(own).body == added.body)
        return try #require(AdminInterface.members(added)["secret"] as? String)
      }
      try process { own throws in
        let again = add(own)
        #expect(again.status == 409)
        #expect(String(decoding: again.body, as: UTF8.self).contains("its answer is not kept"))
        let count = try own.store.keys().count
        #expect(count == 1)
      }
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + name))
        #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name) has the secret")
      }
    }

    @Test func `a change that a crash interrupted is told so, and one that failed is tried again`() throws {
      let store = try AccountStore(path: folder.path + "/accounts.sqlite", cost: .least)
      let change = IdempotencyMemory.Change(
        key: "chief\nx", request: HTTPRequest(method: "POST", path: "/a"), endpoint: try endpoint("postReadings"))
      // A process that ended after it had begun.
      let crashed = IdempotencyMemory(store)
      guard case .new = crashed.begin(change, at: SystemClock.now()) else { return #expect(Bool(false)) }
      guard case .running = crashed.begin(change, at: SystemClock.now()) else { return #expect(Bool(false)) }
      let next = IdempotencyMemory(try AccountStore(path: folder.path + "/accounts.sqlite", cost: .least))
      for _ in 0..<2 {
        guard case .interrupted = next.begin(change, at: SystemClock.now()) else { return #expect(Bool(false)) }
      }
      crashed.end(change, response: .problem(503, "full"), at: SystemClock.now())
      guard case .new = next.begin(change, at: SystemClock.now()) else { return #expect(Bool(false)) }
    }

    private func endpoint(_ id: String) throws -> Endpoint {
      try process { own in try #require(own.interface.endpoints.first { $0.id == id }) }
    }

    @Test func `changes are known for a day, a thousand of them, and short answers alone`() throws {
      let store = try AccountStore(path: folder.path + "/accounts.sqlite", cost: .least)
      let now = Timestamp(seconds: 1_796_061_600)
      let answer = AccountStore.ChangeAnswer(status: 202, contentType: "a/b", location: "/x", body: [])
      func begin(_ key: String, after span: TimeSpan = .zero) throws -> AccountStore.KnownChange {
        try store.beginChange(key, print: "p", at: now + span)
      }
      #expect(try begin("a") == .new && begin("a") == .interrupted)
      try store.endChange("a", answer: answer)
      #expect(try begin("a", after: .hours(23)) == .done(answer))
      #expect(try store.beginChange("a", print: "q", at: now) == .other)
      #expect(try begin("a", after: .hours(24)) == .new)
      try store.endChange("a", answer: .init(status: 200, contentType: "a/b", body: Array(repeating: 1, count: 16_385)))
      #expect(try begin("a", after: .hours(25)) == .done(nil))
      for number in 0..<AccountStore.mostChanges {
        #expect(try begin("n\(number)", after: .hours(26) + .seconds(Int64(number))) == .new)
      }
      #expect(try begin("a", after: .hours(27)) == .new && begin("n999", after: .hours(27)) == .interrupted)
      #expect(try begin("n0", after: .hours(27)) == .new)
      // A clock that was wrong by years keeps nothing for years.
      #expect(try begin("future", after: .days(900)) == .new && begin("future") == .new)
    }

    @Test func `a file of accounts from before is opened, and a copy of it has no answers`() throws {
      let path = folder.path + "/accounts.sqlite"
      try process { own in _ = Self.post(own, key: "1") }
      try Database(path).execute("DROP TABLE change")
      try process { own in #expect(Self.post(own, key: "1").status == 200 && appends.value == 2) }
      try AccountStore.copy(path, to: folder.path + "/copy.sqlite")
      let tables = try Database(folder.path + "/copy.sqlite").rows(
        "SELECT name FROM sqlite_schema WHERE name = 'change'")
      #expect(tables.isEmpty)
      try Database(path).execute("DROP TABLE change")
      try AccountStore.copy(path, to: folder.path + "/other.sqlite")
      #expect(try AccountStore(path: folder.path + "/other.sqlite").accounts().count == 1)
    }
  }
#endif
