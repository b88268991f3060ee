import PayloadDecoding
import PlantModel
import Testing

/// Which connection subscribes to what.
struct SubscriptionPlanTests {
  private func plants(_ count: Int) -> [Plant] {
    (0..<count).map { DecoderBench.plant("site\($0)", rules: [TopicRule(match: "site\($0)/{asset}/{sensor}")]) }
  }

  @Test func `plants are spread over connections by their names, and filters that overlap stay together`() {
    let plan = SubscriptionPlan.filters(of: plants(100), connections: 4)
    // Each has one for its readings and one for its instructions.
    #expect(plan.map(\.count).reduce(0, +) == 200 && plan.allSatisfy { $0.count > 20 })
    // Another plant moves nobody.
    let more = SubscriptionPlan.filters(of: plants(101), connections: 4)
    #expect(zip(plan, more).allSatisfy { Set($0).isSubset(of: $1) })
    var overlapping = plants(8)
    overlapping.append(DecoderBench.plant("all", rules: [TopicRule(match: "{site}/meter/{sensor}")]))
    let together = SubscriptionPlan.filters(of: overlapping, connections: 4)
    #expect(together.filter { $0.contains { !$0.hasPrefix("wattline/") } }.count == 1)
    // A filter belongs to the first plant that has it.
    let shared = (0..<8).map { DecoderBench.plant("p\($0)", rules: [TopicRule(match: "shared/{asset}/{sensor}")]) }
    let once = SubscriptionPlan.filters(of: shared, connections: 4).flatMap(\.self)
    #expect(Set(once) == Set(["shared/+/+"] + (0..<8).map { "wattline/p\($0)/+/set" }) && once.count == 9)
    #expect(SubscriptionPlan.filters(of: [], connections: 2) == [[], []])
  }
}
