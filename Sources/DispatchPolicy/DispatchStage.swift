import PlantModel
import PlantPhysics
import StreamCore

/// Recommends a power for each battery of a plant, every quarter of an hour of its event-time clock.
///
/// A decision uses the latest good values, the import price at local time and ``DispatchRule``; ``SafetyShield`` has
/// the last word. Each battery gives a point `dispatch` and a ``PlantModel/DispatchDecision``. Several batteries are
/// served in the order of the plant's file, each with the demand that those before it leave.
///
/// The first battery whose sizes are known is run by ``AnalogPolicy`` once it has seen three days; until then, and for
/// further batteries, ``DispatchRule`` decides. `rule_kw` is always what that rule wants. `regret` is what the battery's
/// actual power of the past day cost above the best that could have been done [currency].
///
/// `reason` is `learned: …` or `rule: …` where that wish stands, `limit: …` where a limit changed it, `stale: …` where something
/// needed is not known (then 0 kW), followed by `, slack: …` where a limit of the grid connection cannot be held.
public struct DispatchStage: Stage {
  /// `dispatch`.
  public static let name = "dispatch"
  /// The time between decisions, and the time for which one must be feasible.
  public static let interval = TimeSpan.minutes(15)

  /// Markets settle by the hour at the longest, so a price holds until the next is overdue.
  private static let priceHoldsFor = TimeSpan.minutes(90)
  private static let layoutVersion: UInt16 = 2
  private var calendar: LocalCalendar
  private var last = LastValues()
  private var prices: PriceCurve
  /// For the first battery whose sizes are known; `nil` where there is none.
  private var learner: DispatchLearner?

  /// The stage of a plant. Local time is UTC if its time zone is not known to the system.
  public init(plant: Plant) {
    calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    prices = PriceCurve(tariff: plant.tariff)
    learner = DispatchLearner(plant: plant)
  }

  /// Keeps good readings; decides when the clock passes a quarter of an hour.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    last.grow(to: register.series.count)
    switch frame.cause {
    case .readings: last.take(frame.readings)
    case .minute:
      learn(at: frame.clock, register)
      if frame.clock == frame.clock.floored(to: DispatchStage.interval) { decide(&frame, register) }
    case .tick: break
    }
  }

  private mutating func learn(at moment: Timestamp, _ register: PlantRegister) {
    guard let asset = learner?.asset else { return }
    let prices = self.prices
    let civil = calendar.civil(at: moment)
    let quarter = civil.secondOfDay / 900
    let soc = stateOfCharge(of: asset, at: moment, register)
    let power = last.value(register.power(of: asset), at: moment, within: PlantPower.staleAfter)
    let sample = DispatchLearner.Sample(
      power: PlantPower(last, at: moment, in: register), stateOfCharge: soc, batteryPower: power,
      price: prices.price(quarter: (quarter + PriceCurve.quartersPerDay - 1) % PriceCurve.quartersPerDay))
    learner?.note(sample, at: moment, isWorkday: civil.weekday <= 5) { hour in
      let first = (quarter + 4 * hour) % PriceCurve.quartersPerDay
      return (0..<4).reduce(0) { $0 + prices.price(quarter: (first + $1) % PriceCurve.quartersPerDay) } / 4
    }
  }

  /// Writes the latest values and the prices seen.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(DispatchStage.layoutVersion)
    last.snapshot(into: &writer)
    writer.write(prices.observed)
    writer.write(learner != nil)
    learner?.snapshot(into: &writer)
  }

  /// Replaces the latest values and the prices seen.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: DispatchStage.layoutVersion, of: DispatchStage.name)
    try last.restore(from: &reader)
    let observed = try reader.readDoubles()
    guard observed.count == PriceCurve.quartersPerDay else { throw .invalid("\(observed.count) prices a day") }
    prices.observed = observed
    guard try reader.readBool() else { return }
    // A battery that is no longer declared leaves what was learned unread, and nothing follows it in the stage.
    var restored = learner ?? DispatchLearner.placeholder
    try restored.restore(from: &reader)
    if learner != nil { learner = restored }
  }

  private mutating func decide(_ frame: inout Frame, _ register: PlantRegister) {
    guard register.assets.contains(where: { $0.kind == .battery }) else { return }
    let outlook = self.outlook(at: frame.clock, register)
    let power = PlantPower(last, at: frame.clock, in: register)
    let limits = GridLimits(register)
    let rule = DispatchRule(hasGeneration: register.assets.contains { $0.kind.role == .generation })
    var netDemand = power.netDemand
    for position in register.assets.indices where register.assets[position].kind == .battery {
      let asset = AssetIndex(position)
      let soc = stateOfCharge(of: asset, at: frame.clock, register)
      var decision = BatteryDecision(stateOfCharge: soc ?? .nan, netDemand: netDemand)
      if let battery = BatteryModel(register.assets[position]) {
        decision.decide(
          battery: battery, limits: limits, rule: rule, outlook: outlook,
          learner: learner?.asset == asset ? learner : nil, missing: soc == nil ? "soc" : power.missing)
      } else {
        decision.reason = "unknown: energy_kwh or power_kw"
      }
      write(decision, asset, outlook.now, &frame, register)
      netDemand -= decision.power
    }
  }

  private mutating func outlook(at moment: Timestamp, _ register: PlantRegister) -> PriceCurve.Outlook {
    let civil = calendar.civil(at: moment)
    let quarter = civil.secondOfDay / 900
    if let series = priceSeries(register),
      let price = last.value(series, at: moment, within: DispatchStage.priceHoldsFor)
    {
      prices.observe(price, quarter: quarter)
      return prices.outlook(quarter: quarter, now: price)
    }
    let planned = register.plant.tariff.importPrice(minute: civil.secondOfDay / 60)
    return prices.outlook(quarter: quarter, now: planned)
  }

  private func priceSeries(_ register: PlantRegister) -> SeriesIndex? {
    for position in register.assets.indices where register.assets[position].kind.role == .gridExchange {
      if let series = register.series(of: AssetIndex(position), sensor: "price") { return series }
    }
    return nil
  }

  private func stateOfCharge(of asset: AssetIndex, at moment: Timestamp, _ register: PlantRegister) -> Double? {
    let series = register.series(of: asset, sensor: "soc") ?? register.series(of: asset, sensor: "state_of_charge")
    let percent = last.value(series, at: moment, within: PlantPower.staleAfter)
    return percent.map { min(1, max(0, $0 / 100)) }
  }

  private func write(
    _ decision: BatteryDecision, _ asset: AssetIndex, _ price: Double, _ frame: inout Frame,
    _ register: PlantRegister
  ) {
    frame.points.begin(PointKey(.dispatch, .asset(asset)), at: frame.clock)
    frame.points.field("recommended_kw", decision.power)
    frame.points.field(
      "actual_kw", last.value(register.power(of: asset), at: frame.clock, within: PlantPower.staleAfter))
    frame.points.field("rule_kw", decision.wish)
    frame.points.field("soc", decision.stateOfCharge)
    frame.points.field("price", price)
    frame.points.field("saving", decision.saving(price: price, export: register.plant.tariff.exportPrice))
    if let learner, learner.asset == asset { frame.points.field("regret", learner.regret) }
    frame.points.field("shield", boolean: decision.isShielded)
    frame.points.field("reason", text: decision.reason)
    frame.dispatch.append(
      DispatchDecision(
        asset: asset, time: frame.clock, recommendedKilowatts: decision.power,
        stateOfCharge: decision.stateOfCharge, price: price, reason: decision.reason))
  }
}
