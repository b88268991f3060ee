/// A line of the log.
///
/// A string literal is a line of level ``Level/info``: `note("reading goes on")`.
public struct LogEntry: Sendable, Equatable, ExpressibleByStringInterpolation, CustomStringConvertible {
  /// Weight of a line, heaviest first.
  public enum Level: String, Sendable, CaseIterable, Comparable {
    /// Data is refused, lost or at risk, or work is not done, until a person acts.
    case error
    /// Something is away, refused or doubtful; the process goes on and mends what it can.
    case warning
    /// The process tells what it does.
    case info

    /// Severity by RFC 5424, as `<N>` of sd-daemon(3).
    public var severity: Int {
      switch self {
      case .error: 3
      case .warning: 4
      case .info: 6
      }
    }

    /// Orders by weight, lightest first.
    public static func < (a: Level, b: Level) -> Bool { a.severity > b.severity }
  }

  /// The subject of a line, beside its message.
  public enum Field: String, Sendable, CaseIterable, Comparable {
    /// Name of a plant.
    case plant
    /// Name of an asset.
    case asset
    /// Topic or filter.
    case topic
    /// Reason as counters have it.
    case reason
    /// Client id at the broker.
    case client

    /// Orders by name.
    public static func < (a: Field, b: Field) -> Bool { a.rawValue < b.rawValue }
  }

  /// Weight of the line.
  public var level: Level
  /// The message, for people.
  public var message: String
  /// The subject of the line.
  public var fields: [Field: String]

  /// Creates a line.
  ///
  /// - Parameters:
  ///   - level: Weight of the line.
  ///   - message: The message.
  ///   - fields: What the line is about.
  public init(_ level: Level, message: String, fields: [Field: String] = [:]) {
    (self.level, self.message, self.fields) = (level, message, fields)
  }

  /// Creates a line of level ``Level/info``.
  public init(stringLiteral message: String) { self.init(.info, message: message) }

  /// Returns a line of level ``Level/error``.
  public static func error(_ message: String, fields: [Field: String] = [:]) -> LogEntry {
    LogEntry(.error, message: message, fields: fields)
  }

  /// Returns a line of level ``Level/warning``.
  public static func warning(_ message: String, fields: [Field: String] = [:]) -> LogEntry {
    LogEntry(.warning, message: message, fields: fields)
  }

  /// Returns a line of level ``Level/info``.
  public static func info(_ message: String, fields: [Field: String] = [:]) -> LogEntry {
    LogEntry(.info, message: message, fields: fields)
  }

  /// The message.
  public var description: String { message }
}
