import PlantModel

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

extension ValueProblem {
  /// Returns the problem with the name and place of the rule's value, whose position ``value`` has so far.
  func located(in rule: TopicRule) -> ValueProblem {
    guard let position = Int(value), rule.values.indices.contains(position) else {
      if !place.isEmpty { return self }
      return ValueProblem(value: "", place: "", reason: reason, text: text)
    }
    return ValueProblem(
      value: rule.values[position].name, place: rule.values[position].path, reason: reason, text: text)
  }

  /// Returns the log message about a located problem.
  func notice(of rule: TopicRule) -> String {
    let name = value.isEmpty ? "a value" : "value '\(value)' at \"\(place)\""
    return "\(name) of topics '\(rule.match)' is refused (\(reason.rawValue)): \(text)"
  }
}
