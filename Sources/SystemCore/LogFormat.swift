public import WattlineTime

/// Form of log lines.
public struct LogFormat: Sendable, Equatable {
  /// Form of a line's content.
  public enum Content: String, Sendable, CaseIterable {
    /// `2026-11-29T18:00:00.123Z warning message`.
    case text
    /// One JSON object a line.
    case json
  }

  /// Form of a line's content.
  public var content: Content
  /// Whether the reader is the journal of systemd. It keeps the time itself, and takes the level from `<N>`.
  public var isForJournal: Bool

  /// Creates a form.
  ///
  /// - Parameters:
  ///   - content: Form of a line's content.
  ///   - isForJournal: Whether the reader is the journal of systemd.
  public init(_ content: Content, isForJournal: Bool = false) {
    (self.content, self.isForJournal) = (content, isForJournal)
  }

  /// Returns the lines of an entry, without line ends. Text has one for each line of the message, JSON has one.
  public func lines(of entry: LogEntry, at timestamp: Timestamp) -> [String] {
    let prefix = isForJournal ? "<\(entry.level.severity)>" : ""
    switch content {
    case .json: return [prefix + Self.json(entry, time: Self.text(timestamp))]
    case .text:
      let start = isForJournal ? prefix : "\(Self.text(timestamp)) \(entry.level.rawValue) "
      return entry.message.split(whereSeparator: \.isNewline).map { start + Self.visible($0) }
    }
  }

  /// Returns a time with milliseconds: `2026-11-29T18:00:00.123Z`.
  private static func text(_ timestamp: Timestamp) -> String {
    // Without the decimals, the text ends in Z.
    let seconds = timestamp.floored(to: .second)
    let decimals = String((timestamp - seconds).nanoseconds / 1_000_000)
    return seconds.description.dropLast() + "." + String(repeating: "0", count: 3 - decimals.count) + decimals + "Z"
  }

  /// Returns a text whose control characters cannot act on a terminal.
  private static func visible(_ text: Substring) -> String {
    var visible = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      visible.append(isControl(scalar) && scalar != "\t" ? "·" : scalar)
    }
    return String(visible)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
  }

  /// Returns a JSON object: time, level, message, and the fields by name.
  private static func json(_ entry: LogEntry, time: String) -> String {
    let members =
      [("time", time), ("level", entry.level.rawValue), ("message", entry.message)]
      + entry.fields.sorted { $0.key < $1.key }.map { ($0.key.rawValue, $0.value) }
    return "{" + members.map { quoted($0.0) + ":" + quoted($0.1) }.joined(separator: ",") + "}"
  }

  /// Returns a text as a JSON string (RFC 8259). Characters that end a line for some readers are escaped too.
  private static func quoted(_ text: String) -> String {
    var quoted = String.UnicodeScalarView("\"".unicodeScalars)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted.append(contentsOf: "\\\"".unicodeScalars)
      case "\\": quoted.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": quoted.append(contentsOf: "\\n".unicodeScalars)
      case "\t": quoted.append(contentsOf: "\\t".unicodeScalars)
      case _ where isControl(scalar) || scalar == "\u{2028}" || scalar == "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        quoted.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars)
      default: quoted.append(scalar)
      }
    }
    quoted.append("\"")
    return String(quoted)
  }
}
