import PlantModel
import PlantPhysics

/// A model of the plant's current state, on which a command is tested before it is issued.
///
/// All assets except the commanded one keep their power. The state of charge of a battery follows
/// ``PlantPhysics/BatteryModel``. The exchange with the grid follows the plant's balance.
struct CommandTwin {
  /// A limit that an effect may break.
  enum Limit: String {
    case minimumStateOfCharge = "soc_min"
    case maximumStateOfCharge = "soc_max"
    case gridImport = "import"
    case gridExport = "export"
  }

  /// Amount beyond a limit that counts as a violation [kW]; it exceeds the noise of meters.
  private static let tolerance = 0.5
  private let grid: CommandContext.Grid
  private let asset: Asset
  private let battery: BatteryModel?
  /// Current power in the asset's own direction [kW]; NaN if unknown.
  private let power: Double
  private let charge: Double

  init(_ context: CommandContext, asset: AssetIndex, in register: PlantRegister) {
    grid = context.grid
    self.asset = register.assets[asset.position]
    battery = self.asset.kind.role == .storage ? BatteryModel(self.asset) : nil
    power = context.power(asset) ?? .nan
    charge = context.stateOfCharge(asset) ?? .nan
  }

  /// Returns the predicted effect of an action.
  ///
  /// Worked value: a battery of 100 kWh at 50 % without losses goes from rest to 20 kW for a quarter of an hour. It
  /// ends at 45 % and reduces an import of 30 kW by 20 kW. At 0.40 it saves 2.00.
  ///
  /// - Parameters:
  ///   - planned: the command.
  ///   - before: power before the asset was shut down [kW]; a start is expected to restore it.
  ///   - hours: duration [h].
  func effect(of planned: PlannedCommand, before: Double, hours: Double) -> Command.Effect {
    var next: Double
    switch planned.action {
    case .shutdown: next = 0
    case .startup: next = before
    case .hold: next = power
    case .optimize:
      next = planned.setpoint ?? power
      // A limit above the current power has no effect.
      if asset.kind.traits.command == .limits, power.isFinite { next = min(next, power) }
    }
    if let battery, charge.isFinite, planned.action == .startup || planned.action == .hold {
      next = battery.feasible(power: next, stateOfCharge: charge, hours: hours)
    }
    // Generation and discharge reduce the import; consumption increases it.
    let sign = asset.kind.role == .consumption ? 1.0 : -1.0
    let exchange = grid.exchange + sign * (next - power)
    func cost(_ exchange: Double) -> Double {
      exchange * (exchange > 0 ? grid.importPrice : grid.exportPrice) * hours
    }
    return Command.Effect(
      power: next, exchange: exchange,
      stateOfCharge: battery?.stateOfCharge(after: next, from: charge, hours: hours) ?? .nan,
      cost: cost(exchange) - cost(grid.exchange))
  }

  /// Returns the limit that an effect would violate; `nil` if none, or if it is already violated to the same extent.
  func brokenLimit(by effect: Command.Effect) -> Limit? {
    let slack = CommandTwin.tolerance
    if let battery, effect.stateOfCharge.isFinite {
      if effect.stateOfCharge < battery.minimumStateOfCharge - 0.005, effect.power > 0 { return .minimumStateOfCharge }
      if effect.stateOfCharge > battery.maximumStateOfCharge + 0.005, effect.power < 0 { return .maximumStateOfCharge }
    }
    if effect.exchange > max(grid.importLimit, grid.exchange) + slack { return .gridImport }
    if -effect.exchange > max(grid.exportLimit, -grid.exchange) + slack { return .gridExport }
    return nil
  }
}
