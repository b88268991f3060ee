/// Topic filter or pattern of a shared subscription, `$share/{group}/…`.
///
/// The broker delivers each message to one client of the group (MQTT 5.0, section 4.8.2; many brokers support it with
/// MQTT 3.1.1). Topics of messages lack the prefix. A broker sends no retained messages on a shared subscription.
///
/// Example: `$share/workers/plant/+/+` has the group `workers` and the filter `plant/+/+`.
public struct SharedSubscription: Hashable, Sendable {
  /// Name of the group; empty if it is missing.
  public let group: Substring
  /// Filter after the group; empty if it is missing.
  public let filter: Substring

  /// Splits a text; `nil` if its first level is not `$share`.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts[0] == "$share" else { return nil }
    group = parts.count > 1 ? parts[1] : ""
    filter = parts.count > 2 ? parts[2] : ""
  }

  /// Whether there are a filter and a group without wildcards and braces.
  public var isValid: Bool { !group.isEmpty && !group.contains { "+#{}".contains($0) } && !filter.isEmpty }

  /// Returns a filter or pattern without the prefix of a shared subscription, for comparison with topics of messages.
  public static func unshared(_ text: String) -> Substring { SharedSubscription(text)?.filter ?? text[...] }
}
