import Glibc
import StreamCore

/// A summary of values in 42 bytes from which quantiles can be told: seven clusters, each with its mean and its weight.
///
/// A merging digest after T. Dunning and O. Ertl, "Computing extremely accurate quantiles using t-digests" (2019), with
/// a fixed share for each cluster; of two neighbours that are light and close to each other one is made. Two sketches
/// are merged by putting the clusters of the one into the other. Nothing in it is random.
///
/// **Error.** Up to ``size`` values are kept as they are, and quantiles are those of the values, to single precision.
/// Beyond, a quantile lies on the line between the means of two neighbouring clusters. Measured over uniform, normal,
/// lopsided, two-level, sawtooth, sine and steadily rising data, the share of values below an estimate is off by 0.04 on
/// average at the most, by 0.17 at the worst in a minute of 60 values and by 0.1 in quarters and hours merged of such;
/// a test holds to that.
///
/// Worked value: of 1, 2, 3 and 4 the 10 % quantile stands at position 0.1 × 3 and is 1.3.
struct QuantileSketch: BitwiseCopyable {
  /// Most clusters, and most values that are kept as they are.
  static let size = 7
  /// One over the share of all values that a cluster should have, for each cluster.
  private static let inverseShares: InlineArray<7, Float> = [20, 10, 5, 10 / 3, 5, 10, 20]

  private var means: InlineArray<7, Float> = .init(repeating: 0)
  /// 0 where there is no cluster.
  private var weights: InlineArray<7, UInt16> = .init(repeating: 0)

  var isEmpty: Bool { weights[0] == 0 }

  /// How many clusters.
  private var count: Int {
    var count = 0
    while count < Self.size, weights[count] > 0 { count += 1 }
    return count
  }

  /// Takes in a value; one beyond single precision is ignored.
  mutating func insert(_ value: Double) {
    let value = Float(value)
    if value.isFinite { insert(value, weight: 1) }
  }

  /// Takes in all that another sketch has.
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
      join(value, weight, at: place)
    }
  }

  /// Puts a value between seven clusters and joins two neighbours of the eight: those that are
  /// light for their share and close to each other.
  private mutating func join(_ value: Float, _ weight: UInt16, at place: Int) {
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

  /// The quantile of the values; NaN of none.
  ///
  /// A cluster stands at the middle of the positions of its values, with a straight line from one to the next (Hyndman
  /// and Fan 1996, type 7, where each cluster is one value). `probability` is 0.1...0.9: beyond the first and the last
  /// cluster nothing is known but these.
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
      if wanted < middle { return Self.between(position, value, middle, means[i], at: wanted) }
      (position, value) = (middle, means[i])
      before += Float(weights[i])
    }
    return value
  }

  private static func between(_ a: Float, _ first: Float, _ b: Float, _ second: Float, at position: Float) -> Float {
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
  /// A number of single precision as the decimal of seven digits that it stands for. Example: 230.1.
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
