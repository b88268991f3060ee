import PlantModel
import PointSchema
import StreamCore

/// Outcome of a replay: the figures by which two configurations are compared.
public struct ReplayAudit: Sendable {
  /// Alerts, money and readings of one plant.
  public struct PlantOutcome: Sendable, Equatable {
    /// Number of alerts raised, by rule.
    public var alerts: [String: Int] = [:]
    /// Cost of the plant's energy exchange with the grid [the plant's currency].
    public var cost = 0.0
    /// Saving if all recommendations had been followed [the plant's currency].
    public var saving = 0.0
    /// Number of readings, by quality code.
    public var readings = [Int](repeating: 0, count: 10)

    /// Creates an empty outcome.
    public init() {}
  }

  /// Accuracy of one model's forecasts of one series.
  public struct Score: Sendable, Equatable {
    /// Number of forecasts evaluated: those whose time has come.
    public var count = 0
    /// Sum of the absolute errors of the median [the series' unit].
    public var absoluteError = 0.0
    /// Sum of the pinball losses [the series' unit].
    public var pinball = 0.0

    /// Creates a score without forecasts.
    public init() {}

    /// Mean absolute error of the median [the series' unit]; NaN without forecasts.
    public var meanAbsoluteError: Double { absoluteError / Double(count) }
    /// Mean pinball loss [the series' unit]; NaN without forecasts.
    public var meanPinball: Double { pinball / Double(count) }
  }

  /// Series and model that a score belongs to.
  public struct ScoreKey: Hashable, Sendable, Comparable {
    /// Name of the series: `plant/asset.sensor`.
    public var series: String
    /// Name of the model.
    public var model: String

    /// Orders by series, then by model.
    public static func < (a: ScoreKey, b: ScoreKey) -> Bool { (a.series, a.model) < (b.series, b.model) }
  }

  /// Outcomes by plant name.
  public private(set) var plants: [String: PlantOutcome] = [:]
  /// Scores by series and model.
  public private(set) var scores: [ScoreKey: Score] = [:]
  /// Number of points rendered, without those of `raw` and `clean`.
  public private(set) var points = 0

  /// Creates an audit without frames.
  public init() {}

  mutating func observe(_ frame: borrowing Frame, in register: PlantRegister) {
    var outcome = plants[register.plant.name] ?? PlantOutcome()
    for quality in frame.readings.quality { outcome.readings[Int(quality.rawValue)] += 1 }
    for alert in frame.alerts where alert.status == .raised { outcome.alerts[alert.rule.name, default: 0] += 1 }
    points += frame.points.count
    for entry in frame.points.entries {
      switch entry.key.measurement {
      case .kpi: outcome.cost += frame.points.value(of: .cost, in: entry) ?? 0
      case .dispatch: outcome.saving += frame.points.value(of: .followedDaySaving, in: entry) ?? 0
      case .forecastEvaluation: score(frame.points, entry: entry, in: register)
      default: break
      }
    }
    plants[register.plant.name] = outcome
  }

  private mutating func score(_ points: PointBatch, entry: PointBatch.Entry, in register: PlantRegister) {
    guard let error = points.value(of: .absoluteError, in: entry), let pinball = points.value(of: .pinball, in: entry)
    else { return }
    let series =
      switch entry.key.subject {
      case .series(let index): register.name(of: index)
      case .wholePlant(let sensor): "_plant.\(sensor)"
      default: "_plant"
      }
    let key = ScoreKey(series: "\(register.plant.name)/\(series)", model: entry.key.qualifiers.0)
    scores[key, default: Score()].count += 1
    scores[key, default: Score()].absoluteError += error
    scores[key, default: Score()].pinball += pinball
  }
}

extension PlantRegister {
  /// Returns the readable name of a series: `asset.sensor`.
  fileprivate func name(of index: SeriesIndex) -> String {
    let found = series[index.position]
    return "\(assets[found.asset.position].name).\(found.sensor)"
  }
}
