import PlantModel
import PlantPhysics

/// The plant as it is now, on which a command is tried before it is given.
///
/// Everything but the commanded asset goes on as it is. A battery's charge follows ``PlantPhysics/BatteryModel``, the exchange
/// with the grid the plant's balance.
struct CommandTwin {
  /// Limits are taken as broken beyond this [kW], so that a meter's noise is no reason.
  private static let tolerance = 0.5
  private let context: CommandBook.Context
  private let asset: Asset
  private let battery: BatteryModel?
  /// Power now, in the asset's own direction [kW]; NaN where unknown.
  private let power: Double
  private let charge: Double

  init(_ context: CommandBook.Context, asset: AssetIndex, in register: PlantRegister) {
    self.context = context
    self.asset = register.assets[asset.position]
    battery = self.asset.kind.role == .storage ? BatteryModel(self.asset) : nil
    power = context.power(asset) ?? .nan
    charge = context.stateOfCharge(asset) ?? .nan
  }

  /// What would come of a wish after some hours.
  /// - Parameter before: Power before the asset was shut down, which a start is expected to bring back [kW].
  ///
  /// Worked value: a battery of 100 kWh at 50 % without losses that goes from rest to 20 kW for a quarter of an hour ends
  /// at 45 %, takes 20 kW off an import of 30 kW, and at 0.40 saves 2.00.
  func effect(of wish: CommandBook.Wish, before: Double, hours: Double) -> Command.Effect {
    var next: Double
    switch wish.action {
    case .shutdown: next = 0
    case .startup: next = before
    case .hold: next = power
    case .optimize:
      next = wish.setpoint ?? power
      // What a limit is above of does not change.
      if asset.kind.traits.command == .limits, power.isFinite { next = min(next, power) }
    }
    if let battery, charge.isFinite, wish.action == .startup || wish.action == .hold {
      next = battery.feasible(power: next, stateOfCharge: charge, hours: hours)
    }
    // Power that is given takes off the import, power that is taken adds to it.
    let sign = asset.kind.role == .consumption ? 1.0 : -1.0
    let exchange = context.exchange + sign * (next - power)
    func cost(_ exchange: Double) -> Double {
      exchange * (exchange > 0 ? context.importPrice : context.exportPrice) * hours
    }
    return Command.Effect(
      power: next, exchange: exchange,
      stateOfCharge: battery?.stateOfCharge(after: next, from: charge, hours: hours) ?? .nan,
      cost: cost(exchange) - cost(context.exchange))
  }

  /// The limit that an effect would break and that is not broken as far already.
  func brokenLimit(by effect: Command.Effect) -> String? {
    let slack = CommandTwin.tolerance
    if let battery, effect.stateOfCharge.isFinite {
      if effect.stateOfCharge < battery.minimumStateOfCharge - 0.005, effect.power > 0 { return "soc_min" }
      if effect.stateOfCharge > battery.maximumStateOfCharge + 0.005, effect.power < 0 { return "soc_max" }
    }
    if effect.exchange > max(context.limits.importKilowatts, context.exchange) + slack { return "import" }
    if -effect.exchange > max(context.limits.exportKilowatts, -context.exchange) + slack { return "export" }
    return nil
  }
}
