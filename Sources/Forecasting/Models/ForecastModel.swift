import StreamCore

/// A forecaster of one target, from rows of features to quantiles.
///
/// A new model is one file that conforms, and entries in ``ForecastModels/all`` and, for streams,
/// ``ForecastModels/live``.
public protocol ForecastModel: Sendable {
  /// Value of the `model` tag.
  var name: String { get }

  /// Initial weight of the model in an ensemble; 1 for a fully learning model.
  var priorWeight: Double { get }

  /// Days of history before which the model is not used.
  var minimumDays: Int { get }

  /// Whether the model is skipped while an input used in training is missing: weather, or the target's own last day.
  var needsAllInputs: Bool { get }

  /// Starts training from scratch. The same rows and seed give the same model.
  mutating func begin(_ rows: FeatureRows, seed: UInt64)

  /// Continues training for at most some milliseconds, and returns whether work remains.
  mutating func proceed() -> Bool

  /// Returns the quantiles of each row; NaN if there is no forecast.
  func predict(_ rows: FeatureRows) -> QuantileTable

  /// Writes the learned state.
  func snapshot(into writer: inout SnapshotWriter)

  /// Reads the state written by ``snapshot(into:)``.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}

extension ForecastModel {
  /// Default: the model has full weight in an ensemble from the start.
  public var priorWeight: Double { 1 }

  /// Default: the model is skipped while any of its inputs is missing.
  public var needsAllInputs: Bool { true }

  /// Default: ``begin(_:seed:)`` completes the training.
  public mutating func proceed() -> Bool { false }

  /// Trains the model to the end.
  public mutating func fit(_ rows: FeatureRows, seed: UInt64) {
    begin(rows, seed: seed)
    while proceed() {}
  }
}

/// The available models.
public enum ForecastModels {
  /// Models of a backtest by default. The recurrent network is left out, since it costs more than it has been observed
  /// to gain.
  public static var standard: [any ForecastModel] { all.filter { !($0 is RecurrentModel) } }

  /// Untrained models, in the order of results.
  public static var all: [any ForecastModel] {
    [
      SeasonalNaive.day, SeasonalNaive.week, SimilarDays(), AdditiveModel(), ForestModel(), BoostedModel(),
      HybridModel(), RecurrentModel(),
    ]
  }

  /// Smaller untrained models for a stream, in which each series has its own.
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

  /// Names of all models.
  public static var names: [String] { all.map(\.name) }

  /// Returns untrained models of the given names; `nil` if a name is unknown.
  public static func named(_ names: [String]) -> [any ForecastModel]? {
    let known = all
    let models = known.filter { names.contains($0.name) }
    return Set(names).isSubset(of: known.map(\.name)) ? models : nil
  }
}
