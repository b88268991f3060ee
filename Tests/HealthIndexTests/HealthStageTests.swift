import PlantModel
import PlantTesting
import PointSchema
import StreamCore
import Testing
import WattlineTime

@testable import HealthIndex

@Suite("The health stage")
struct HealthStageTests {
  private let sensor: (String, String) -> Int = { asset, sensor in
    HealthyPlant.sensors.firstIndex { $0 == (asset, sensor) } ?? -1
  }

  /// Runs a healthy plant, `alter` changing what sensors say.
  private func run(
    days: Int, seed: UInt64 = 1, alter: (Int, inout [Sample?]) -> Void = { _, _ in }
  ) -> HealthDriver {
    var driver = HealthDriver()
    var plant = HealthyPlant(seed: seed)
    for slot in 0..<(96 * days) {
      var samples: [Sample?] = plant.next(slot)
      alter(slot, &samples)
      driver.advance(slot, samples: samples)
    }
    return driver
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `a plant without a fault stays above 80 for weeks`(seed: UInt64) {
    let driver = run(days: 21, seed: seed)
    #expect(driver.found.count == 21 * 96 * 6)
    for health in driver.found where health.index < 80 {
      let asset = driver.register.assets[health.asset.position].name
      Issue.record("\(asset) at \(health.time): \(health.index) by \(health.contributors)")
    }
  }

  @Test(arguments: [
    ("bess", "temperature", 25.0), ("grid", "voltage", -60), ("grid", "frequency", 0.8), ("load", "voltage_l1", 35),
  ])
  func `an offset that stays lowers the index below 60 and names the sensor`(
    asset: String, name: String, offset: Double
  ) {
    let position = sensor(asset, name)
    let driver = run(days: 8) { slot, samples in
      if slot >= 96 * 7 { samples[position]?.mean += offset }
    }
    let after = driver.judgements(asset, from: 96 * 7 + 4)
    #expect(after.first.map { $0.index < 60 } == true)
    #expect(after.allSatisfy { $0.contributors.contains(name) })
    #expect(driver.judgements("pv", from: 96 * 7).allSatisfy { $0.index >= 80 })
  }

  @Test func `a slow drift of a battery's temperature is seen before it is large`() throws {
    let position = sensor("bess", "temperature")
    let driver = run(days: 14) { slot, samples in
      if slot >= 96 * 7 { samples[position]?.mean += 0.03 * Double(slot - 96 * 7) }
    }
    let last = try #require(driver.judgements("bess", from: 96 * 7).last { $0.drift > 0.5 })
    #expect(last.contributors.first == "temperature")
    #expect(driver.judgements("bess", from: 0).first { $0.drift > 0.1 }.map { $0.time < last.time } == true)
  }

  @Test func `readings marked as stuck lower the index and name the sensor`() throws {
    let position = sensor("pv", "power")
    let driver = run(days: 5) { slot, samples in
      if slot >= 96 * 4 { samples[position] = Sample(mean: 40, goodShare: 0) }
    }
    let after = try #require(driver.judgements("pv", from: 96 * 4 + 4).first)
    #expect(after.index < 60)
    #expect(after.contributors.first == "power")
  }

  @Test func `a sensor that falls silent while its asset speaks lowers the index and is named`() throws {
    let position = sensor("pv", "temperature")
    let driver = run(days: 5) { slot, samples in
      if slot >= 96 * 4 { samples[position] = nil }
    }
    let after = try #require(driver.judgements("pv", from: 96 * 4 + 8).first)
    #expect(after.index < 60)
    #expect(after.contributors == ["temperature"])
    #expect(driver.judgements("pv", from: 96 * 4).first.map { $0.index >= 80 } == true)
  }

  @Test func `a sensor that speaks once an hour is not taken for silent`() {
    let position = sensor("grid", "frequency")
    let driver = run(days: 5) { slot, samples in
      if slot % 4 != 0 { samples[position] = nil }
    }
    #expect(driver.judgements("grid", from: 16).allSatisfy { $0.index >= 80 })
  }

  @Test func `one odd window is silent`() {
    let position = sensor("grid", "voltage")
    let driver = run(days: 5) { slot, samples in
      if slot == 96 * 4 + 10 { samples[position]?.mean = 900 }
    }
    #expect(driver.judgements("grid", from: 96 * 4).allSatisfy { $0.index >= 80 })
  }

  @Test
  func `an asset that has fallen silent is said to have no data, with a low index, until it speaks again`() throws {
    let driver = run(days: 5) { slot, samples in
      if slot >= 96 * 3 && slot < 96 * 4 { samples[7] = nil }
    }
    let during = driver.judgements("ev", from: 96 * 3 + 1).prefix(95)
    #expect(during.count == 95 && during.allSatisfy { !$0.hasData && $0.index < 60 && $0.contributors == ["no data"] })
    #expect(driver.judgements("ev", from: 96 * 4 + 4).allSatisfy { $0.hasData && $0.index >= 80 })
    #expect(driver.found.filter { !$0.hasData }.count == 95)
    let position = try #require(driver.found.firstIndex { !$0.hasData })
    #expect(driver.field("state", of: position) == .text("no data"))
  }

  @Test("a fault that stands lowers the index with the next minute and until the minute after its end, and is named")
  func aFaultThatStandsLowersTheIndexWithTheNextMinuteAndUntilTheMinuteAfterIts() throws {
    var driver = run(days: 4)
    let before = driver.found.count
    driver.faults = [AssetIndex(0): StandingFault(name: "trip", severity: .critical)]
    driver.mark(96 * 4, minute: 3)
    driver.mark(96 * 4, minute: 4)
    #expect(driver.found.count == before + 1)
    let low = try #require(driver.found.last)
    #expect(low.asset == AssetIndex(0) && low.index == 25 && low.contributors.first == "trip")
    #expect(low.time == QuarterHour.start(of: HealthDriver.start + 96 * 4) + .minutes(3))
    #expect(low.indexWithoutFault >= 80 && driver.field("state", of: before) == .text("poor"))
    driver.mark(96 * 4 + 1)
    #expect(driver.judgements("pv", from: 96 * 4).suffix(1).map(\.index) == [25])
    #expect(driver.judgements("load", from: 96 * 4).allSatisfy { $0.index >= 80 })
    driver.faults[AssetIndex(0)]?.severity = .warning
    driver.mark(96 * 4 + 1, minute: 1)
    #expect(driver.found.last?.index == 75)
    driver.faults = [:]
    driver.mark(96 * 4 + 1, minute: 2)
    #expect(driver.found.last.map { $0.asset == AssetIndex(0) && $0.index >= 80 } == true)
    #expect(driver.found.last?.contributors.contains("trip") == false)
  }

  @Test func `an asset that is silent every night has no data in a night only before it was first seen by day`() {
    let driver = run(days: 8) { slot, samples in
      if !(28..<80).contains(slot % 96) { samples[7] = nil }
    }
    #expect(driver.judgements("ev", from: 96 * 2).allSatisfy { $0.hasData })
  }

  @Test("points carry the judgement, and `learning` for three days")
  func points() {
    let driver = run(days: 4)
    #expect(driver.points.count == driver.found.count)
    for (position, health) in driver.found.enumerated() {
      let entry = driver.points.entries[position]
      #expect(entry.key == PointKey(.health, .asset(health.asset)) && entry.time == health.time)
      #expect(driver.field("index", of: position) == .float(health.index))
      let age = health.time - QuarterHour.start(of: HealthDriver.start)
      #expect(driver.field("state", of: position) == .text(age < .days(3) ? "learning" : "good"))
      #expect(driver.field("contributors", of: position) == .text(health.contributors.joined(separator: ", ")))
    }
  }

  @Test func `judgements do not depend on how windows came in frames`() {
    let single = run(days: 5)
    var batched = HealthDriver()
    var plant = HealthyPlant(seed: 1)
    for slot in 0..<(96 * 5) {
      for (position, sample) in plant.next(slot).enumerated().reversed() {
        var frame = Frame(cause: .readings)
        frame.windows = [HealthDriver.window(SeriesIndex(position), slot: slot, sample: sample)]
        batched.step(&frame)
      }
      batched.mark(slot + 1)
    }
    #expect(single.found == batched.found)
  }

  @Test(arguments: [1, 100, 500])
  func `a stage restored from a snapshot goes on as if nothing had happened`(cut: Int) throws {
    var whole = HealthDriver()
    var plant = HealthyPlant(seed: 9)
    for slot in 0..<cut {
      var samples = plant.next(slot)
      // A drift under way, so that its sum is part of what has to survive.
      if slot >= 420 { samples[sensor("bess", "temperature")].mean += 9 }
      whole.advance(slot, samples: samples)
    }
    var waiting = Frame(cause: .readings)
    waiting.windows = [HealthDriver.window(SeriesIndex(10), slot: cut, sample: Sample(mean: 333, goodShare: 0.5))]
    whole.step(&waiting)
    whole.faults = [AssetIndex(0): StandingFault(name: "trip", severity: .critical)]
    whole.mark(cut, minute: 1)
    var restored = whole
    restored.stage = try HealthStage().resumed(from: whole.stage)
    whole.mark(cut, minute: 2)
    restored.mark(cut, minute: 2)
    for slot in cut..<(cut + 150) {
      let samples = plant.next(slot)
      whole.advance(slot, samples: samples)
      restored.advance(slot, samples: samples)
    }
    #expect(whole.found == restored.found)
    #expect(whole.found.count > 6 * cut)
    var ends = (SnapshotWriter(), SnapshotWriter())
    whole.stage.snapshot(into: &ends.0)
    restored.stage.snapshot(into: &ends.1)
    #expect(ends.0.bytes == ends.1.bytes)
  }

  @Test func `a snapshot that is cut or altered is refused or read, never a crash`() {
    var driver = run(days: 1)
    var writer = SnapshotWriter()
    driver.stage.snapshot(into: &writer)
    var random = SplitMix(state: 3)
    for _ in 0..<60 {
      var bytes = writer.bytes
      var stage = HealthStage()
      if Bool.random(using: &random) {
        bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
        var reader = SnapshotReader(bytes)
        #expect(throws: SnapshotError.self) { try stage.restore(from: &reader) }
      } else {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 0xFF
        var reader = SnapshotReader(bytes)
        guard (try? stage.restore(from: &reader)) != nil else { continue }
        driver.stage = stage
        driver.mark(97)
      }
    }
  }

  @Test func `a correction of a window that waits for its mark is what is judged`() {
    var driver = run(days: 4)
    var plant = HealthyPlant(seed: 1)
    var odd = plant.next(0).map { Sample(mean: $0.mean, goodShare: 0) }
    odd[10].mean = 100
    var frame = Frame(cause: .readings)
    frame.windows = odd.enumerated().map {
      HealthDriver.window(SeriesIndex($0.offset), slot: 96 * 4, sample: $0.element)
    }
    for (position, sample) in plant.next(0).enumerated() {
      frame.windows.append(HealthDriver.window(SeriesIndex(position), slot: 96 * 4, sample: sample, isUpdate: true))
    }
    driver.step(&frame)
    driver.mark(96 * 4 + 1)
    let after = driver.judgements("grid", from: 96 * 4)
    #expect(after.count == 1 && after.allSatisfy { $0.index == 100 })
  }

  @Test func `values and times that no sensor sends do no harm`() {
    var driver = run(days: 1)
    var frame = Frame(cause: .readings)
    for value in [Double.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -0.0] {
      for time in [Int64.min, -1, 0, Int64.max] {
        var window = HealthDriver.window(SeriesIndex(2), slot: 96, sample: Sample(mean: value, goodShare: value))
        window.start = Timestamp(nanoseconds: time)
        frame.windows.append(window)
      }
      frame.windows.append(HealthDriver.window(SeriesIndex(2), slot: 97, sample: Sample(mean: value, goodShare: value)))
      frame.windows.append(HealthDriver.window(SeriesIndex(99), slot: 97, sample: Sample(mean: value)))
    }
    driver.step(&frame)
    for slot in 97..<200 { driver.advance(slot, samples: [Sample(mean: -1e308), Sample(mean: 1e308)]) }
    for health in driver.found { #expect((0...100).contains(health.index)) }
  }
}
