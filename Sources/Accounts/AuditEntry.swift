public import WattlineTime

/// An entry of the audit: who did what, from where, and whether it was done.
///
/// As JSON it has the members `time`, `user`, `address`, `action`, `target` and `result`.
public struct AuditEntry: Hashable, Sendable, Encodable {
  /// When it was.
  public internal(set) var time: Timestamp
  /// Name of the account, or `cli:USER`; empty if nobody is known.
  public internal(set) var user: String
  /// Address of the client; empty at the command line.
  public internal(set) var address: String
  /// The action that was done or refused, such as `login`, `user.add`, `alerts.handle`.
  public internal(set) var action: String
  /// The object of the action, such as the name of an account or a plant.
  public internal(set) var target: String
  /// `done`, or `refused: REASON`.
  public internal(set) var result: String

  /// The result of what was done.
  public static let done = "done"

  /// Creates an entry about what was done. Of long texts the first 500 characters are kept.
  ///
  /// - Parameters:
  ///   - time: When it was.
  ///   - requester: Who did it.
  ///   - action: What was done.
  ///   - target: What it was done to.
  ///   - result: `done`, or `refused: REASON`.
  public init(
    _ time: Timestamp, by requester: Requester, action: String, target: String = "", result: String = done
  ) {
    self.time = time
    (user, address) = (Self.bounded(requester.user), Self.bounded(requester.address))
    (self.action, self.target, self.result) = (Self.bounded(action), Self.bounded(target), Self.bounded(result))
  }

  /// Texts may come from strangers.
  private static func bounded(_ text: String) -> String { String(text.unicodeScalars.prefix(500)) }

  private enum Key: String, CodingKey { case time, user, address, action, target, result }

  /// Writes the six members.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: Key.self)
    try members.encode(time.description, forKey: .time)
    for (key, text) in [
      (Key.user, user), (.address, address), (.action, action), (.target, target), (.result, result),
    ] {
      try members.encode(text, forKey: key)
    }
  }
}

/// Which entries of the audit are asked for.
public struct AuditFilter: Hashable, Sendable {
  /// Only of this user.
  public var user: String?
  /// Only of this action.
  public var action: String?
  /// Only from this time on.
  public var start: Timestamp?
  /// Only before this time.
  public var end: Timestamp?

  /// Creates a filter that all entries pass.
  public init() {}
}

/// Entries of the audit, latest first.
public struct AuditPage: Hashable, Sendable {
  /// The entries.
  public var entries: [AuditEntry]
  /// Cursor of the next page; `nil` at the end.
  public var next: Int64?
}
