import PlantModel

/// How the readings of a series become a value over time.
public struct MeterRule: Hashable, BitwiseCopyable, Sendable {
  /// A value that holds until the next one does so for this long at the most, unless the plant's file says otherwise.
  public static let usualLongestSilence = TimeSpan.hours(24)

  /// What a reading stands for in time.
  public var sampling: Sampling
  /// Canonical units in one of the unit in which a counter arrives.
  public var scale: Double
  /// The fastest plausible change of a counter [canonical unit per second]; infinite where nothing is known.
  public var maximumRate: Double
  /// For how long a value holds at the most where it holds until the next.
  public var longestSilence: TimeSpan

  /// A rule.
  public init(
    sampling: Sampling, scale: Double = 1, maximumRate: Double = .infinity,
    longestSilence: TimeSpan = usualLongestSilence
  ) {
    (self.sampling, self.scale, self.maximumRate) = (sampling, scale, maximumRate)
    self.longestSilence = longestSilence
  }

  /// The rule of a sensor.
  public init(_ profile: SensorProfile) {
    self.init(
      sampling: profile.sampling, scale: profile.unit?.scale ?? 1, maximumRate: profile.maximumRate,
      longestSilence: profile.longestSilence ?? MeterRule.usualLongestSilence)
  }

  /// Whether a value holds over an interval of its own.
  public var isInterval: Bool { sampling == .intervalStart || sampling == .intervalEnd }
}

/// A stretch of time over which the value of a series is known.
public struct MeterPiece: BitwiseCopyable, Sendable, Equatable {
  /// Its start.
  public var from: Timestamp
  /// Its end.
  public var to: Timestamp
  /// The value at the start [canonical unit; of a counter, per hour].
  public var first: Double
  /// The value at the end, with a straight line between.
  public var last: Double
  /// Whether all that it comes from is good.
  public var isGood: Bool
  /// Whether a counter's increase was spread over an outage.
  public var isEstimated = false
  /// Where it began before it was cut.
  public private(set) var begin: Timestamp
  /// Its length before it was cut.
  public private(set) var span: TimeSpan

  /// A piece that is not cut.
  init(from: Timestamp, to: Timestamp, first: Double, last: Double, isGood: Bool, isEstimated: Bool = false) {
    (self.from, self.to, self.first, self.last) = (from, to, first, last)
    (self.isGood, self.isEstimated) = (isGood, isEstimated)
    (begin, span) = (from, to - from)
  }

  /// The value at a moment within it.
  func value(at moment: Timestamp) -> Double {
    if moment <= from || first == last { return first }
    if moment >= to { return last }
    return first + (last - first) * ((moment - from).inHours / (to - from).inHours)
  }
}
