/// A quarter of an hour of a plant's energy account: what flowed, what it cost, and how much of it is known.
///
/// Hours, days, months and bills are sums of these, and of nothing else.
public struct EnergyQuarter: Hashable, Sendable {
  /// Its start, a multiple of 15 minutes since the epoch.
  public var start: Timestamp
  /// Energy from the grid [kWh]; `nil` where nothing is known of the exchange.
  public var imported: Double?
  /// Energy to the grid, never negative [kWh]; `nil` likewise.
  public var exported: Double?
  /// Share of the quarter for which the exchange is known, 0...1.
  public var exchangeShare = 0.0
  /// What generators gave [kWh].
  public var generation: Double?
  /// Share of the quarter for which that is known of all of them, 0...1; `nil` without generators.
  public var generationShare: Double?
  /// What consumers took, measured or from the balance [kWh].
  public var load: Double?
  /// Share of the quarter for which that is known, 0...1.
  public var loadShare: Double?
  /// What batteries gave [kWh].
  public var discharged: Double?
  /// What batteries took, never negative [kWh].
  public var charged: Double?
  /// Share of the quarter for which that is known of all batteries, 0...1; `nil` without batteries.
  public var batteryShare: Double?
  /// Share of the generation that was not exported, 0...1; `nil` without generation.
  public var selfConsumption: Double?
  /// Cost of what was exchanged at a known price, negative where earned [currency].
  public var cost: Double?
  /// Share of the exchanged energy whose price is known, 0...1; `nil` where the plant has no prices at all.
  public var costCoverage: Double?
  /// Emissions of what was imported [kg CO₂].
  public var carbon: Double?

  /// A quarter of which nothing is known.
  public init(start: Timestamp) { self.start = start }

  /// Mean of the exchange, import positive [kW]; `nil` where less than half of the quarter is known.
  public var exchangePower: Double? {
    guard let imported, let exported, exchangeShare >= 0.5 else { return nil }
    return (imported - exported) / (0.25 * exchangeShare)
  }

  /// Whether it says anything.
  public var isEmpty: Bool { imported == nil && generation == nil && load == nil && discharged == nil }
}
