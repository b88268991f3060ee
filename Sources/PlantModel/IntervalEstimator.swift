/// Learns the interval at which a series usually speaks: the median of its last seven gaps, so that single outages and
/// bursts do not count.
///
/// Example: gaps of 10, 10, 10, 95 and 10 s give 10 s.
public struct IntervalEstimator: Sendable, BitwiseCopyable {
  private var gaps: InlineArray<7, Int64> = .init(repeating: 0)
  private var next: UInt8 = 0
  private var filled: UInt8 = 0
  /// The median gap; zero while none is known.
  public private(set) var typical = TimeSpan.zero
  /// Whether at least four gaps are known, of which all but one at each end lie within half and twice the median.
  public private(set) var isRegular = false

  /// An estimator that has seen nothing.
  public init() {}

  /// An estimator that has seen `gaps`, oldest first.
  public init(replaying gaps: [TimeSpan]) {
    for gap in gaps { observe(gap) }
  }

  /// How many gaps are remembered, 0...7.
  public var count: Int { Int(filled) }

  /// The remembered gaps, oldest first, from which ``init(replaying:)`` makes an equal estimator.
  public var remembered: [TimeSpan] {
    (0..<count).map { TimeSpan(nanoseconds: gaps[(Int(next) + 7 - count + $0) % 7]) }
  }

  /// Takes in the gap between two consecutive readings; one that is not positive is ignored.
  public mutating func observe(_ gap: TimeSpan) {
    guard gap > .zero else { return }
    gaps[Int(next)] = gap.nanoseconds
    next = next == 6 ? 0 : next + 1
    filled = min(7, filled + 1)
    summarise()
  }

  private mutating func summarise() {
    var sorted = gaps
    let n = Int(filled)
    for i in 1..<max(1, n) {
      let gap = sorted[i]
      var j = i
      while j > 0, sorted[j - 1] > gap {
        sorted[j] = sorted[j - 1]
        j -= 1
      }
      sorted[j] = gap
    }
    let median = sorted[(n - 1) / 2]
    typical = TimeSpan(nanoseconds: median)
    isRegular = n >= 4 && sorted[1] >= median / 2 && sorted[n - 2] / 2 <= median
  }
}
