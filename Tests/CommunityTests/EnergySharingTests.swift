import Testing

@testable import Community

@Suite("who gave whom")
struct EnergySharingTests {
  /// Meters of members whose surplus and demand change by step, with a member that does nothing.
  private static let meters: [[Double]] = (0..<7).map { member in
    (0..<24).map { step in
      let sun: Double = step > 16 || step < 6 ? 2.5 : 0.4
      return member == 6 ? 0 : 0.18 * Double((member * 13 + step * 7) % 17) - sun
    }
  }
  private static let series = CommunityInstance.Series(
    importPrice: (0..<24).map { 0.2 + 0.01 * Double($0) }, exportPrice: Array(repeating: 0.07, count: 24),
    carbon: Array(repeating: 0, count: 24))

  @Test(arguments: SharingKey.allCases)
  func `what is given is received, and each account is its meter`(key: SharingKey) {
    let sharing = EnergySharing(Self.meters, series: Self.series, stepHours: 0.25, key: key)
    let given = sharing.accounts.reduce(0) { $0 + $1.given }
    let received = sharing.accounts.reduce(0) { $0 + $1.received }
    #expect(abs(given - received) < 1e-9 && abs(given - sharing.shared.reduce(0, +)) < 1e-9 && given > 1)
    for (account, meter) in zip(sharing.accounts, Self.meters) {
      let demand = meter.reduce(0) { $0 + max(0, $1) } * 0.25
      let surplus = meter.reduce(0) { $0 + max(0, -$1) } * 0.25
      #expect(abs(account.received + account.imported - demand) < 1e-9)
      #expect(abs(account.given + account.exported - surplus) < 1e-9)
    }
  }

  @Test(arguments: SharingKey.allCases)
  func `money sums to the connection's bill, to the cent`(key: SharingKey) {
    let sharing = EnergySharing(Self.meters, series: Self.series, stepHours: 0.25, key: key)
    let money = sharing.accounts.reduce(0) { $0 + $1.money }
    #expect(abs(money - sharing.gridBill) < 1e-9)
    #expect(sharing.cents.reduce(0, +) == Int((sharing.gridBill * 100).rounded()))
    for (cents, account) in zip(sharing.cents, sharing.accounts) {
      #expect(abs(Double(cents) - account.money * 100) <= 1)
    }
  }

  @Test(arguments: [SharingKey.dynamic, .price])
  func `by these keys the connection meters the sum of the members`(key: SharingKey) {
    let sharing = EnergySharing(Self.meters, series: Self.series, stepHours: 1, key: key)
    let total = (0..<24).map { step in Self.meters.reduce(0) { $0 + $1[step] } }
    let bill = (0..<24).reduce(0.0) { sum, step in
      sum + max(0, total[step]) * Self.series.importPrice[step] - max(0, -total[step]) * 0.07
    }
    #expect(abs(sharing.gridBill - bill) < 1e-9)
  }

  @Test func `nobody pays more by sharing than alone`() {
    for key in SharingKey.allCases {
      let sharing = EnergySharing(Self.meters, series: Self.series, stepHours: 1, key: key)
      for (account, meter) in zip(sharing.accounts, Self.meters) {
        let alone = zip(meter, Self.series.importPrice).reduce(0.0) {
          $0 + max(0, $1.0) * $1.1 - max(0, -$1.0) * 0.07
        }
        #expect(account.money <= alone + 1e-9)
      }
    }
  }

  @Test func `a static key gives each its share, and no more than it uses`() {
    let series = CommunityInstance.Series(importPrice: [0.3], exportPrice: [0.1], carbon: [0])
    let sharing = EnergySharing(
      [[-10], [1], [8]], series: series, stepHours: 1, key: .fixed, shares: [0, 3, 1])
    #expect(sharing.accounts.map(\.received) == [0, 1, 2.5])
    #expect(sharing.accounts[0].given == 3.5 && sharing.accounts[0].exported == 6.5)
  }
}
