import PlantModel

/// The rules that are evaluated for every plant.
enum AlertRules {
  /// All rules in the order of evaluation.
  static let all: [any AlertRule.Type] = [
    OfflineRule.self, SilenceRule.self, ClockRule.self, StandstillRule.self, WattsRule.self, RangeRule.self,
    UnitRule.self,
    SpikesRule.self, GridVoltageRule.self, FrequencyRule.self, HeatRule.self, ChargerRule.self, SignRule.self,
    LimitRule.self,
    TripRule.self, HealthRule.self, CommandRule.self, DatabaseRule.self, ProcessRule.self,
    SavingsRule.self,
  ]

  /// All identities that the rules declare.
  static let ids: [AlertRuleID] = all.flatMap { $0.ids }

  /// The causes that explain the alerts of an identity. An identity explains itself only with the scope `around`.
  static let causes: [AlertRuleID: [AlertCause]] = all.reduce(into: [:]) { causes, rule in
    for id in rule.ids { causes[id] = rule.causes.filter { $0.rule != id || $0.scope == .around } }
  }

  /// The identities that explain other alerts.
  static let explainers: Set<AlertRuleID> = Set(all.flatMap { $0.causes.map(\.rule) })
}
