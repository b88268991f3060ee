import SystemCore
public import WattlineTime

/// Changes with a key by which a repetition is recognised, also after a restart.
extension AccountStore {
  /// Time for which a change is known.
  public static let changeLife = TimeSpan.day
  /// Maximum number of changes that are known.
  public static let mostChanges = 1_000
  /// Maximum length of an answer that is kept [bytes].
  public static let longestAnswer = 16 << 10

  /// The answer to a change.
  public struct ChangeAnswer: Hashable, Sendable {
    /// Status code.
    public var status: Int
    /// Media type of the body.
    public var contentType: String
    /// Header `location`, if there is one.
    public var location: String?
    /// The body.
    public var body: [UInt8]

    /// Creates an answer; the parameters are the properties of the same names.
    public init(status: Int, contentType: String, location: String? = nil, body: [UInt8]) {
      (self.status, self.contentType, self.location, self.body) = (status, contentType, location, body)
    }
  }

  /// The meaning of a key for a change.
  public enum KnownChange: Hashable, Sendable {
    /// The change is new.
    case new
    /// It was made, with this answer; `nil` if that is not kept.
    case done(ChangeAnswer?)
    /// It was begun, and it is not known whether it was made.
    case interrupted
    /// The key belongs to another change.
    case other
  }

  /// Begins a change, which is known from now on.
  ///
  /// - Parameters:
  ///   - key: Key of the change.
  ///   - print: What tells it from others with the same key.
  ///   - time: The time.
  /// - Returns: Whether it is new.
  /// - Throws: `AccountError` if the file cannot be written; the change must not be made then.
  public func beginChange(
    _ key: String, print: String, at time: Timestamp
  ) throws(AccountError) -> KnownChange {
    try database.with { (database) throws(AccountError) in
      try database.transaction { () throws(AccountError) in
        try database.rows(
          "DELETE FROM change WHERE time <= ? OR time > ?", .integer((time - Self.changeLife).nanoseconds),
          .integer((time + Self.changeLife).nanoseconds))
        let digest = Cryptography.digest(print)
        let rows = try database.rows(
          "SELECT print, status, type, location, body FROM change WHERE key = ?", .text(key))
        if let row = rows.first {
          guard row[0].bytes == digest else { return .other }
          guard let status = row[1].integer else { return .interrupted }
          guard let type = row[2].text else { return .done(nil) }
          return .done(
            ChangeAnswer(status: Int(status), contentType: type, location: row[3].text, body: row[4].bytes ?? []))
        }
        try database.rows(
          "DELETE FROM change WHERE key IN (SELECT key FROM change ORDER BY time DESC LIMIT -1 OFFSET ?)",
          .integer(Int64(Self.mostChanges - 1)))
        try database.rows(
          "INSERT INTO change (key, print, time) VALUES (?, ?, ?)", .text(key), .bytes(digest),
          .integer(time.nanoseconds))
        return .new
      }
    }
  }

  /// Keeps the answer to a change.
  ///
  /// - Parameters:
  ///   - key: Key of the change.
  ///   - answer: Its answer; `nil` if it must not be kept. One that is longer than ``longestAnswer`` is not kept
  /// either.
  /// - Throws: `AccountError` if the file cannot be written.
  public func endChange(_ key: String, answer: ChangeAnswer?) throws(AccountError) {
    let kept = answer.flatMap { $0.body.count <= Self.longestAnswer ? $0 : nil }
    try database.with { (database) throws(AccountError) in
      _ = try database.rows(
        "UPDATE change SET status = ?, type = ?, location = ?, body = ? WHERE key = ?",
        .integer(Int64(kept?.status ?? 0)), kept.map { .text($0.contentType) } ?? .null,
        kept?.location.map { .text($0) } ?? .null, kept.map { .bytes($0.body) } ?? .null, .text(key))
    }
  }

  /// Forgets a change that was not made.
  ///
  /// - Throws: `AccountError` if the file cannot be written.
  public func forgetChange(_ key: String) throws(AccountError) {
    try database.with { (database) throws(AccountError) in
      _ = try database.rows("DELETE FROM change WHERE key = ?", .text(key))
    }
  }
}
