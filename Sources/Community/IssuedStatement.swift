/// A month's statement as it was issued. It is never changed: data that come later are corrections in the next one.
public struct IssuedStatement: Codable, Sendable, Equatable {
  /// A correction that a later statement makes of an earlier month.
  public struct Correction: Codable, Sendable, Equatable {
    /// The month that is corrected.
    public var month: String
    /// Cents that each member owes more, by name.
    public var cents: [String: Int]
    /// Cents that the connection's meter says more.
    public var meterCents: Int
    /// Cents that stay with the community in addition.
    public var fundCents: Int
    /// Why.
    public var reason: String

    /// Creates a correction; each parameter is the property of its name.
    public init(month: String, cents: [String: Int], meterCents: Int, fundCents: Int, reason: String) {
      self.month = month
      self.cents = cents
      self.meterCents = meterCents
      self.fundCents = fundCents
      self.reason = reason
    }
  }

  /// The month, such as 2026-10.
  public var month: String
  /// Key by which energy was shared.
  public var key: String
  /// Cents that each member owes for the month, by name.
  public var cents: [String: Int]
  /// Cents of the connection's meter.
  public var meterCents: Int
  /// Cents of members that stay with the community.
  public var fundCents: Int
  /// Steps that were settled.
  public var settledSteps: Int
  /// Corrections of earlier months, the earliest first.
  public var corrections: [Correction]

  /// Creates a statement without corrections; each parameter is the property of its name.
  public init(
    month: String, key: String, cents: [String: Int], meterCents: Int, fundCents: Int, settledSteps: Int
  ) {
    self.month = month
    self.key = key
    self.cents = cents
    self.meterCents = meterCents
    self.fundCents = fundCents
    self.settledSteps = settledSteps
    corrections = []
  }

  /// Cents that a member pays with this statement: those of the month and of all corrections.
  public func owed(by member: String) -> Int {
    corrections.reduce(cents[member] ?? 0) { $0 + ($1.cents[member] ?? 0) }
  }

  /// Whether cents of members, less what stays with the community, are those of the meter; in each correction too.
  public var isBalanced: Bool {
    func balances(_ cents: [String: Int], _ fund: Int, _ meter: Int) -> Bool {
      cents.values.reduce(0, +) - fund == meter
    }
    return balances(cents, fundCents, meterCents)
      && corrections.allSatisfy { balances($0.cents, $0.fundCents, $0.meterCents) }
  }

  /// Returns what the next statement corrects of an earlier one.
  ///
  /// - Parameters:
  ///   - now: The statement as it would be issued today.
  ///   - later: Statements after it, whose corrections count as told.
  /// - Returns: `nil` if nothing has changed.
  public func correction(to now: IssuedStatement, after later: [IssuedStatement]) -> Correction? {
    var told = Correction(month: month, cents: cents, meterCents: meterCents, fundCents: fundCents, reason: "")
    for correction in later.flatMap(\.corrections) where correction.month == month {
      told.cents.merge(correction.cents, uniquingKeysWith: +)
      told.meterCents += correction.meterCents
      told.fundCents += correction.fundCents
    }
    var next = Correction(
      month: month, cents: [:], meterCents: now.meterCents - told.meterCents,
      fundCents: now.fundCents - told.fundCents,
      reason: now.settledSteps == settledSteps
        ? "readings of the month were corrected"
        : "\(now.settledSteps) in place of \(settledSteps) quarters of an hour are known")
    for member in Set(now.cents.keys).union(told.cents.keys) {
      let change = (now.cents[member] ?? 0) - (told.cents[member] ?? 0)
      if change != 0 { next.cents[member] = change }
    }
    return next.cents.isEmpty && next.meterCents == 0 && next.fundCents == 0 ? nil : next
  }
}
