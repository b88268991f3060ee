import PlantModel
import PlantPhysics

/// The hard limits of a battery and of its grid connection: whatever wishes for a power passes through here last.
///
/// A pure function. Order when not all limits can hold together: the battery's power and state of charge always hold,
/// since they are physics; the import and the export limit hold as far as these let them, and what cannot be held is
/// named as slack.
public struct SafetyShield: Hashable, Sendable {
  /// The battery.
  public var battery: BatteryModel
  /// Greatest import at the grid connection [kW]; infinite where there is no limit.
  public var importLimitKilowatts: Double
  /// Greatest export at the grid connection [kW], positive; infinite where there is no limit.
  public var exportLimitKilowatts: Double

  /// The limits of a battery; without further arguments the grid takes and gives anything.
  public init(
    battery: BatteryModel, importLimitKilowatts: Double = .infinity, exportLimitKilowatts: Double = .infinity
  ) {
    self.battery = battery
    self.importLimitKilowatts = max(0, importLimitKilowatts)
    self.exportLimitKilowatts = max(0, exportLimitKilowatts)
  }

  /// A limit that changed a wish, or that could not be held.
  public enum Limit: String, Sendable, CaseIterable {
    case power
    case minimumStateOfCharge = "soc_min"
    case maximumStateOfCharge = "soc_max"
    case gridImport = "import"
    case gridExport = "export"
  }

  /// What became of a wish.
  public struct Outcome: Hashable, Sendable {
    /// The power that may be asked for, positive discharge [kW].
    public var power: Double
    /// The limit that decided, if the wish was changed.
    public var binding: Limit?
    /// The limit of the grid connection that cannot be held.
    public var slack: Limit?
  }

  /// The power nearest to a wish that keeps the limits all through a step.
  ///
  /// Worked value: 10 kWh at 20 %, limits 10 % and ±5 kW, η = 1: a wish of 5 kW for 15 min becomes 4 kW, `soc_min`.
  /// - Parameters:
  ///   - wish: Wanted power, positive discharge [kW]; not finite counts as 0.
  ///   - soc: State of charge, 0...1; not finite allows no power.
  ///   - netDemand: Grid exchange with this battery at rest, positive import [kW]; NaN where unknown, then the grid
  ///     limits are not looked at.
  ///   - hours: Length of the step [h].
  public func project(wish: Double, stateOfCharge soc: Double, netDemand: Double, hours: Double) -> Outcome {
    guard soc.isFinite else { return Outcome(power: 0) }
    let wish = wish.isFinite ? wish : 0
    var outcome = Outcome(power: wish)
    if netDemand.isFinite {
      // Import is net − power: a limit on import asks for discharge, one on export for charging or less discharge.
      raise(&outcome, to: netDemand - importLimitKilowatts, by: .gridImport)
      lower(&outcome, to: netDemand + exportLimitKilowatts, by: .gridExport)
    }
    let reach = battery.dischargeLimit(stateOfCharge: soc, hours: hours)
    let room = battery.chargeLimit(stateOfCharge: soc, hours: hours)
    lower(&outcome, to: battery.powerKilowatts, by: .power)
    raise(&outcome, to: -battery.powerKilowatts, by: .power)
    lower(&outcome, to: reach, by: .minimumStateOfCharge)
    raise(&outcome, to: -room, by: .maximumStateOfCharge)
    if outcome.power == wish { outcome.binding = nil }
    // Adding zero turns −0, which an empty or full battery gives, into 0.
    outcome.power += 0
    outcome.slack = slack(power: outcome.power, netDemand: netDemand)
    return outcome
  }

  private func lower(_ outcome: inout Outcome, to bound: Double, by limit: Limit) {
    guard outcome.power > bound else { return }
    outcome.power = bound
    outcome.binding = limit
  }

  private func raise(_ outcome: inout Outcome, to bound: Double, by limit: Limit) {
    guard outcome.power < bound else { return }
    outcome.power = bound
    outcome.binding = limit
  }

  private func slack(power: Double, netDemand: Double) -> Limit? {
    guard netDemand.isFinite else { return nil }
    let tolerance = 1e-9 * max(1, abs(netDemand))
    if netDemand - power > importLimitKilowatts + tolerance { return .gridImport }
    if power - netDemand > exportLimitKilowatts + tolerance { return .gridExport }
    return nil
  }
}
