/// How a value that stands in for a reading was found.
public enum EstimateMethod: String, Sendable, CaseIterable, BitwiseCopyable {
  /// The last good value.
  case hold
  /// The straight line between the good values at both ends of a gap.
  case line
}

/// A value in a batch that is not the reading itself: how it was found, and how far off it may be.
public struct Estimate: Sendable, Equatable, BitwiseCopyable {
  /// The reading's place in the batch.
  public var row: Int
  /// How the value was found.
  public var method: EstimateMethod
  /// Standard deviation [canonical unit]; NaN where too little is known.
  public var deviation: Double

  /// An estimate.
  public init(row: Int, method: EstimateMethod, deviation: Double) {
    self.row = row
    self.method = method
    self.deviation = deviation
  }
}
