import Foundation
import InfluxSink
import LocalServers
import PlantModel
import PlantTesting
import Savings
import Testing
import WattlineTime

@testable import SavingsAccounts

@Suite("Savings from the database")
struct SavingsAccountTests {
  private static let measure = MadeMeter.firstDay + 365 + 31
  private static let now = MadeMeter.start(MadeMeter.firstDay + 365 + 150) + .hours(9)

  private static var plan: SavingsPlan {
    let first = MadeMeter.firstDay
    var plan = SavingsPlan(
      asset: "main", sensor: "power", temperature: SensorName(asset: "roof", sensor: "temperature"),
      baseline: first...(first + 364), reportingStart: measure)
    plan.measures = [.init(date: measure, name: "lighting", cost: 5000)]
    plan.guarantee = .init(kilowattHoursPerYear: 10_000, from: measure)
    return plan
  }

  private static var plant: Plant {
    var plant = Plant(
      name: "hill", location: Location(latitude: 48, longitude: 11, timezone: MadeMeter.zone),
      assets: [Asset(name: "main", kind: .meter), Asset(name: "roof", kind: .weather)])
    var tariff = Tariff(importPeriods: [Tariff.Period(fromMinute: 0, toMinute: 1440, price: 0.2)])
    tariff.importPeriods.append(Tariff.Period(fromMinute: 720, toMinute: 1440, price: 0.4))
    tariff.carbonIntensity = 0.5
    plant.tariff = tariff
    return plant
  }

  private func inSite(_ body: (LocalInflux, ModelRegistry) throws -> Void) throws {
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    let folder = try TemporaryFolder(prefix: "wattline-savings")
    defer { folder.remove() }
    try body(influx, ModelRegistry(state: folder.path))
  }

  private func account(
    _ influx: LocalInflux, _ registry: ModelRegistry, plan: SavingsPlan = Self.plan, now: Timestamp = Self.now
  ) throws -> SavingsAccount {
    try SavingsAccountant(
      plan, of: Self.plant, from: DatabaseReader(influx.settings()), registry: registry,
      author: .init(program: "test", user: "anna")
    ).account(until: now)
  }

  @Test
  func `a measure is sized, priced, held against its contract, and the frozen baseline stays`() throws {
    try inSite { influx, registry in
      let meter = MadeMeter(measure: (Self.measure, 0.1))
      let first = MadeMeter.firstDay
      try influx.write(meter.lines(first..<first + 515, plant: "hill"))
      let result = try account(influx, registry)
      // The day of `now` is not over.
      #expect(result.days.count == 119 && result.elapsedDays == 119)
      let truth = (Self.measure..<first + 515).reduce(0.0) { $0 + MadeMeter().use($1) * 0.1 }
      #expect(abs(result.assessment.savings.value - truth) <= result.assessment.savings.half)
      #expect(abs(result.days.last!.cumulative - result.assessment.savings.value) < 1e-6)
      #expect(result.months.map(\.figures.name) == ["2024-02", "2024-03", "2024-04", "2024-05"])
      #expect(result.months.map(\.isClosed) == [true, true, true, false])
      #expect(result.months.allSatisfy { $0.figures.state != .tracking })
      // Hours have the same use, so half of a day costs 0.2 and the other 0.4.
      let cost = try #require(result.cost)
      #expect(abs(cost - 0.3 * result.assessment.savings.value) < 0.01 * cost)
      // Peaks are saved too. The made hours are even, so a day's mean is its peak.
      #expect(result.baseline.model.verifier.hourly?.statistics.isAccepted == true)
      #expect(result.demand.map(\.month) == ["2024-02", "2024-03", "2024-04", "2024-05"])
      #expect(result.demand.allSatisfy { $0.saving > 0.05 * $0.predicted && $0.saving < 0.15 * $0.predicted })
      #expect(abs((result.carbon ?? 0) - 0.5 * result.assessment.savings.value) < 1e-6)
      let review = try #require(result.guarantee)
      #expect(review.measuredDays == 119 && abs(review.guaranteed - 10_000.0 * 119 / 365) < 1e-6)
      #expect(review.state == .missed)
      #expect(result.payback == nil && result.investment == 5000)

      // Data of the baseline that change afterwards do not change what is frozen.
      try influx.write(MadeMeter(measure: (first, 0.5)).lines(first..<first + 200, plant: "hill"))
      let again = try account(influx, registry)
      #expect(again.baseline.checksum == result.baseline.checksum && again.days == result.days)
      #expect(registry.all().count == 1)

      // Another baseline is another version, and the first stays in use where it is named again.
      var other = Self.plan
      other.baseline = (first + 20)...(first + 384)
      #expect(try account(influx, registry, plan: other).baseline.model.version == "2.0.0")
      #expect(try account(influx, registry).baseline.checksum == result.baseline.checksum)
    }
  }

  @Test
  func `a model of the time after a measure is frozen as the next version once a year of days is there`() throws {
    try inSite { influx, registry in
      let meter = MadeMeter(measure: (Self.measure, 0.1))
      let first = MadeMeter.firstDay
      try influx.write(meter.lines(first..<first + 400, plant: "hill"))
      try influx.write(meter.lines(first + 400..<first + 770, plant: "hill"))
      let result = try account(influx, registry, now: MadeMeter.start(first + 770) + .hours(30))
      let models = try registry.models(plant: "hill", meter: "main.power")
      #expect(models.map { "\($0.version) \($0.model.role)" } == ["1.0.0 baseline", "1.1.0 measure lighting"])
      #expect(models[1].model.previous == models[0].checksum && models[1].model.firstDay == "2024-02-01")
      let ratio = models[1].model.witness / models[0].model.witness
      #expect(abs(ratio - 0.9) < 0.03)
      #expect(try #require(result.payback) > 0)
    }
  }

  @Test
  func `what is missing is told with the series that were asked for`() throws {
    try inSite { influx, registry in
      #expect {
        try account(influx, registry)
      } throws: { "\($0)".contains("no day with readings; use is read from clean_1h of main.power, field energy_kwh") }
      var future = Self.plan
      future.baseline = (MadeMeter.firstDay + 365)...(MadeMeter.firstDay + 364 + 365)
      #expect { try account(influx, registry, plan: future) } throws: { "\($0)".contains("it is frozen once late") }
      influx.kill()
      #expect { try account(influx, registry) } throws: { "\($0)".contains("no database answers") }
    }
  }

  @Test
  func `quarters of the energy account are days of the meter, and one that is known by half is not`() throws {
    try inSite { influx, _ in
      let first = MadeMeter.firstDay
      var lines: [String] = []
      for quarter in 0..<3 * 96 {
        let time = (MadeMeter.start(first) + .minutes(Int64(15 * quarter))).milliseconds
        let share = quarter / 96 == 1 && quarter % 96 < 20 ? 0.4 : quarter == 0 ? 0.5 : 1
        lines.append("energy,plant=hill,asset=main forward_kwh=\(2 * share),reverse_kwh=0,known_share=\(share) \(time)")
        if quarter % 4 == 0 {
          lines.append("clean_1h,plant=hill,asset=roof,sensor=temperature,unit=°C mean=5,good_share=1 \(time)")
        }
      }
      try influx.write(lines.joined(separator: "\n"))
      var plan = Self.plan
      plan.sensor = nil
      let record = try MeterRecord(
        first...(first + 2), of: plan, plant: Self.plant, from: DatabaseReader(influx.settings()))
      #expect(record.days.map(\.date) == [first, first + 1, first + 2])
      #expect(abs(record.days[0].use - 192) < 1e-9 && record.days[1].use.isNaN && record.days[2].use == 192)
      #expect(record.days.allSatisfy { $0.temperature == 5 })
      #expect(abs((record.prices[first] ?? 0) - 0.3) < 1e-9)
    }
  }
}
