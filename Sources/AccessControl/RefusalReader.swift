import Glibc

/// Reader of mosquitto's log, line by line in bounded memory.
public struct RefusalReader: Sendable {
  /// Clients whose users are known at the same time. Beyond them all are forgotten.
  static let mostClients = 20_000

  private var users: [String: String] = [:]

  /// Creates a reader that knows no client.
  public init() {}

  /// Returns the message that a line tells as refused; `nil` for any other line. Connections are remembered, because
  /// only they have the user.
  ///
  /// - Parameter line: Line of the log, with any prefix such as a time.
  /// - Returns: The message. Its count is that of the line, or 1.
  public mutating func take(_ line: String) -> RefusedPublish? {
    if let match = line.firstMatch(of: Self.connection) {
      if users.count >= Self.mostClients { users.removeAll() }
      users[String(match.1)] = String(match.2)
      return nil
    }
    guard let match = line.firstMatch(of: Self.refusal) else { return nil }
    let client = String(match.1)
    return RefusedPublish(
      client: client, user: users[client], topic: String(match.2), count: match.3.flatMap { Int($0) } ?? 1)
  }

  /// Returns whether ``take(_:)`` may have a use for a line; much faster than reading it.
  public static func isOfUse(_ line: UnsafeRawBufferPointer) -> Bool {
    contains("Denied PUBLISH from ", in: line) || contains("New client connected from ", in: line)
  }

  private static func contains(_ text: StaticString, in line: UnsafeRawBufferPointer) -> Bool {
    let wanted = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    guard let base = line.baseAddress, let words = wanted.baseAddress else { return false }
    var start = 0
    while start + wanted.count <= line.count,
      let found = memchr(base + start, Int32(wanted[0]), line.count - wanted.count - start + 1)
    {
      if memcmp(found, words, wanted.count) == 0 { return true }
      start = UnsafeRawPointer(found) - base + 1
    }
    return false
  }

  private nonisolated(unsafe) static let connection =
    #/New client connected from .* as (.*) \(p\d+, c\d, k\d+, u'(.*)'\)/#
  private nonisolated(unsafe) static let refusal =
    #/Denied PUBLISH from (.*) \(d\d, q\d, r\d, m\d+, '(.*)', \.\.\. \(-?\d+ bytes\)\)(?: \[(\d+) times\])?/#
}
