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
    var users: [String: String] = [:]
    var positions: [Origin: Int] = [:]
    var found: [RefusedPublish] = []
    for line in lines {
      if let match = line.firstMatch(of: connection) {
        users[String(match.1)] = String(match.2)
      } else if let match = line.firstMatch(of: refusal) {
        let key = Origin(client: String(match.1), topic: String(match.2))
        if let position = positions[key] {
          found[position].count = max(found[position].count + 1, match.3.flatMap { Int($0) } ?? 0)
        } else {
          positions[key] = found.count
          found.append(RefusedPublish(client: key.client, user: users[key.client], topic: key.topic, count: 1))
        }
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

  private nonisolated(unsafe) static let connection =
    #/New client connected from .* as (.*) \(p\d+, c\d, k\d+, u'(.*)'\)/#
  private nonisolated(unsafe) static let refusal =
    #/Denied PUBLISH from (.*) \(d\d, q\d, r\d, m\d+, '(.*)', \.\.\. \(-?\d+ bytes\)\)(?: \[(\d+) times\])?/#
}
