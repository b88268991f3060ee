public import StreamCore

/// A forecaster of one target, from rows of features to quantiles.
///
/// A new model is one file that conforms, and one line in ``ForecastModels/registered``.
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

/// A model with its uses.
public struct RegisteredModel: Sendable {
  /// The untrained model of a backtest.
  public var model: any ForecastModel
  /// The untrained model of a stream, in which each series has its own; `nil` if it is too slow or too large for that.
  public var live: (any ForecastModel)?
  /// Whether a backtest uses it by default.
  public var isStandard: Bool

  /// Registers a model.
  ///
  /// - Parameters:
  ///   - model: The untrained model of a backtest.
  ///   - live: The untrained model of a stream; `nil` for none.
  ///   - isStandard: Whether a backtest uses it by default.
  init(_ model: any ForecastModel, live: (any ForecastModel)?, isStandard: Bool = true) {
    (self.model, self.live, self.isStandard) = (model, live, isStandard)
  }
}

/// The available models.
public enum ForecastModels {
  /// Every model, in the order of results.
  public static var registered: [RegisteredModel] {
    [
      RegisteredModel(SeasonalNaive.day, live: SeasonalNaive.day),
      RegisteredModel(SeasonalNaive.week, live: SeasonalNaive.week),
      RegisteredModel(SimilarDays(), live: SimilarDays()),
      RegisteredModel(AdditiveModel(), live: AdditiveModel()),
      RegisteredModel(
        ForestModel(), live: ForestModel(settings: QuantileForest.Settings(trees: 30, minimumLeaf: 5))),
      RegisteredModel(BoostedModel(), live: BoostedModel(settings: liveBoosting)),
      RegisteredModel(HybridModel(), live: nil),
      // The recurrent network costs more than it has been observed to gain.
      RegisteredModel(RecurrentModel(), live: nil, isStandard: false),
    ]
  }

  private static var liveBoosting: BoostedQuantiles.Settings {
    var boosting = BoostedQuantiles.Settings()
    (boosting.rounds, boosting.learningRate, boosting.leaves) = (120, 0.08, 16)
    return boosting
  }

  /// Models of a backtest by default.
  public static var standard: [any ForecastModel] { registered.filter(\.isStandard).map(\.model) }

  /// Untrained models, in the order of results.
  public static var all: [any ForecastModel] { registered.map(\.model) }

  /// Untrained models of a stream.
  public static var live: [any ForecastModel] { registered.compactMap(\.live) }

  /// Names of all models.
  public static var names: [String] { all.map(\.name) }

  /// Returns untrained models of the given names; `nil` if a name is unknown.
  public static func named(_ names: [String]) -> [any ForecastModel]? {
    let known = all
    let models = known.filter { names.contains($0.name) }
    return Set(names).isSubset(of: known.map(\.name)) ? models : nil
  }
}
