import PlantModel
import PlantPhysics
import StreamCore

/// Lets ``AnalogPolicy`` learn from a plant while it runs: means over hours of event time, a value of stored energy for
/// the present hour, and the regret of the past day.
struct DispatchLearner {
  /// What is known at a minute mark.
  struct Sample {
    var power: PlantPower
    var stateOfCharge: Double?
    var batteryPower: Double?
    var price: Double
  }

  /// Days that have to be seen before the policy decides.
  static let trialDays = 3
  /// A gap longer than this starts anew.
  private static let longestGap = 7 * 24
  /// Minutes that an hour needs to count.
  private static let leastMinutes = 30

  /// The battery.
  private(set) var asset: AssetIndex
  /// What the past day cost above the least possible, over both ends' stored energy valued alike [currency]; NaN while
  /// a day is not known.
  private(set) var regret = Double.nan
  private var policy: AnalogPolicy
  private let battery: BatteryModel
  private var hour = HourMeans()
  private var end: Timestamp?
  private var day = DayReview()

  /// The learner of a plant's first battery that tells its sizes.
  init?(plant: Plant) {
    for (position, asset) in plant.assets.enumerated() where asset.kind == .battery {
      guard let battery = BatteryModel(asset) else { continue }
      self.init(battery, AssetIndex(position), exportPrice: plant.tariff.exportPrice)
      return
    }
    return nil
  }

  /// A learner that only serves to read over what another wrote.
  static var placeholder: DispatchLearner {
    DispatchLearner(BatteryModel(energyKilowattHours: 1, powerKilowatts: 1), AssetIndex(0), exportPrice: 0)
  }

  private init(_ battery: BatteryModel, _ asset: AssetIndex, exportPrice: Double) {
    self.battery = battery
    self.asset = asset
    policy = AnalogPolicy(problem: DispatchProblem(battery: battery, exportPrice: exportPrice))
  }

  /// Takes in a minute mark; at the end of an hour learns the value for the next.
  /// - Parameter price: Mean import price expected for the hour that starts so many hours from `moment`.
  mutating func note(_ sample: Sample, at moment: Timestamp, isWorkday: Bool, price: (_ hour: Int) -> Double) {
    hour.add(sample)
    guard moment == moment.floored(to: .hour) else { return }
    close(at: moment, isWorkday: isWorkday)
    policy.learn(prices: (1...24).map(price), lead: 1)
    hour = HourMeans()
    hour.energy = sample.stateOfCharge.map(usable) ?? .nan
  }

  /// The power that the policy wants and why; `nil` while it has seen too little.
  func wish(netDemand: Double, stateOfCharge: Double, price: Double, hours: Double) -> DispatchRule.Wish? {
    guard policy.count >= DispatchLearner.trialDays * 24, netDemand.isFinite, stateOfCharge.isFinite else { return nil }
    var problem = policy.problem
    problem.hours = hours
    let offers = SlotOffers(netDemand: netDemand, price: price, problem: problem)
    let energy = usable(stateOfCharge)
    let power = problem.power(from: energy, to: policy.value.target(from: energy, offers: offers))
    let action =
      power < min(0, netDemand) - 1e-9
      ? "charge from grid" : power < 0 ? "keep surplus" : power > 0 ? "cover demand" : "keep energy"
    return DispatchRule.Wish(power: power, reason: "learned: \(action)")
  }

  private func usable(_ stateOfCharge: Double) -> Double {
    let energy = (stateOfCharge - battery.minimumStateOfCharge) * battery.energyKilowattHours
    return min(policy.problem.capacity, max(0, energy))
  }

  private mutating func close(at moment: Timestamp, isWorkday: Bool) {
    let missed = end.map { Int(((moment - $0).inHours).rounded()) - 1 } ?? 0
    if missed > DispatchLearner.longestGap || missed < 0 { policy = AnalogPolicy(problem: policy.problem) }
    if missed > 0, missed <= DispatchLearner.longestGap { for _ in 0..<missed { policy.observeGap() } }
    end = moment
    guard hour.count >= DispatchLearner.leastMinutes else {
      policy.observeGap()
      day.removeAll()
      regret = .nan
      return
    }
    if missed != 0 { day.removeAll() }
    policy.observe(load: hour.load, generation: hour.generation, isWorkday: isWorkday)
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
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try policy.restore(from: &reader)
    let end = try reader.readTimestamp()
    self.end = end == .distantPast ? nil : end
    regret = try reader.readDouble()
    try policy.restoreValue(try reader.readDoubles())
    try hour.restore(from: &reader)
    try day.restore(from: &reader)
  }
}
