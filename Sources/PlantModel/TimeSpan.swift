/// A length of time in nanoseconds. Arithmetic saturates.
///
/// Swift's `Duration` is 128 bits wide; this one is half of that and is what batches carry.
public struct TimeSpan: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// The length [ns].
  public var nanoseconds: Int64

  /// A span of `nanoseconds`.
  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// No time at all.
  public static let zero = TimeSpan(nanoseconds: 0)
  /// One second.
  public static let second = TimeSpan.seconds(1)
  /// One minute.
  public static let minute = TimeSpan.minutes(1)
  /// One hour.
  public static let hour = TimeSpan.hours(1)
  /// Twenty-four hours; a local day may be 23 or 25 of them, see ``LocalCalendar``.
  public static let day = TimeSpan.hours(24)

  /// `count` milliseconds, saturating.
  @inlinable
  public static func milliseconds(_ count: Int64) -> TimeSpan { scaled(count, 1_000_000) }
  /// `count` seconds, saturating.
  @inlinable
  public static func seconds(_ count: Int64) -> TimeSpan { scaled(count, 1_000_000_000) }
  /// `count` minutes, saturating.
  @inlinable
  public static func minutes(_ count: Int64) -> TimeSpan { scaled(count, 60_000_000_000) }
  /// `count` hours, saturating.
  @inlinable
  public static func hours(_ count: Int64) -> TimeSpan { scaled(count, 3_600_000_000_000) }
  /// `count` spans of 24 hours, saturating.
  @inlinable
  public static func days(_ count: Int64) -> TimeSpan { scaled(count, 86_400_000_000_000) }

  /// The length in seconds [s].
  @inlinable
  public var inSeconds: Double { Double(nanoseconds) / 1e9 }

  /// The length in hours [h].
  @inlinable
  public var inHours: Double { Double(nanoseconds) / 3.6e12 }

  /// Order by length.
  @inlinable
  public static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.nanoseconds < b.nanoseconds }
  /// The sum, saturating.
  @inlinable
  public static func + (a: TimeSpan, b: TimeSpan) -> TimeSpan {
    TimeSpan(nanoseconds: a.nanoseconds.addingSaturating(b.nanoseconds))
  }
  /// The difference, saturating.
  @inlinable
  public static func - (a: TimeSpan, b: TimeSpan) -> TimeSpan {
    TimeSpan(nanoseconds: a.nanoseconds.subtractingSaturating(b.nanoseconds))
  }
  /// The span without its sign, saturating. Example: that of −90 s is 90 s.
  public var magnitude: TimeSpan { TimeSpan(nanoseconds: Int64(clamping: nanoseconds.magnitude)) }

  /// `span` taken `count` times, saturating.
  @inlinable
  public static func * (span: TimeSpan, count: Int64) -> TimeSpan { scaled(count, span.nanoseconds) }

  @inlinable
  static func scaled(_ count: Int64, _ unit: Int64) -> TimeSpan {
    let (product, overflow) = count.multipliedReportingOverflow(by: unit)
    return TimeSpan(nanoseconds: overflow ? ((count < 0) == (unit < 0) ? .max : .min) : product)
  }
}

extension TimeSpan {
  /// A time as people write it: a number with `ms`, `s`, `m`, `h` or `d`; `nil` for anything else. Example: `50ms`, `2h`.
  public init?(_ text: String) {
    let units = ["ms": 1e6, "s": 1e9, "m": 6e10, "h": 3.6e12, "d": 8.64e13]
    let number = text.prefix { ("0"..."9").contains($0) || $0 == "." }
    let unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
    guard let value = Double(number), let scale = units[unit], let whole = Int64(exactly: (value * scale).rounded())
    else { return nil }
    self.init(nanoseconds: whole)
  }

  /// The time in the largest unit of which it is a whole number, as ``init(_:)`` reads it. Example: `90m`, `2h`, `7d`.
  public var text: String {
    for (unit, scale) in [("d", TimeSpan.day), ("h", .hour), ("m", .minute), ("s", .second)]
    where nanoseconds != 0 && nanoseconds % scale.nanoseconds == 0 {
      return "\(nanoseconds / scale.nanoseconds)\(unit)"
    }
    return "\(Double(nanoseconds) / 1e6)ms"
  }
}

extension Int64 {
  /// The sum, held at the ends of the range.
  @inlinable
  func addingSaturating(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  /// The difference, held at the ends of the range.
  @inlinable
  func subtractingSaturating(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }

  /// The quotient rounded towards negative infinity. `divisor` must be positive.
  @inlinable
  func flooredDivision(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
