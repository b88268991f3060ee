/// Length of time in nanoseconds. Arithmetic saturates.
///
/// It is half as large as Swift's 128-bit `Duration`, because batches store many of them.
public struct TimeSpan: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// Length [ns].
  public var nanoseconds: Int64

  /// Creates a span of `nanoseconds`.
  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Empty span.
  @inlinable
  public static var zero: TimeSpan { TimeSpan(nanoseconds: 0) }
  /// One second.
  @inlinable
  public static var second: TimeSpan { TimeSpan.seconds(1) }
  /// One minute.
  @inlinable
  public static var minute: TimeSpan { TimeSpan.minutes(1) }
  /// One hour.
  @inlinable
  public static var hour: TimeSpan { TimeSpan.hours(1) }
  /// Twenty-four hours. A local day may have 23 or 25 hours, see ``LocalCalendar``.
  @inlinable
  public static var day: TimeSpan { TimeSpan.hours(24) }

  /// Returns `count` milliseconds, saturating.
  @inlinable
  public static func milliseconds(_ count: Int64) -> TimeSpan { scaled(count, unit: 1_000_000) }
  /// Returns `count` seconds, saturating.
  @inlinable
  public static func seconds(_ count: Int64) -> TimeSpan { scaled(count, unit: 1_000_000_000) }
  /// Returns `count` minutes, saturating.
  @inlinable
  public static func minutes(_ count: Int64) -> TimeSpan { scaled(count, unit: 60_000_000_000) }
  /// Returns `count` hours, saturating.
  @inlinable
  public static func hours(_ count: Int64) -> TimeSpan { scaled(count, unit: 3_600_000_000_000) }
  /// Returns `count` spans of 24 hours, saturating.
  @inlinable
  public static func days(_ count: Int64) -> TimeSpan { scaled(count, unit: 86_400_000_000_000) }

  /// Length [s].
  @inlinable
  public var inSeconds: Double { Double(nanoseconds) / 1e9 }

  /// Length [h].
  @inlinable
  public var inHours: Double { Double(nanoseconds) / 3.6e12 }

  /// Orders by length.
  @inlinable
  public static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.nanoseconds < b.nanoseconds }
  /// Returns the sum, saturating.
  @inlinable
  public static func + (a: TimeSpan, b: TimeSpan) -> TimeSpan {
    TimeSpan(nanoseconds: a.nanoseconds.addingSaturating(b.nanoseconds))
  }
  /// Returns the difference, saturating.
  @inlinable
  public static func - (a: TimeSpan, b: TimeSpan) -> TimeSpan {
    TimeSpan(nanoseconds: a.nanoseconds.subtractingSaturating(b.nanoseconds))
  }
  /// Absolute value, saturating. Example: that of −90 s is 90 s.
  public var magnitude: TimeSpan { TimeSpan(nanoseconds: Int64(clamping: nanoseconds.magnitude)) }

  /// Returns `span` multiplied by `count`, saturating.
  @inlinable
  public static func * (span: TimeSpan, count: Int64) -> TimeSpan { scaled(count, unit: span.nanoseconds) }

  @inlinable
  static func scaled(_ count: Int64, unit: Int64) -> TimeSpan {
    let (product, overflow) = count.multipliedReportingOverflow(by: unit)
    return TimeSpan(nanoseconds: overflow ? ((count < 0) == (unit < 0) ? .max : .min) : product)
  }
}

extension TimeSpan {
  /// Parses a number with the unit `ms`, `s`, `m`, `h` or `d`; `nil` for anything else. Example: `50ms`, `2h`.
  public init?(_ text: String) {
    let units = ["ms": 1e6, "s": 1e9, "m": 6e10, "h": 3.6e12, "d": 8.64e13]
    let number = text.prefix { ("0"..."9").contains($0) || $0 == "." }
    let unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
    guard let value = Double(number), let scale = units[unit], let whole = Int64(exactly: (value * scale).rounded())
    else { return nil }
    self.init(nanoseconds: whole)
  }

  /// Text in the largest unit of which the span is a whole multiple, as ``init(_:)`` reads it. Example: `90m`, `2h`,
  /// `7d`.
  public var text: String {
    for (unit, scale) in [("d", TimeSpan.day), ("h", .hour), ("m", .minute), ("s", .second)]
    where nanoseconds != 0 && nanoseconds % scale.nanoseconds == 0 {
      return "\(nanoseconds / scale.nanoseconds)\(unit)"
    }
    return "\(Double(nanoseconds) / 1e6)ms"
  }
}

extension Int64 {
  /// Returns the sum, clamped to the range of the type.
  @inlinable
  func addingSaturating(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  /// Returns the difference, clamped to the range of the type.
  @inlinable
  func subtractingSaturating(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }

  /// Returns the quotient rounded towards negative infinity. `divisor` must be positive.
  @inlinable
  func flooredDivision(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
