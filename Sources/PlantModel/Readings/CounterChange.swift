public import WattlineTime

/// Plausibility of changes of a cumulative count from one reading to the next.
public enum CounterChange {
  /// Longest time for which a count that fell and does not move may still be a glitch.
  public static let longestGlitch = TimeSpan.minutes(10)
  /// Longest duration of a dip. A count that fell by less than a tenth and stays there for longer was corrected.
  public static let longestDip = TimeSpan.hour
  /// Extra time in which a rise may have accumulated. Coarse counters and late devices report it in a single reading.
  static let slack = TimeSpan.hour

  /// Returns whether a count can have risen by so much.
  ///
  /// Example: with 10 kW, 10.8 kWh in five minutes are plausible, 11 kWh are not.
  ///
  /// - Parameters:
  ///   - rise: Increase [canonical unit].
  ///   - span: Time between the readings.
  ///   - maximumRate: Fastest plausible change [canonical unit per second]; infinite if unknown.
  /// - Returns: Whether the rise is at most `maximumRate` times the span plus one hour.
  public static func isPlausible(rise: Double, over span: TimeSpan, maximumRate: Double) -> Bool {
    maximumRate == .infinity || rise <= maximumRate * (span + slack).inSeconds
  }

  /// Returns whether a value is below the previous one by at most a tenth: a dip, which is not a reset.
  public static func isDip(_ value: Double, from level: Double) -> Bool { value < level && value >= 0.9 * level }
}
