import StreamCore

/// A forecaster of one target: rows of features in, quantiles out. A new model is one file that conforms, and one entry
/// in ``ForecastModels``.
public protocol ForecastModel: Sendable {
  /// The value of the `model` tag.
  var name: String { get }

  /// Days of history below which the model is not asked.
  var minimumDays: Int { get }

  /// Learns from scratch. The same rows and seed give the same model.
  mutating func fit(_ rows: FeatureRows, seed: UInt64)

  /// The quantiles of each row; NaN where there is no answer.
  func predict(_ rows: FeatureRows) -> QuantileTable

  /// Writes what was learned.
  func snapshot(into writer: inout SnapshotWriter)

  /// Reads what ``snapshot(into:)`` wrote.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}

/// The models there are.
public enum ForecastModels {
  /// Fresh models in the order of results.
  public static var all: [any ForecastModel] {
    [
      SeasonalNaive.day, SeasonalNaive.week, SimilarDays(), AdditiveModel(), ForestModel(), BoostedModel(),
      HybridModel(),
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
