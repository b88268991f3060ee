import PlantModel

/// The plant's balance of power in a minute; its energy and money are in the account by quarters of an hour.
///
/// `grid = load − generation − battery`, each in its own sign: import, consumption, generation and discharge positive.
/// What is measured is taken as measured; the grid or the load, where it alone is missing, follows from the balance.
/// A sum of which a part is silent is the sum of the rest, with its coverage beside it; nothing follows from one.
///
/// Example: 6 kW of generation, 5 kW of load and a battery that charges with 3 kW (−3) import 2 kW.
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

  /// The balance that follows from what is known [kW]; `nil` is not known.
  public init(generation: Double?, load: Double?, grid: Double?, battery: Double?) {
    self.generation = generation
    self.battery = battery
    let local = (generation ?? 0) + (battery ?? 0)
    self.load = load ?? grid.map { $0 + local }
    self.grid = grid ?? load.map { $0 - local }
  }
}
