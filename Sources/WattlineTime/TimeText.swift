/// Times as people write them in options and queries.
public enum TimeText {
  /// Returns the time of a text.
  ///
  /// It is a local date or time of a zone (`2026-10-25`, `2026-10-25T14:00`), a time with a zone
  /// (`2026-10-25T12:00:00Z`), a span before or after the present (`-7d`, `+24h`), or `now`. A repeated local hour is
  /// its first.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - calendar: Calendar of the zone.
  ///   - now: Present time.
  /// - Returns: The time; `nil` if the text is none.
  public static func timestamp(_ text: String, calendar: inout LocalCalendar, now: Timestamp) -> Timestamp? {
    if text == "now" { return now }
    if text.first == "-" || text.first == "+", let span = TimeSpan(String(text.dropFirst())) {
      return text.first == "-" ? now - span : now + span
    }
    if let time = ISO8601.timestamp(text) { return time }
    // The zone is left out; a local time has the form of one in UTC.
    let whole = text.contains { "T ".contains($0) } ? text : text + "T00:00"
    return ISO8601.timestamp(whole + "Z").map { calendar.timestamp(of: CivilTime(utc: $0)) }
  }
}
