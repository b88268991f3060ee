import Foundation
import PlantModel
import PlantPhysics
import StreamCore
import Testing
import WattlineTime

@testable import DispatchPolicy

/// A random plant with random readings, of which some are broken, and a judge who knows the limits but not the code.
private struct RandomPlant {
  /// Result of a run over random plants.
  struct Tally {
    var steps = 0
    var learned = 0
    /// A limit broken that could have been held, by its name.
    var avoidable: [String: Int] = [:]
    /// A limit that no feasible power could have held.
    var unavoidable = 0
    /// Unavoidable and not named as slack.
    var silent = 0

    mutating func blame(_ limit: String) { avoidable[limit, default: 0] += 1 }
  }

  private static let hours = 0.25
  private let tolerance = 1e-6
  private var plant: Plant
  private var register: PlantRegister
  private var stage: DispatchStage
  private var clock: Timestamp
  private var frame = Frame()
  /// The good values of each sensor and when they came, as the judge has them.
  private var known: [String: (value: Double, time: Timestamp)] = [:]
  private var sensors: [(name: String, series: SeriesIndex)] = []

  init(_ generator: inout SeededGenerator) {
    var assets = [Asset(name: "load", kind: .load)]
    for number in 0..<Int(generator.uniform(1, high: 4)) {
      var battery = Asset(name: "battery\(number)", kind: .battery)
      battery.energyKilowattHours = generator.uniform(5, high: 500)
      battery.powerKilowatts = generator.uniform(1, high: 250)
      battery.efficiency = generator.uniform(0.6, high: 1)
      battery.minimumStateOfCharge = generator.uniform(0, high: 0.4)
      battery.maximumStateOfCharge = generator.uniform(0.5, high: 1)
      if generator.uniform() < 0.5 { battery.reserveStateOfCharge = generator.uniform() }
      if generator.uniform() < 0.5 { battery.rampKilowattsPerMinute = generator.uniform(0.01, high: 20) }
      assets.append(battery)
    }
    for number in 0..<Int(generator.uniform(0, high: 3)) {
      var charger = Asset(name: "car\(number)", kind: .evCharger)
      charger.powerKilowatts = generator.uniform(3, high: 150)
      assets.append(charger)
    }
    for number in 0..<Int(generator.uniform(0, high: 3)) {
      assets.append(Asset(name: "sun\(number)", kind: generator.uniform() < 0.5 ? .pv : .wind))
    }
    var grid = Asset(name: "grid", kind: .grid)
    if generator.uniform() < 0.7 { grid.importLimitKilowatts = generator.uniform(0, high: 300) }
    if generator.uniform() < 0.7 { grid.exportLimitKilowatts = generator.uniform(0, high: 200) }
    assets.append(grid)
    plant = Plant(
      name: "p", location: Location(latitude: 50, longitude: 8, timezone: "UTC"), assets: assets,
      tariff: Tariff(importPeriods: [.init(fromMinute: 0, toMinute: 0, price: 0.2)], exportPrice: 0.05))
    register = PlantRegister(plant: plant)
    stage = DispatchStage(plant: plant)
    clock = CivilTime(year: 2026, month: 3, day: 4).utc + .minutes(15 * Int64(generator.uniform(0, high: 96)))
    for asset in assets {
      let names =
        switch asset.kind {
        case .battery: ["power", "soc"]
        case .evCharger: ["power", "connected", "energy_requested", "time_left"]
        case .grid: ["power", "price", "export_price"]
        default: ["power"]
        }
      for name in names { sensors.append(("\(asset.name).\(name)", register.admit(asset: asset.name, sensor: name))) }
    }
  }

  private func value(of name: String, asset: Asset, generator: inout SeededGenerator) -> Double {
    switch name.split(separator: ".").last ?? "" {
    case "soc": generator.uniform(-1, high: 101)
    case "connected": generator.uniform() < 0.8 ? 1 : 0
    case "energy_requested": generator.uniform(-5, high: 100)
    case "time_left": generator.uniform(-100, high: 40_000)
    case "price": generator.uniform() < 0.05 ? generator.uniform(-5, high: 15) : generator.uniform(-0.2, high: 0.8)
    case "export_price": generator.uniform(-0.2, high: 0.3)
    default:
      switch asset.kind {
      case .battery: generator.uniform(-1.1, high: 1.1) * (asset.powerKilowatts ?? 0)
      case .grid: generator.uniform(-300, high: 300)
      default: generator.uniform(0, high: 200)
      }
    }
  }

  /// Says most sensors anew, some of them wrong; a value that is not good is to count as none.
  private mutating func say(_ generator: inout SeededGenerator) {
    frame.reset(cause: .readings, received: clock, clock: clock)
    for (name, series) in sensors {
      let dice = generator.uniform()
      if dice < 0.02 { continue }
      var value = value(
        of: name, asset: register.assets[register.series[series.position].asset.position], generator: &generator)
      if dice < 0.04 { value = [Double.nan, .infinity, -.infinity][Int(generator.uniform(0, high: 3))] }
      frame.readings.append(series: series, time: clock, raw: value, value: value, hasSourceTime: true)
      let isGood = dice > 0.06
      if !isGood { frame.readings.quality[frame.readings.count - 1] = .stuck }
      if isGood, value.isFinite { known[name] = (value, clock) }
    }
    stage.step(&frame, in: register)
  }

  /// Steps of a quarter of an hour each, with all minutes between them if it is to learn.
  mutating func run(steps: Int, learning: Bool, generator: inout SeededGenerator, tally: inout Tally) {
    for _ in 0..<steps {
      for _ in 0..<(learning ? 14 : 0) {
        clock += .minute
        frame.reset(cause: .minute, received: clock, clock: clock)
        stage.step(&frame, in: register)
      }
      clock += learning ? .minute : .minutes(15)
      say(&generator)
      frame.reset(cause: .minute, received: clock, clock: clock)
      if generator.uniform() < 0.05 {
        frame.health = [
          AssetHealth(
            asset: AssetIndex(1), time: clock, index: generator.uniform(0, high: 100), anomaly: 0, drift: 0,
            contributors: [])
        ]
      }
      stage.step(&frame, in: register)
      tally.steps += 1
      judge(&tally)
    }
  }

  private func fresh(_ name: String, minutes: Int64 = 30) -> Double? {
    known[name].flatMap { clock - $0.time <= .minutes(minutes) ? $0.value : nil }
  }

  /// Exchange of the plant with batteries at rest: from consumption and generation, else from the grid's meter.
  private var netDemand: Double? {
    let dark = SolarPosition(at: clock, location: plant.location).elevationDegrees < 0
    var sum: Double? = 0
    for asset in plant.assets {
      let power = fresh("\(asset.name).power")
      switch asset.kind {
      case .load, .evCharger: sum = sum.flatMap { sum in power.map { sum + $0 } }
      case .wind: sum = sum.flatMap { sum in power.map { sum - $0 } }
      case .pv: sum = sum.flatMap { sum in (power ?? (dark ? 0 : nil)).map { sum - $0 } }
      default: break
      }
    }
    if let sum { return sum }
    let batteries = plant.assets.filter { $0.kind == .battery }.map { fresh("\($0.name).power") }
    guard let grid = fresh("grid.power"), batteries.allSatisfy({ $0 != nil }) else { return nil }
    return batteries.reduce(grid) { $0 + ($1 ?? 0) }
  }

  private func judge(_ tally: inout Tally) {
    var decided: [String: DispatchDecision] = [:]
    for decision in frame.dispatch {
      decided[register.assets[decision.asset.position].name] = decision
      if !decision.recommendedKilowatts.isFinite { tally.blame("finite") }
    }
    if frame.dispatch.contains(where: { $0.reason.hasPrefix("learned") }) { tally.learned += 1 }
    let total = judgeBatteries(decided, tally: &tally)
    guard let net = netDemand else { return }
    let change = judgeChargers(decided, exchange: net - total, tally: &tally)
    judgeCurtailment(decided, exchange: net - total + change, tally: &tally)
  }

  /// A battery's power and what it may be, by hand.
  private struct Member {
    var power: Double
    /// By power and charge.
    var physical: ClosedRange<Double>
    /// By its ramp too, or what is nearest to it.
    var ramp: ClosedRange<Double>
    /// The greatest that leaves the reserve, or is nearest to it.
    var above: Double
    /// Whether ramp or reserve cannot be kept.
    var isForced: Bool
  }

  private func member(_ asset: Asset, power chosen: Double, soc: Double) -> Member {
    let (power, energy) = (asset.powerKilowatts ?? 0, asset.energyKilowattHours ?? 0)
    let way = (asset.efficiency ?? 1).squareRoot()
    let (least, most) = (asset.minimumStateOfCharge ?? 0, asset.maximumStateOfCharge ?? 1)
    func discharge(downTo floor: Double) -> Double { min(power, max(0, soc - floor) * energy * way / Self.hours) }
    let low = -min(power, max(0, most - soc) * energy / way / Self.hours)
    let high = discharge(downTo: least)
    var ramp = low...high
    var isForced = false
    if let previous = fresh("\(asset.name).power"), let limit = asset.rampKilowattsPerMinute {
      let (from, to) = (previous - 15 * limit, previous + 15 * limit)
      isForced = from > high + tolerance || to < low - tolerance
      ramp = min(high, max(low, from))...max(low, min(high, to))
    }
    let left = discharge(downTo: max(least, asset.reserveStateOfCharge ?? 0))
    return Member(
      power: chosen, physical: low...high, ramp: ramp, above: min(ramp.upperBound, max(ramp.lowerBound, left)),
      isForced: isForced || left < ramp.lowerBound - tolerance)
  }

  /// Returns the power of all.
  private func judgeBatteries(_ decided: [String: DispatchDecision], tally: inout Tally) -> Double {
    var total = 0.0
    var members: [Member] = []
    var isForced = false
    var reason = ""
    let net = netDemand
    for asset in plant.assets where asset.kind == .battery {
      guard let decision = decided[asset.name] else {
        tally.blame("no decision")
        continue
      }
      guard let soc = fresh("\(asset.name).soc"), net != nil else {
        if decision.recommendedKilowatts != 0 || !decision.reason.hasPrefix("stale") { tally.blame("stale") }
        continue
      }
      let member = member(asset, power: decision.recommendedKilowatts, soc: min(1, max(0, soc / 100)))
      isForced = isForced || member.isForced
      members.append(member)
      total += decision.recommendedKilowatts
      reason = decision.reason
    }
    guard let net, !members.isEmpty else { return total }
    func sum(_ of: (Member) -> Double) -> Double { members.reduce(0) { $0 + of($1) } }
    let (low, high) = (sum(\.physical.lowerBound), sum(\.physical.upperBound))
    let slack = tolerance * max(1, high, -low)
    for member in members
    where member.power < member.physical.lowerBound - slack || member.power > member.physical.upperBound + slack {
      tally.blame("power or soc")
    }
    let grid = plant.assets.last
    let least = grid?.importLimitKilowatts.map { net - $0 } ?? -.infinity
    let most = grid?.exportLimitKilowatts.map { net + $0 } ?? .infinity
    var isBroken = isForced
    if total < least - slack {
      if total < high - slack { tally.blame("import") } else { isBroken = true }
    }
    if total > most + slack {
      if total > low + slack { tally.blame("export") } else { isBroken = true }
    }
    // The range of the batteries together within the grid's limits, or the nearest to it.
    let (floor, ceiling) = (min(least, high), max(most, low))
    let (slow, fast, above) = (sum(\.ramp.lowerBound), sum(\.ramp.upperBound), sum(\.above))
    for member in members {
      let (ramp, reserve) = (member.ramp, member.above)
      if member.power < ramp.lowerBound - slack || member.power > ramp.upperBound + slack {
        if slow <= ceiling, fast >= floor { tally.blame("ramp") } else { isBroken = true }
      }
      if member.power > reserve + slack {
        if slow <= ceiling, above >= floor { tally.blame("reserve") } else { isBroken = true }
      }
    }
    if isBroken {
      tally.unavoidable += 1
      if !reason.contains("slack: ") { tally.silent += 1 }
    }
    return total
  }

  /// Returns by how much the power of chargers changes.
  private func judgeChargers(_ decided: [String: DispatchDecision], exchange: Double, tally: inout Tally) -> Double {
    var change = 0.0
    let limit = plant.assets.last?.importLimitKilowatts ?? .infinity
    for asset in plant.assets where asset.kind == .evCharger {
      guard let actual = fresh("\(asset.name).power"), fresh("\(asset.name).connected") == 1,
        let energy = fresh("\(asset.name).energy_requested"), let left = fresh("\(asset.name).time_left")
      else {
        if decided[asset.name] != nil { tally.blame("unknown car") }
        continue
      }
      guard let decision = decided[asset.name], let most = asset.powerKilowatts else {
        tally.blame("no decision")
        continue
      }
      let rest = exchange + change - actual
      let power = decision.recommendedKilowatts
      if power < 0 || power > most + tolerance { tally.blame("charger power") }
      if power * Self.hours > max(0, energy) + tolerance { tally.blame("charger energy") }
      if power > 0, rest + power > limit + tolerance { tally.blame("charger import") }
      // Had it to take this much now, so that full power suffices for the rest?
      let quarters = max(1, min(96, (left / 900).rounded(.towardZero)))
      let needed = min(energy, most * Self.hours * quarters) / Self.hours - most * (quarters - 1)
      if power < min(needed, max(0, limit - rest)) - tolerance { tally.blame("departure") }
      if power < needed - tolerance, !decision.reason.contains("slack: departure") { tally.silent += 1 }
      change += power - actual
    }
    return change
  }

  private func judgeCurtailment(_ decided: [String: DispatchDecision], exchange: Double, tally: inout Tally) {
    let isPaid = (fresh("grid.export_price", minutes: 90) ?? plant.tariff.exportPrice) >= 0
    let allowed = isPaid ? plant.assets.last?.exportLimitKilowatts ?? .infinity : 0
    var (left, held) = (0.0, exchange)
    for asset in plant.assets where asset.kind == .pv || asset.kind == .wind {
      guard let actual = fresh("\(asset.name).power") else { continue }
      let given = min(actual, decided[asset.name]?.recommendedKilowatts ?? actual)
      if given < -tolerance { tally.blame("generation") }
      left += given
      held += actual - given
    }
    if held < -allowed - tolerance, left > tolerance { tally.blame("curtailment") }
  }
}

@Suite("Dispatch of whole plants")
struct WholePlantTests {
  /// Decisions of random plants: 200,000, a tenth of it without optimisation; `WATTLINE_SHIELD_STEPS` in the
  /// environment takes the place of either.
  private static let wantedSteps =
    ProcessInfo.processInfo.environment["WATTLINE_SHIELD_STEPS"].flatMap(Int.init) ?? usualSteps
  #if DEBUG
    private static let usualSteps = 20_000
  #else
    private static let usualSteps = 200_000
  #endif

  @Test("batteries, chargers and generators of random plants break no limit that could be held, whatever is measured")
  func batteriesChargersAndGeneratorsOfRandomPlantsBreakNoLimitThatCouldBeHeld() {
    var generator = SeededGenerator(seed: 20_261_121)
    var tally = RandomPlant.Tally()
    var plants = 0
    while tally.steps < Self.wantedSteps {
      plants += 1
      var plant = RandomPlant(&generator)
      let learning = plants % 20 == 0
      plant.run(steps: learning ? 400 : 500, learning: learning, generator: &generator, tally: &tally)
    }
    #expect(tally.avoidable == [:])
    #expect(tally.silent == 0)
    #expect(tally.unavoidable > tally.steps / 100)
    #expect(tally.learned > 0)
    if tally.steps > 100_000 { print("whole plants: \(tally)") }
  }
}
