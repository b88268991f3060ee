#if HTTP
  import Foundation
  import LocalServers
  import Pipeline
  import PlantConfig
  import PlantModel
  import SystemCore
  import Testing
  import WattlineTime
  import WebServer

  @testable import Accounts
  @testable import HTTPInterface
  @testable import SavingsAccounts

  @Suite("Savings at the interface")
  final class SavingsEndpointsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder(prefix: "savings-api") }

    deinit { folder.remove() }

    private static let plant = """
      plant: own
      location: {latitude: 48, longitude: 11, timezone: Europe/Berlin}
      topics: [{match: "own/{asset}/{sensor}"}]
      assets: {main: {kind: meter}, roof: {kind: weather}}
      savings: {meter: main, baseline: {from: 2023-01-01, to: 2023-12-31}}
      """

    /// An interface whose requests go to the logbook at once.
    private func interface() throws -> (own: AdminInterface, logbook: SavingsLogbook) {
      let loaded = ConfigurationLoader.load(
        files: [("own.yaml", Array(Self.plant.utf8))], environment: [:], readFile: { _ in nil })
      #expect(loaded.isValid, "\(loaded.diagnostics)")
      let registry = ModelRegistry(state: folder.path)
      let plant = try #require(loaded.plants.first)
      let own = try AdminInterface(in: folder) { pipeline in
        pipeline.configuration = { loaded }
        pipeline.savings = { registry }
        pipeline.request = { _, subject, members in
          guard subject == "savings", let request = SavingsRequest(members) else { return .refused(.notUnderstood) }
          switch try? registry.logbook.follow(request, of: plant, at: SystemClock.now()) {
          case .taken: return .done
          case .refused(let refusal): return .refused(refusal)
          default: return .pending
          }
        }
      }
      for (kind, subject) in [(LogbookEntry.Kind.raised, "I1"), (.found, "E1")] {
        try registry.logbook.append(of: "own") { _ in
          var entry = LogbookEntry(
            kind, subject: subject, plant: "own", meter: "main", milliseconds: 1_714_723_200_000, author: "wattline")
          (entry.first, entry.last, entry.energy, entry.severity) = (19_840, 19_850, 120, "warning")
          return entry
        }
      }
      return (own, registry.logbook)
    }

    private func post(_ path: String, _ body: String?, to own: AdminInterface) -> (status: Int, members: [String: Any])
    {
      let answer = own.send("POST", path, body: body)
      return (answer.status, AdminInterface.members(answer))
    }

    private func items(_ path: String, of own: AdminInterface) -> [[String: Any]] {
      AdminInterface.members(own.send("GET", path))["items"] as? [[String: Any]] ?? []
    }

    @Test func `an event is confirmed, an investigation gets a cause and is closed, with who`() throws {
      let (own, _) = try interface()
      defer { own.interface.stop() }
      let meters = items("/api/v1/savings", of: own)
      #expect(meters.first?["open_investigations"] as? Int == 1 && meters.first?["pending_events"] as? Int == 1)
      let confirmed = post("/api/v1/savings/own/events/E1/confirm", "{\"note\": \"a building site\"}", to: own)
      #expect(confirmed.status == 200 && confirmed.members["decision"] as? String == "confirmed")
      #expect(confirmed.members["decided_by"] as? String == "chief")
      #expect(post("/api/v1/savings/own/events/E1/confirm", nil, to: own).status == 200)
      #expect(items("/api/v1/savings/own/events", of: own).count == 1)
      let assigned = post("/api/v1/savings/own/investigations/I1/assign", "{\"cause\": \"a damper\"}", to: own)
      #expect(assigned.status == 200 && assigned.members["cause"] as? String == "a damper")
      #expect(post("/api/v1/savings/own/investigations/I1/close", nil, to: own).members["state"] as? String == "closed")
      #expect(post("/api/v1/savings/own/investigations/I1/assign", "{\"cause\": \"x\"}", to: own).status == 409)
      #expect(own.send("GET", "/api/v1/savings/own/investigations", query: [("state", "open")]).status == 200)
      let audit = try own.store.audit().entries
      #expect(audit.contains { $0.action == "savings.decide" && $0.result == "done" && $0.user == "chief" })
    }

    @Test func `work is entered, and what is not there or not possible is refused without an entry`() throws {
      let (own, logbook) = try interface()
      defer { own.interface.stop() }
      let work = "/api/v1/savings/own/work"
      let entered = post(
        work, #"{"kind":"maintenance","text":"filter changed","date":"2024-05-02","asset":"main"}"#, to: own)
      #expect(entered.status == 200 && entered.members["date"] as? String == "2024-05-02", "\(entered)")
      #expect(
        items("/api/v1/savings/own/investigations", of: own).first?["candidates"] as? [String] == [
          "maintenance of main on 2024-05-02: filter changed (M1)"
        ] || items(work, of: own).count == 1)
      for (path, body, status) in [
        (work, #"{"kind":"party","text":"x"}"#, 422), (work, #"{"kind":"operation"}"#, 422),
        (work, #"{"kind":"operation","text":"x","date":"2024-02-30"}"#, 422),
        (work, #"{"kind":"operation","text":"x","meter":"other"}"#, 422),
        (work, #"{"kind":"operation","text":"\u0001"}"#, 422),
        ("/api/v1/savings/own/events/E2/confirm", "{}", 404), ("/api/v1/savings/own/events/I1/confirm", "{}", 404),
        ("/api/v1/savings/own/investigations/I1/assign", "{}", 422), ("/api/v1/savings/other/work", "{}", 404),
        ("/api/v1/savings/own/investigations/E1/close", "{}", 404),
      ] {
        let answer = post(path, body, to: own)
        #expect(answer.status == status, "\(path) \(body) gives \(answer)")
      }
      #expect(try logbook.record(of: "own").entries.count == 3)
      #expect(own.send("GET", "/api/v1/savings/own/months", query: [("against", "x")]).status == 400)
      #expect(own.send("GET", "/api/v1/savings/own/versions").status == 200)
    }

    @Test func `a damaged logbook is told, not passed over`() throws {
      let (own, _) = try interface()
      defer { own.interface.stop() }
      let path = folder.path + "/savings"
      let name = try #require(try FileManager.default.contentsOfDirectory(atPath: path).sorted().first)
      try FileManager.default.removeItem(atPath: "\(path)/\(name)")
      let answer = own.send("GET", "/api/v1/savings/own/events")
      #expect(answer.status == 503 && String(decoding: answer.body, as: UTF8.self).contains("does not follow"))
    }
  }
#endif
