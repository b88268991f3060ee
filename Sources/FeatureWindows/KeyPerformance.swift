import PlantModel

/// The plant's power balance in one minute; energy and cost are in the account by quarter-hour.
///
/// `grid = load − generation − battery`, each with its own sign: import, consumption, generation and discharge
/// positive. Measured values are used as measured. If the grid or the load alone is missing, it follows from the
/// balance. A sum of which a part is silent is the sum of the rest, together with its coverage. No other value is
/// derived from such a sum.
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
  /// Share of the generators' power sensors that report, 0...1; `nil` without any.
  public var generationCoverage: Double?
  /// Share of the consumers' power sensors that report, 0...1; `nil` without any. If the load follows from the balance,
  /// the lesser of the other two coverages.
  public var loadCoverage: Double?
  /// Share of the batteries' power sensors that report, 0...1; `nil` without any.
  public var batteryCoverage: Double?

  /// Creates a balance, completed from the known values.
  ///
  /// - Parameters:
  ///   - generation: Sum of the generators' power [kW]; `nil` if unknown.
  ///   - load: Consumption [kW]; `nil` if unknown.
  ///   - grid: Exchange with the grid [kW], import positive; `nil` if unknown.
  ///   - battery: Sum of the batteries' power [kW], discharge positive; `nil` if unknown.
  public init(generation: Double?, load: Double?, grid: Double?, battery: Double?) {
    self.generation = generation
    self.battery = battery
    let local = (generation ?? 0) + (battery ?? 0)
    self.load = load ?? grid.map { $0 + local }
    self.grid = grid ?? load.map { $0 - local }
  }
}
