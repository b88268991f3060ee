import Glibc
public import StreamCore

/// A sum of effects with separate coefficients for each hour of the day.
///
/// The effects are level and trend with change points, weekday, holidays, seasons of the year, past values, and
/// piecewise linear functions of the weather; see ``AdditiveDesign``.
///
/// Coefficients come from ridge regression. Recent days have more weight, and an hour also learns from its neighbours.
/// Quantiles are those of the left-out errors of each hour's fit.
///
/// Interpretable effects follow S. Taylor and B. Letham, "Forecasting at Scale", 2018
/// (doi:10.1080/00031305.2017.1380080). A separate regression for each hour follows R. Ramanathan et al. 1997
/// (doi:10.1016/S0169-2070(97)00015-0).
public struct AdditiveModel: ForecastModel {
  /// Value of the `model` tag.
  public let name = "additive"
  /// Days of history before which the model is not used: three weeks.
  public let minimumDays = 21

  private struct Hour: Sendable {
    var regression = RidgeRegression()
    var offsets = Array(repeating: 0.0, count: QuantileLevels.count)
  }

  /// The data needed until all hours are fitted.
  private struct Training: Sendable {
    var matrix: [Double]
    var targets: [Double]
    /// Rows of each hour.
    var rowsOfHour: [[Int]]
    /// Weight of each row by age.
    var weights: [Double]
    /// Number of recent rows of an hour whose errors make the quantiles.
    var recent: Int
  }

  private static let penalties = [0.003, 0.01, 0.03, 0.1, 0.3, 1]
  /// Age [days] at which a row has a weight of 1/e.
  private static let memoryDays = 180.0
  /// Weight of a row of the hour before or after.
  private static let neighbourShare = 0.3
  private static let hoursPerSlice = 2
  private var design = AdditiveDesign()
  private var hours: [Hour] = []
  private var training: Training?
  /// Left-out error of each training row, for models that learn the residual; NaN if there is none.
  private(set) var leftOutErrors: [Double] = []

  /// Creates an untrained model.
  public init() {}

  /// Prepares the regressions, one for each hour of local time.
  public mutating func begin(_ rows: FeatureRows, seed: UInt64) {
    design = AdditiveDesign(rows)
    hours = []
    leftOutErrors = Array(repeating: .nan, count: rows.count)
    guard let last = rows.slots.last else { return }
    var rowsOfHour = Array(repeating: [Int](), count: 24)
    for row in 0..<rows.count { rowsOfHour[AdditiveModel.hour(rows, row: row)].append(row) }
    let weights = rows.slots.map { exp(-Double(last - $0) / Double(rows.perDay) / AdditiveModel.memoryDays) }
    training = Training(
      matrix: design.matrix(rows), targets: rows.targets, rowsOfHour: rowsOfHour, weights: weights,
      recent: 120 * max(1, rows.perDay / 24))
  }

  /// Fits some hours and returns whether any remain.
  public mutating func proceed() -> Bool {
    guard let training else { return false }
    for _ in 0..<AdditiveModel.hoursPerSlice where hours.count < 24 { fitHour(hours.count, training: training) }
    guard hours.count == 24 else { return true }
    self.training = nil
    return false
  }

  private mutating func fitHour(_ number: Int, training: Training) {
    let own = training.rowsOfHour[number]
    let neighbours = training.rowsOfHour[(number + 23) % 24] + training.rowsOfHour[(number + 1) % 24]
    let chosen = own + neighbours
    let width = design.width
    var values: [Double] = []
    values.reserveCapacity(chosen.count * width)
    for row in chosen { values.append(contentsOf: training.matrix[(row * width)..<((row + 1) * width)]) }
    let regression = RidgeRegression(
      rows: values, columns: width, targets: chosen.map { training.targets[$0] },
      weights: own.map { training.weights[$0] }
        + neighbours.map { AdditiveModel.neighbourShare * training.weights[$0] },
      penalties: AdditiveModel.penalties)
    var hour = Hour(regression: regression)
    if regression.leftOutErrors.count == chosen.count {
      for (position, row) in own.enumerated() { leftOutErrors[row] = regression.leftOutErrors[position] }
      let recent = regression.leftOutErrors.prefix(own.count).suffix(training.recent).sorted()
      if !recent.isEmpty {
        hour.offsets = QuantileLevels.all.map { EmpiricalQuantile.ofSorted(recent, probability: $0) }
      }
    }
    hour.regression.forgetRows()
    hours.append(hour)
  }

  /// Returns the sum of effects plus the quantiles of the errors.
  public func predict(_ rows: FeatureRows) -> QuantileTable {
    var answer = QuantileTable(rows: rows.count)
    let means = self.means(rows)
    for row in 0..<rows.count where !means[row].isNaN {
      let offsets = hours[AdditiveModel.hour(rows, row: row)].offsets
      for level in offsets.indices { answer[row, level] = means[row] + offsets[level] }
    }
    return answer
  }

  /// Returns the sums of effects alone; NaN before training or for other columns.
  func means(_ rows: FeatureRows) -> [Double] {
    guard hours.count == 24, design.fits(rows) else { return Array(repeating: .nan, count: rows.count) }
    let matrix = design.matrix(rows)
    let width = design.width
    return (0..<rows.count).map { row in
      hours[AdditiveModel.hour(rows, row: row)].regression.predict(matrix[(row * width)..<((row + 1) * width)])
    }
  }

  private static func hour(_ rows: FeatureRows, row: Int) -> Int {
    guard let clock = rows.column(.hour), clock[row] >= 0, clock[row] < 24 else { return 0 }
    return Int(clock[row])
  }

  /// Writes the design and the coefficients.
  public func snapshot(into writer: inout SnapshotWriter) {
    design.snapshot(into: &writer)
    writer.write(hours) { writer, hour in
      writer.write(hour.offsets)
      hour.regression.snapshot(into: &writer)
    }
  }

  /// Reads the design and the coefficients.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try design.restore(from: &reader)
    let width = design.width
    hours = try reader.readArray { (reader) throws(SnapshotError) in
      var hour = Hour()
      hour.offsets = try reader.readDoubles()
      try hour.regression.restore(from: &reader, columns: width)
      guard hour.offsets.count == QuantileLevels.count else { throw .invalid("an hour without its quantiles") }
      return hour
    }
    guard hours.isEmpty || hours.count == 24 else { throw .invalid("a day of \(hours.count) hours") }
  }
}
