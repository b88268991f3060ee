import PlantModel
package import WattlineTime

/// Parser for the `Retry-After` header (RFC 9110): seconds, or a date in one of three forms.
package enum RetryAfter {
  /// Maximum wait accepted from a server.
  package static let longest = TimeSpan.minutes(10)

  /// Returns the time to wait, 0 to ``longest``, or `nil` if the text is neither seconds nor a date.
  ///
  /// Example: `120`; `Sun, 06 Nov 1994 08:49:37 GMT`, read at 08:49:07, is 30 s.
  package static func span(_ text: String, now: Timestamp) -> TimeSpan? {
    let words = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    if words.count == 1, text.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isWhitespace) }) {
      // A number that does not fit exceeds the longest wait.
      return bounded(Int64(words[0]).map(TimeSpan.seconds) ?? longest)
    }
    return date(words).map { bounded($0 - now) }
  }

  /// Returns the time of an HTTP date in one of three forms, as a `Date` header has it; `nil` for another text.
  package static func date(_ text: String) -> Timestamp? {
    date(text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) })
  }

  private static func bounded(_ span: TimeSpan) -> TimeSpan { min(max(span, .zero), longest) }

  private static func date(_ words: [Substring]) -> Timestamp? {
    // asctime: Sun Nov  6 08:49:37 1994. Others: Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT.
    guard words.count >= 7 else { return nil }
    let isAsctime = month(words[1]) != nil
    let fields = isAsctime ? [words[6], words[1], words[2]] : [words[3], words[2], words[1]]
    let clock = isAsctime ? words[3...5] : words[4...6]
    guard var year = Int(fields[0]), let month = month(fields[1]), let day = Int(fields[2]) else { return nil }
    let parts = clock.compactMap { Int($0) }
    guard parts.count == 3 else { return nil }
    if fields[0].count == 2 { year += year < 70 ? 2000 : 1900 }
    let civil = CivilTime(
      year: year, month: month, day: day, hour: parts[0], minute: parts[1], second: min(parts[2], 59))
    return civil.isValid ? civil.utc : nil
  }

  private static func month(_ word: Substring) -> Int? {
    let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    return names.firstIndex(of: word.lowercased()).map { $0 + 1 }
  }
}
