/// Estimates that an owner or auditor has of a building.
public struct BuildingDescription: Hashable, Sendable {
  /// Energy that heats the building.
  public enum HeatingFuel: String, Sendable, CaseIterable {
    /// Gas, or another fuel that the meter of fuel counts.
    case gas
    /// Electricity, directly or by a heat pump.
    case electricity
  }

  /// A known number, with what is open about it.
  public struct Estimate: Hashable, Sendable {
    /// Most probable value.
    public var value: Double
    /// Standard deviation, in the unit of the value.
    public var deviation: Double

    /// Creates an estimate.
    public init(_ value: Double, deviation: Double) { (self.value, self.deviation) = (value, deviation) }
  }

  /// Hours of use.
  public var schedule = BuildingSchedule.office
  /// Energy that heats the building.
  public var heatingFuel = HeatingFuel.gas
  /// Energy that heats water.
  public var waterFuel = HeatingFuel.gas
  /// Command line of a model outside that takes the place of the thermal network; empty for none.
  public var program: [String] = []
  /// Given numbers; the others are usual ones.
  public var given: [BuildingQuantity: Estimate] = [:]

  /// Creates a description of usual numbers for a floor area [m²].
  public init(area: Double) { given[.area] = Estimate(area, deviation: 0) }

  /// Returns the number of a quantity and what is open about it.
  ///
  /// Without a given one: walls are those of a square plan, less the windows; the roof has the area of a storey.
  public func estimate(_ quantity: BuildingQuantity) -> Estimate {
    if let known = given[quantity] { return known }
    let profile = quantity.profile
    let value = profile.usual ?? derived(quantity)
    return Estimate(value, deviation: profile.isRatio ? profile.spread * value : profile.spread)
  }

  private func derived(_ quantity: BuildingQuantity) -> Double {
    let storey = estimate(.area).value / estimate(.storeys).value
    switch quantity {
    case .roofArea: return storey
    case .wallArea:
      let facade = 4 * storey.squareRoot() * estimate(.height).value * estimate(.storeys).value
      let windows = [BuildingQuantity.windowNorth, .windowEast, .windowSouth, .windowWest]
      return max(0, facade - windows.reduce(0) { $0 + estimate($1).value })
    default: return 0
    }
  }

  /// Values of all quantities.
  public var values: [BuildingQuantity: Double] {
    Dictionary(uniqueKeysWithValues: BuildingQuantity.allCases.map { ($0, estimate($0).value) })
  }
}

/// Change of a quantity by a measure.
public enum QuantityChange: Hashable, Sendable {
  /// To a multiple of it; 0.5 for −50 %.
  case factor(Double)
  /// By an amount, in its unit.
  case amount(Double)
  /// To a value.
  case value(Double)

  /// Returns the changed value.
  public func applied(to value: Double) -> Double {
    switch self {
    case .factor(let factor): value * factor
    case .amount(let amount): value + amount
    case .value(let new): new
    }
  }
}
