import AssetCommands
public import PlantModel
import PlantPhysics
import PointSchema
public import StreamCore
public import WattlineTime

/// The stage that recommends a power for each battery and charger, and a limit for generators if export must be
/// reduced. It decides every quarter of an hour of the event-time clock.
///
/// A decision uses the latest good values and the prices at local time. Batteries are decided as one, and each gets a
/// share in proportion to what it can contribute. ``AnalogPolicy`` decides once it has recorded three days. Until then
/// ``DispatchRule`` decides, and also if the health of a battery is low or data of one is missing. ``SafetyShield``
/// limits every power. Chargers follow by `ChargerPlan` within the rest of the grid connection's limit. Power that
/// still cannot be exported is curtailed.
///
/// `CommandBook` turns recommendations, health and alerts into commands.
///
/// Each decision gives a point `dispatch` and a ``PlantModel/DispatchDecision``; powers are in the direction of the
/// asset. `rule_kw` is the power of the rule within the same limits. `regret` is the cost of the batteries' actual
/// power of the past day above the optimum [currency]; the first battery carries it for all. After each local day it
/// also carries what the batteries saved in it, what following would have saved, and what the optimum would have.
///
/// `reason` starts with
/// - `learned: …` or `rule: …` if that policy's power is kept;
/// - `limit: …` if a limit changed it;
/// - `charger: …` and `curtail: …` for chargers and generators;
/// - `community: schedule` if the power is that of the schedule of the plant's community, see ``CommunityTarget``;
/// - `stale: …` if a needed value is missing, and `unknown: …` if a battery's sizes are; the power is then 0 kW.
///
/// It ends with `, slack: …` if a limit cannot be held.
public struct DispatchStage: Stage {
  /// Name of the stage, `dispatch`.
  public static let name = "dispatch"
  /// The time between decisions, and the time for which a decision must be feasible.
  public static let interval = TimeSpan.minutes(15)

  /// Health index below which a battery is not controlled by the learned policy.
  static let leastHealth = CommandInterlocks.leastHealth
  private static let layoutVersion: UInt16 = 8
  /// Layout with the schedule of a community at its end. Without a schedule, layout 8 is written.
  private static let targetLayoutVersion: UInt16 = 9
  var last = LastValues()
  private var prices: PriceCurve
  /// Learner of the batteries with known sizes; `nil` if there are none.
  private var learner: DispatchLearner?
  /// Latest health index of each asset.
  private var health: [AssetIndex: Double] = [:]
  private var isCurtailing = false
  private var commands = CommandBook()
  /// Latest decisions during catch-up. Those still valid when the plant becomes live are commanded then.
  private var overdue: [DispatchDecision] = []
  /// Schedule of the plant's community; `nil` without one.
  private var target: CommunityTarget?

  /// Creates the stage of a plant. Local time is UTC if the system does not have the plant's time zone.
  public init(plant: Plant) {
    prices = PriceCurve(plant: plant)
    learner = DispatchLearner(plant: plant)
  }

  /// Sets the power limits that commands have given assets.
  public mutating func prepare(_ frame: inout Frame, in register: PlantRegister) { frame.limits = limits(in: register) }

  /// Returns the commanded power limits of assets, see ``StreamCore/Frame/limits``; empty if commands are advice only.
  func limits(in register: PlantRegister) -> [AssetIndex: Double] {
    register.plant.commands.mode == .advise ? [:] : commands.limits
  }

  /// Records good readings, and decides at each quarter of an hour.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    last.follow(register)
    last.observe(frame, in: register)
    for judgement in frame.health { health[judgement.asset] = judgement.index }
    switch frame.cause {
    case .readings: last.observe(frame.readings)
    case .minute:
      learner?.observe(frame.quarters)
      learn(at: frame.clock, in: register)
      let isMark = frame.clock == frame.clock.floored(to: DispatchStage.interval)
      if target.map({ $0.isOver(at: frame.clock) }) ?? false { target = nil }
      if isMark, CommandBook.isLive(frame) { frame.member = memberState(at: frame.clock, in: register) }
      if isMark || target?.isFresh ?? false { decide(&frame, in: register) }
      target?.isFresh = false
    case .tick, .process: break
    }
    command(&frame, in: register)
  }

  /// Executes answers to commands. Issues commands each minute and whenever an alert changes.
  private mutating func command(_ frame: inout Frame, in register: PlantRegister) {
    for position in frame.instructions.indices where frame.instructions[position].subject == CommandBook.subject {
      frame.instructions[position].outcome = commands.follow(frame.instructions[position], into: &frame, in: register)
    }
    for position in frame.instructions.indices where frame.instructions[position].subject == CommunityTarget.subject {
      frame.instructions[position].outcome = follow(frame.instructions[position], at: frame.clock)
    }
    commands.observe(frame.alerts)
    if !CommandBook.isLive(frame), !frame.dispatch.isEmpty { overdue = frame.dispatch }
    guard frame.cause == .minute || !frame.alerts.isEmpty, CommandBook.isLive(frame) else { return }
    let now = frame.cause == .minute ? frame.clock : frame.received
    let decisions = overdue.filter { now - $0.time < DispatchStage.interval } + frame.dispatch
    overdue.removeAll()
    let known = self
    let prices = pricesNow(at: now, in: register)
    let limits = GridLimits(register)
    let context = CommandContext(
      now: now, interval: DispatchStage.interval, decisions: decisions,
      power: { known.power(of: $0, at: now, in: register) },
      stateOfCharge: { known.stateOfCharge(of: $0, at: now, in: register) }, health: health,
      grid: CommandContext.Grid(
        exchange: exchange(at: now, in: register) ?? .nan, importPrice: prices.outlook.now,
        exportPrice: prices.export, importLimit: limits.importKilowatts, exportLimit: limits.exportKilowatts))
    commands.step(&frame, context: context, in: register)
  }

  private mutating func learn(at timestamp: Timestamp, in register: PlantRegister) {
    guard let fleet = learner?.fleet else { return }
    let carbon = carbonPrice(at: timestamp, in: register)
    // A minute mark describes the minute that ends there.
    let minute = timestamp - .minute
    let sample = DispatchLearner.Sample(
      power: PlantPower(last, at: timestamp, in: register),
      stateOfCharge: fleet.stateOfCharge { stateOfCharge(of: $0, at: timestamp, in: register) },
      batteryPower: fleet.sum { power(of: $0, at: timestamp, in: register) },
      price: prices.price(at: minute) + carbon, exportPrice: prices.exportPrice(at: minute),
      isPriced: prices.knownPrice(at: minute) != nil && prices.knownExportPrice(at: minute) != nil)
    let local = prices.local(at: timestamp)
    // A copy, because the closure must not access the stage while its learner is modified.
    var prices = self.prices
    learner?.observe(sample, at: timestamp, local: local) { hour in
      var (importing, exporting) = (carbon, 0.0)
      for quarter in 0..<4 {
        let time = timestamp + .hours(Int64(hour)) + .minutes(Int64(15 * quarter))
        importing += prices.price(at: time) / 4
        exporting += prices.exportPrice(at: time) / 4
      }
      return (importing, exporting)
    }
  }

  private mutating func decide(_ frame: inout Frame, in register: PlantRegister) {
    let now = frame.clock
    let prices = pricesNow(at: now, in: register)
    let power = PlantPower(last, at: now, in: register)
    let limits = GridLimits(register)
    var exchange = power.netDemand
    let known = register.assets.indices.filter { position in
      register.assets[position].kind.role == .storage
        && leaveAlone(position, power: power, prices: prices, into: &frame, in: register) == false
    }
    if !known.isEmpty {
      exchange -= decideBatteries(known, power: power, limits: limits, prices: prices, into: &frame, in: register)
    }
    exchange += decideChargers(exchange, limits: limits, prices: prices, into: &frame, in: register)
    curtail(exchange, generation: power.generation, limits: limits, prices: prices, into: &frame, in: register)
  }

  /// Writes 0 kW for a battery with missing data; returns whether data is missing.
  private func leaveAlone(
    _ position: Int, power: PlantPower, prices: PriceNow, into frame: inout Frame, in register: PlantRegister
  ) -> Bool {
    let asset = AssetIndex(position)
    let soc = stateOfCharge(of: asset, at: frame.clock, in: register)
    var reason: String?
    if BatteryModel(register.assets[position]) == nil {
      reason = "unknown: energy_kwh or power_kw"
    } else if let missing = soc == nil ? "soc" : power.missing {
      reason = "stale: \(missing)"
    }
    guard let reason else { return false }
    write(
      Entry(
        asset: asset, power: 0, rule: 0, stateOfCharge: soc ?? .nan, saving: 0, isShielded: false, reason: reason,
        lacksData: true),
      prices: prices, into: &frame, in: register)
    return true
  }

  /// Decides on batteries without missing data; returns their total power [kW].
  private mutating func decideBatteries(
    _ positions: [Int], power: PlantPower, limits: GridLimits, prices: PriceNow, into frame: inout Frame,
    in register: PlantRegister
  ) -> Double {
    guard let fleet = BatteryFleet(register.assets, only: Set(positions)) else { return 0 }
    let now = frame.clock
    let charges = fleet.members.map { stateOfCharge(of: $0.asset, at: now, in: register) ?? .nan }
    let headrooms = fleet.headrooms(
      charges, previous: fleet.members.map { self.power(of: $0.asset, at: now, in: register) ?? .nan },
      hours: DispatchStage.interval.inHours)
    var decision = BatteryDecision(
      stateOfCharge: fleet.stateOfCharge { stateOfCharge(of: $0, at: now, in: register) } ?? .nan,
      netDemand: power.netDemand)
    let unwell = fleet.members.compactMap { health[$0.asset] }.filter { $0 < DispatchStage.leastHealth }.min()
    let isLearnersFleet = learner?.fleet.members.map(\.asset) == fleet.members.map(\.asset)
    let rule = DispatchRule(hasGeneration: register.assets.contains { $0.kind.role == .generation })
    decision.decide(
      fleet: fleet, headroom: headrooms.reduce(Headroom(), +), limits: limits, rule: rule, prices: prices,
      learner: unwell == nil && isLearnersFleet ? learner : nil,
      scheduled: unwell == nil ? target?.battery(at: now) : nil)
    if isLearnersFleet, now == now.floored(to: DispatchStage.interval) {
      follow(power: power, limits: limits, rule: rule, prices: prices, isWell: unwell == nil, at: now)
    }
    if let unwell { decision.reason += ", health \(Int(max(0, unwell.rounded())))" }
    let powers = BatteryFleet.split(decision.power, among: headrooms)
    let saving = prices.saving(of: decision.power, netDemand: power.netDemand)
    for (place, member) in fleet.members.enumerated() {
      let share = decision.power == 0 ? 0 : powers[place] / decision.power
      write(
        Entry(
          asset: member.asset, power: powers[place],
          rule: decision.rulePower * member.battery.powerKilowatts / max(1e-9, fleet.battery.powerKilowatts),
          stateOfCharge: charges[place], saving: saving * share, isShielded: decision.isShielded,
          reason: decision.reason), prices: prices, into: &frame, in: register)
    }
    return decision.power
  }

  /// Decides for the batteries as they would be if every recommendation of the day had been followed.
  ///
  /// - Parameters:
  ///   - power: power of the plant's parts.
  ///   - limits: limits of the grid connection.
  ///   - rule: decides unless the learner does.
  ///   - prices: current prices.
  ///   - isWell: whether the batteries are healthy enough for the learner.
  ///   - timestamp: time of the decision.
  private mutating func follow(
    power: PlantPower, limits: GridLimits, rule: DispatchRule, prices: PriceNow, isWell: Bool, at timestamp: Timestamp
  ) {
    guard let learner, let stateOfCharge = learner.followedStateOfCharge else { return }
    let fleet = learner.fleet
    let previous = (learner.followed.powers.last ?? .nan) / max(1e-9, fleet.battery.powerKilowatts)
    let headrooms = fleet.headrooms(
      fleet.members.map { _ in stateOfCharge }, previous: fleet.members.map { previous * $0.battery.powerKilowatts },
      hours: DispatchStage.interval.inHours)
    var decision = BatteryDecision(stateOfCharge: stateOfCharge, netDemand: power.netDemand)
    decision.decide(
      fleet: fleet, headroom: headrooms.reduce(Headroom(), +), limits: limits, rule: rule, prices: prices,
      learner: isWell ? learner : nil, scheduled: isWell ? target?.battery(at: timestamp) : nil)
    self.learner?.follow(decision.power, at: timestamp)
  }
}

// MARK: - Chargers and generators

extension DispatchStage {
  /// Decides on chargers with a connected vehicle.
  ///
  /// - Parameters:
  ///   - exchange: grid exchange with the batteries' new power, positive import [kW]; NaN if unknown.
  ///   - limits: limits of the grid connection.
  ///   - prices: current prices.
  ///   - frame: receives the decisions.
  ///   - register: the plant's register.
  /// - Returns: the change of the chargers' power [kW].
  private mutating func decideChargers(
    _ exchange: Double, limits: GridLimits, prices: PriceNow, into frame: inout Frame, in register: PlantRegister
  ) -> Double {
    var change = 0.0
    for position in register.assets.indices where register.assets[position].kind.traits.hasVehicles {
      let asset = AssetIndex(position)
      let (size, actual) = (register.assets[position].nominalKilowatts, power(of: asset, at: frame.clock, in: register))
      guard let limit = size, let actual, exchange.isFinite,
        value(of: asset, sensor: "connected", at: frame.clock, in: register) == 1,
        let energy = value(of: asset, sensor: "energy_requested", at: frame.clock, in: register),
        let seconds = value(of: asset, sensor: "time_left", at: frame.clock, in: register)
      else { continue }
      // Exchange of the plant without this charger.
      let rest = exchange + change - actual
      let quarters = Int(max(1, min(Double(PriceCurve.quartersPerDay), seconds / 900)))
      let ahead = (0..<quarters).map {
        if $0 == 0 { return prices.basis == .none && prices.hasPrices ? .nan : prices.outlook.now }
        return self.prices.knownPrice(at: frame.clock + .minutes(Int64(15 * $0))) ?? (prices.hasPrices ? .nan : 0)
      }
      var plan = ChargerPlan(energy: energy, prices: ahead, limit: limit, surplus: -rest)
      if let share = chargerShare(of: asset, at: frame.clock, in: register) { plan.follow(share, limit: limit) }
      plan.shield(headroom: limits.importKilowatts - rest)
      let saving = prices.saving(of: actual - plan.power, netDemand: rest + actual)
      write(
        Entry(
          asset: asset, power: plan.power, rule: min(limit, energy / DispatchStage.interval.inHours),
          stateOfCharge: .nan, saving: saving, isShielded: plan.isLimited, reason: plan.reason),
        prices: prices, into: &frame, in: register)
      change += plan.power - actual
    }
    return change
  }

  /// Curtails generators in equal proportion if the remaining power cannot or should not be exported.
  ///
  /// - Parameters:
  ///   - exchange: grid exchange with the new power of batteries and chargers, positive import [kW]; NaN if unknown.
  ///   - generation: power of all generators [kW].
  ///   - limits: limits of the grid connection.
  ///   - prices: current prices.
  ///   - frame: receives the decisions.
  ///   - register: the plant's register.
  private mutating func curtail(
    _ exchange: Double, generation: Double, limits: GridLimits, prices: PriceNow, into frame: inout Frame,
    in register: PlantRegister
  ) {
    // With an unknown exchange nothing changes.
    guard exchange.isFinite else { return }
    let curtailment = Curtailment(
      exchange: exchange, generation: generation, limit: limits.exportKilowatts, exportPrice: prices.export,
      isHeld: isCurtailing)
    let wasCurtailing = isCurtailing
    isCurtailing = curtailment.cap != nil
    guard isCurtailing || wasCurtailing else { return }
    for position in register.assets.indices
    where register.assets[position].kind.role == .generation && register.assets[position].within == nil {
      let asset = AssetIndex(position)
      guard let actual = power(of: asset, at: frame.clock, in: register) else { continue }
      let share = generation > 0 ? actual / generation : 0
      write(
        Entry(
          asset: asset,
          power: curtailment.cap.map { $0 * share } ?? register.assets[position].nominalKilowatts ?? actual,
          rule: actual, stateOfCharge: .nan,
          saving: prices.isExportKnown && prices.hasPrices
            ? max(0, -prices.export) * curtailment.excess * share * DispatchStage.interval.inHours : .nan,
          isShielded: isCurtailing, reason: isCurtailing ? curtailment.reason : DispatchDecision.released),
        prices: prices, into: &frame, in: register)
    }
  }
}

// MARK: - Community

extension DispatchStage {
  /// Takes a schedule of the plant's community, which the next minute mark follows.
  private mutating func follow(_ instruction: Instruction, at now: Timestamp) -> Instruction.Outcome {
    switch CommunityTarget.read(instruction.members) {
    case nil: return .refused(.notUnderstood)
    case .released?:
      target = nil
      return .taken
    case .schedule(let next)?:
      if next.isOver(at: now) { return .refused(.late) }
      // A schedule that comes again, or late, changes nothing.
      if let target, target.start >= next.start { return .taken }
      target = next
      return .taken
    }
  }

  /// Returns the part of the community's schedule for cars that is a charger's, by the energy that is requested [kW].
  private func chargerShare(of asset: AssetIndex, at now: Timestamp, in register: PlantRegister) -> Double? {
    guard let power = target?.cars(at: now) else { return nil }
    let cars = connectedCars(at: now, in: register)
    let total = cars.reduce(0) { $0 + $1.car.energy }
    guard let own = cars.first(where: { $0.asset == asset }), total > 0 else { return nil }
    return power * own.car.energy / total
  }

  private func connectedCars(at now: Timestamp, in register: PlantRegister) -> [(
    asset: AssetIndex, car: MemberState.Car, power: Double
  )] {
    register.assets.indices.compactMap { position in
      let asset = AssetIndex(position)
      guard register.assets[position].kind.traits.hasVehicles, let limit = register.assets[position].nominalKilowatts,
        let power = power(of: asset, at: now, in: register),
        value(of: asset, sensor: "connected", at: now, in: register) == 1,
        let energy = value(of: asset, sensor: "energy_requested", at: now, in: register),
        let seconds = value(of: asset, sensor: "time_left", at: now, in: register)
      else { return nil }
      return (asset, .init(energy: max(0, energy), hours: max(0, seconds / 3600), power: limit), power)
    }
  }

  /// Returns the state that the plant's community plans with.
  private func memberState(at now: Timestamp, in register: PlantRegister) -> MemberState {
    var state = MemberState(time: now)
    let power = PlantPower(last, at: now, in: register)
    let cars = connectedCars(at: now, in: register)
    state.cars = cars.map(\.car)
    state.carPower = cars.reduce(0) { $0 + $1.power }
    if power.missing == nil, power.netDemand.isFinite {
      state.load = power.netDemand + power.generation - state.carPower
      state.generation = power.generation
    }
    guard let fleet = BatteryFleet(register.assets) else {
      state.batteryPower = 0
      return state
    }
    state.batteryPower = fleet.sum { self.power(of: $0, at: now, in: register) }
    guard let charge = fleet.stateOfCharge({ stateOfCharge(of: $0, at: now, in: register) }) else { return state }
    let reserve = fleet.members.reduce(0) {
      $0 + max($1.reserve, $1.battery.minimumStateOfCharge) * $1.battery.energyKilowattHours
    }
    let size = fleet.battery.energyKilowattHours
    state.battery = MemberState.Battery(
      capacity: size, power: fleet.battery.powerKilowatts, efficiency: fleet.battery.oneWayEfficiency,
      wear: fleet.wearPrice, minimum: reserve, maximum: fleet.battery.maximumStateOfCharge * size,
      energy: charge * size)
    return state
  }
}

// MARK: - What is known

extension DispatchStage {
  /// Time for which a live price holds; markets settle at least hourly, so the next is then overdue.
  private static let priceHoldsFor = TimeSpan.minutes(90)

  private mutating func pricesNow(at timestamp: Timestamp, in register: PlantRegister) -> PriceNow {
    let live = gridValue("price", at: timestamp, in: register)
    if let live { prices.observe(live, at: timestamp) }
    let export = gridValue("export_price", at: timestamp, in: register)
    if let export { prices.observe(export: export, at: timestamp) }
    let local = prices.local(at: timestamp)
    let tariff = register.plant.tariff
    // A price observed at this time yesterday is not a current price.
    let known = live ?? tariff.importPrice(at: timestamp, local: local)
    let knownExport = export ?? tariff.exportPrice(at: timestamp, local: local)
    let (assumed, basis) = prices.expected(at: timestamp)
    return PriceNow(
      outlook: prices.outlook(at: timestamp, now: known ?? assumed),
      export: knownExport ?? prices.exportPrice(at: timestamp),
      basis: known != nil ? .known : basis == .known ? .yesterday : basis, isExportKnown: knownExport != nil,
      hasPrices: prices.hasPrices, carbon: carbonPrice(at: timestamp, in: register))
  }

  /// Returns the weighted cost of the carbon in a kWh of import [currency/kWh].
  private func carbonPrice(at timestamp: Timestamp, in register: PlantRegister) -> Double {
    let tariff = register.plant.tariff
    guard tariff.carbonWeight > 0 else { return 0 }
    return tariff.carbonWeight * (gridValue("carbon", at: timestamp, in: register) ?? tariff.carbonIntensity ?? 0)
  }

  private func gridValue(_ sensor: String, at timestamp: Timestamp, in register: PlantRegister) -> Double? {
    for position in register.assets.indices where register.assets[position].kind.role == .gridExchange {
      if let series = register.series(of: AssetIndex(position), sensor: sensor) {
        return last.value(series, at: timestamp, within: DispatchStage.priceHoldsFor)
      }
    }
    return nil
  }

  /// Returns the measured exchange with the grid [kW].
  private func exchange(at timestamp: Timestamp, in register: PlantRegister) -> Double? {
    register.assets.indices.lazy.filter { register.assets[$0].kind.role == .gridExchange }
      .compactMap { power(of: AssetIndex($0), at: timestamp, in: register) }.first
  }

  private func value(
    of asset: AssetIndex, sensor: String, at timestamp: Timestamp, in register: PlantRegister
  ) -> Double? {
    last.value(register.series(of: asset, sensor: sensor), at: timestamp, within: PlantPower.staleAfter)
  }

  private func power(of asset: AssetIndex, at timestamp: Timestamp, in register: PlantRegister) -> Double? {
    last.value(register.power(of: asset), at: timestamp, within: PlantPower.staleAfter)
  }

  private func stateOfCharge(of asset: AssetIndex, at timestamp: Timestamp, in register: PlantRegister) -> Double? {
    let series = register.series(of: asset, sensor: "soc") ?? register.series(of: asset, sensor: "state_of_charge")
    let percent = last.value(series, at: timestamp, within: PlantPower.staleAfter)
    return percent.map { min(1, max(0, $0 / 100)) }
  }
}

// MARK: - Output and state

extension DispatchStage {
  /// A decision on one asset, in its own direction.
  private struct Entry {
    var asset: AssetIndex
    var power: Double
    var rule: Double
    var stateOfCharge: Double
    var saving: Double
    var isShielded: Bool
    var reason: String
    /// Whether data is missing, so that the power is not meant as a setpoint.
    var lacksData = false
  }

  private func write(
    _ entry: Entry, prices: PriceNow, into frame: inout Frame, in register: PlantRegister
  ) {
    frame.points.begin(PointKey(.dispatch, .asset(entry.asset)), at: frame.clock)
    frame.points.field(.recommendedPower, entry.power)
    frame.points.field(.actualPower, power(of: entry.asset, at: frame.clock, in: register))
    frame.points.field(.rulePower, entry.rule)
    frame.points.field(.stateOfCharge, entry.stateOfCharge)
    // Assumed prices are not written.
    frame.points.field(.price, prices.known)
    frame.points.field(.exportPrice, prices.isExportKnown && prices.hasPrices ? prices.export : nil)
    frame.points.field(.saving, entry.saving)
    if let learner, learner.fleet.members[0].asset == entry.asset {
      frame.points.field(.regret, learner.regret)
      if let savings = learner.savings(at: frame.clock) {
        frame.points.field(.daySaving, savings.measured)
        frame.points.field(.followedDaySaving, savings.followed)
        frame.points.field(.optimalDaySaving, savings.optimal)
      }
    }
    frame.points.field(.shield, boolean: entry.isShielded)
    frame.points.field(.reason, text: entry.reason)
    frame.dispatch.append(
      DispatchDecision(
        asset: entry.asset, time: frame.clock, recommendedKilowatts: entry.power,
        stateOfCharge: entry.stateOfCharge, price: prices.known ?? .nan, reason: entry.reason,
        lacksData: entry.lacksData))
  }

  /// Writes the latest values, observed prices, health, commands and the learned state.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(target == nil ? DispatchStage.layoutVersion : DispatchStage.targetLayoutVersion)
    last.snapshot(into: &writer)
    writer.write(prices.observed)
    writer.write(health.sorted { $0.key.rawValue < $1.key.rawValue }) { writer, entry in
      writer.write(entry.key.rawValue)
      writer.write(entry.value)
    }
    writer.write(isCurtailing)
    commands.snapshot(into: &writer)
    writer.write(overdue) { writer, decision in
      writer.write(decision.asset.rawValue)
      writer.write(decision.time)
      for number in [decision.recommendedKilowatts, decision.stateOfCharge, decision.price] { writer.write(number) }
      writer.write(decision.reason)
      writer.write(decision.lacksData)
    }
    writer.write(learner != nil)
    learner?.snapshot(into: &writer)
    target?.snapshot(into: &writer)
  }

  /// Reads the latest values, observed prices, health, commands and the learned state.
  ///
  /// - Throws: `SnapshotError` if the snapshot is invalid or of another version.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let version = try reader.read(UInt16.self)
    // Layout 7 lacks the followed day, which is then unknown until the next day begins.
    guard [7, DispatchStage.layoutVersion, DispatchStage.targetLayoutVersion].contains(version) else {
      throw .invalid("version \(version) of \(DispatchStage.name) instead of \(DispatchStage.layoutVersion)")
    }
    try last.restore(from: &reader)
    let observed = try reader.readDoubles()
    guard observed.count == 2 * PriceCurve.quartersPerDay else { throw .invalid("\(observed.count) prices a day") }
    prices.observed = observed
    health = [:]
    let judgements = try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
      (asset: AssetIndex(Int(try reader.read(Int32.self))), index: try reader.readDouble())
    }
    for judgement in judgements { health[judgement.asset] = judgement.index }
    isCurtailing = try reader.readBool()
    try commands.restore(from: &reader)
    overdue = try reader.readArray(elementSize: 40) { (reader) throws(SnapshotError) in
      DispatchDecision(
        asset: AssetIndex(Int(try reader.read(Int32.self))), time: try reader.readTimestamp(),
        recommendedKilowatts: try reader.readDouble(), stateOfCharge: try reader.readDouble(),
        price: try reader.readDouble(), reason: try reader.readString(), lacksData: try reader.readBool())
    }
    if try reader.readBool() {
      // If the battery is no longer declared, its learned state is read and discarded.
      var restored = learner ?? DispatchLearner.placeholder
      try restored.restore(from: &reader, hasFollowed: version > 7)
      if learner != nil { learner = restored }
    }
    target = version == DispatchStage.targetLayoutVersion ? try CommunityTarget(restoring: &reader) : nil
  }
}
