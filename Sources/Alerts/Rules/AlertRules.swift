import PlantModel

/// The rules by which every plant is watched.
enum AlertRules {
  /// All rules, in the order in which they evaluate a reading.
  static let all: [any AlertRule.Type] = [
    OfflineRule.self, SilenceRule.self, ClockRule.self, StandstillRule.self, RangeRule.self, UnitRule.self,
    SpikesRule.self, GridVoltageRule.self, HeatRule.self, ChargerRule.self, SignRule.self, LimitRule.self,
    TripRule.self, HealthRule.self, CommandRule.self, DatabaseRule.self,
  ]

  /// Every identity that a rule declares.
  static let ids: [AlertRuleID] = all.flatMap { $0.ids }

  /// What explains the alerts of an identity.
  static let causes: [AlertRuleID: [AlertCause]] = all.reduce(into: [:]) { causes, rule in
    for id in rule.ids { causes[id] = rule.causes.filter { $0.rule != id || $0.scope == .around } }
  }

  /// The identities that explain others.
  static let explainers: Set<AlertRuleID> = Set(all.flatMap { $0.causes.map(\.rule) })
}
