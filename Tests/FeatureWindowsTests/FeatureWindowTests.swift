import PlantModel
import StreamCore
import Testing

@testable import FeatureWindows

private struct Bench {
  var stage = FeatureWindowStage()
  var register: PlantRegister
  let start = Timestamp(seconds: 1_700_006_400)  // a full hour

  init(sampling: Sampling, sensor: String = "power") {
    var override = SensorOverride(match: "load.*")
    override.sampling = sampling
    let place = Location(latitude: 0, longitude: 0, timezone: "UTC")
    register = PlantRegister(
      plant: Plant(
        name: "p", location: place, assets: [Asset(name: "load", kind: .load)], sensors: [override],
        tariff: Tariff(importPeriods: [Tariff.Period(fromMinute: 0, toMinute: 1440, price: 0.5)])))
    _ = register.admit(asset: "load", sensor: sensor)
  }

  /// Steps readings at minutes, then a minute mark at each full minute up to `until`.
  mutating func run(_ samples: [(minute: Double, value: Double)], until: Int) -> (windows: [FeatureWindow], points: Int)
  {
    var windows: [FeatureWindow] = []
    var kpis = 0
    var frame = Frame()
    var next = 0
    for minute in 0...until {
      while next < samples.count, samples[next].minute < Double(minute) {
        let time = start + TimeSpan(nanoseconds: Int64(samples[next].minute * 6e10))
        frame.reset(cause: .readings, received: time, clock: start)
        frame.readings.append(
          series: SeriesIndex(0), time: time, raw: samples[next].value, value: samples[next].value, hasSourceTime: true)
        stage.step(&frame, in: register)
        windows += frame.windows
        next += 1
      }
      frame.reset(cause: .minute, received: start + .minutes(Int64(minute)), clock: start + .minutes(Int64(minute)))
      stage.step(&frame, in: register)
      windows += frame.windows
      kpis += frame.points.entries.filter { $0.key.measurement == .kpi }.count
    }
    return (windows, kpis)
  }
}

@Suite("Feature windows")
struct FeatureWindowTests {
  @Test("an hour of instants has its mean, extremes, slope and energy")
  func instants() throws {
    var bench = Bench(sampling: .instant)
    let samples = (0..<60).map { (minute: Double($0), value: Double($0)) }
    let hour = try #require(bench.run(samples, until: 61).windows.first { $0.length == .hour })
    #expect(hour.mean == 29.5 && hour.minimum == 0 && hour.maximum == 59 && hour.count == 60)
    #expect(abs(hour.slope - 60) < 1e-9)
    #expect(abs(hour.energyKilowattHours - 29.5) < 1e-9)
  }

  @Test("the energy of hourly means is exactly theirs, and each quarter-hour inside has their value")
  func hourlyMeans() {
    var bench = Bench(sampling: .intervalStart)
    let samples = [(minute: 0.0, value: 2.2758), (60, 0.85117), (120, 1.5), (180, 3.25)]
    let windows = bench.run(samples, until: 245).windows
    let hours = windows.filter { $0.length == .hour && !$0.isUpdate }.map(\.energyKilowattHours)
    #expect(hours == [2.2758, 0.85117, 1.5, 3.25])
    let quarters = windows.filter { $0.length == .quarterHour && $0.start >= bench.start + .hours(2) }
    #expect(quarters.map(\.mean) == [1.5, 1.5, 1.5, 1.5, 3.25, 3.25, 3.25, 3.25])
  }

  @Test("a counter gives the increase, and a reset starts again from zero")
  func counters() throws {
    var bench = Bench(sampling: .counter, sensor: "energy")
    var samples: [(minute: Double, value: Double)] = []
    for minute in 0...60 {
      let shown = minute < 30 ? 100 + minute : minute - 30
      samples.append((Double(minute), Double(shown)))
    }
    let hours = bench.run(samples, until: 62).windows.filter { $0.length == .hour && $0.start == bench.start }
    let hour = try #require(hours.last)
    #expect(abs(hour.energyKilowattHours - 59) < 1e-9)
  }

  @Test("a late reading changes its window, which is emitted again as an update")
  func late() {
    var bench = Bench(sampling: .instant)
    let windows = bench.run([(0.1, 1), (0.5, 3), (1.5, 9), (0.7, 8)], until: 4).windows.filter { $0.length == .minute }
    let first = windows.filter { $0.start == bench.start }
    #expect(first.map(\.mean) == [2, 4])
    #expect(first.map(\.isUpdate) == [false, true])
  }

  @Test("there is one point of plant indicators for each minute with readings")
  func indicators() {
    var bench = Bench(sampling: .instant)
    #expect(bench.run((0..<10).map { (minute: Double($0), value: 6) }, until: 30).points == 10)
  }

  @Test("self-consumption is the share of generation that is not exported")
  func selfConsumption() {
    #expect(PowerBalance(generation: 10, load: 6, grid: -4, battery: 0).selfConsumption == 0.6)
    #expect(PowerBalance(generation: 0, load: 6, grid: 6, battery: 0).selfConsumption == nil)
  }

  @Test("a restart from the snapshot changes nothing")
  func restart() throws {
    let samples = (0..<200).map { (minute: Double($0) * 0.5, value: Double(($0 * 7919) % 17)) }
    var whole = Bench(sampling: .instant)
    var first = Bench(sampling: .instant)
    let expected = whole.run(samples, until: 120).windows
    var frames = first.run(Array(samples[..<90]), until: 44).windows
    var writer = SnapshotWriter()
    first.stage.snapshot(into: &writer)
    var reader = SnapshotReader(writer.bytes)
    try first.stage.restore(from: &reader)
    #expect(reader.isAtEnd)
    frames += first.run(Array(samples[90...]), until: 120).windows
    let ended = expected.filter { $0.length == .quarterHour && !$0.isUpdate }
    #expect(frames.filter { $0.length == .quarterHour && !$0.isUpdate }.map(\.start) == ended.map(\.start))
  }
}
