import PlantModel
import PlantPhysics

/// The limits of a plant's grid connection [kW]; infinite where none is declared.
struct GridLimits {
  var importKilowatts = Double.infinity
  var exportKilowatts = Double.infinity

  /// The narrowest limits that the plant's connections declare.
  init(_ register: PlantRegister) {
    for asset in register.assets where asset.kind.role == .gridExchange {
      if let limit = asset.importLimitKilowatts { importKilowatts = min(importKilowatts, limit) }
      if let limit = asset.exportLimitKilowatts { exportKilowatts = min(exportKilowatts, limit) }
    }
  }
}

/// A decision for one battery in the making.
struct BatteryDecision {
  /// 0...1, NaN where unknown.
  var stateOfCharge: Double
  /// Grid exchange with this battery at rest [kW], NaN where unknown.
  var netDemand: Double
  /// What is recommended [kW].
  var power = 0.0
  /// What the rule wanted [kW].
  var wish = 0.0
  var reason = ""
  var isShielded = false

  init(stateOfCharge: Double, netDemand: Double) {
    self.stateOfCharge = stateOfCharge
    self.netDemand = netDemand
  }

  mutating func decide(
    battery: BatteryModel, limits: GridLimits, rule: DispatchRule, outlook: PriceCurve.Outlook,
    learner: DispatchLearner?, missing: String?
  ) {
    if let missing {
      reason = "stale: \(missing)"
      return
    }
    let hours = DispatchStage.interval.inHours
    let wanted = rule.wish(
      netDemand: netDemand, stateOfCharge: stateOfCharge, battery: battery, outlook: outlook, hours: hours)
    let shield = SafetyShield(
      battery: battery, importLimitKilowatts: limits.importKilowatts, exportLimitKilowatts: limits.exportKilowatts)
    let learned = learner?.wish(
      netDemand: netDemand, stateOfCharge: stateOfCharge, price: outlook.now, hours: hours)
    let chosen = learned ?? wanted
    let outcome = shield.project(
      wish: chosen.power, stateOfCharge: stateOfCharge, netDemand: netDemand, hours: hours)
    wish = wanted.power
    power = outcome.power
    isShielded = outcome.binding != nil
    reason = outcome.binding.map { "limit: \($0.rawValue)" } ?? chosen.reason
    if let slack = outcome.slack { reason += ", slack: \(slack.rawValue)" }
  }

  /// What the recommendation saves over one interval against a resting battery [currency]; NaN where unknown.
  ///
  /// Import is paid at `price`, export earns `export`; the energy left in the battery is not valued, so charging shows
  /// as a cost. Worked value: 4 kW of demand covered for a quarter of an hour at 0.30 saves 0.30.
  func saving(price: Double, export: Double) -> Double {
    func cost(_ exchange: Double) -> Double {
      exchange * (exchange > 0 ? price : export) * DispatchStage.interval.inHours
    }
    return cost(netDemand) - cost(netDemand - power)
  }
}
