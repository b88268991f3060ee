/// The instruction that carries a decision to a member, as a record of the plant's journal.
///
/// Topic `wattline/<plant>/community/set`, members `community`, `start`, `battery`, `cars` and `price`. Numbers have
/// three decimals. Without `battery` and `cars` the member is released and decides for itself.
public enum MemberOrder {
  /// Subject of the instruction.
  public static let subject = "community"

  /// Returns the members of the instruction that carries a plan.
  ///
  /// - Parameters:
  ///   - plan: The member's plan.
  ///   - decision: The decision that it is of.
  ///   - community: Name of the community.
  public static func members(
    _ plan: CommunityDecision.Plan, of decision: CommunityDecision, community: String
  ) -> [String: String] {
    [
      "community": community, "start": "\(decision.time)", "battery": text(plan.battery), "cars": text(plan.cars),
      "price": text(Array(decision.price.prefix(MemberSummary.steps))),
    ]
  }

  /// Returns the members of the instruction that releases a member.
  ///
  /// - Parameters:
  ///   - time: The mark from which on it decides for itself.
  ///   - community: Name of the community.
  public static func release(at time: String, community: String) -> [String: String] {
    ["community": community, "start": time, "battery": "", "cars": ""]
  }

  private static func text(_ values: [Float]) -> String {
    values.map { value in
      guard value.magnitude < 1e9 else { return "0" }
      let rounded = (Double(value) * 1_000).rounded() / 1_000
      return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }.joined(separator: ",")
  }
}
