public import WattlineTime

/// Text with `{since:FORM}` and `{until:FORM}`, which stand for the ends of a span of time.
///
/// A form is one of ``forms``, or a text with the letters of `strftime`, in the plant's local time. Without a form it
/// is `iso`.
public struct TimeTemplate: Hashable, Sendable {
  /// Forms of a time, with an example each.
  public static let forms: [(name: String, example: String)] = [
    ("iso", "2026-03-01T11:00:00Z"), ("s", "1772362800"), ("ms", "1772362800000"), ("date", "2026-03-01"),
    ("local", "2026-03-01T12:00:00"), ("offset", "2026-03-01T12:00:00+01:00"),
  ]
  private static let letters: Set<Character> = ["Y", "y", "m", "d", "H", "M", "S", "j", "s", "%"]

  /// Error of a template, with what would be right.
  public struct Mistake: Error, Hashable, Sendable, CustomStringConvertible {
    /// All that is wrong, and what would be right.
    public var description: String
  }

  private enum Part: Hashable, Sendable {
    case text(String)
    case time(isEnd: Bool, form: String)
  }

  private let parts: [Part]
  /// Whether the text depends on the span.
  public var hasTimes: Bool { parts.contains { if case .time = $0 { true } else { false } } }

  /// Reads a template.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - allowsBraces: Whether other braces are text, as in JSON.
  /// - Throws: ``Mistake`` for an unknown placeholder or form.
  public init(_ text: String, allowsBraces: Bool = false) throws(Mistake) {
    var parts: [Part] = []
    var (rest, plain) = (text[...], "")
    while let open = rest.firstIndex(of: "{") {
      plain += rest[..<open]
      let inside = rest[rest.index(after: open)...]
      let word = inside.prefix { $0.isLetter }
      let isTime =
        (word == "since" || word == "until") && (inside.dropFirst(word.count).first.map { ":}".contains($0) } ?? false)
      guard isTime, let close = inside.firstIndex(of: "}") else {
        if !allowsBraces {
          throw Mistake(
            description: "{\(inside.prefix { $0 != "}" })} stands for nothing; write {since:iso} or {until:iso}")
        }
        plain.append("{")
        rest = inside
        continue
      }
      let form = inside[inside.index(inside.startIndex, offsetBy: word.count)..<close].dropFirst()
      try Self.check(form, of: word)
      if !plain.isEmpty { parts.append(.text(plain)) }
      parts.append(.time(isEnd: word == "until", form: form.isEmpty ? "iso" : String(form)))
      plain = ""
      rest = inside[inside.index(after: close)...]
    }
    plain += rest
    if !plain.isEmpty { parts.append(.text(plain)) }
    self.parts = parts
  }

  private static func check(_ form: Substring, of word: Substring) throws(Mistake) {
    if form.isEmpty || forms.contains(where: { $0.name == form }) { return }
    var letters = form[...]
    var hasLetter = false
    while let mark = letters.firstIndex(of: "%") {
      let next = letters[letters.index(after: mark)...].first
      guard let next, Self.letters.contains(next) else {
        throw Mistake(
          description: "{\(word):\(form)} has %\(next.map(String.init) ?? ""); known are %Y %y %m %d %H %M %S %j %s %%")
      }
      hasLetter = true
      letters = letters[mark...].dropFirst(2)
    }
    if hasLetter { return }
    let known = forms.map(\.name).joined(separator: ", ")
    throw Mistake(
      description: "{\(word):\(form)} has no such form; write one of \(known), or letters such as %Y-%m-%dT%H:%M")
  }

  /// Returns the text of a span.
  ///
  /// - Parameters:
  ///   - span: The span.
  ///   - calendar: Calendar of the plant's zone.
  ///   - isAddress: Whether times are encoded for an address.
  /// - Returns: The text.
  public func text(of span: ClosedRange<Timestamp>, calendar: inout LocalCalendar, isAddress: Bool = false) -> String {
    var result = ""
    for part in parts {
      switch part {
      case .text(let text): result += text
      case .time(let isEnd, let form):
        let time = Self.text(of: isEnd ? span.upperBound : span.lowerBound, form: form, calendar: &calendar)
        result += isAddress ? Self.encoded(time) : time
      }
    }
    return result
  }

  private static func text(of time: Timestamp, form: String, calendar: inout LocalCalendar) -> String {
    let time = time.floored(to: .second)
    let local = calendar.civil(at: time)
    switch form {
    case "iso": return filled("%Y-%m-%dT%H:%M:%SZ", with: CivilTime(utc: time), of: time)
    case "s": return String(time.seconds)
    case "ms": return String(time.seconds * 1_000)
    case "date": return filled("%Y-%m-%d", with: local, of: time)
    case "local": return filled("%Y-%m-%dT%H:%M:%S", with: local, of: time)
    case "offset":
      let minutes = calendar.utcOffset(at: time) / 60
      let size = abs(minutes)
      let offset = "\(minutes < 0 ? "-" : "+")\(digits(Int(size / 60), 2)):\(digits(Int(size % 60), 2))"
      return filled("%Y-%m-%dT%H:%M:%S", with: local, of: time) + offset
    default: return filled(form, with: local, of: time)
    }
  }

  private static func filled(_ form: String, with civil: CivilTime, of time: Timestamp) -> String {
    var (result, isLetter) = ("", false)
    for character in form {
      guard isLetter else {
        if character == "%" { isLetter = true } else { result.append(character) }
        continue
      }
      isLetter = false
      switch character {
      case "Y": result += digits(civil.year, 4)
      case "y": result += digits(civil.year % 100, 2)
      case "m": result += digits(civil.month, 2)
      case "d": result += digits(civil.day, 2)
      case "H": result += digits(civil.hour, 2)
      case "M": result += digits(civil.minute, 2)
      case "S": result += digits(civil.second, 2)
      case "j": result += digits(civil.dayOfYear, 3)
      case "s": result += String(time.seconds)
      default: result.append(character)
      }
    }
    return result
  }

  private static func digits(_ number: Int, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, count - text.count)) + text
  }

  private static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      let isPlain = byte < 0x80 && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte))
      if isPlain || "-._~:".unicodeScalars.contains(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}
