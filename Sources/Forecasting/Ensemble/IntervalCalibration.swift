import Glibc
import StreamCore

/// A correction of quantiles, so that the promised share of recent actual values lies below each.
///
/// It is conformalised quantile regression (Y. Romano, E. Patterson and E. Candès 2019, arXiv:1905.03222), separate for
/// each quantile. Weights decay with age to follow a changing coverage (R. Barber et al., "Conformal Prediction Beyond
/// Exchangeability", 2023, doi:10.1214/23-AOS2276). Errors are in units of the interval's own width, so calm and
/// variable hours contribute alike. An interval without width is left unchanged. The levels of the errors are those of
/// ``AdaptiveLevels``.
struct IntervalCalibration: Sendable {
  /// Shift of each quantile, as a share of the interval from p10 to p90.
  private(set) var shifts = Array(repeating: 0.0, count: QuantileLevels.count)
  /// Width below which intervals are left unchanged [unit of the target].
  private(set) var leastWidth = 0.0
  /// Levels at which the quantiles of the errors are taken.
  private(set) var levels = QuantileLevels.all
  /// Total weight of the samples.
  private(set) var weight = 0.0

  /// Share of the median's shift that is applied.
  static let medianShare = 0.5

  init() {}

  /// Issued quantiles, actual values and their ages in days.
  struct Samples: Sendable {
    var issued = QuantileTable(rows: 0)
    var actuals: [Double] = []
    var ages: [Double] = []

    mutating func append(_ other: Samples) {
      issued.values += other.issued.values
      actuals += other.actuals
      ages += other.ages
    }
  }

  /// Age [days] at which a sample has half its weight. It is shorter than for the weights, since intervals must follow
  /// the season.
  static let halfLife = 14.0

  /// Learns from samples at the given levels, or at adaptive levels without.
  init(_ samples: Samples, levels: [Double]? = nil) {
    let issued = samples.issued
    let widths = (0..<issued.rows).map { issued[$0, QuantileLevels.p90] - issued[$0, QuantileLevels.p10] }
    let sorted = widths.filter { $0 > 0 }.sorted()
    guard let greatest = sorted.last else { return }
    leastWidth = max(0.05 * sorted[sorted.count / 2], 0.02 * greatest)
    let rows = (0..<issued.rows).filter { widths[$0] >= leastWidth }
    let weights = rows.map { exp2(-samples.ages[$0] / IntervalCalibration.halfLife) }
    weight = weights.reduce(0, +)
    for level in 0..<QuantileLevels.count {
      let scores = zip(rows, weights).map { row, weight in
        AdaptiveLevels.Score(
          value: (samples.actuals[row] - issued[row, level]) / widths[row],
          daysAgo: Int(samples.ages[row].rounded(.up)), weight: weight)
      }.sorted { $0.value < $1.value }
      self.levels[level] =
        levels?[level]
        ?? (level == QuantileLevels.p50 ? 0.5 : AdaptiveLevels.level(QuantileLevels.all[level], scores: scores))
      let wanted = self.levels[level] * weight
      var sum = 0.0
      shifts[level] = scores.last?.value ?? 0
      for score in scores {
        sum += score.weight
        if sum >= wanted {
          shifts[level] = score.value
          break
        }
      }
    }
    shifts[QuantileLevels.p50] *= IntervalCalibration.medianShare
  }

  /// Returns the mean of this calibration and one of more samples, weighted by the number of samples.
  func blended(with wider: IntervalCalibration) -> IntervalCalibration {
    var result = self
    let share = weight / (weight + 30)
    for level in shifts.indices { result.shifts[level] = share * shifts[level] + (1 - share) * wider.shifts[level] }
    result.leastWidth = wider.leastWidth
    return result
  }

  /// Shifts the quantiles of a row.
  func apply(to table: inout QuantileTable, row: Int) {
    let width = table[row, QuantileLevels.p90] - table[row, QuantileLevels.p10]
    guard width >= leastWidth, weight > 0 else { return }
    for level in shifts.indices { table[row, level] += shifts[level] * width }
    table.sort(row: row)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(shifts)
    writer.write(leastWidth)
    writer.write(weight)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    shifts = try reader.readDoubles()
    leastWidth = try reader.readDouble()
    weight = try reader.readDouble()
    guard shifts.count == QuantileLevels.count else { throw .invalid("\(shifts.count) shifts of quantiles") }
  }
}
