/// A rule by which a community's own energy goes to its members.
public enum SharingKey: String, Sendable, CaseIterable {
  /// Each member has a fixed share of the surplus; what it cannot use goes to the grid.
  case fixed = "static"
  /// Each gets in proportion to what it lacks in the step.
  case dynamic
  /// As `dynamic`, at a price between feed-in and import that falls with the share of demand that the surplus covers.
  case price
}

/// The sharing within a community, and what each owes: energy by step, money over the horizon.
///
/// Surplus of members is what their meters export in a step. Those who import share it. The rest comes from the grid or
/// goes there. The sums over members are the connection's meter in each step.
public struct EnergySharing: Sendable {
  /// Energy and money of a member over the horizon.
  public struct Account: Sendable, Equatable {
    /// Energy given to members [kWh].
    public var given = 0.0
    /// Energy received from members [kWh].
    public var received = 0.0
    /// Energy from the grid [kWh].
    public var imported = 0.0
    /// Energy to the grid [kWh].
    public var exported = 0.0
    /// Money owed for energy from members.
    public var receivedMoney = 0.0
    /// Money owed for energy to members, not positive where its price is not negative.
    public var givenMoney = 0.0
    /// Money owed for energy from the grid.
    public var importedMoney = 0.0
    /// Money owed for energy to the grid, not positive where its price is not negative.
    public var exportedMoney = 0.0

    /// Money owed; negative if it is due to the member.
    public var money: Double { receivedMoney + givenMoney + importedMoney + exportedMoney }
  }

  /// Accounts of members.
  public let accounts: [Account]
  /// Energy that was shared in each step [kWh].
  public let shared: [Double]
  /// Price of shared energy in each step.
  public let price: [Double]
  /// Money of the connection: import less export at the grid's prices.
  public let gridBill: Double

  /// Shares the energy of meters.
  ///
  /// - Parameters:
  ///   - meters: Import less export of each member at each step [kW].
  ///   - series: Prices of the grid.
  ///   - stepHours: Length of a step [h].
  ///   - key: The rule.
  ///   - shares: Share of each member by the static key, not negative; equal ones if it is `nil`.
  public init(
    _ meters: [[Double]], series: CommunityInstance.Series, stepHours: Double, key: SharingKey,
    shares: [Double]? = nil
  ) {
    var accounts = Array(repeating: Account(), count: meters.count)
    var shared: [Double] = []
    var prices: [Double] = []
    var bill = 0.0
    let weights = shares ?? Array(repeating: 1, count: meters.count)
    for step in series.importPrice.indices {
      let net = meters.map { $0[step] * stepHours }
      let received = EnergySharing.received(net, key: key, weights: weights)
      let energy = received.reduce(0, +)
      let surplus = net.reduce(0) { $0 + max(0, -$1) }
      let demand = net.reduce(0) { $0 + max(0, $1) }
      let (buy, feed) = (series.importPrice[step], series.exportPrice[step])
      let cover = demand > 0 ? min(1, surplus / demand) : 0
      let price = key == .price ? buy - (buy - feed) * cover : (buy + feed) / 2
      for (member, power) in net.enumerated() {
        let given = surplus > 0 ? energy * max(0, -power) / surplus : 0
        let imported = max(0, max(0, power) - received[member])
        let exported = max(0, max(0, -power) - given)
        accounts[member].given += given
        accounts[member].received += received[member]
        accounts[member].imported += imported
        accounts[member].exported += exported
        accounts[member].receivedMoney += price * received[member]
        accounts[member].givenMoney -= price * given
        accounts[member].importedMoney += buy * imported
        accounts[member].exportedMoney -= feed * exported
        bill += buy * imported - feed * exported
      }
      shared.append(energy)
      prices.append(price)
    }
    self.accounts = accounts
    self.shared = shared
    price = prices
    gridBill = bill
  }

  /// Returns what each member receives of the surplus of a step [kWh].
  private static func received(_ net: [Double], key: SharingKey, weights: [Double]) -> [Double] {
    let surplus = net.reduce(0) { $0 + max(0, -$1) }
    let demand = net.reduce(0) { $0 + max(0, $1) }
    guard surplus > 0, demand > 0 else { return net.map { _ in 0 } }
    switch key {
    case .dynamic, .price:
      let cover = min(1, surplus / demand)
      return net.map { max(0, $0) * cover }
    case .fixed:
      let sum = weights.reduce(0, +)
      guard sum > 0 else { return net.map { _ in 0 } }
      return zip(net, weights).map { min(max(0, $0), surplus * $1 / sum) }
    }
  }

  /// Returns what members owe in cents, which sum to the connection's bill in cents.
  ///
  /// Each is rounded down, and the cents that are left go to those who lost most by it.
  public var cents: [Int] {
    let exact = accounts.map { $0.money * 100 }
    var cents = exact.map { Int($0.rounded(.down)) }
    let left = Int((gridBill * 100).rounded()) - cents.reduce(0, +)
    let order = exact.indices.sorted {
      let (first, second) = (
        exact[$0] - exact[$0].rounded(.down), exact[$1] - exact[$1].rounded(.down)
      )
      return first == second ? $0 < $1 : first > second
    }
    for place in 0..<max(0, left) where !order.isEmpty { cents[order[place % order.count]] += 1 }
    return cents
  }
}
