/// Role of a session among the sessions of a process.
struct SessionRole: Sendable {
  /// Connection number in the journal's messages, 0...127.
  var connection = 0
  /// Whether the session only fetches its queued messages and then ends.
  var isDraining = false
  /// Returns whether every session in use is settled, so that surplus filters may be unsubscribed.
  var mayUnsubscribe: @Sendable () -> Bool = { true }
  /// Called when the session has all answers to its subscriptions, or awaits some again.
  var settlementChanged: @Sendable () -> Void = {}
}
