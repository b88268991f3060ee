import PlantModel
import PlantTesting
import PointSchema
import StreamCore
import Testing
import WattlineTime

@testable import Forecasting

@Suite("The forecast stage")
struct ForecastStageTests {
  private let start = ForecastDriver.start

  /// Load with a working week, seeded noise, and PV with day-to-day weather.
  private func value(_ slot: Int, random: inout SplitMix, driver: ForecastDriver) -> [Double] {
    let hour = Double((slot - start) % 96) / 4
    let isWeekend = (slot - start) / 96 % 7 >= 5
    let working = hour >= 7 && hour < 18 && !isWeekend
    let sun = max(0, 1 - abs(hour - 12) / 6)
    return [(working ? 90 : 30) + random.uniform(-4...4), 80 * sun * random.uniform(0.4...1)]
  }

  private func run(
    slots: Range<Int>, driver: inout ForecastDriver, lag: (Int) -> TimeSpan = { _ in .minute },
    isMissing: (Int) -> Bool = { _ in false }, isSilent: (Int) -> Bool = { _ in false }, seed: UInt64 = 1
  ) {
    let load = driver.register.admit(asset: "load", sensor: "power")
    let pv = driver.register.admit(asset: "pv", sensor: "power")
    var random = SplitMix(state: seed)
    for slot in start..<(start + slots.upperBound) {
      let values = value(slot, random: &random, driver: driver)
      guard slot >= start + slots.lowerBound, !isSilent(slot - start) else { continue }
      let known = isMissing(slot - start) ? [] : [(load, values[0]), (pv, values[1])]
      driver.advance(slot, values: known, lag: lag(slot - start))
    }
  }

  @Test func `series that are asked for and powers in the balance are forecast, batteries are not`() {
    var register = ForecastDriver().register
    let names = [
      ("load", "power", true), ("pv", "power", true), ("grid", "power", true), ("bess", "power", false),
      ("load", "temperature", true), ("pv", "temperature", false), ("new", "power", true),
    ]
    for (asset, sensor, isTarget) in names {
      #expect(ForecastStage.isTarget(register.admit(asset: asset, sensor: sensor), in: register) == isTarget)
    }
    #expect(!ForecastStage.isTarget(SeriesIndex(99), in: register))
  }

  @Test func `with less than a day of history the last value persists, and says so`() {
    var driver = ForecastDriver()
    let load = driver.register.admit(asset: "load", sensor: "power")
    driver.advance(start, values: [(load, 42)])
    let issue = driver.issues[0]
    #expect(issue.model == "persistence")
    #expect(issue.p50 == Array(repeating: 42, count: 96))
    #expect(issue.p10[0] < 42 && issue.p90[0] > 42)
    #expect(issue.issued == QuarterHour.start(of: start + 1))
    #expect(driver.fields(PointKey(.forecast, .series(load), "1h"), slot: start + 1)?["model"] == .text("persistence"))
  }

  @Test func `after a day the forecast is the day before, and a gap in it is filled from the day before that`() {
    var driver = ForecastDriver()
    let load = driver.register.admit(asset: "load", sensor: "power")
    for slot in 0..<288 where slot != 200 {
      driver.advance(start + slot, values: [(load, Double(slot % 96 + slot / 96))])
    }
    let issue = driver.issues.last
    #expect(issue?.model == "naive")
    #expect(issue?.p50[0] == 2)
    #expect(issue?.p50[95] == 97)
    // Slot 200 is missing: the forecast of slot 296 is slot 104.
    #expect(issue?.p50[8] == 9)
  }

  @Test func `a target that falls silent keeps a simpler forecast that says so, until four weeks have passed`() {
    var driver = ForecastDriver()
    let load = driver.register.admit(asset: "load", sensor: "power")
    for slot in start..<(start + 96 * 9) { driver.advance(slot, values: [(load, Double(slot % 96))]) }
    func said(_ slot: Int) -> FieldValue? {
      driver.fields(PointKey(.forecastLatest, .series(load)), slot: slot + 5)?["model"]
    }
    for (day, model) in [(9, "naive"), (10, "naive without recent values"), (36, "naive_week without recent values")] {
      let slot = start + 96 * day
      driver.mark(slot)
      #expect(driver.issues.last?.issued == QuarterHour.start(of: slot))
      #expect(driver.issues.last?.p50 == (0..<96).map(Double.init))
      #expect(said(slot) == .text(model))
    }
    driver.mark(start + 96 * 37)
    #expect(driver.issues.last?.issued == QuarterHour.start(of: start + 96 * 36))
  }

  @Test func `a working week hands the forecast to the week before, where that has been better`() {
    var driver = ForecastDriver()
    run(slots: 0..<(96 * 21), driver: &driver)
    let monday = driver.issues.last { $0.series == SeriesIndex(0) }
    #expect(monday?.model == "naive_week")
    #expect(driver.stage.contest(SeriesIndex(0), bucket: .upToOneDay)?.challengerLeads == true)
    let models = Set(driver.times(.forecastEvaluation).map(\.key.qualifiers.0))
    #expect(models == ["persistence", "naive", "naive_week"])
  }

  @Test func `quantiles are ordered, PV is never negative, and its night has no interval`() {
    var driver = ForecastDriver()
    run(slots: 0..<(96 * 9), driver: &driver)
    for issue in driver.issues {
      for slot in issue.p50.indices {
        #expect(issue.p10[slot] <= issue.p50[slot] && issue.p50[slot] <= issue.p90[slot])
        #expect(issue.p10[slot] >= 0 && issue.p90[slot] <= (issue.series == SeriesIndex(1) ? 150 : 300))
      }
    }
    let midnight = driver.issues.last { $0.series == SeriesIndex(1) }
    #expect(midnight?.p90[0] == 0)
    #expect((midnight?.p90[48] ?? 0) > (midnight?.p50[48] ?? 0))
  }

  @Test func `four in five actual values fall between the outer quantiles, within what chance allows`() throws {
    var driver = ForecastDriver()
    let load = driver.register.admit(asset: "load", sensor: "power")
    var random = SplitMix(state: 11)
    for slot in 0..<(96 * 14) { driver.advance(start + slot, values: [(load, 100 + random.uniform(-20...20))]) }
    for bucket in LeadBucket.allCases {
      let covered = (96 * 6..<96 * 14).compactMap { slot in
        driver.fields(PointKey(.forecastEvaluation, .series(load), "naive", bucket.name), slot: start + slot)?[
          "covered"]?
          .number
      }
      try #require(covered.count == 96 * 8)
      let share = covered.reduce(0, +) / Double(covered.count)
      #expect((0.76...0.84).contains(share), "\(bucket.name): \(share)")
    }
  }

  @Test func `what is scored is what stands in the database, by the model that issued it`() throws {
    var driver = ForecastDriver()
    run(slots: 0..<(96 * 16), driver: &driver)
    var checked = 0
    var hasSkill = false
    for point in driver.times(.forecastEvaluation) {
      let (model, lead) = point.key.qualifiers
      let stored = try #require(
        driver.database[StoredPoint(key: PointKey(.forecast, point.key.subject, lead), time: point.time)])
      let forecast = Dictionary(uniqueKeysWithValues: stored.map { ($0.name, $0.value) })
      guard forecast["model"] == .text(model) else {
        #expect(model == "naive")
        continue
      }
      let slot = QuarterHour.slot(containing: point.time)
      let score = try #require(driver.fields(point.key, slot: slot))
      let values = ["p10", "p50", "p90"].compactMap { forecast[$0]?.number }
      let actual = try #require(score["actual"]?.number)
      try #require(values.count == 3)
      #expect(score["p50"]?.number == values[1])
      #expect(score["abs_err"]?.number == abs(actual - values[1]))
      #expect(
        score["pinball"]?.number == PinballLoss.mean(p10: values[0], p50: values[1], p90: values[2], actual: actual))
      #expect(score["covered"] == .integer(values[0] <= actual && actual <= values[2] ? 1 : 0))
      #expect(model != "naive" || score["skill"] == nil)
      hasSkill = hasSkill || (score["skill"]?.number ?? 0) > 0
      checked += 1
    }
    #expect(hasSkill)
    #expect(checked > 96 * 10 * 2 * 5)
    let latest = try #require(driver.stage.latest(SeriesIndex(0)))
    #expect(latest.time == QuarterHour.start(of: start + 96 * 16 - 1))
    #expect(
      driver.fields(PointKey(.forecast, .series(SeriesIndex(0)), "1h"), slot: start + 96 * 16 - 1)?["p50"]
        == .float(latest.p50))
  }

  @Test(arguments: [false, true])
  func `catching up writes far less and leaves the same database, across gaps in data and in the clock`(withGaps: Bool)
  {
    let live = 96 * 6
    // Two hours, then a day and a half without data; later three hours in which not even the clock moves.
    let isMissing = { (slot: Int) in withGaps && (150..<158 ~= slot || 200..<344 ~= slot) }
    let isSilent = { (slot: Int) in withGaps && 400..<412 ~= slot }
    var all = ForecastDriver()
    run(slots: 0..<(live + 3), driver: &all, isMissing: isMissing, isSilent: isSilent)
    var lasting = ForecastDriver()
    run(
      slots: 0..<(live + 3), driver: &lasting, lag: { $0 < live ? .days(3) : .minute }, isMissing: isMissing,
      isSilent: isSilent)
    #expect(all.database == lasting.database)
    #expect(lasting.written * 4 < all.written)
    #expect(all.issues == lasting.issues)
  }

  @Test func `while catching up, what stands before the end is already final`() {
    var all = ForecastDriver()
    run(slots: 0..<300, driver: &all)
    var lasting = ForecastDriver()
    run(slots: 0..<300, driver: &lasting, lag: { _ in .days(3) })
    let end = QuarterHour.start(of: start + 300)
    #expect(all.database.filter { $0.key.time <= end } == lasting.database.filter { $0.key.time <= end })
  }

  @Test func `cutting the stream anywhere changes no forecast before the cut`() {
    var whole = ForecastDriver()
    run(slots: 0..<900, driver: &whole)
    for cut in [1, 95, 97, 300, 800] {
      var part = ForecastDriver()
      run(slots: 0..<cut, driver: &part)
      #expect(Array(whole.issues.prefix(part.issues.count)) == part.issues)
      #expect(part.issues.count == 2 * cut)
    }
  }

  @Test(arguments: [1, 50, 130, 900])
  func `a stage restored from a snapshot goes on as if nothing had happened`(cut: Int) throws {
    var whole = ForecastDriver()
    run(slots: 0..<cut, driver: &whole)
    var restored = whole
    restored.stage = try ForecastStage(learning: []).resumed(from: whole.stage)
    run(slots: cut..<(cut + 200), driver: &whole)
    run(slots: cut..<(cut + 200), driver: &restored)
    #expect(whole.database == restored.database)
    #expect(whole.issues == restored.issues)
    #expect(whole.stage.latest(SeriesIndex(0)) == restored.stage.latest(SeriesIndex(0)))
    var ends = (SnapshotWriter(), SnapshotWriter())
    whole.stage.snapshot(into: &ends.0)
    restored.stage.snapshot(into: &ends.1)
    #expect(ends.0.bytes == ends.1.bytes)
  }

  @Test func `a snapshot that is cut or altered is refused or read, never a crash`() {
    var driver = ForecastDriver()
    run(slots: 0..<100, driver: &driver)
    var writer = SnapshotWriter()
    driver.stage.snapshot(into: &writer)
    var random = SplitMix(state: 3)
    for _ in 0..<60 {
      var bytes = writer.bytes
      if Bool.random(using: &random) {
        bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
        var reader = SnapshotReader(bytes)
        var stage = ForecastStage(learning: [])
        #expect(throws: SnapshotError.self) { try stage.restore(from: &reader) }
      } else {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 0xFF
        var reader = SnapshotReader(bytes)
        var changed = driver
        changed.stage = ForecastStage(learning: [])
        if (try? changed.stage.restore(from: &reader)) != nil { run(slots: 100..<102, driver: &changed) }
      }
    }
  }

  @Test func `a window is scored at its first emission; an update corrects the history alone`() {
    var driver = ForecastDriver()
    let load = driver.register.admit(asset: "load", sensor: "power")
    for slot in 0..<100 { driver.advance(start + slot, values: [(load, 50)]) }
    let before = driver.written
    var frame = Frame(cause: .readings)
    frame.windows = [ForecastDriver.window(load, slot: start + 99, mean: 70, isUpdate: true)]
    driver.step(&frame)
    frame.reset(cause: .readings, received: .distantPast, clock: .distantPast)
    frame.windows = [ForecastDriver.window(load, slot: start + 99, mean: 70)]
    driver.step(&frame)
    #expect(driver.written == before)
    driver.mark(start + 195)
    #expect(driver.issues.last?.p50[0] == 70)
  }

  @Test func `forecasts do not depend on how windows came in frames`() {
    var single = ForecastDriver()
    run(slots: 0..<300, driver: &single, seed: 5)
    var batched = ForecastDriver()
    let load = batched.register.admit(asset: "load", sensor: "power")
    let pv = batched.register.admit(asset: "pv", sensor: "power")
    var random = SplitMix(state: 5)
    for slot in start..<(start + 300) {
      let values = value(slot, random: &random, driver: batched)
      let clock = QuarterHour.start(of: slot + 1)
      if slot % 2 == 0 {
        for (series, mean) in [(pv, values[1]), (load, values[0])] {
          var frame = Frame(cause: .readings)
          frame.windows = [ForecastDriver.window(series, slot: slot, mean: mean)]
          batched.step(&frame)
        }
        batched.mark(slot + 1)
      } else {
        var frame = Frame(cause: .minute, received: clock + .minute, clock: clock)
        frame.windows = [
          ForecastDriver.window(load, slot: slot, mean: values[0]),
          ForecastDriver.window(pv, slot: slot, mean: values[1]),
        ]
        batched.step(&frame)
      }
    }
    #expect(single.database == batched.database)
  }

  @Test func `values and times that no sensor sends do no harm`() {
    var driver = ForecastDriver()
    let load = driver.register.admit(asset: "load", sensor: "power")
    for slot in 0..<100 { driver.advance(start + slot, values: [(load, slot % 3 == 0 ? .nan : 50)]) }
    for value in [Double.infinity, -.infinity, .greatestFiniteMagnitude] {
      driver.advance(start + 101, values: [(load, value)])
    }
    var frame = Frame(cause: .readings)
    for time in [Int64.min, -1, 0, Int64.max] {
      var window = ForecastDriver.window(load, slot: 0, mean: 5)
      window.start = Timestamp(nanoseconds: time)
      frame.windows.append(window)
    }
    frame.windows.append(ForecastDriver.window(SeriesIndex(40), slot: start, mean: 5))
    driver.step(&frame)
    driver.mark(start + 102)
    for issue in driver.issues { #expect(issue.p50.allSatisfy { (0...300).contains($0) }) }
  }

  @Test func `between quarter-hour marks nothing is issued`() {
    var driver = ForecastDriver()
    let load = driver.register.admit(asset: "load", sensor: "power")
    driver.advance(start, values: [(load, 5)])
    for minute in 1..<15 {
      let clock = QuarterHour.start(of: start + 1) + .minutes(Int64(minute))
      var frame = Frame(cause: .minute, received: clock, clock: clock)
      driver.step(&frame)
    }
    var tick = Frame(cause: .tick, received: .distantPast, clock: QuarterHour.start(of: start + 2))
    driver.step(&tick)
    #expect(driver.issues.count == 1)
  }
}
