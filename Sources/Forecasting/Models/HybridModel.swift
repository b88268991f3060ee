import StreamCore

/// Boosted trees on what the additive model leaves: lines carry trends and the weather beyond what was seen, trees carry
/// what lines cannot. The trees learn the errors of rows left out, so that they are not misled by a fit that knew them.
public struct HybridModel: ForecastModel {
  /// The value of the `model` tag.
  public let name = "hybrid"
  /// Three weeks.
  public let minimumDays = 21
  private var lines = AdditiveModel()
  private var trees: BoostedModel
  private var training: (rows: FeatureRows, seed: UInt64)?

  /// A model that has learned nothing.
  public init(settings: BoostedQuantiles.Settings = BoostedQuantiles.Settings()) {
    trees = BoostedModel(settings: settings)
  }

  /// Lays out the lines.
  public mutating func begin(_ rows: FeatureRows, seed: UInt64) {
    lines.begin(rows, seed: seed)
    training = (rows, seed)
  }

  /// Fits some of the lines, then some of the trees.
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

  /// The sum of both.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    var answer = trees.predict(rows)
    let means = lines.means(rows)
    for row in 0..<rows.count {
      for level in 0..<QuantileLevels.count { answer[row, level] += means[row] }
    }
    return answer
  }

  /// Writes lines and trees.
  public func snapshot(into writer: inout SnapshotWriter) {
    lines.snapshot(into: &writer)
    trees.snapshot(into: &writer)
  }

  /// Reads lines and trees.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try lines.restore(from: &reader)
    try trees.restore(from: &reader)
  }
}
