/// Time as nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// The range is about 1677-09-21 to 2262-04-11. Arithmetic saturates instead of trapping, because times come from
/// payloads.
public struct Timestamp: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// Nanoseconds since the epoch, UTC.
  public var nanoseconds: Int64

  /// Creates the timestamp `nanoseconds` after the epoch.
  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Creates the timestamp `seconds` after the epoch, saturating.
  @inlinable
  public init(seconds: Int64) { self.nanoseconds = TimeSpan.seconds(seconds).nanoseconds }

  /// Creates the timestamp `milliseconds` after the epoch, saturating.
  @inlinable
  public init(milliseconds: Int64) { self.nanoseconds = TimeSpan.milliseconds(milliseconds).nanoseconds }

  /// Earliest timestamp, used for "no reading yet".
  @inlinable
  public static var distantPast: Timestamp { Timestamp(nanoseconds: .min) }

  /// Whole seconds since the epoch, rounded towards the past.
  @inlinable
  public var seconds: Int64 { nanoseconds.flooredDivision(by: 1_000_000_000) }

  /// Whole milliseconds since the epoch, rounded towards the past.
  @inlinable
  public var milliseconds: Int64 { nanoseconds.flooredDivision(by: 1_000_000) }

  /// Returns the latest multiple of `span` since the epoch that is not after this timestamp. `span` must be positive.
  ///
  /// Example: 12:07:30 floored to 15 minutes is 12:00:00.
  @inlinable
  public func floored(to span: TimeSpan) -> Timestamp {
    let (start, overflow) = nanoseconds.flooredDivision(by: span.nanoseconds)
      .multipliedReportingOverflow(by: span.nanoseconds)
    return Timestamp(nanoseconds: overflow ? .min : start)
  }

  /// Orders by time.
  @inlinable
  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }

  /// Returns the timestamp `span` after `timestamp`, saturating.
  @inlinable
  public static func + (timestamp: Timestamp, span: TimeSpan) -> Timestamp {
    Timestamp(nanoseconds: timestamp.nanoseconds.addingSaturating(span.nanoseconds))
  }

  /// Returns the timestamp `span` before `timestamp`, saturating.
  @inlinable
  public static func - (timestamp: Timestamp, span: TimeSpan) -> Timestamp {
    Timestamp(nanoseconds: timestamp.nanoseconds.subtractingSaturating(span.nanoseconds))
  }

  /// Returns the span from `b` to `a`, saturating; negative if `a` is earlier.
  @inlinable
  public static func - (a: Timestamp, b: Timestamp) -> TimeSpan {
    TimeSpan(nanoseconds: a.nanoseconds.subtractingSaturating(b.nanoseconds))
  }

  /// Adds `span` to the timestamp, saturating.
  @inlinable
  public static func += (timestamp: inout Timestamp, span: TimeSpan) { timestamp = timestamp + span }
}

extension Timestamp: CustomStringConvertible {
  /// ISO 8601 text in UTC, with as many decimals (0, 3, 6 or 9) as the value needs.
  public var description: String { CivilTime(utc: self).iso8601 }
}
