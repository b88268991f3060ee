import Foundation
import InfluxSink
import LocalServers
import PlantModel
import PlantTesting
import Savings
import Testing
import WattlineTime

@testable import SavingsAccounts

@Suite("Deviations day by day")
struct SavingsFollowTests {
  private static let first = MadeMeter.firstDay
  private static let fault = first + 365 + 60

  private static var plant: Plant {
    var plant = Plant(
      name: "hill", location: Location(latitude: 48, longitude: 11, timezone: MadeMeter.zone),
      assets: [Asset(name: "main", kind: .meter), Asset(name: "roof", kind: .weather)])
    plant.savings = [
      SavingsPlan(
        asset: "main", sensor: "power", temperature: SensorName(asset: "roof", sensor: "temperature"),
        baseline: first...(first + 364))
    ]
    return plant
  }

  private struct Site {
    let influx: LocalInflux
    let state: String

    /// Follows the account of the days before a date.
    func follow(_ date: Int) throws -> (account: SavingsAccount, news: [SavingsNews], logbook: LogbookRecord) {
      let accountant = SavingsAccountant(
        SavingsFollowTests.plant.savings[0], of: SavingsFollowTests.plant, from: try DatabaseReader(influx.settings()),
        registry: ModelRegistry(state: state), author: .init(program: "test", user: "wattline"))
      let now = MadeMeter.start(date) + .hours(9)
      let account = try accountant.account(until: now)
      let outcome = try accountant.follow(account, at: now)
      return (account, outcome.news.filter { $0.kind == .deviation }, outcome.logbook)
    }

    func ask(_ members: [String: String]) throws {
      let request = try #require(SavingsRequest(members))
      let outcome = try SavingsLogbook(state: state).follow(
        request, of: SavingsFollowTests.plant, at: MadeMeter.start(SavingsFollowTests.fault + 30))
      try #require(outcome == .taken)
    }
  }

  @Test
  func
    `a fault is told once with candidates, a confirmed event is taken out, and a changed plant is followed once no investigation is open`()
    throws
  {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    let folder = try TemporaryFolder(prefix: "wattline-follow")
    defer { folder.remove() }
    let site = Site(influx: influx, state: folder.path)
    try influx.write(MadeMeter(measure: (Self.fault, -0.2)).lines(Self.first..<Self.fault + 130, plant: "hill"))
    try influx.write(
      "alerts,plant=hill,asset=main,rule=standstill status=\"raised\",severity=\"critical\",title=\"It stands\" "
        + "\(MadeMeter.start(Self.fault).milliseconds)")

    // Before the fault the meter tracks.
    let calm = try site.follow(Self.fault)
    #expect(calm.news.map(\.isStanding) == [false] && calm.logbook.entries.isEmpty)

    let found = try site.follow(Self.fault + 20)
    let news = try #require(found.news.first)
    #expect(news.isStanding && news.severity == .critical && abs(news.value - 20) < 3, "\(news)")
    #expect(news.text.contains("Investigation I1") && news.text.contains("since 2024"), "\(news.text)")
    let opened = try #require(found.logbook.investigations.first)
    #expect(abs(opened.opening.first - Self.fault) <= 10 && opened.state == .open && opened.isStanding)
    #expect(opened.candidates.contains { $0.hasPrefix("alert of main since 2024-03-01: It stands") }, "\(opened)")
    #expect(
      found.logbook.events.map(\.decision) == [.pending]
        && found.account.adjusted == found.account.assessment.savings.value)

    // Another process goes on without a second alert or entry.
    let again = try site.follow(Self.fault + 20)
    #expect(again.news == found.news && again.logbook.entries == found.logbook.entries)

    // Two months beyond 10 % do not recalibrate while the investigation is open.
    let registry = ModelRegistry(state: site.state)
    _ = try site.follow(Self.fault + 130)
    #expect(try registry.models(plant: "hill", meter: "main.power").count == 1)
    try site.ask(["action": "assign", "id": "I1", "cause": "another tenant", "by": "anna"])
    try site.ask(["action": "close", "id": "I1", "by": "anna"])
    _ = try site.follow(Self.fault + 130)
    let models = try registry.models(plant: "hill", meter: "main.power")
    #expect(models.map(\.model.version) == ["1.0.0", "1.0.1"] && models.last?.model.adjustment?.isOffset == false)
    #expect(models.last?.model.settings["recalibration"]?.contains("after 3 months") == true, "\(models)")
    let followed = try site.follow(Self.fault + 130)
    #expect(
      followed.news.map(\.isStanding) == [false] && followed.logbook.investigations.count == 1, "\(followed.news)")
    #expect(followed.account.operational.model.version == "1.0.1")
    #expect(followed.account.baseline.model.version == "1.0.0")

    // A person's word takes the event out of the saving.
    let before = try site.follow(Self.fault + 130)
    #expect(before.account.adjusted == before.account.assessment.savings.value)
    for event in before.logbook.events { try site.ask(["action": "confirm", "id": event.id, "by": "anna"]) }
    let after = try site.follow(Self.fault + 130)
    #expect(
      abs(after.account.adjusted) < 0.15 * abs(after.account.assessment.savings.value), "\(after.account.adjusted)")
  }
}
