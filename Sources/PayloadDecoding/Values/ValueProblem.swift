/// A value that a message was expected to give and did not, or that was not what was expected.
public struct ValueProblem: Hashable, Sendable {
  /// The name in the rule; empty where the payload names its values.
  public var value: String
  /// Where it was looked for.
  public var place: String
  /// Why it was not taken.
  public var reason: RefusalReason
  /// What stood there, shortened; empty where nothing did.
  public var text: String
}
