import PlantModel

/// The plant as a whole over a stretch of time: its balance, and what that costs and emits.
///
/// `grid = load − generation − battery`, each in its own sign: import, consumption, generation and discharge positive.
/// What is measured is taken as measured; the grid or the load, where it alone is missing, follows from the balance.
/// A sum of which a part is silent is the sum of the rest, with its coverage beside it; nothing follows from one.
///
/// Example: 6 kW of generation, 5 kW of load and a battery that charges with 3 kW (−3) import 2 kW; over half an hour at
/// 0.30 per kWh that costs 0.30, and all of the generation is used on site.
public struct KeyPerformance: Hashable, Sendable {
  /// Sum of the generators' power [kW].
  public var generation: Double?
  /// Consumption [kW].
  public var load: Double?
  /// Exchange with the grid [kW], import positive.
  public var grid: Double?
  /// Sum of the batteries' power [kW], discharge positive.
  public var battery: Double?
  /// Share of the generators' power sensors that is heard, 0...1; `nil` without any.
  public var generationCoverage: Double?
  /// The same of consumption; where that follows from the balance, the lesser of the other two.
  public var loadCoverage: Double?
  /// The same of the batteries.
  public var batteryCoverage: Double?
  /// Share of the generation that is not exported, 0...1; `nil` without generation.
  public var selfConsumption: Double?
  /// Money spent, negative when earned [the plant's currency]; `nil` where the price of what flows is not known.
  public var cost: Double?
  /// Share of the exchanged energy whose price is known, 0...1; `nil` where the exchange is not known, or nothing in the
  /// plant ever has a price.
  public var costCoverage: Double?
  /// Emissions of the imported energy [kg CO₂].
  public var carbon: Double?

  /// The indicators that follow from what is known.
  ///
  /// - Parameters:
  ///   - importPrice: price of imported energy [currency/kWh]; `nil` leaves the cost of import out.
  ///   - exportPrice: payment for exported energy [currency/kWh]; `nil` leaves the cost of export out.
  ///   - carbonIntensity: emissions of imported energy [kg/kWh]; `nil` leaves them out.
  ///   - span: the time over which the powers held.
  public init(
    generation: Double?, load: Double?, grid: Double?, battery: Double?, importPrice: Double? = nil,
    exportPrice: Double? = 0, carbonIntensity: Double? = nil, over span: TimeSpan
  ) {
    self.generation = generation
    self.battery = battery
    let local = (generation ?? 0) + (battery ?? 0)
    self.load = load ?? grid.map { $0 + local }
    self.grid = grid ?? load.map { $0 - local }
    guard let exchange = self.grid else { return }
    let (imported, exported) = (max(0, exchange), max(0, -exchange))
    if let generation, generation > 1e-6 {
      selfConsumption = min(1, max(0, (generation - exported) / generation))
    }
    // What flows decides which price is needed; where nothing does, either of them tells that it costs nothing.
    if let price = exported > 0 ? exportPrice : importPrice {
      cost = (exported > 0 ? -exported : imported) * price * span.inHours
    }
    carbon = carbonIntensity.map { imported * $0 * span.inHours }
  }
}
