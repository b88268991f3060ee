import StreamCore

/// A forecaster of one target: rows of features in, quantiles out. A new model is one file that conforms, and one entry
/// in ``ForecastModels``.
public protocol ForecastModel: Sendable {
  /// The value of the `model` tag.
  var name: String { get }

  /// What the model counts for in an ensemble before anything is known of it, 1 for one that learns in earnest.
  var priorWeight: Double { get }

  /// Days of history below which the model is not asked.
  var minimumDays: Int { get }

  /// Whether the model goes wrong when something that it learned with is missing: weather, or the target's own last day.
  var needsAllInputs: Bool { get }

  /// Starts to learn from scratch. The same rows and seed give the same model.
  mutating func begin(_ rows: FeatureRows, seed: UInt64)

  /// Learns on, for some milliseconds at the most; whether there is more to do.
  mutating func proceed() -> Bool

  /// The quantiles of each row; NaN where there is no answer.
  func predict(_ rows: FeatureRows) -> QuantileTable

  /// Writes what was learned.
  func snapshot(into writer: inout SnapshotWriter)

  /// Reads what ``snapshot(into:)`` wrote.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}

extension ForecastModel {
  /// 1.
  public var priorWeight: Double { 1 }

  /// It does.
  public var needsAllInputs: Bool { true }

  /// Nothing is left after ``begin(_:seed:)``.
  public mutating func proceed() -> Bool { false }

  /// Learns to the end.
  public mutating func fit(_ rows: FeatureRows, seed: UInt64) {
    begin(rows, seed: seed)
    while proceed() {}
  }
}

/// The models there are.
public enum ForecastModels {
  /// Those that a backtest runs unless told otherwise: the recurrent network is left out, which costs more than it has
  /// been seen to bring.
  public static var standard: [any ForecastModel] { all.filter { !($0 is RecurrentModel) } }

  /// Fresh models in the order of results.
  public static var all: [any ForecastModel] {
    [
      SeasonalNaive.day, SeasonalNaive.week, SimilarDays(), AdditiveModel(), ForestModel(), BoostedModel(),
      HybridModel(), RecurrentModel(),
    ]
  }

  /// Smaller ones for a stream, where each series has its own.
  public static var live: [any ForecastModel] {
    var boosting = BoostedQuantiles.Settings()
    boosting.rounds = 120
    boosting.learningRate = 0.08
    boosting.leaves = 16
    return [
      SeasonalNaive.day, SeasonalNaive.week, SimilarDays(), AdditiveModel(),
      ForestModel(settings: QuantileForest.Settings(trees: 30, minimumLeaf: 5)), BoostedModel(settings: boosting),
    ]
  }

  /// Their names.
  public static var names: [String] { all.map(\.name) }

  /// Fresh models of the given names; `nil` for a name that there is not.
  public static func named(_ names: [String]) -> [any ForecastModel]? {
    let known = all
    let models = known.filter { names.contains($0.name) }
    return Set(names).isSubset(of: known.map(\.name)) ? models : nil
  }
}
