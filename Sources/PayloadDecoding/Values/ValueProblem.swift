/// An expected value that is missing or invalid.
public struct ValueProblem: Hashable, Sendable {
  /// Name in the rule; empty if the payload names its values.
  public var value: String
  /// Place of the value.
  public var place: String
  /// Reason for the refusal.
  public var reason: RefusalReason
  /// The text found there, shortened; empty if there was none.
  public var text: String
}
