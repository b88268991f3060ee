import PlantModel
import PlantPhysics
import StreamCore
import WattlineTime

/// Online learning of ``AnalogPolicy``: hourly means in event time, a value of stored energy for the current hour, and
/// the regret of the past day.
struct DispatchLearner {
  /// The state of the plant at a minute mark.
  struct Sample {
    var power: PlantPower
    var stateOfCharge: Double?
    var batteryPower: Double?
    var price: Double
    var exportPrice: Double
    /// Whether both prices are known and not assumed.
    var isPriced = true
  }

  /// Number of days that must be recorded before the policy decides.
  static let trialDays = 3
  /// Longest gap that is filled [h]; after a longer one learning starts again.
  private static let longestGap = 7 * 24
  /// Minimum number of minutes for a valid hour.
  private static let leastMinutes = 30

  /// The batteries.
  let fleet: BatteryFleet
  /// Cost of the past day above the minimum, with the stored energy at both ends valued equally [currency]; NaN unless
  /// the whole day is known.
  private(set) var regret = Double.nan
  /// The batteries in the present day if every recommendation had been followed.
  private(set) var followed = FollowedDay()
  /// Savings of the last local day; `nil` unless one ended at the last hour mark.
  private var savings: DaySavings?
  private var policy: AnalogPolicy
  private var hour = HourMeans()
  private var end: Timestamp?
  private var day = DayReview()
  private var peak: LivePeak
  /// The settled quarters of the current hour.
  private var quarters: [EnergyQuarter] = []

  /// Creates the learner of a plant's batteries; `nil` if no battery has known sizes.
  init?(plant: Plant) {
    guard let fleet = BatteryFleet(plant.assets) else { return nil }
    self.init(fleet, tariff: plant.tariff)
  }

  /// A learner that serves only to skip the saved state of another.
  static var placeholder: DispatchLearner {
    let battery = BatteryModel(energyKilowattHours: 1, powerKilowatts: 1)
    let member = BatteryFleet.Member(
      asset: AssetIndex(0), battery: battery, reserve: 0, rampKilowattsPerHour: .infinity, wearPrice: 0)
    return DispatchLearner(BatteryFleet(member), tariff: Tariff())
  }

  private init(_ fleet: BatteryFleet, tariff: Tariff) {
    self.fleet = fleet
    let problem = DispatchProblem(
      battery: fleet.battery, exportPrice: tariff.exportPrice, wearPrice: fleet.wearPrice,
      demandCharge: tariff.demandCharge)
    policy = AnalogPolicy(problem: problem)
    peak = LivePeak(problem: problem)
  }

  /// Records quarters of the energy account.
  mutating func observe(_ settled: [EnergyQuarter]) {
    for quarter in settled {
      quarters.removeAll { $0.start == quarter.start || quarter.start - $0.start >= .hour }
      quarters.append(quarter)
    }
  }

  /// Records a minute mark. At the end of an hour it learns the value for the next hour.
  ///
  /// - Parameters:
  ///   - sample: state of the plant.
  ///   - timestamp: the minute mark.
  ///   - local: local time of the plant.
  ///   - price: returns the expected mean prices of the hour that starts this number of hours after `timestamp`
  ///     [currency/kWh].
  mutating func observe(
    _ sample: Sample, at timestamp: Timestamp, local: CivilTime,
    price: (_ hour: Int) -> (importing: Double, exporting: Double)
  ) {
    hour.add(sample)
    guard timestamp == timestamp.floored(to: .hour) else { return }
    hour.settle(quarters.filter { $0.start >= timestamp - .hour && $0.start < timestamp })
    let isNewDay = followed.begins(local)
    close(at: timestamp, local: local)
    savings =
      isNewDay
      ? day.savings(
        policy.problem, valued: policy.value, followed: followed.hourlyPowers(until: timestamp), until: timestamp) : nil
    let ahead = (1...24).map(price)
    policy.learn(prices: ahead.map(\.importing), exportPrices: ahead.map(\.exporting), lead: 1, cap: peak.cap)
    hour = HourMeans()
    hour.energy = sample.stateOfCharge.map(usable) ?? .nan
    if isNewDay { followed.begin(at: timestamp, energy: hour.energy) }
  }

  /// Returns the savings of the local day that ended at a time; `nil` if none did, or if it is not known.
  func savings(at timestamp: Timestamp) -> DaySavings? { savings.flatMap { $0.end == timestamp ? $0 : nil } }

  /// State of charge if every recommendation of the day had been followed, 0...1; `nil` if unknown.
  var followedStateOfCharge: Double? {
    followed.energy.isFinite
      ? fleet.battery.minimumStateOfCharge + followed.energy / fleet.battery.energyKilowattHours : nil
  }

  /// Follows a recommendation for the quarter of an hour that begins at a time.
  mutating func follow(_ power: Double, at timestamp: Timestamp) {
    followed.follow(power, at: timestamp, problem: policy.problem)
  }

  /// Returns the power that the policy requests and the reason; `nil` while it lacks data.
  ///
  /// - Parameters:
  ///   - netDemand: consumption less generation [kW].
  ///   - stateOfCharge: state of charge of the fleet, 0...1.
  ///   - price: import price [currency/kWh].
  ///   - export: payment for export [currency/kWh].
  ///   - hours: length of the step [h].
  func request(
    netDemand: Double, stateOfCharge: Double, price: Double, export: Double, hours: Double
  ) -> DispatchRule.Request? {
    guard policy.count >= DispatchLearner.trialDays * 24, netDemand.isFinite, stateOfCharge.isFinite else { return nil }
    var problem = policy.problem
    problem.hours = hours
    problem.exportPrice = export
    // A kWh above the cap costs the same as during learning, whatever the length of the step.
    let offers = SlotOffers(
      netDemand: netDemand, price: price, problem: problem, cap: peak.cap, excess: PeakWatch.excess(policy.problem))
    let energy = usable(stateOfCharge)
    let power = problem.power(from: energy, to: policy.value.target(from: energy, offers: offers))
    let action =
      power < min(0, netDemand) - 1e-9
      ? "charge from grid" : power < 0 ? "keep surplus" : power > 0 ? "cover demand" : "keep energy"
    return DispatchRule.Request(power: power, reason: "learned: \(action)")
  }

  private func usable(_ stateOfCharge: Double) -> Double {
    let energy = (stateOfCharge - fleet.battery.minimumStateOfCharge) * fleet.battery.energyKilowattHours
    return min(policy.problem.capacity, max(0, energy))
  }

  private mutating func close(at timestamp: Timestamp, local: CivilTime) {
    let isWorkday = local.weekday <= 5
    let missed = end.map { Int(((timestamp - $0).inHours).rounded()) - 1 } ?? 0
    if missed > DispatchLearner.longestGap || missed < 0 { policy = AnalogPolicy(problem: policy.problem) }
    if missed > 0, missed <= DispatchLearner.longestGap { for _ in 0..<missed { policy.observeGap() } }
    end = timestamp
    guard hour.count >= DispatchLearner.leastMinutes else {
      policy.observeGap()
      day.removeAll()
      regret = .nan
      return
    }
    if missed != 0 { day.removeAll() }
    policy.observe(load: hour.load, generation: hour.generation, isWorkday: isWorkday)
    peak.observe(hour, local: local)
    day.append(hour)
    regret = day.regret(policy.problem, valued: policy.value)
  }
}

extension DispatchLearner {
  func snapshot(into writer: inout SnapshotWriter) {
    policy.snapshot(into: &writer)
    writer.write(end ?? .distantPast)
    writer.write(regret)
    writer.write(policy.value.values)
    hour.snapshot(into: &writer)
    day.snapshot(into: &writer)
    peak.snapshot(into: &writer)
    followed.snapshot(into: &writer)
  }

  /// Reads the learned state.
  ///
  /// - Parameters:
  ///   - reader: The saved state.
  ///   - hasFollowed: Whether it has the followed day, which layouts before 8 lack.
  /// - Throws: `SnapshotError` if it is invalid.
  mutating func restore(from reader: inout SnapshotReader, hasFollowed: Bool = true) throws(SnapshotError) {
    try policy.restore(from: &reader)
    let end = try reader.readTimestamp()
    self.end = end == .distantPast ? nil : end
    regret = try reader.readDouble()
    try policy.restoreValue(try reader.readDoubles())
    try hour.restore(from: &reader)
    try day.restore(from: &reader)
    try peak.restore(from: &reader)
    if hasFollowed { try followed.restore(from: &reader) }
  }
}
