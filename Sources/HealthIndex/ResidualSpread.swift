/// Median and 90 % quantile of a sensor's residuals over about the last week, in 12 bytes.
///
/// Each value above an estimate raises it by a share, each below lowers it. The two balance at the wanted quantile
/// (stochastic approximation after H. Robbins and S. Monro, 1951; on a logarithmic scale). The first steps are large;
/// later ones are 0.6 %, a memory of a week of quarter-hours. A single extreme value moves an estimate no more than any
/// other.
struct ResidualSpread: BitwiseCopyable {
  private static let smallestStep: Float = 0.006

  private(set) var median: Float = 0
  private(set) var high: Float = 0
  /// Number of values, at most 255.
  private(set) var count: UInt8 = 0

  /// Adds the magnitude of a residual; smaller ones than `least` count as `least`.
  mutating func observe(_ size: Double, least: Double) {
    let size = Float(min(max(size, least, 1e-30), 1e30))
    if count == 0 { (median, high) = (size, size) }
    if count < .max { count += 1 }
    let step = max(Self.smallestStep, 1 / Float(count))
    Self.move(&median, towards: size, probability: 0.5, step: step)
    Self.move(&high, towards: size, probability: 0.9, step: step)
    high = max(high, median)
  }

  private static func move(_ estimate: inout Float, towards size: Float, probability: Float, step: Float) {
    if size > estimate { estimate = min(size, estimate * (1 + 2 * step * probability)) }
    if size < estimate { estimate = max(size, estimate * (1 - 2 * step * (1 - probability))) }
  }

  init() {}

  init(median: Float, high: Float, count: UInt8) { (self.median, self.high, self.count) = (median, high, count) }
}
