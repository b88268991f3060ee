public import PlantModel

/// Sums of a plant's powers [kW], each with its own sign.
///
/// Worked value: 50 consumed, 30 generated and 15 discharged leave an import of 5.
public struct PowerBalance: Hashable, Sendable {
  /// Sum of consumption, positive.
  public var consumption: Double
  /// Sum of generation, positive.
  public var generation: Double
  /// Sum of the batteries' power, positive discharge.
  public var storage: Double

  /// Creates a balance [kW]; without arguments, one of zeros.
  ///
  /// - Parameters:
  ///   - consumption: Sum of consumption.
  ///   - generation: Sum of generation.
  ///   - storage: Sum of the batteries' power, positive discharge.
  public init(consumption: Double = 0, generation: Double = 0, storage: Double = 0) {
    self.consumption = consumption
    self.generation = generation
    self.storage = storage
  }

  /// Power from the grid, negative for export: `consumption − generation − storage`.
  public var gridExchange: Double { consumption - generation - storage }

  /// Grid exchange that would remain with the batteries at rest.
  public var netDemand: Double { consumption - generation }

  /// Adds a power [kW] to the sum of its role; grid exchange is not part of the sums.
  public mutating func add(_ power: Double, as role: PowerRole) {
    switch role {
    case .consumption: consumption += power
    case .generation: generation += power
    case .storage: storage += power
    case .gridExchange, .none: break
    }
  }
}
