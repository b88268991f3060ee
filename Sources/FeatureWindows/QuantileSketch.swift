import Glibc
import StreamCore

/// A summary of values in 42 bytes for estimating quantiles: seven clusters, each with its mean and weight.
///
/// It is a merging digest after T. Dunning and O. Ertl, "Computing extremely accurate quantiles using t-digests"
/// (2019), with a fixed share for each cluster. Of the neighbouring clusters, two that are light and close to each
/// other are joined. Two sketches are merged by inserting the clusters of one into the other. It is deterministic.
///
/// **Error.** Up to ``size`` values are kept unchanged, and quantiles are those of the values, to single precision.
/// Beyond that, a quantile lies on the line between the means of two neighbouring clusters. The error was measured over
/// uniform, normal, skewed, two-level, sawtooth, sine and steadily rising data. The share of values below an estimate
/// is off by at most 0.04 on average. The worst case is 0.17 in a minute of 60 values and 0.1 in quarter-hours and
/// hours merged from such. A test enforces these limits.
///
/// Worked value: of 1, 2, 3 and 4 the 10 % quantile stands at position 0.1 × 3 and is 1.3.
struct QuantileSketch: BitwiseCopyable {
  /// Largest number of clusters, and of values kept unchanged.
  static let size = 7
  /// Reciprocal of the share of all values that each cluster should have.
  private static let inverseShares: InlineArray<7, Float> = [20, 10, 5, 10 / 3, 5, 10, 20]

  private var means: InlineArray<7, Float> = .init(repeating: 0)
  /// Number of values per cluster; 0 for unused clusters.
  private var weights: InlineArray<7, UInt16> = .init(repeating: 0)

  var isEmpty: Bool { weights[0] == 0 }

  /// Number of clusters in use.
  private var count: Int {
    var count = 0
    while count < Self.size, weights[count] > 0 { count += 1 }
    return count
  }

  /// Adds a value; one beyond single precision is ignored.
  mutating func insert(_ value: Double) {
    let value = Float(value)
    if value.isFinite { insert(value, weight: 1) }
  }

  /// Adds all clusters of another sketch.
  mutating func merge(_ other: QuantileSketch) {
    for i in 0..<Self.size where other.weights[i] > 0 { insert(other.means[i], weight: other.weights[i]) }
  }

  private mutating func insert(_ value: Float, weight: UInt16) {
    let count = count
    var place = count
    while place > 0, means[place - 1] > value { place -= 1 }
    if count < Self.size {
      for i in stride(from: count, to: place, by: -1) { (means[i], weights[i]) = (means[i - 1], weights[i - 1]) }
      (means[place], weights[place]) = (value, weight)
    } else {
      join(value, weight: weight, at: place)
    }
  }

  /// Inserts a value between the seven clusters and joins two neighbours of the eight.
  ///
  /// Light clusters, relative to their share, that are close to each other are joined first.
  ///
  /// - Parameters:
  ///   - value: Mean of the new cluster.
  ///   - weight: Weight of the new cluster.
  ///   - place: Position of the new cluster among the others.
  private mutating func join(_ value: Float, weight: UInt16, at place: Int) {
    var eightMeans: InlineArray<8, Float> = .init(repeating: value)
    var eightWeights: InlineArray<8, UInt16> = .init(repeating: weight)
    for i in 0..<Self.size {
      let to = i < place ? i : i + 1
      (eightMeans[to], eightWeights[to]) = (means[i], weights[i])
    }
    var (best, least) = (0, Float.infinity)
    for i in 0..<Self.size {
      let load = (Float(eightWeights[i]) + Float(eightWeights[i + 1])) * Self.inverseShares[i]
      let cost = load * load * (eightMeans[i + 1] - eightMeans[i])
      if cost < least { (best, least) = (i, cost) }
    }
    let (a, b) = (Float(eightWeights[best]), Float(eightWeights[best + 1]))
    eightMeans[best] += (eightMeans[best + 1] - eightMeans[best]) * (b / (a + b))
    let (sum, overflow) = eightWeights[best].addingReportingOverflow(eightWeights[best + 1])
    eightWeights[best] = overflow ? .max : sum
    for i in 0..<Self.size {
      let from = i <= best ? i : i + 1
      (means[i], weights[i]) = (eightMeans[from], eightWeights[from])
    }
  }

  /// Returns a quantile of the values; NaN without values.
  ///
  /// A cluster stands at the middle of its values' positions, with a straight line from one cluster to the next. If
  /// each cluster is one value, this is type 7 of Hyndman and Fan (1996).
  ///
  /// - Parameter probability: 0.1...0.9; the result is never beyond the means of the first and the last cluster.
  func quantile(_ probability: Float) -> Float {
    let count = count
    guard count > 0 else { return .nan }
    var total: Float = 0
    for i in 0..<count { total += Float(weights[i]) }
    let wanted = probability * (total - 1)
    var (position, value): (Float, Float) = (0, means[0])
    var before: Float = 0
    for i in 0..<count {
      let middle = before + (Float(weights[i]) - 1) / 2
      if wanted < middle { return Self.between(position, first: value, b: middle, second: means[i], at: wanted) }
      (position, value) = (middle, means[i])
      before += Float(weights[i])
    }
    return value
  }

  private static func between(_ a: Float, first: Float, b: Float, second: Float, at position: Float) -> Float {
    b > a ? first + (second - first) * ((position - a) / (b - a)) : second
  }

  func write(into writer: inout SnapshotWriter) {
    for i in 0..<Self.size {
      writer.write(means[i].bitPattern)
      writer.write(weights[i])
    }
  }

  init() {}

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    for i in 0..<Self.size {
      means[i] = Float(bitPattern: try reader.read(UInt32.self))
      weights[i] = try reader.read(UInt16.self)
    }
  }
}

extension Double {
  /// Converts a single-precision number to the nearest decimal of seven digits. Example: 230.1.
  init(sevenDigitsOf value: Float) {
    guard value.isFinite, value != 0 else {
      self = Double(value)
      return
    }
    let exact = Double(value)
    let decimals = 6 - log10(exact.magnitude).rounded(.down)
    let power = pow(10, decimals.magnitude)
    self = decimals >= 0 ? (exact * power).rounded() / power : (exact / power).rounded() * power
  }
}
