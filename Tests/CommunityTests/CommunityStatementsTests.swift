import Testing

@testable import Community

@Suite("statements of a community")
struct CommunityStatementsTests {
  private static let steps = 96

  private static func meters(_ members: Int) -> [[Double]] {
    (0..<members).map { member in
      (0..<steps).map { step in
        let sun = (32..<64).contains(step) && member % 3 != 0 ? 1.7 : 0
        return 0.137 * Double((member * 13 + step * 7) % 17) - sun
      }
    }
  }

  private static let series = CommunityInstance.Series(
    importPrice: (0..<steps).map { 0.2 + 0.0013 * Double($0) }, exportPrice: Array(repeating: 0.07, count: steps),
    carbon: Array(repeating: 0, count: steps))

  private static func statements(_ meters: [[Double]], key: SharingKey) -> CommunityStatements {
    CommunityStatements(meters, series: series, stepHours: 0.25, key: key)
  }

  @Test(arguments: SharingKey.allCases, [1, 2, 7, 100])
  func `cents of members less the community's own are those of the connection's meter`(key: SharingKey, members: Int) {
    let meters = Self.meters(members)
    let result = Self.statements(meters, key: key)
    var bill = 0.0
    for step in 0..<Self.steps {
      let net = meters.reduce(0) { $0 + $1[step] } * 0.25
      bill += net * (net > 0 ? Self.series.importPrice[step] : 0.07)
    }
    #expect(result.meterCents == Int((bill * 100).rounded()))
    #expect(result.statements.reduce(0) { $0 + $1.cents } - result.fundCents == result.meterCents)
    #expect(key == .fixed || result.fundCents == 0)
    #expect(result.fundCents >= 0)
  }

  @Test(arguments: SharingKey.allCases)
  func `lines of a statement are its energies, and sum to what is owed`(key: SharingKey) {
    let meters = Self.meters(9)
    let result = Self.statements(meters, key: key)
    let sharing = EnergySharing(meters, series: Self.series, stepHours: 0.25, key: key)
    for (statement, (account, cents)) in zip(result.statements, zip(sharing.accounts, sharing.cents)) {
      #expect(statement.cents == cents && statement.received.energy == account.received)
      #expect(abs(Double(statement.imported.cents) - account.importedMoney * 100) <= 1.000001)
      #expect(statement.given.cents <= 0 && statement.exported.cents <= 0 && statement.received.cents >= 0)
    }
    let given = result.statements.reduce(0) { $0 + $1.given.energy }
    #expect(abs(given - result.statements.reduce(0) { $0 + $1.received.energy }) < 1e-9 && given > 1)
  }

  @Test(arguments: SharingKey.allCases)
  func `the order of members changes no statement by more than a cent`(key: SharingKey) {
    let meters = Self.meters(11)
    let order = (0..<11).map { ($0 * 4 + 3) % 11 }
    let first = Self.statements(meters, key: key)
    let second = Self.statements(order.map { meters[$0] }, key: key)
    #expect(first.meterCents == second.meterCents && first.fundCents == second.fundCents)
    for (place, member) in order.enumerated() {
      #expect(abs(first.statements[member].cents - second.statements[place].cents) <= 1)
      #expect(abs(first.statements[member].received.energy - second.statements[place].received.energy) < 1e-9)
    }
  }

  @Test func `without a step there is nothing to pay`() {
    let none = CommunityInstance.Series(importPrice: [], exportPrice: [], carbon: [])
    let result = CommunityStatements([[], []], series: none, stepHours: 0.25, key: .dynamic)
    #expect(result.meterCents == 0 && result.fundCents == 0 && result.statements.allSatisfy { $0.cents == 0 })
  }
}
