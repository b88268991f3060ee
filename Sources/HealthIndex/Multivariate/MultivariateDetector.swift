import Glibc
import PlantPhysics
import StreamCore

/// A detector of unusual behaviour of a machine from several sensors sampled at one interval.
///
/// For each of two horizons (15 and 30 samples) the features are the sensors' means over the horizon and their change
/// from the horizon before. This is a delay embedding, so both a wrong level and a wrong course count (W. Ku, R. Storer
/// and C. Georgakis, "Disturbance detection and isolation by dynamic principal component analysis", 1995,
/// doi:10.1016/0169-7439(95)00076-3). Their mean and covariance are those of the fitted rows' own windows. Slow
/// variation present while fitting therefore does not count, and relations between sensors do. With the squared
/// Mahalanobis distance d² of each horizon
///
///     score = mean over horizons of ln(d² / median d² of the fitted rows)
///
/// Rows that a covariance was fitted to lie nearer to it than others. To measure this, the fitted rows are scored again
/// in ten blocks, by models fitted without the block and without rows that overlap it. The median of these scores is
/// added to the 0.999 quantile of the fitted rows' scores to give the alarm threshold. A score depends only on its row
/// and earlier ones.
///
/// Worked value: a d² of 12 on both horizons with medians of 3 scores ln 4 = 1.386.
public struct MultivariateDetector: Sendable {
  /// Windows over which sensors are averaged [samples], if there are enough rows to fit them.
  public static let horizons = [15, 30]
  /// Variance added to every feature, relative to a standardised sensor's variance of 1: the resolution of instruments.
  static let resolution = 1e-4
  /// Number of blocks in which the fitted rows are scored by models that were not fitted to them.
  static let blocks = 10

  private struct Horizon: Sendable {
    var length: Int
    var mean: [Double]
    var covariance: CholeskyFactor
    var medianDistance = 1.0

    func distance(_ features: [Double]) -> Double {
      covariance.squaredDistance(zip(features, mean).map { $0 - $1 })
    }
  }

  /// Score above which there is an alarm.
  public private(set) var threshold = 0.0
  private var features: WindowFeatures
  private var horizons: [Horizon] = []

  /// Fits a detector to `rows` of sensors, oldest first; scoring then continues after the last of them.
  ///
  /// The result is `nil` with fewer than 16 rows or without a sensor. Values that are not finite, or beyond 1e30, count
  /// as unchanged.
  public init?(fitting rows: ArraySlice<[Double]>) {
    guard let width = rows.first?.count, width > 0, rows.count >= 16, rows.allSatisfy({ $0.count == width }) else {
      return nil
    }
    // At most an eighth of the rows, so that the longest window occurs several times.
    let lengths = Set(MultivariateDetector.horizons.map { min($0, rows.count / 8) }).sorted()
    let finite = MultivariateDetector.filled(rows)
    features = WindowFeatures(standardisedBy: finite[...], longest: lengths.last ?? 1)
    var windows = lengths.map { _ in [[Double]]() }
    for row in finite {
      features.append(row)
      for position in lengths.indices { windows[position].append(features.features(lengths[position])) }
    }
    for (position, length) in lengths.enumerated() {
      guard let horizon = MultivariateDetector.horizon(length, whole: windows[position].dropFirst(2 * length)) else {
        return nil
      }
      horizons.append(horizon)
    }
    let whole = 2 * (lengths.last ?? 1)..<finite.count
    let scores = whole.map { row in MultivariateDetector.score(horizons, windows: windows.map { $0[row] }) }
    let unknown = MultivariateDetector.unknownScores(whole, windows: windows, horizons: horizons)
    let optimism = unknown.isEmpty ? 0 : max(0, EmpiricalQuantile.median(unknown))
    threshold = EmpiricalQuantile.ofSorted(scores.sorted(), probability: 0.999) + optimism
  }

  /// Returns the score of the next row; 0 is usual, above ``threshold`` is an alarm.
  public mutating func score(_ row: [Double]) -> Double {
    features.append(row)
    return MultivariateDetector.score(horizons, windows: horizons.map { features.features($0.length) })
  }

  private static func score(_ horizons: [Horizon], windows: [[Double]]) -> Double {
    let logarithms = zip(horizons, windows).map { log(max($0.distance($1), 1e-12) / $0.medianDistance) }
    return logarithms.reduce(0, +) / Double(max(1, logarithms.count))
  }

  /// Returns scores of the fitted rows, each block scored by models of the rows that share no window with it.
  ///
  /// - Parameters:
  ///   - whole: Rows with complete windows.
  ///   - windows: Features by horizon and row.
  ///   - horizons: The models fitted to all rows.
  private static func unknownScores(
    _ whole: Range<Int>, windows: [[[Double]]], horizons: [Horizon]
  ) -> [Double] {
    (0..<blocks).flatMap { block -> [Double] in
      let start = whole.lowerBound + whole.count * block / blocks
      let end = whole.lowerBound + whole.count * (block + 1) / blocks
      var models: [Horizon] = []
      for (position, known) in horizons.enumerated() {
        let gap = 2 * known.length
        let others =
          (whole.lowerBound..<max(whole.lowerBound, start - gap)).map { windows[position][$0] }
          + (min(end + gap, whole.upperBound)..<whole.upperBound).map { windows[position][$0] }
        guard var model = horizon(known.length, whole: others[...]) else { return [] }
        model.medianDistance = known.medianDistance
        models.append(model)
      }
      return (start..<end).map { row in score(models, windows: windows.map { $0[row] }) }
    }
  }

  /// Returns the model of one horizon from complete windows; `nil` without any.
  private static func horizon(_ length: Int, whole: ArraySlice<[Double]>) -> Horizon? {
    guard let width = whole.first?.count else { return nil }
    let count = Double(whole.count)
    var mean = [Double](repeating: 0, count: width)
    for window in whole { for i in 0..<width { mean[i] += window[i] / count } }
    var covariance = [Double](repeating: 0, count: width * width)
    for window in whole {
      for i in 0..<width {
        let deviation = (window[i] - mean[i]) / max(1, count - 1)
        for j in 0..<width { covariance[i * width + j] += deviation * (window[j] - mean[j]) }
      }
    }
    for i in 0..<width { covariance[i * width + i] += resolution }
    guard let factor = CholeskyFactor(covariance, order: width) else { return nil }
    var horizon = Horizon(length: length, mean: mean, covariance: factor)
    horizon.medianDistance = max(EmpiricalQuantile.median(whole.map(horizon.distance)), 1e-12)
    return horizon
  }

  /// Returns the rows with each invalid value replaced by the one before, or by the sensor's first.
  private static func filled(_ rows: ArraySlice<[Double]>) -> [[Double]] {
    var last = (rows.first ?? []).indices.map { i in rows.first { WindowFeatures.isValue($0[i]) }?[i] ?? 0 }
    return rows.map { row in
      for i in row.indices where WindowFeatures.isValue(row[i]) { last[i] = row[i] }
      return last
    }
  }
}
