/// A topic filter or pattern that several clients share, `$share/{group}/…`: the broker hands each message to one client
/// of the group (MQTT 5.0, section 4.8.2; many brokers know it with MQTT 3.1.1 too).
///
/// Topics of messages do not have the prefix. A broker sends no retained messages on a shared subscription.
///
/// Example: `$share/workers/plant/+/+` has the group `workers` and the filter `plant/+/+`.
public struct SharedSubscription: Hashable, Sendable {
  /// Name of the group; empty if it is missing.
  public let group: Substring
  /// What follows the group; empty if nothing does.
  public let filter: Substring

  /// `nil` for a text whose first level is not `$share`.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts[0] == "$share" else { return nil }
    group = parts.count > 1 ? parts[1] : ""
    filter = parts.count > 2 ? parts[2] : ""
  }

  /// Whether there is a group without wildcards and braces, and a filter behind it.
  public var isValid: Bool { !group.isEmpty && !group.contains { "+#{}".contains($0) } && !filter.isEmpty }

  /// A filter or pattern without the prefix of a shared subscription, as topics of messages are compared with it.
  public static func unshared(_ text: String) -> Substring { SharedSubscription(text)?.filter ?? text[...] }
}
