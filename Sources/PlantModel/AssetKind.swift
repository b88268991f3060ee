/// What an asset is. The kind decides the sign of its power, its catalogue of sensors and which stages care for it.
public enum AssetKind: String, Sendable, CaseIterable {
  /// Photovoltaic generator; positive power is generation.
  case pv
  /// Battery; positive power is discharge, negative is charging.
  case battery
  /// Charger of electric vehicles; positive power is consumption.
  case evCharger = "ev_charger"
  /// Consumption of a building or process; positive power is consumption.
  case load
  /// Connection to the public grid; positive power is import.
  case grid
  /// Wind turbine; positive power is generation.
  case wind
  /// A meter at the grid connection; positive power is import.
  case meter
  /// Heat pump; positive power is consumption.
  case heatPump = "heat_pump"
  /// Weather station or forecast feed; has no power.
  case weather
  /// Anything else; a power that it has is consumption.
  case generic

  /// How the asset's positive power enters the plant's balance.
  public var role: PowerRole {
    switch self {
    case .load, .evCharger, .heatPump, .generic: .consumption
    case .pv, .wind: .generation
    case .battery: .storage
    case .grid, .meter: .gridExchange
    case .weather: .none
    }
  }
}

/// The part that an asset's power has in `grid = Σ consumption − Σ generation − Σ battery`.
public enum PowerRole: Sendable {
  /// Positive power is drawn from the plant.
  case consumption
  /// Positive power is fed into the plant.
  case generation
  /// Positive power is discharge, fed into the plant.
  case storage
  /// Positive power is import from the grid.
  case gridExchange
  /// No power.
  case none
}
