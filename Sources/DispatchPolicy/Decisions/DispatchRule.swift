import PlantModel
import PlantPhysics

/// The rule baseline: self-consumption, and energy kept for the hours in which it is worth most.
///
/// - Surplus (generation above consumption) charges the battery.
/// - A deficit is covered from it. While a dearer period is still to come today, only energy above a reserve is used:
///   what the present deficit would need in the dearer hours, at most all that is usable.
/// - At the day's lowest price a plant without generation of its own charges up to that reserve from the grid, if the
///   dearest price ahead pays for the losses: `highest × efficiency > now`. A plant with generation waits for it.
public struct DispatchRule: Hashable, Sendable {
  /// Whether the plant generates, so that charging from the grid could take the place of its own surplus.
  public var hasGeneration: Bool

  /// The rule for a plant.
  public init(hasGeneration: Bool) { self.hasGeneration = hasGeneration }

  /// A wanted power and why.
  public struct Wish: Hashable, Sendable {
    /// Positive discharge [kW].
    public var power: Double
    /// One of the rule's few reasons, such as `rule: self-consumption`.
    public var reason: String
  }

  /// What the rule wants, before any limit but the price is looked at.
  /// - Parameters:
  ///   - netDemand: Consumption less generation [kW].
  ///   - soc: State of charge, 0...1.
  ///   - battery: Its sizes.
  ///   - outlook: Prices of the day.
  ///   - hours: Length of the step [h].
  public func wish(
    netDemand: Double, stateOfCharge soc: Double, battery: BatteryModel, outlook: PriceCurve.Outlook, hours: Double
  ) -> Wish {
    if netDemand < 0 { return Wish(power: netDemand, reason: "rule: self-consumption") }
    guard outlook.higherHours > 0 else {
      let reason = outlook.now > outlook.mean + 1e-5 ? "rule: peak price" : "rule: self-consumption"
      return netDemand > 0 ? Wish(power: netDemand, reason: reason) : Wish(power: 0, reason: "rule: idle")
    }
    let reserve = reserveStateOfCharge(netDemand: netDemand, battery: battery, hours: outlook.higherHours)
    if soc < reserve, paysToCharge(outlook, battery), hours > 0 {
      let missing = (reserve - soc) * battery.energyKilowattHours / battery.oneWayEfficiency
      return Wish(power: -min(battery.powerKilowatts, missing / hours), reason: "rule: charge for peak")
    }
    let spare = max(0, soc - reserve) * battery.energyKilowattHours * battery.oneWayEfficiency
    let available = hours > 0 ? spare / hours : 0
    if available < netDemand { return Wish(power: available, reason: "rule: reserve for peak") }
    return netDemand > 0
      ? Wish(power: netDemand, reason: "rule: self-consumption") : Wish(power: 0, reason: "rule: idle")
  }

  /// State of charge to be kept for `hours` dearer hours at the present demand [kW], within the battery's limits.
  ///
  /// Worked value: 5 kW for 2 h from 40 kWh with η = 1 and a minimum of 10 % needs 35 %.
  public func reserveStateOfCharge(netDemand: Double, battery: BatteryModel, hours: Double) -> Double {
    let energy = min(netDemand, battery.powerKilowatts) * hours / battery.oneWayEfficiency
    let wanted = battery.minimumStateOfCharge + energy / battery.energyKilowattHours
    return min(battery.maximumStateOfCharge, max(battery.minimumStateOfCharge, wanted))
  }

  private func paysToCharge(_ outlook: PriceCurve.Outlook, _ battery: BatteryModel) -> Bool {
    !hasGeneration && outlook.now <= outlook.lowest + 1e-5
      && outlook.highestLater * battery.efficiency > outlook.now
  }
}
