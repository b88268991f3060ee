import Glibc
import StreamCore

/// A sum of effects for each hour of the day: level and trend with change points, weekday, holidays, seasons of the
/// year, past values, and bent lines of the weather, see ``AdditiveDesign``. Coefficients by ridge regression; recent
/// days count more; an hour learns from its neighbours too. Quantiles are those of the errors that each hour's fit made
/// of rows left out.
///
/// What it has from S. Taylor and B. Letham, "Forecasting at Scale", 2018 (doi:10.1080/00031305.2017.1380080): effects
/// that a person can read; what it adds: a regression for each hour, as in R. Ramanathan et al. 1997
/// (doi:10.1016/S0169-2070(97)00015-0).
public struct AdditiveModel: ForecastModel {
  /// The value of the `model` tag.
  public let name = "additive"
  /// Three weeks.
  public let minimumDays = 21

  private struct Hour: Sendable {
    var regression = RidgeRegression(rows: [], columns: 0, targets: [], weights: [], penalties: [])
    var offsets = Array(repeating: 0.0, count: QuantileLevels.count)
  }

  private static let penalties = [0.003, 0.01, 0.03, 0.1, 0.3, 1]
  /// After so many days a row counts 1/e.
  private static let memoryDays = 180.0
  private var design = AdditiveDesign()
  private var hours: [Hour] = []
  /// The error of each training row when left out of the fit; NaN where there is none. For models that learn the rest.
  private(set) var leftOutErrors: [Double] = []

  /// A model that has learned nothing.
  public init() {}

  /// Fits a regression for each hour of the local clock.
  public mutating func fit(_ rows: FeatureRows, seed: UInt64) {
    design = AdditiveDesign(rows)
    hours = []
    leftOutErrors = Array(repeating: .nan, count: rows.count)
    guard let last = rows.slots.last else { return }
    let groups = (0..<rows.count).map { AdditiveModel.group(rows, $0) }
    var byGroup = Array(repeating: [Int](), count: 24)
    for (row, group) in groups.enumerated() { byGroup[group].append(row) }
    let matrix = design.matrix(rows)
    let width = design.width
    for group in 0..<24 {
      let neighbours = [(group, 1.0), ((group + 23) % 24, 0.3), ((group + 1) % 24, 0.3)]
      var chosen: [Int] = []
      var weights: [Double] = []
      for (hour, share) in neighbours {
        for row in byGroup[hour] {
          chosen.append(row)
          let days = Double(last - rows.slots[row]) / Double(rows.perDay)
          weights.append(share * exp(-days / AdditiveModel.memoryDays))
        }
      }
      var values: [Double] = []
      values.reserveCapacity(chosen.count * width)
      for row in chosen { values.append(contentsOf: matrix[(row * width)..<((row + 1) * width)]) }
      let regression = RidgeRegression(
        rows: values, columns: width, targets: chosen.map { rows.targets[$0] }, weights: weights,
        penalties: AdditiveModel.penalties)
      var hour = Hour(regression: regression)
      let own = byGroup[group].count
      if regression.leftOutErrors.count >= own {
        for position in 0..<own { leftOutErrors[chosen[position]] = regression.leftOutErrors[position] }
        let recent = regression.leftOutErrors[0..<own].suffix(120 * max(1, rows.perDay / 24)).sorted()
        for level in hour.offsets.indices where !recent.isEmpty {
          hour.offsets[level] = EmpiricalQuantile.ofSorted(recent, QuantileLevels.all[level])
        }
      }
      hours.append(hour)
    }
  }

  /// The sum of effects and the quantiles of the errors.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    var answer = QuantileTable(rows: rows.count)
    let means = self.means(rows)
    for row in 0..<rows.count where !means[row].isNaN {
      let offsets = hours[AdditiveModel.group(rows, row)].offsets
      for level in offsets.indices { answer[row, level] = means[row] + offsets[level] }
    }
    return answer
  }

  /// The sums of effects alone.
  func means(_ rows: FeatureRows) -> [Double] {
    guard hours.count == 24 else { return Array(repeating: .nan, count: rows.count) }
    let matrix = design.matrix(rows)
    let width = design.width
    return (0..<rows.count).map { row in
      hours[AdditiveModel.group(rows, row)].regression.predict(matrix[(row * width)..<((row + 1) * width)])
    }
  }

  private static func group(_ rows: FeatureRows, _ row: Int) -> Int {
    guard let clock = rows.column(.hour), clock[row] >= 0, clock[row] < 24 else { return 0 }
    return Int(clock[row])
  }

  /// Writes the design and the coefficients.
  public func snapshot(into writer: inout SnapshotWriter) {}

  /// Reads the design and the coefficients.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {}
}
