/// Statements of a community's members for a span, whose sum is the bill of the connection's meter.
///
/// All money is in whole cents, so that sums close.
public struct CommunityStatements: Sendable {
  /// A line of a statement.
  public struct Line: Sendable, Equatable {
    /// Energy [kWh].
    public var energy: Double
    /// Money owed for it [cent]; negative if it is due to the member.
    public var cents: Int
  }

  /// The statement of a member.
  public struct Statement: Sendable, Equatable {
    /// Energy that others gave.
    public var received: Line
    /// Energy that was given to others.
    public var given: Line
    /// Energy from the grid.
    public var imported: Line
    /// Energy to the grid.
    public var exported: Line

    /// Money owed [cent]; negative if it is due to the member.
    public var cents: Int { received.cents + given.cents + imported.cents + exported.cents }
  }

  /// Statements of members in their order.
  public let statements: [Statement]
  /// Energy that the connection's meter imported [kWh].
  public let imported: Double
  /// Energy that the connection's meter exported [kWh].
  public let exported: Double
  /// Bill of the connection's meter at the grid's prices [cent].
  public let meterCents: Int
  /// Money that members pay beyond that bill [cent]: the community's own, as a static key leaves surplus unused.
  public let fundCents: Int

  /// Makes the statements.
  ///
  /// - Parameters:
  ///   - meters: Import less export of each member at each step [kW].
  ///   - series: Prices of the grid.
  ///   - stepHours: Length of a step [h].
  ///   - key: The rule by which surplus is shared.
  ///   - shares: Share of each member by the static key, not negative; equal ones if it is `nil`.
  public init(
    _ meters: [[Double]], series: CommunityInstance.Series, stepHours: Double, key: SharingKey,
    shares: [Double]? = nil
  ) {
    let sharing = EnergySharing(meters, series: series, stepHours: stepHours, key: key, shares: shares)
    var (imported, exported, bill) = (0.0, 0.0, 0.0)
    for step in series.importPrice.indices {
      let net = meters.reduce(0) { $0 + $1[step] } * stepHours
      imported += max(0, net)
      exported += max(0, -net)
      bill += net * (net > 0 ? series.importPrice[step] : series.exportPrice[step])
    }
    let cents = sharing.cents
    statements = zip(sharing.accounts, cents).map { CommunityStatements.statement($0, cents: $1) }
    self.imported = imported
    self.exported = exported
    meterCents = Int((bill * 100).rounded())
    fundCents = cents.reduce(0, +) - meterCents
  }

  /// Returns a statement whose lines are rounded so that they have the sum of the account.
  private static func statement(_ account: EnergySharing.Account, cents total: Int) -> Statement {
    let exact = [account.receivedMoney, account.givenMoney, account.importedMoney, account.exportedMoney].map {
      $0 * 100
    }
    var cents = exact.map { Int($0.rounded(.down)) }
    let order = exact.indices.sorted {
      let (first, second) = (exact[$0] - exact[$0].rounded(.down), exact[$1] - exact[$1].rounded(.down))
      return first == second ? $0 < $1 : first > second
    }
    let left = total - cents.reduce(0, +)
    for place in 0..<max(0, left) { cents[order[place % 4]] += 1 }
    for place in 0..<max(0, -left) { cents[order[3 - place % 4]] -= 1 }
    return Statement(
      received: Line(energy: account.received, cents: cents[0]), given: Line(energy: account.given, cents: cents[1]),
      imported: Line(energy: account.imported, cents: cents[2]),
      exported: Line(energy: account.exported, cents: cents[3]))
  }
}
