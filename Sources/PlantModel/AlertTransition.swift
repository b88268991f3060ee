/// How much an alert matters.
public enum Severity: String, Sendable, CaseIterable, Comparable {
  case info, warning, critical

  private var weight: Int {
    switch self {
    case .info: 0
    case .warning: 1
    case .critical: 2
    }
  }

  /// Order by weight.
  public static func < (a: Severity, b: Severity) -> Bool {
    a.weight < b.weight
  }
}

/// Where an alert stands, as ISA-18.2 and IEC 62682 have it.
public enum AlertState: String, Sendable, CaseIterable {
  /// Active, and nobody has said that they know.
  case unacknowledged
  /// Active and known.
  case acknowledged
  /// Over, and nobody has said that they know.
  case returned
  /// Over and known.
  case normal
  /// Put aside by a person for a time: recorded, and nobody is told.
  case shelved
}

/// A change in the life of an alert.
public struct AlertTransition: Sendable, Equatable {
  /// What happened.
  public enum Status: String, Sendable, CaseIterable {
    case raised, escalated, acknowledged, cleared, shelved, unshelved
    /// Found to be the consequence of another alert, which came after it.
    case grouped
  }

  /// Same from raising to clearing.
  public var id: String
  /// The rule that raised it.
  public var rule: AlertRuleID
  /// The asset; `nil` for the plant as a whole.
  public var asset: AssetIndex?
  /// The series, where one is meant.
  public var series: SeriesIndex?
  /// What happened.
  public var status: Status
  /// Where the alert stands after it.
  public var state: AlertState
  /// How much it matters.
  public var severity: Severity
  /// When.
  public var time: Timestamp
  /// A few words.
  public var title: String
  /// What is wrong, since when, and what to look at.
  public var text: String
  /// The value that decided, NaN where none did.
  public var value: Double
  /// The id of the alert that this one follows from, where there is one.
  public var cause: String?
  /// Whether it is published: not while the alert is shelved, nor while the plant catches up with its past.
  public var isPublished: Bool

  /// A transition.
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

/// What people are told in one message: an alert, and those that follow from it.
public struct AlertNotice: Sendable, Equatable {
  /// The alerts as they stand; the first is the cause of the others.
  public var alerts: [AlertTransition]

  /// A notice of at least one alert.
  public init(_ alerts: [AlertTransition]) { self.alerts = alerts }

  /// The severity of the worst of them.
  public var severity: Severity { alerts.map(\.severity).max() ?? .info }
}
