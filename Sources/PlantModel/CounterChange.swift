/// What is plausible of a cumulative count from one reading to the next.
public enum CounterChange {
  /// A count that has fallen and rests may still be a glitch for so long.
  public static let longestGlitch = TimeSpan.minutes(10)
  /// A count that fell by less than a tenth, and stays there for longer than this, was corrected.
  public static let longestDip = TimeSpan.hour
  /// Counts of coarse resolution, and devices that send late, bring in one reading what came in up to this time.
  static let slack = TimeSpan.hour

  /// Whether a count can have moved on so far.
  ///
  /// - Parameters:
  ///   - rise: the increase [canonical unit].
  ///   - span: the time between the readings.
  ///   - maximumRate: the fastest plausible change [canonical unit per second]; infinite where nothing is known.
  /// - Returns: whether the rise is at most what the fastest change gives in the span and one hour more. Example: with
  ///   10 kW, 10.8 kWh in five minutes are plausible, 11 kWh are not.
  public static func isPlausible(rise: Double, over span: TimeSpan, maximumRate: Double) -> Bool {
    maximumRate == .infinity || rise <= maximumRate * (span + slack).inSeconds
  }

  /// Whether a value that is lower than the one before is a dip, which no reset explains: by less than a tenth.
  public static func isDip(_ value: Double, from level: Double) -> Bool { value < level && value >= 0.9 * level }
}
