import Glibc

/// Savings of a reporting period against a frozen baseline, with months, changes and non-routine events.
public struct SavingsAssessment: Sendable {
  /// Measure with the date from which it is in force.
  public struct Measure: Sendable, Equatable {
    /// First day [days since 1970-01-01].
    public var date: Int
    /// Name; may be empty.
    public var name: String

    /// Creates a measure.
    public init(date: Int, name: String) { (self.date, self.name) = (date, name) }
  }

  /// Sum of savings with its interval [kWh].
  public struct Estimate: Sendable, Equatable {
    /// Predicted minus actual use.
    public var value: Double
    /// Half of the interval.
    public var half: Double
  }

  /// State of a month.
  public enum State: String, Sendable, Comparable {
    /// Within 5 % of the prediction, or within the month's own interval.
    case tracking
    /// Within 10 %.
    case warning
    /// Beyond 10 %.
    case alert

    /// Judges a deviation.
    ///
    /// - Parameters:
    ///   - percent: Actual minus predicted use over the prediction [%].
    ///   - isSignificant: Whether it is beyond its own interval. One that is not is tracking.
    public init(percent: Double, isSignificant: Bool) {
      let size = abs(percent)
      self = size < 5 || !isSignificant ? .tracking : size < 10 ? .warning : .alert
    }

    private var rank: Int {
      switch self {
      case .tracking: 0
      case .warning: 1
      case .alert: 2
      }
    }

    /// Orders by severity.
    public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
  }

  /// Month of the reporting period.
  public struct Month: Sendable, Equatable {
    /// Month as in `2013-01`.
    public var name: String
    /// Predicted use of the days with prediction and reading [kWh].
    public var predicted: Double
    /// Actual use of these days [kWh].
    public var actual: Double
    /// Half of the interval of the deviation [kWh].
    public var half: Double
    /// State; `nil` if less than nine tenths of the month's days are known.
    public var state: State?
    /// Actual minus predicted use over the prediction [%].
    public var deviationPercent: Double { 100 * (actual - predicted) / predicted }
  }

  /// Span of days whose level differs from the model.
  public struct Event: Sendable, Equatable {
    /// First day [days since 1970-01-01].
    public var start: Int
    /// Last day.
    public var end: Int
    /// Actual minus expected use over the span [kWh].
    public var effect: Double
    /// Whether use was greater than expected.
    public var isIncrease: Bool { effect > 0 }

    /// Creates an event.
    ///
    /// - Parameters:
    ///   - start: First day [days since 1970-01-01].
    ///   - end: Last day.
    ///   - effect: Actual minus expected use over the span [kWh].
    public init(start: Int, end: Int, effect: Double) { (self.start, self.end, self.effect) = (start, end, effect) }
  }

  /// Savings of all days with prediction and reading.
  public let savings: Estimate
  /// Savings with events taken out [kWh].
  public let adjusted: Double
  /// Predicted use of these days [kWh].
  public let predicted: Double
  /// Months in order.
  public let months: [Month]
  /// Date of the first alarm of change detection.
  public let detected: Int?
  /// Day on which that change is thought to have begun.
  public let changeStart: Int?
  /// Non-routine events.
  public let events: [Event]
  /// Number of days with prediction and reading.
  public let dayCount: Int
  /// Number of these days that are colder or warmer than any of the baseline by more than 3 °C, or have a variable
  /// outside the baseline's by more than a twentieth of its range.
  public let extrapolatedDays: Int

  /// Assesses a reporting period.
  ///
  /// - Parameters:
  ///   - verifier: The frozen baseline.
  ///   - days: Days of the reporting period in order.
  ///   - measures: Measures in order of their dates.
  ///   - confidence: Probability of intervals, between 0 and 1.
  public init(_ verifier: SavingsVerifier, days: [MeterDay], measures: [Measure], confidence: Double) {
    let outlook = verifier.outlook(days)
    let rows = outlook.rows
    dayCount = rows.count
    let range = verifier.model.temperatureRange
    let variables = verifier.model.variableEffects
    extrapolatedDays = rows.count { row in
      days[row].temperature < range.lowerBound - 3 || days[row].temperature > range.upperBound + 3
        || variables.contains { $0.isOutside(days[row].variables[$0.place]) }
    }
    savings = verifier.estimate(outlook, rows: rows, confidence: confidence)
    predicted = rows.reduce(0) { $0 + outlook.parts[$1].total }
    months = verifier.months(outlook, confidence: confidence)
    let changes = verifier.changes(outlook, measures: measures)
    detected = changes?.alarm?.date
    changeStart = changes?.alarm?.start
    events = changes?.events ?? []
    adjusted = savings.value + events.reduce(0) { $0 + $1.effect }
  }
}
