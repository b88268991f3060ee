import PlantModel
import StreamCore

/// What a run over a journal led to, in the numbers by which two configurations are compared.
public struct ReplayAudit: Sendable {
  /// Alerts and money of one plant.
  public struct PlantOutcome: Sendable, Equatable {
    /// Alerts raised, by rule.
    public var alerts: [String: Int] = [:]
    /// Cost of the plant's exchange with the grid [the plant's currency].
    public var cost = 0.0
    /// What following the recommendations would have saved [the plant's currency].
    public var saving = 0.0
    /// Readings by quality code.
    public var readings = [Int](repeating: 0, count: 10)

    /// Nothing.
    public init() {}
  }

  /// How well one model forecast one series.
  public struct Score: Sendable, Equatable {
    /// Forecasts whose time came.
    public var count = 0
    /// Sum of absolute errors of the median [the series' unit].
    public var absoluteError = 0.0
    /// Sum of pinball losses [the series' unit].
    public var pinball = 0.0

    /// No forecasts.
    public init() {}

    /// Mean absolute error of the median; NaN without forecasts.
    public var meanAbsoluteError: Double { absoluteError / Double(count) }
    /// Mean pinball loss; NaN without forecasts.
    public var meanPinball: Double { pinball / Double(count) }
  }

  /// Whose score it is.
  public struct ScoreKey: Hashable, Sendable, Comparable {
    /// `plant/asset.sensor`.
    public var series: String
    /// The model's name.
    public var model: String

    /// By series, then by model.
    public static func < (a: ScoreKey, b: ScoreKey) -> Bool { (a.series, a.model) < (b.series, b.model) }
  }

  /// By plant.
  public private(set) var plants: [String: PlantOutcome] = [:]
  /// By series and model.
  public private(set) var scores: [ScoreKey: Score] = [:]
  /// Points rendered, `raw` and `clean` apart.
  public private(set) var points = 0

  /// Nothing seen.
  public init() {}

  mutating func observe(_ frame: borrowing Frame, in register: PlantRegister) {
    var outcome = plants[register.plant.name] ?? PlantOutcome()
    for quality in frame.readings.quality { outcome.readings[Int(quality.rawValue)] += 1 }
    for alert in frame.alerts where alert.status == .raised { outcome.alerts[alert.rule.name, default: 0] += 1 }
    points += frame.points.count
    for entry in frame.points.entries {
      switch entry.key.measurement {
      case .kpi: outcome.cost += frame.points.number("cost", of: entry) ?? 0
      case .dispatch: outcome.saving += frame.points.number("saving", of: entry) ?? 0
      case .forecastEvaluation: score(frame.points, entry, register)
      default: break
      }
    }
    plants[register.plant.name] = outcome
  }

  private mutating func score(_ points: PointBatch, _ entry: PointBatch.Entry, _ register: PlantRegister) {
    guard let error = points.number("abs_err", of: entry), let pinball = points.number("pinball", of: entry) else {
      return
    }
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

extension PointBatch {
  /// A field of a point as a number, if it has one.
  fileprivate func number(_ name: String, of entry: Entry) -> Double? {
    for field in fields[entry.fields] where field.name == name {
      switch field.value {
      case .float(let value): return value
      case .integer(let value): return Double(value)
      default: return nil
      }
    }
    return nil
  }
}

extension PlantRegister {
  /// A series as people write it: `asset.sensor`.
  fileprivate func name(of index: SeriesIndex) -> String {
    let found = series[index.position]
    return "\(assets[found.asset.position].name).\(found.sensor)"
  }
}
