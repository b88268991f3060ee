public import StreamCore

/// Boosted trees on the residuals of the additive model.
///
/// The additive model extrapolates trends and weather; the trees learn the rest. The trees are trained on left-out
/// errors, so that the additive model's fit to its own rows does not mislead them.
public struct HybridModel: ForecastModel {
  /// Value of the `model` tag.
  public let name = "hybrid"
  /// Days of history before which the model is not used: three weeks.
  public let minimumDays = 21
  private var lines = AdditiveModel()
  private var trees: BoostedModel
  private var training: (rows: FeatureRows, seed: UInt64)?

  /// Creates an untrained model.
  public init(settings: BoostedQuantiles.Settings = BoostedQuantiles.Settings()) {
    trees = BoostedModel(settings: settings)
  }

  /// Prepares the additive model.
  public mutating func begin(_ rows: FeatureRows, seed: UInt64) {
    lines.begin(rows, seed: seed)
    training = (rows, seed)
  }

  /// Trains a part of the additive model, then of the trees, and returns whether work remains.
  public mutating func proceed() -> Bool {
    if let (given, seed) = training {
      if lines.proceed() { return true }
      training = nil
      var rows = given
      rows.targets = lines.leftOutErrors.map { $0.isNaN ? 0 : $0 }
      trees.begin(rows, seed: seed)
      return true
    }
    return trees.proceed()
  }

  /// Returns the sums of both models.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    var answer = trees.predict(rows)
    let means = lines.means(rows)
    for row in 0..<rows.count {
      for level in 0..<QuantileLevels.count { answer[row, level] += means[row] }
    }
    return answer
  }

  /// Writes both models.
  public func snapshot(into writer: inout SnapshotWriter) {
    lines.snapshot(into: &writer)
    trees.snapshot(into: &writer)
  }

  /// Reads both models.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try lines.restore(from: &reader)
    try trees.restore(from: &reader)
  }
}
