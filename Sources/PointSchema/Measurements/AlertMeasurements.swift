extension Tag {
  /// Rule of an alert.
  public static let rule = Tag("rule", meaning: "name of the alert's rule")
}

extension FieldKey where Value == Double {
  /// Alerts raised in ten minutes, mean of a day.
  public static var average: Self { Self("average") }
  /// Alerts raised in ten minutes, maximum of a day.
  public static var peak: Self { Self("peak") }
}

extension FieldKey where Value == Int64 {
  /// 1 while an alert of the rule is active, else 0.
  public static var active: Self { Self("active") }
  /// Alerts raised in the ten minutes.
  public static var raised: Self { Self("raised") }
  /// Active alerts that are not shelved.
  public static var standing: Self { Self("standing") }
  /// Standing alerts of more than a day.
  public static var stale: Self { Self("stale") }
  /// Alerts that nobody has acknowledged.
  public static var unacknowledged: Self { Self("unacknowledged") }
  /// Shelved alerts.
  public static var shelved: Self { Self("shelved") }
  /// Standing alerts that come and go.
  public static var chattering: Self { Self("chattering") }
  /// Severity of an alert as a number that sorts: 1, 2 or 3.
  public static var rank: Self { Self("rank") }
  /// Time at which an alert was raised [ms since 1970].
  public static var since: Self { Self("since_ms") }
}

extension FieldKey where Value == String {
  /// Transition of an alert.
  public static var status: Self { Self("status") }
  /// Title for people.
  public static var title: Self { Self("title") }
  /// Text for people.
  public static var text: Self { Self("text") }
  /// Identity of the alert that is the cause; empty without one.
  public static var cause: Self { Self("cause") }
  /// Title of the alert that is the cause; empty without one.
  public static var causeTitle: Self { Self("cause_title") }
}

extension Measurement {
  /// Transitions of alerts.
  public static let alerts = Measurement(
    "alerts",
    contents: "each transition of an alert",
    tags: [.plant, .asset, .sensor.optional, .rule],
    fields: [
      .text(
        .status, "transition: `raised`, `escalated`, `acknowledged`, `cleared`, `shelved`, `unshelved` or `grouped`"),
      .text(.severity, "`info`, `warning` or `critical`"),
      .text(.id, "identity of the alert"),
      .text(.title, "title for people"),
      .text(.text, "text for people"),
      .text(.state, "`unacknowledged`, `acknowledged`, `returned`, `normal` or `shelved`"),
      .text(.cause, "identity of the alert that is the cause; empty without one"),
      .text(.causeTitle, "title of the cause; empty without one"),
      .float(.value, "value that raised the alert", when: "if the rule has one"),
      .integer(.rank, "severity as a number: 1 `info`, 2 `warning`, 3 `critical`"),
      .integer(.since, "time of raising, the same in all transitions [ms since 1970]"),
    ])
}

extension Measurement {
  /// Whether a rule's alerts are active.
  public static let alertState = Measurement(
    "alert_state",
    contents: "each minute while an alert is active, and once when it is cleared",
    tags: [.plant, .asset, .rule],
    fields: [
      .integer(.active, "0 or 1"),
      .text(.severity, "`info`, `warning` or `critical`"),
      .text(.state, "`unacknowledged`, `acknowledged`, `returned`, `normal` or `shelved`"),
    ])
}

extension Measurement {
  /// Rates of alerts.
  public static let alertRate = Measurement(
    "alert_rate",
    contents: "each ten minutes",
    tags: [.plant],
    fields: [
      .integer(.raised, "alerts raised in the ten minutes"),
      .float(.average, "alerts raised in ten minutes, mean of a day"),
      .float(.peak, "alerts raised in ten minutes, maximum of a day"),
      .integer(.standing, "active alerts that are not shelved"),
      .integer(.stale, "standing alerts of more than a day"),
      .integer(.unacknowledged, "alerts that nobody has acknowledged"),
      .integer(.shelved, "shelved alerts"),
      .integer(.chattering, "standing alerts that come and go"),
    ])
}
