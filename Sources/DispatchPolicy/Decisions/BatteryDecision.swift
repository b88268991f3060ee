import PlantModel
import PlantPhysics
import WattlineTime

/// The limits of a plant's grid connection [kW]; infinite if none is declared.
struct GridLimits {
  var importKilowatts = Double.infinity
  var exportKilowatts = Double.infinity

  /// Reads the narrowest limits that the plant's connections declare.
  init(_ register: PlantRegister) {
    for asset in register.assets where asset.kind.role == .gridExchange {
      if let limit = asset.importLimitKilowatts { importKilowatts = min(importKilowatts, limit) }
      if let limit = asset.exportLimitKilowatts { exportKilowatts = min(exportKilowatts, limit) }
    }
  }
}

/// The prices at the time of a decision.
struct PriceNow {
  var outlook: PriceCurve.Outlook
  /// Payment for export [currency/kWh].
  var export: Double
  /// Source of the current import price.
  var basis = PriceCurve.Basis.known
  /// Whether the current payment for export is known.
  var isExportKnown = true
  /// Whether the plant has any prices.
  var hasPrices = true
  /// Weighted cost of the carbon in a kWh of import [currency/kWh].
  var carbon = 0.0
}

extension PriceNow {
  /// Current import price [currency/kWh]; `nil` if it is not known.
  var known: Double? { basis == .known ? outlook.now : nil }

  /// Suffix of a reason about assumed prices; empty if all are known, or the plant has none.
  var remark: String {
    if !hasPrices { return "" }
    switch basis {
    case .yesterday: return ", price: as yesterday"
    case .none: return ", price: unknown"
    case .known: return outlook.isAssumed ? ", prices ahead: as yesterday" : ""
    }
  }

  /// Returns the saving of a power [currency]; NaN if a price that it needs is not known.
  func saving(of power: Double, netDemand: Double) -> Double {
    let isImport = netDemand > 0 || netDemand - power > 0
    let isExport = netDemand < 0 || netDemand - power < 0
    guard hasPrices, basis == .known || !isImport, isExportKnown || !isExport else { return .nan }
    return BatteryDecision.saving(of: power, netDemand: netDemand, price: outlook.now, export: export)
  }
}

/// The decision for all batteries of a plant.
struct BatteryDecision {
  /// State of charge of the batteries, 0...1.
  var stateOfCharge: Double
  /// Grid exchange with the batteries at rest [kW].
  var netDemand: Double
  /// Recommended power [kW].
  var power = 0.0
  /// Power of the rule within the same limits [kW].
  var rulePower = 0.0
  var reason = ""
  var isShielded = false

  init(stateOfCharge: Double, netDemand: Double) {
    self.stateOfCharge = stateOfCharge
    self.netDemand = netDemand
  }

  /// Computes the recommended power, the rule's power and the reason.
  ///
  /// - Parameters:
  ///   - fleet: the batteries.
  ///   - headroom: limits of their power in this step.
  ///   - limits: limits of the grid connection.
  ///   - rule: decides unless the learner does.
  ///   - prices: current prices.
  ///   - learner: decides instead of the rule, unless it lacks data; `nil`: the rule decides.
  ///   - scheduled: power of the community's schedule [kW], which is kept in place of theirs; `nil` without one.
  mutating func decide(
    fleet: BatteryFleet, headroom: Headroom, limits: GridLimits, rule: DispatchRule, prices: PriceNow,
    learner: DispatchLearner?, scheduled: Double? = nil
  ) {
    let hours = DispatchStage.interval.inHours
    let wanted = rule.request(
      netDemand: netDemand, stateOfCharge: stateOfCharge, battery: fleet.battery, outlook: prices.outlook, hours: hours)
    let shield = SafetyShield(
      battery: fleet.battery, importLimitKilowatts: limits.importKilowatts,
      exportLimitKilowatts: limits.exportKilowatts)
    let learned =
      scheduled != nil
      ? nil
      : learner?.request(
        netDemand: netDemand, stateOfCharge: stateOfCharge, price: prices.outlook.now + prices.carbon,
        export: prices.export, hours: hours)
    let chosen =
      scheduled.map { DispatchRule.Request(power: $0, reason: CommunityTarget.reason) } ?? learned ?? wanted
    let outcome = shield.project(request: chosen.power, within: headroom, netDemand: netDemand)
    rulePower = shield.project(request: wanted.power, within: headroom, netDemand: netDemand).power
    power = outcome.power
    isShielded = outcome.binding != nil
    reason = outcome.binding.map { "limit: \($0.rawValue)" } ?? chosen.reason
    if let slack = outcome.slack { reason += ", slack: \(slack.rawValue)" }
    reason += prices.remark
  }

  /// Returns the saving of a power over one interval against resting batteries [currency]; NaN if unknown.
  ///
  /// Import costs `price` and export earns `export`. Energy left in the battery is not valued, so charging appears as a
  /// cost. Worked value: 4 kW of demand covered for a quarter of an hour at 0.30 saves 0.30.
  ///
  /// - Parameters:
  ///   - power: power of the batteries, positive discharge [kW].
  ///   - netDemand: grid exchange with the batteries at rest [kW].
  ///   - price: import price [currency/kWh].
  ///   - export: payment for export [currency/kWh].
  static func saving(of power: Double, netDemand: Double, price: Double, export: Double) -> Double {
    func cost(_ exchange: Double) -> Double {
      exchange * (exchange > 0 ? price : export) * DispatchStage.interval.inHours
    }
    return cost(netDemand) - cost(netDemand - power)
  }
}
