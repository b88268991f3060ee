import Foundation
import SystemCore

/// The log of a command that runs for long: lines with time and level on stderr.
struct Log: Sendable {
  /// Options of commands with a log.
  static let options = [
    Option(name: "--log-format", value: "FORMAT", help: "log lines on stderr: text or json (default: text)"),
    Option(name: "--log-level", value: "LEVEL", help: "the least level that is logged: error, warning or info"),
  ]

  /// Part about the log in the help of a command.
  static let details = """
    Log lines have the time in UTC and a level: error for what needs a person, warning for what the process mends or
    waits for, info for what it does. Where stderr is the journal of systemd, the level is given as it wants it, and the
    time is the journal's own.
    """

  private let format: LogFormat
  private let least: LogEntry.Level
  // Lines of several threads do not mix.
  private static let writing = Locked(())

  /// Creates the log that a command line asks for.
  ///
  /// - Parameters:
  ///   - arguments: Arguments of the command.
  ///   - environment: Environment variables; `JOURNAL_STREAM` names the stream that is the journal of systemd.
  /// - Throws: ``Misuse`` if a format or level is unknown.
  init(_ arguments: Arguments, environment: [String: String]) throws(Misuse) {
    format = LogFormat(
      try Self.choice("--log-format", arguments: arguments) ?? .text,
      isForJournal: Self.isJournal(environment["JOURNAL_STREAM"], descriptor: STDERR_FILENO))
    least = try Self.choice("--log-level", arguments: arguments) ?? .info
  }

  /// Writes a line if its level is not below the least.
  func write(_ entry: LogEntry) {
    guard entry.level >= least else { return }
    let lines = format.lines(of: entry, at: SystemClock.now())
    Self.writing.with { _ in lines.forEach(Console.report) }
  }

  /// Writes the mistakes of a configuration. As plain text they look as those of `wattline check`.
  func write(mistakes: [some CustomStringConvertible]) {
    for mistake in mistakes {
      if format == LogFormat(.text) {
        Console.report("\(mistake)")
      } else {
        write(.error("\(mistake)"))
      }
    }
  }

  /// Returns whether a descriptor is the stream `DEVICE:INODE` that systemd names in `JOURNAL_STREAM`.
  ///
  /// - Parameters:
  ///   - stream: Value of the variable.
  ///   - descriptor: Open file descriptor.
  static func isJournal(_ stream: String?, descriptor: Int32) -> Bool {
    var status = stat()
    guard let stream, fstat(descriptor, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
  }

  private static func choice<Value: RawRepresentable & CaseIterable>(
    _ name: String, arguments: Arguments
  ) throws(Misuse) -> Value? where Value.RawValue == String {
    guard let text = arguments.text(name) else { return nil }
    if let value = Value(rawValue: text) { return value }
    throw Misuse(message: "\(name) is one of \(Value.allCases.map(\.rawValue).joined(separator: ", ")), not '\(text)'")
  }
}
