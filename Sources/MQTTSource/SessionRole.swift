/// What a session is among the sessions of a process.
struct SessionRole: Sendable {
  /// Its number in the journal's messages, 0...127.
  var connection = 0
  /// Whether it only fetches what the broker still has for it, and then ends its session.
  var isDraining = false
  /// Whether every session has what it wants, so that the broker may be asked to forget what is left over.
  var mayUnsubscribe: @Sendable () -> Bool = { true }
  /// Called when the session has got all answers to its subscriptions, or waits for some again.
  var settlementChanged: @Sendable () -> Void = {}
}
