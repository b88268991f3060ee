public import WattlineTime

/// Estimator of the usual reporting interval of a series.
///
/// It is the median of the last seven gaps, so single outages and bursts have no effect. Gaps are stored in 32 bits: to
/// the microsecond up to 35 minutes, to the millisecond beyond, at most 24 days.
///
/// Example: gaps of 10, 10, 10, 95 and 10 s give 10 s.
public struct IntervalEstimator: Sendable, BitwiseCopyable {
  /// Encoded gaps, in a ring; codes sort like the gaps.
  private var gaps: InlineArray<7, UInt32> = .init(repeating: 0)
  private var median: UInt32 = 0
  private var next: UInt8 = 0
  private var filled: UInt8 = 0
  /// Whether at least four gaps are known and all but one at each end are within half and twice the median.
  public private(set) var isRegular = false

  /// Creates an estimator without gaps.
  public init() {}

  /// Creates an estimator that has observed `gaps`, oldest first.
  public init(replaying gaps: [TimeSpan]) {
    for gap in gaps { observe(gap) }
  }

  /// Median gap; zero while none is known.
  public var typical: TimeSpan { Self.span(median) }

  /// Number of stored gaps, 0...7.
  public var count: Int { Int(filled) }

  /// Stored gaps, oldest first; ``init(replaying:)`` makes an equal estimator from them.
  public var remembered: [TimeSpan] {
    (0..<count).map { Self.span(gaps[(Int(next) + 7 - count + $0) % 7]) }
  }

  /// Records the gap between two consecutive readings. A gap that is not positive is ignored.
  public mutating func observe(_ gap: TimeSpan) {
    guard gap > .zero else { return }
    let code = Self.code(gap)
    // A gap that replaces an equal one leaves the median unchanged, as is usual for regular series.
    let isNews = filled < 7 || gaps[Int(next)] != code
    gaps[Int(next)] = code
    next = next == 6 ? 0 : next + 1
    filled = min(7, filled + 1)
    if isNews { summarise() }
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
    median = sorted[(n - 1) / 2]
    let usual = Self.span(median).nanoseconds
    isRegular =
      n >= 4 && Self.span(sorted[1]).nanoseconds >= usual / 2 && Self.span(sorted[n - 2]).nanoseconds / 2 <= usual
  }

  private static let isInMilliseconds: UInt32 = 1 << 31

  private static func code(_ gap: TimeSpan) -> UInt32 {
    let microseconds = max(1, (gap.nanoseconds / 2 + 250) / 500)
    if microseconds < Int64(isInMilliseconds) { return UInt32(microseconds) }
    return isInMilliseconds | UInt32(min(microseconds / 1_000, Int64(isInMilliseconds) - 1))
  }

  private static func span(_ code: UInt32) -> TimeSpan {
    code & isInMilliseconds == 0
      ? TimeSpan(nanoseconds: Int64(code) * 1_000)
      : TimeSpan(nanoseconds: Int64(code & ~isInMilliseconds) * 1_000_000)
  }
}
