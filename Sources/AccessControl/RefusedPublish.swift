/// Messages that mosquitto refused, read from its log.
///
/// The log has them with `log_type debug` only. The filter of the container's log tells their number instead of each.
///
/// Example: `Denied PUBLISH from ID (d0, q1, r0, m1, 'TOPIC', ... (4 bytes)) [10 times]`.
public struct RefusedPublish: Hashable, Sendable {
  /// Client id.
  public var client: String
  /// User of the client; `nil` if the log does not have its connection.
  public var user: String?
  /// Topic that was refused.
  public var topic: String
  /// Number of messages.
  public var count: Int

  /// Client and topic of refused messages.
  private struct Origin: Hashable {
    var client: String
    var topic: String
  }

  /// Returns the refused messages of a log, by client and topic in the order of their first one.
  ///
  /// - Parameter lines: Lines of the log, with any prefix such as a time.
  public static func read(_ lines: some Sequence<String>) -> [RefusedPublish] {
    var reader = RefusalReader()
    var positions: [Origin: Int] = [:]
    var found: [RefusedPublish] = []
    for line in lines {
      guard let message = reader.take(line) else { continue }
      let key = Origin(client: message.client, topic: message.topic)
      if let position = positions[key] {
        found[position].count = max(found[position].count + 1, message.count)
      } else {
        positions[key] = found.count
        found.append(message)
      }
    }
    return found
  }

  /// Returns why the message was refused and what would admit it, in one sentence.
  ///
  /// - Parameter list: The accounts of the present plant files.
  public func remedy(_ list: AccessList) -> String {
    let owners = list.accounts.filter { $0.mayPublish(topic) }.map(\.user)
    if let user, owners.contains(user) {
      return "the plant files grant it; make the ACL again and let the broker read it"
    }
    if let owner = owners.first { return "it is a topic of '\(owner)'; give the device that user and its password" }
    guard let user else { return "no plant has a rule for it" }
    if list.users.contains(user) {
      return "no rule of '\(user)' has it; add a 'match' for it to the plant file, or let the device be silent there"
    }
    return "'\(user)' is not a user of these plants; give the device the user of its plant"
  }

  /// The publisher in words: its user, if the log has it, and its client id.
  public var publisher: String {
    let client = "client '\(Self.visible(client))'"
    return user.map { "user '\(Self.visible($0))' (\(client))" } ?? "an unknown user (\(client))"
  }

  /// Returns a text of a device for people: at most 120 characters, without control characters.
  public static func visible(_ text: String) -> String {
    let scalars = text.unicodeScalars.prefix(120).map { scalar in
      scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return scalars.joined() + (text.unicodeScalars.count > 120 ? "…" : "")
  }
}
