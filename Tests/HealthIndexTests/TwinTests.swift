import PlantModel
import PlantPhysics
import StreamCore
import Testing
import WattlineTime

@testable import HealthIndex

private func near(_ a: Double, b: Double, within tolerance: Double = 1e-9) -> Bool { abs(a - b) <= tolerance }

/// Quarter hours of a battery that follows its circuit, charging by day and discharging in the evening.
private struct BatteryDays {
  private var pack: BatteryPack
  private var random = SeededGenerator(seed: 2)
  var slot = 0
  /// Added to the reported state of charge.
  var offset = 0.0
  var cooling = 1.0
  var spread = 0.008

  init() { pack = BatteryPack(BatteryModel(energyKilowattHours: 200, powerKilowatts: 60, efficiency: 0.9)) }

  mutating func fade(_ share: Double) { pack.fadedShare = share }

  mutating func next() -> QuarterMeans {
    let hour = Double(slot % 96) / 4
    let wish = hour >= 9 && hour < 14 ? -30.0 : hour >= 17 && hour < 22 ? 30 : 0
    var means = ["power": 0.0, "soc": 0, "voltage": 0, "current": 0, "temperature": 0]
    for _ in 0..<15 {
      let power = pack.feasible(power: wish * random.uniform(0.6, high: 1.4), within: 0.1...0.95, seconds: 60)
      means["soc", default: 0] += 100 * pack.stateOfCharge / 15
      pack.advance(power: power, seconds: 60, ambient: 22, cooling: cooling, heating: cooling < 1 ? 6 : 0)
      means["power", default: 0] += power / 15
      means["voltage", default: 0] += pack.voltage / 15
      means["current", default: 0] += pack.current / 15
      means["temperature", default: 0] += (pack.temperature + 0.05 * random.normal()) / 15
    }
    means["soc", default: 0] += offset
    means["cell_min_v"] = 3.8 - spread / 2
    means["cell_max_v"] = 3.8 + spread / 2
    defer { slot += 1 }
    return QuarterMeans(slot: slot, values: means)
  }
}

@Suite("Twins")
struct TwinTests {
  /// The twin after ten sound days, and days that go on from there.
  private func learned() -> (BatteryTwin, BatteryDays) {
    var days = BatteryDays()
    var twin = BatteryTwin()
    for _ in 0..<960 { twin.judge(days.next(), energy: 200, air: .nan) }
    return (twin, days)
  }

  private func worst(_ twin: BatteryTwin) -> TwinFinding? { twin.findings.max { $0.score < $1.score } }

  @Test func `a sound battery gives nothing to say, and its charge and resistance are known`() {
    var (twin, days) = learned()
    for _ in 0..<960 {
      let means = days.next()
      twin.judge(means, energy: 200, air: .nan)
      #expect(twin.findings.allSatisfy { $0.score < 0.4 })
      #expect(near(100 * twin.stateOfCharge, b: means["soc"], within: 5))
    }
    #expect((0.96...1.04).contains(twin.capacityShare) && twin.resistance > 0.01 && twin.deviation < 0.05)
  }

  @Test func `moves of a tenth that change the charge by an eighth are a capacity of 80 %`() {
    var fit = CapacityFit()
    for _ in 0..<3 { fit.add(moved: 0.1, change: 0.125) }
    #expect(near(fit.share, b: 0.8))
  }

  @Test(arguments: [1.0, 0.8])
  func `a capacity is told once it is known to 2 %, and a rounded charge does not raise it`(truth: Double) {
    var random = SeededGenerator(seed: 5)
    var fit = CapacityFit()
    var (charge, before) = (0.5, 0.5)
    for step in 0..<2_000 {
      let moved = (step / 20 % 2 == 0 ? 1 : -1) * random.uniform(0.02, high: 0.04)
      charge += moved / truth
      let reported = (charge * 100 + 0.5 * random.normal()).rounded() / 100
      fit.add(moved: moved, change: reported - before)
      before = reported
      if step < 20 { #expect(fit.share.isNaN) }
      if !fit.share.isNaN { #expect(near(fit.share, b: truth, within: 0.07)) }
    }
    #expect(near(fit.share, b: truth, within: 0.03))
  }

  @Test(arguments: ["state of charge", "capacity", "cooling", "cell spread"])
  func `what goes wrong with a battery is told by its name`(name: String) {
    var (twin, days) = learned()
    switch name {
    case "state of charge": days.offset = -12
    case "capacity": days.fade(0.3)
    case "cooling": days.cooling = 0
    default: days.spread = 0.09
    }
    var first: TwinFinding?
    for _ in 0..<(5 * 96) where first == nil {
      twin.judge(days.next(), energy: 200, air: .nan)
      first = worst(twin).flatMap { $0.score > 0.4 ? $0 : nil }
    }
    #expect(first?.name == name)
  }

  @Test func `a PV generator that loses a fifth of its power is seen within two hours of sun, and dust in some days`() {
    var random = SeededGenerator(seed: 3)
    var twin = PhotovoltaicTwin()
    func quarter(_ slot: Int, share: Double) -> QuarterMeans {
      let sun = 200 + 700 * random.uniform()
      let power = PhotovoltaicModel(inverterKilowatts: 100).power(irradiance: sun, cellTemperature: 40)
      return QuarterMeans(
        slot: slot,
        values: ["power": share * power * random.uniform(0.98, high: 1.0), "irradiance": sun, "temperature": 40])
    }
    for slot in 0..<400 { twin.judge(quarter(slot, share: 1), capacity: 100) }
    #expect(twin.track.score == 0 && (0.7...1).contains(twin.performanceRatio))
    var broken = twin
    for slot in 400..<408 { broken.judge(quarter(slot, share: 0.8), capacity: 100) }
    #expect(broken.track.score > 0.4)
    for slot in 400..<600 { twin.judge(quarter(slot, share: 1 - 0.0004 * Double(slot - 400)), capacity: 100) }
    #expect(twin.track.score > 0.4)
  }

  @Test func `a residual's track has its worked value, and forgets when all is well again`() {
    var track = ResidualTrack(learning: 3, floor: 1)
    for value in [0.0, 0, 0, 8] { track.judge(value) }
    track.judge(8)
    #expect(track.score == 0)
    track.judge(800)
    #expect(near(track.score, b: 0.4))
    track.judge(.nan)
    for _ in 0..<30 { track.judge(0) }
    #expect(track.score == 0)
  }

  @Test func `a generator that falls behind its two peers is seen, and two generators have no peers`() {
    #expect(near(PeerTrack.residual(0.4, among: [0.5, 0.5, 0.4]), b: -0.2))
    #expect(PeerTrack.residual(0.4, among: [0.5, 0.4]).isNaN)
    var track = PeerTrack()
    for _ in 0..<100 { track.judge(0.5, among: [0.5, 0.5, 0.51]) }
    for _ in 0..<10 { track.judge(0.3, among: [0.3, 0.5, 0.51]) }
    #expect(track.track.score > 0.4)
  }

  @Test func `a current that no longer belongs to power and voltage is seen, at any phase and either direction`() {
    #expect(near(ElectricalTrack.residual(power: 10, voltage: 400, current: 25), b: 0))
    #expect(near(ElectricalTrack.residual(power: -10, voltage: 400, current: 20), b: 0.2231, within: 1e-4))
    var random = SeededGenerator(seed: 5)
    var track = ElectricalTrack()
    func judge(_ share: Double) {
      let power = random.uniform(-50, high: 50)
      let current = power * 1000 / (3 * 230) * random.uniform(0.99, high: 1.01) * share
      track.judge(QuarterMeans(slot: 0, values: ["power": power, "voltage": 230, "current": current]))
    }
    for _ in 0..<1000 { judge(1) }
    #expect(track.track.score == 0)
    for _ in 0..<20 { judge(0.8) }
    #expect(track.track.score > 0.4)
  }

  @Test func `a series that leaves its forecast of six hours before counts for 0.15 at the most`() {
    var random = SeededGenerator(seed: 6)
    var track = ForecastTrack()
    func judge(_ slot: Int, offset: Double) {
      let issue = ForecastIssue(
        series: SeriesIndex(0), issued: QuarterHour.start(of: slot), step: .minutes(15), model: "m",
        p10: [Double](repeating: 40, count: 96), p50: [Double](repeating: 50, count: 96),
        p90: [Double](repeating: 60, count: 96))
      track.judge(50 + 7.8 * random.normal() + offset, slot: slot)
      track.observe(issue)
    }
    for slot in 0..<600 { judge(slot, offset: 0) }
    #expect(track.score < 0.1)
    for slot in 600..<640 { judge(slot, offset: 30) }
    #expect(track.score == ForecastTrack.weight)
  }

  @Test func `a trend has its worked value, and one that does not fall has none`() throws {
    var trend = HealthTrend()
    for day in 0...5 { for quarter in 0..<96 { trend.add(100 - 2 * Double(day), slot: day * 96 + quarter) } }
    let fall = try #require(trend.fall)
    #expect(near(fall.slope, b: -2) && near(fall.days, b: 16) && near(fall.soonest, b: 16) && near(fall.latest, b: 16))
    var level = HealthTrend()
    for slot in 0..<960 { level.add(97, slot: slot) }
    #expect(level.fall == nil)
  }

  @Test func `the state-of-charge filter and the plant's state have their worked values`() {
    var filter = StateOfChargeFilter(cells: 200, capacityAmpereHours: 100, stateOfCharge: 0.5)
    filter.update(voltage: 200 * LithiumIonCell.openCircuitVoltage(stateOfCharge: 0.6), current: 0)
    #expect(near(filter.stateOfCharge, b: 0.611, within: 0.001) && near(filter.deviation, b: 0.006, within: 0.001))
    var plant = PlantStateFilter()
    let balance = PowerBalance(consumption: 50, generation: 30, storage: 15)
    let agreeing = plant.update(balance, grid: 5)
    #expect(near(agreeing.value, b: 0, within: 1e-2) && near(agreeing.deviation, b: 0.604, within: 1e-3))
    #expect(near(plant.update(balance, grid: 11).value, b: 6, within: 1e-2))
    var partial = PlantStateFilter()
    let unknown = partial.update(PowerBalance(consumption: .nan, generation: 30, storage: 15), grid: 5)
    #expect(unknown.value.isNaN && near(partial.levels[0], b: 50, within: 0.05))
    #expect(near(partial.variances[0].squareRoot(), b: 0.34, within: 0.01))
  }

  @Test func `twins restored from a snapshot go on as if nothing had happened`() throws {
    var (twin, days) = learned()
    var writer = SnapshotWriter()
    twin.snapshot(into: &writer)
    var restored = BatteryTwin()
    var reader = SnapshotReader(writer.bytes)
    try restored.restore(from: &reader)
    #expect(reader.isAtEnd)
    days.offset = 8
    for _ in 0..<200 {
      let means = days.next()
      twin.judge(means, energy: 200, air: .nan)
      restored.judge(means, energy: 200, air: .nan)
      #expect(twin.findings == restored.findings)
    }
    #expect(twin.stateOfCharge == restored.stateOfCharge)
  }
}
