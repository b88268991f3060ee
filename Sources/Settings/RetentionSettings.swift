public import WattlineTime

/// How long points of high-rate measurements stay in the database, and when older ones are deleted.
public struct RetentionSettings: Hashable, Sendable {
  /// Series that may be bounded: measurements of high rate, and the windows of one minute of `feature`. All others are
  /// rollups or rare, and stay.
  public static let bounded = ["raw", "clean", "feature_1m", "forecast", "pipeline"]
  /// Measurements that stay, `feature` with its windows from a quarter of an hour on.
  public static let kept = [
    "reporting", "feature", "clean_1h", "clean_1d", "kpi", "energy", "forecast_latest", "forecast_eval",
    "scenario", "health", "alerts", "alert_state", "alert_rate", "plant_state", "source_state", "dispatch", "command",
    "audit", "savings", "savings_month", "savings_operation", "savings_operation_month", "savings_event",
    "savings_investigation", "savings_work", "community", "community_ahead", "community_member", "community_scenario",
  ]
  /// Shortest age after which points are deleted.
  public static let shortest = TimeSpan.day

  /// Age from which points are deleted, by name in ``bounded``; at least ``shortest``.
  public var ages: [String: TimeSpan]
  /// Begin of the quiet hours, in minutes after local midnight, 0..<1440.
  public var quietFrom = 60
  /// End of the quiet hours, in minutes after local midnight, 0..<1440. Before ``quietFrom`` it is that of the next
  /// day; equal to it, all hours are quiet.
  public var quietTo = 300

  /// Creates settings with quiet hours from 01:00 to 05:00.
  public init(ages: [String: TimeSpan]) { self.ages = ages }

  /// Returns whether a minute after local midnight is in the quiet hours.
  public func isQuiet(minute: Int) -> Bool {
    if quietFrom == quietTo { return true }
    return quietFrom < quietTo
      ? (quietFrom..<quietTo).contains(minute) : minute >= quietFrom || minute < quietTo
  }
}
