/// Method by which a substitute for a reading was estimated.
public enum EstimateMethod: String, Sendable, CaseIterable, BitwiseCopyable {
  /// The last good value.
  case hold
  /// Straight line between the good values at both ends of a gap.
  case line
}

/// Estimated value in a batch: the method and the uncertainty.
public struct Estimate: Sendable, Equatable, BitwiseCopyable {
  /// Row of the value in the batch.
  public var row: Int
  /// Method of estimation.
  public var method: EstimateMethod
  /// Standard deviation [canonical unit]; NaN if too little is known.
  public var deviation: Double

  /// Creates an estimate.
  ///
  /// - Parameters:
  ///   - row: Row of the value in the batch.
  ///   - method: Method of estimation.
  ///   - deviation: Standard deviation [canonical unit]; NaN if too little is known.
  public init(row: Int, method: EstimateMethod, deviation: Double) {
    self.row = row
    self.method = method
    self.deviation = deviation
  }
}
