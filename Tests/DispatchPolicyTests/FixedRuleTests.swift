import Testing

@testable import DispatchPolicy
@testable import DispatchStudies

@Suite("Fixed rules")
struct FixedRuleTests {
  @Test(arguments: [
    (FixedRule.selfConsumption, 3, 2.0, 2.0), (.selfConsumption, 12, -1, -1), (.tariff, 3, 2, 0), (.tariff, 16, 2, 2),
    (.tariff, 12, -1, -1), (.tariffTopUp, 3, 2, 0), (.tariffTopUp, 16, 2, 2), (.tariffTopUp, 12, 2, -20.0 / 9),
    (.tariffTopUp, 14, 2, -60.0 / 9), (.tariffTopUp, 14, -9, -9), (.tariffTopUp, 10, -1, -1),
  ])
  func `each rule at each part of the day`(rule: FixedRule, hour: Int, netDemand: Double, expected: Double) {
    let wish = rule.request(netDemand: netDemand, energy: 0, hour: hour, problem: Toy.problem())
    #expect(abs(wish - expected) < 1e-9)
  }
}
