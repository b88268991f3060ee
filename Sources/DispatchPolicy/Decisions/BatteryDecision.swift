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

/// What energy costs and earns at the moment of a decision.
struct PriceNow {
  var outlook: PriceCurve.Outlook
  /// Payment for export [currency/kWh].
  var export: Double
  /// How the price now came to be.
  var basis = PriceCurve.Basis.known
  /// Whether the payment for export now is known.
  var isExportKnown = true
  /// Whether the plant has prices at all.
  var hasPrices = true
  /// What the carbon of a kWh of import weighs [currency/kWh].
  var carbon = 0.0
}

extension PriceNow {
  /// Import price now, where it is known [currency/kWh].
  var known: Double? { basis == .known ? outlook.now : nil }

  /// What a reason says of prices that were assumed; empty where all are known, or nothing ever has a price.
  var remark: String {
    if !hasPrices { return "" }
    switch basis {
    case .yesterday: return ", price: as yesterday"
    case .none: return ", price: unknown"
    case .known: return outlook.isAssumed ? ", prices ahead: as yesterday" : ""
    }
  }

  /// What a power saves [currency]; NaN where a price of what is exchanged is not known.
  func saving(of power: Double, netDemand: Double) -> Double {
    let isImport = netDemand > 0 || netDemand - power > 0
    let isExport = netDemand < 0 || netDemand - power < 0
    guard hasPrices, basis == .known || !isImport, isExportKnown || !isExport else { return .nan }
    return BatteryDecision.saving(of: power, netDemand: netDemand, price: outlook.now, export: export)
  }
}

/// A decision for all batteries of a plant in the making.
struct BatteryDecision {
  /// 0...1.
  var stateOfCharge: Double
  /// Grid exchange with the batteries at rest [kW].
  var netDemand: Double
  /// What is recommended [kW].
  var power = 0.0
  /// What the rule would have done, within the same limits [kW].
  var rulePower = 0.0
  var reason = ""
  var isShielded = false

  init(stateOfCharge: Double, netDemand: Double) {
    self.stateOfCharge = stateOfCharge
    self.netDemand = netDemand
  }

  /// - Parameter learner: What wishes in the rule's place, unless it has seen too little.
  mutating func decide(
    fleet: BatteryFleet, headroom: Headroom, limits: GridLimits, rule: DispatchRule, prices: PriceNow,
    learner: DispatchLearner?
  ) {
    let hours = DispatchStage.interval.inHours
    let wanted = rule.wish(
      netDemand: netDemand, stateOfCharge: stateOfCharge, battery: fleet.battery, outlook: prices.outlook, hours: hours)
    let shield = SafetyShield(
      battery: fleet.battery, importLimitKilowatts: limits.importKilowatts,
      exportLimitKilowatts: limits.exportKilowatts)
    let learned = learner?.wish(
      netDemand: netDemand, stateOfCharge: stateOfCharge, price: prices.outlook.now + prices.carbon,
      export: prices.export, hours: hours)
    let chosen = learned ?? wanted
    let outcome = shield.project(wish: chosen.power, within: headroom, netDemand: netDemand)
    rulePower = shield.project(wish: wanted.power, within: headroom, netDemand: netDemand).power
    power = outcome.power
    isShielded = outcome.binding != nil
    reason = outcome.binding.map { "limit: \($0.rawValue)" } ?? chosen.reason
    if let slack = outcome.slack { reason += ", slack: \(slack.rawValue)" }
    reason += prices.remark
  }

  /// What a power saves over one interval against resting batteries [currency]; NaN where unknown.
  ///
  /// Import is paid at `price`, export earns `export`; the energy left in the battery is not valued, so charging shows
  /// as a cost. Worked value: 4 kW of demand covered for a quarter of an hour at 0.30 saves 0.30.
  static func saving(of power: Double, netDemand: Double, price: Double, export: Double) -> Double {
    func cost(_ exchange: Double) -> Double {
      exchange * (exchange > 0 ? price : export) * DispatchStage.interval.inHours
    }
    return cost(netDemand) - cost(netDemand - power)
  }
}
