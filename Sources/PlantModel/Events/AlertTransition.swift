public import WattlineTime

/// Severity of an alert.
public enum Severity: String, Sendable, CaseIterable, Comparable {
  case info, warning, critical

  /// Number that sorts: 1, 2 or 3.
  public var rank: Int {
    switch self {
    case .info: 1
    case .warning: 2
    case .critical: 3
    }
  }

  /// Orders by severity: info, warning, critical.
  public static func < (a: Severity, b: Severity) -> Bool {
    a.rank < b.rank
  }
}

/// State of an alert according to ISA-18.2 and IEC 62682.
public enum AlertState: String, Sendable, CaseIterable {
  /// Active and not acknowledged.
  case unacknowledged
  /// Active and acknowledged.
  case acknowledged
  /// Cleared before it was acknowledged.
  case returned
  /// Cleared and acknowledged.
  case normal
  /// Suppressed by an operator for a limited time: recorded, but nobody is notified.
  case shelved
}

/// Change of an alert's state.
public struct AlertTransition: Sendable, Equatable {
  /// Kind of change.
  public enum Status: String, Sendable, CaseIterable {
    case raised, escalated, acknowledged, cleared, shelved, unshelved
    /// Attributed to another alert that was raised later and is its cause.
    case grouped
  }

  /// Identifier that stays the same from raising to clearing.
  public var id: String
  /// Rule that raised the alert.
  public var rule: AlertRuleID
  /// Asset concerned; `nil` for the plant as a whole.
  public var asset: AssetIndex?
  /// Series concerned, if the alert is about a single one.
  public var series: SeriesIndex?
  /// Kind of change.
  public var status: Status
  /// State of the alert after the change.
  public var state: AlertState
  /// Severity after the change.
  public var severity: Severity
  /// Time of the change.
  public var time: Timestamp
  /// Short summary.
  public var title: String
  /// Description of the problem, its start and the recommended check.
  public var text: String
  /// Value that triggered the change; NaN if there is none.
  public var value: Double
  /// Identifier of the alert that caused this one, if any.
  public var cause: String?
  /// Whether the transition is published. It is not while the alert is shelved or the plant replays past readings.
  public var isPublished: Bool

  /// Creates a transition; the parameters are the properties of the same names.
  public init(
    id: String, rule: AlertRuleID, asset: AssetIndex?, series: SeriesIndex?, status: Status, state: AlertState,
    severity: Severity, time: Timestamp, title: String, text: String, value: Double, cause: String? = nil,
    isPublished: Bool = true
  ) {
    self.id = id
    self.rule = rule
    self.asset = asset
    self.series = series
    self.status = status
    self.state = state
    self.severity = severity
    self.time = time
    self.title = title
    self.text = text
    self.value = value
    self.cause = cause
    self.isPublished = isPublished
  }
}

/// Notification about an alert together with the alerts that it caused.
public struct AlertNotice: Sendable, Equatable {
  /// Current transitions of the alerts; the first one is the cause of the others.
  public var alerts: [AlertTransition]

  /// Creates a notice of at least one alert.
  public init(_ alerts: [AlertTransition]) { self.alerts = alerts }

  /// Highest severity among the alerts.
  public var severity: Severity { alerts.map(\.severity).max() ?? .info }
}
