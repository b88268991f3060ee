import WattlineTime

/// Span of time on the command line, from its start up to and without its end.
struct ExportSpan {
  var start: Timestamp
  var end: Timestamp

  /// First and last time of which the database can be asked.
  private static let first = Timestamp(nanoseconds: -9_223_372_036_854_775_806)
  private static let last = Timestamp(nanoseconds: 9_223_372_036_854_775_806)

  /// Reads both ends.
  ///
  /// - Parameters:
  ///   - from: Text of `--from`.
  ///   - to: Text of `--to`; `nil` for the present.
  ///   - calendar: Calendar of the plant's zone.
  ///   - now: Present time.
  /// - Throws: ``Misuse`` if a text is no time, or the span is empty.
  init(from: String, to: String?, calendar: inout LocalCalendar, now: Timestamp) throws(Misuse) {
    start = try ExportSpan.time(from, option: "--from", calendar: &calendar, now: now)
    end =
      try to.map { (text) throws(Misuse) in
        try ExportSpan.time(text, option: "--to", calendar: &calendar, now: now)
      } ?? now
    start = max(start, ExportSpan.first)
    end = min(end, ExportSpan.last)
    guard start < end else {
      throw Misuse(message: "--from has to be before --to, but \(start) is not before \(end)")
    }
  }

  /// Returns the time of a text: a local date or date and time, a time with a zone, `now`, or a span from now.
  private static func time(
    _ text: String, option: String, calendar: inout LocalCalendar, now: Timestamp
  ) throws(Misuse) -> Timestamp {
    if let time = TimeText.timestamp(text, calendar: &calendar, now: now) { return time }
    throw Misuse(
      message: "\(option) needs a date such as 2026-10-25, a time such as 2026-10-25T14:00 or 2026-10-25T14:00:00Z, "
        + "or a span before now such as -7d, not '\(text)'")
  }
}
