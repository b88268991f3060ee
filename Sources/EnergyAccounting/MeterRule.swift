public import PlantModel
public import WattlineTime

/// Rule by which the readings of a series become values over time.
public struct MeterRule: Hashable, BitwiseCopyable, Sendable {
  /// Default of ``longestSilence``, used unless the plant file sets another.
  public static let usualLongestSilence = TimeSpan.hours(24)

  /// Time to which a reading refers.
  public var sampling: Sampling
  /// Canonical units in one unit of the counter's messages.
  public var scale: Double
  /// Fastest plausible change of a counter [canonical unit per second]; infinite if unknown.
  public var maximumRate: Double
  /// Longest time for which a value holds if values hold until the next reading.
  public var longestSilence: TimeSpan

  /// Creates a rule.
  ///
  /// - Parameters:
  ///   - sampling: Time to which a reading refers.
  ///   - scale: Canonical units in one unit of the counter's messages.
  ///   - maximumRate: Fastest plausible change of a counter [canonical unit per second].
  ///   - longestSilence: Longest time for which a value holds until the next reading.
  public init(
    sampling: Sampling, scale: Double = 1, maximumRate: Double = .infinity,
    longestSilence: TimeSpan = usualLongestSilence
  ) {
    (self.sampling, self.scale, self.maximumRate) = (sampling, scale, maximumRate)
    self.longestSilence = longestSilence
  }

  /// Creates the rule of a sensor.
  public init(_ profile: SensorProfile) {
    self.init(
      sampling: profile.sampling, scale: profile.unit?.scale ?? 1, maximumRate: profile.maximumRate,
      longestSilence: profile.longestSilence ?? MeterRule.usualLongestSilence)
  }

  /// Whether a reading is the value of a whole interval.
  public var isInterval: Bool { sampling == .intervalStart || sampling == .intervalEnd }
}

/// A stretch of time over which the value of a series is known.
public struct MeterPiece: BitwiseCopyable, Sendable, Equatable {
  /// Start of the piece.
  public var from: Timestamp
  /// End of the piece.
  public var to: Timestamp
  /// Value at the start [canonical unit; for a counter, per hour].
  public var first: Double
  /// Value at the end, in the same unit; values between lie on a straight line.
  public var last: Double
  /// Whether all readings behind the piece are good.
  public var isGood: Bool
  /// Whether a counter's increase was spread over an outage.
  public var isEstimated = false
  /// Start of the piece before it was cut.
  public private(set) var begin: Timestamp
  /// Length of the piece before it was cut.
  public private(set) var span: TimeSpan

  /// Creates a piece that is not cut.
  ///
  /// - Parameters:
  ///   - from: Start of the piece.
  ///   - to: End of the piece.
  ///   - first: Value at the start [canonical unit; for a counter, per hour].
  ///   - last: Value at the end, in the same unit.
  ///   - isGood: Whether all readings behind the piece are good.
  ///   - isEstimated: Whether a counter's increase was spread over an outage.
  init(from: Timestamp, to: Timestamp, first: Double, last: Double, isGood: Bool, isEstimated: Bool = false) {
    (self.from, self.to, self.first, self.last) = (from, to, first, last)
    (self.isGood, self.isEstimated) = (isGood, isEstimated)
    (begin, span) = (from, to - from)
  }

  /// Returns the interpolated value at a time; the first or last value for times outside the piece.
  func value(at timestamp: Timestamp) -> Double {
    if timestamp <= from || first == last { return first }
    if timestamp >= to { return last }
    return first + (last - first) * ((timestamp - from).inHours / (to - from).inHours)
  }
}
