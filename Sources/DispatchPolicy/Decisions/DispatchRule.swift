import PlantModel
public import PlantPhysics

/// The rule-based baseline: self-consumption, with energy kept for the most expensive hours.
///
/// - Surplus (generation above consumption) charges the battery.
/// - A deficit is covered from the battery. While a more expensive period is still ahead today, only energy above a
///   reserve is used. The reserve is the energy that the current deficit would need in those hours, at most all usable
///   energy.
/// - At the day's lowest price a plant without generation charges up to that reserve from the grid. The highest price
///   ahead must pay for the losses: `highest × efficiency > now`. A plant with generation waits for its surplus.
public struct DispatchRule: Hashable, Sendable {
  /// Whether the plant generates, so that charging from the grid could displace its surplus.
  public var hasGeneration: Bool

  /// Creates the rule of a plant.
  public init(hasGeneration: Bool) { self.hasGeneration = hasGeneration }

  /// A requested power and its reason.
  public struct Request: Hashable, Sendable {
    /// Power of the battery, positive discharge [kW].
    public var power: Double
    /// One of the rule's reasons, such as `rule: self-consumption`.
    public var reason: String
  }

  /// Returns the power that the rule requests, before any limit is applied.
  ///
  /// - Parameters:
  ///   - netDemand: consumption less generation [kW].
  ///   - soc: state of charge, 0...1.
  ///   - battery: sizes of the battery.
  ///   - outlook: prices of the day.
  ///   - hours: length of the step [h].
  public func request(
    netDemand: Double, stateOfCharge soc: Double, battery: BatteryModel, outlook: PriceCurve.Outlook, hours: Double
  ) -> Request {
    if netDemand < 0 { return Request(power: netDemand, reason: "rule: self-consumption") }
    guard outlook.higherHours > 0 else {
      let reason = outlook.now > outlook.mean + 1e-5 ? "rule: peak price" : "rule: self-consumption"
      return netDemand > 0 ? Request(power: netDemand, reason: reason) : Request(power: 0, reason: "rule: idle")
    }
    let reserve = reserveStateOfCharge(netDemand: netDemand, battery: battery, hours: outlook.higherHours)
    if soc < reserve, paysToCharge(outlook, battery: battery), hours > 0 {
      let missing = (reserve - soc) * battery.energyKilowattHours / battery.oneWayEfficiency
      return Request(power: -min(battery.powerKilowatts, missing / hours), reason: "rule: charge for peak")
    }
    let spare = max(0, soc - reserve) * battery.energyKilowattHours * battery.oneWayEfficiency
    let available = hours > 0 ? spare / hours : 0
    if available < netDemand { return Request(power: available, reason: "rule: reserve for peak") }
    return netDemand > 0
      ? Request(power: netDemand, reason: "rule: self-consumption") : Request(power: 0, reason: "rule: idle")
  }

  /// Returns the state of charge to keep for the more expensive hours at the current demand, within the battery's
  /// limits.
  ///
  /// Worked value: 5 kW for 2 h from 40 kWh with η = 1 and a minimum of 10 % needs 35 %.
  ///
  /// - Parameters:
  ///   - netDemand: consumption less generation [kW].
  ///   - battery: sizes of the battery.
  ///   - hours: duration of the more expensive hours [h].
  public func reserveStateOfCharge(netDemand: Double, battery: BatteryModel, hours: Double) -> Double {
    let energy = min(netDemand, battery.powerKilowatts) * hours / battery.oneWayEfficiency
    let wanted = battery.minimumStateOfCharge + energy / battery.energyKilowattHours
    return min(battery.maximumStateOfCharge, max(battery.minimumStateOfCharge, wanted))
  }

  private func paysToCharge(_ outlook: PriceCurve.Outlook, battery: BatteryModel) -> Bool {
    !hasGeneration && outlook.now <= outlook.lowest + 1e-5
      && outlook.highestLater * battery.efficiency > outlook.now
  }
}
