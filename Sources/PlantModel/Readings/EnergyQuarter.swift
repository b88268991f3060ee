public import WattlineTime

/// Quarter of an hour of a plant's energy account: energies, cost and coverage.
///
/// Hours, days, months and bills are sums of quarters only.
public struct EnergyQuarter: Hashable, Sendable {
  /// Start, a multiple of 15 minutes since the epoch.
  public var start: Timestamp
  /// Energy imported from the grid [kWh]; `nil` if nothing is known of the exchange.
  public var imported: Double?
  /// Energy exported to the grid, never negative [kWh]; `nil` if nothing is known of the exchange.
  public var exported: Double?
  /// Share of the quarter for which the exchange is known, 0...1.
  public var exchangeShare = 0.0
  /// Energy generated [kWh].
  public var generation: Double?
  /// Share of the quarter for which all generators are known, 0...1; `nil` without generators.
  public var generationShare: Double?
  /// Energy consumed, measured or from the balance [kWh].
  public var load: Double?
  /// Share of the quarter for which the consumption is known, 0...1.
  public var loadShare: Double?
  /// Energy discharged from batteries [kWh].
  public var discharged: Double?
  /// Energy charged into batteries, never negative [kWh].
  public var charged: Double?
  /// Share of the quarter for which all batteries are known, 0...1; `nil` without batteries.
  public var batteryShare: Double?
  /// Share of the generation that was not exported, 0...1; `nil` without generation.
  public var selfConsumption: Double?
  /// Cost of the energy exchanged at a known price, negative if earned [currency].
  public var cost: Double?
  /// Share of the exchanged energy whose price is known, 0...1; `nil` if the plant has no prices.
  public var costCoverage: Double?
  /// Emissions of the imported energy [kg CO₂].
  public var carbon: Double?

  /// Creates a quarter without data.
  public init(start: Timestamp) { self.start = start }

  /// Mean power of the exchange, import positive [kW]; `nil` if less than half of the quarter is known.
  public var exchangePower: Double? {
    guard let imported, let exported, exchangeShare >= 0.5 else { return nil }
    return (imported - exported) / (0.25 * exchangeShare)
  }

  /// Whether the quarter holds no data.
  public var isEmpty: Bool { imported == nil && generation == nil && load == nil && discharged == nil }
}
