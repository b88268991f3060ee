import PlantModel

/// The balance of a plant's powers [kW], each in its own direction.
///
/// Worked value: 50 consumed, 30 generated and 15 discharged leave an import of 5.
public struct PowerBalance: Hashable, Sendable {
  /// Sum of consumption.
  public var consumption: Double
  /// Sum of generation.
  public var generation: Double
  /// Sum of the batteries, positive discharge.
  public var storage: Double

  /// A balance; without arguments, one of nothing.
  public init(consumption: Double = 0, generation: Double = 0, storage: Double = 0) {
    self.consumption = consumption
    self.generation = generation
    self.storage = storage
  }

  /// What the grid gives (positive) or takes (negative): `consumption − generation − storage`.
  public var gridExchange: Double { consumption - generation - storage }

  /// What the plant would exchange with the grid if its batteries rested.
  public var netDemand: Double { consumption - generation }

  /// Adds a power by the part that it has in the balance.
  public mutating func add(_ power: Double, as role: PowerRole) {
    switch role {
    case .consumption: consumption += power
    case .generation: generation += power
    case .storage: storage += power
    case .gridExchange, .none: break
    }
  }
}
