import PlantModel

/// An active critical alert.
struct CriticalAlert {
  var rule: String
  /// Whether it concerns measurements rather than the asset.
  var concernsData: Bool
  /// Asset that it is about; `nil` for an alert of the plant, or with another cause.
  var asset: AssetIndex?
}

/// The critical alerts that are active in a plant.
struct CriticalAlerts {
  /// Active alerts by id.
  private(set) var active: [String: CriticalAlert] = [:]

  /// Name of one rule with an active alert, the first by name; `nil` if no alert is active.
  var firstRule: String? { active.values.map(\.rule).min() }

  /// Returns the alerts about an asset itself, ordered by the name of their rules.
  func alerts(about asset: AssetIndex) -> [CriticalAlert] {
    active.values.filter { $0.asset == asset }.sorted { $0.rule < $1.rule }
  }

  /// Records raised and cleared alerts.
  mutating func observe(_ transitions: [AlertTransition]) {
    for alert in transitions {
      switch alert.status {
      case .cleared: active[alert.id] = nil
      case .raised, .escalated, .grouped:
        // An alert with another cause is no fault of the asset itself.
        if alert.severity == .critical {
          active[alert.id] = CriticalAlert(
            rule: alert.rule.name, concernsData: alert.rule.concernsData, asset: alert.cause == nil ? alert.asset : nil)
        }
      case .acknowledged, .shelved, .unshelved: break
      }
    }
  }

  /// Records an alert that a snapshot contains.
  mutating func restore(_ alert: CriticalAlert, id: String) { active[id] = alert }
}
