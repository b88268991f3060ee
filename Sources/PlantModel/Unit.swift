/// A physical quantity with its canonical unit: the one in which Wattline computes and writes `clean`.
public enum Quantity: String, Sendable, CaseIterable {
  // Canonical units, in the order of the cases: kW, kWh, kvar, kVA, V, A, Hz, °C, %, 1, W/m², m/s, hPa, m³, m³/h, kg,
  // kg/kWh, currency/kWh, lx, ppm, deg, s, count, ohm, Ah, µg/m³, rpm.
  case power, energy, reactivePower, apparentPower, voltage, current, frequency, temperature, percentage, ratio
  case irradiance, speed, pressure, volume, flow, mass, carbonIntensity, price, illuminance, concentration, angle
  case duration, count, resistance, charge, massConcentration, rotation
}

/// A unit of measure: `canonical = value × scale + offset`.
///
/// Worked values, which are also tests: 72.5 °F is 22.5 °C; 1 therm is 29.3071 kWh; 1 m³ of natural gas is 10.55 kWh.
public struct Unit: Hashable, Sendable {
  /// The symbol written to the `unit` tag.
  public let symbol: String
  /// What it measures.
  public let quantity: Quantity
  /// Canonical units in one of this.
  public let scale: Double
  /// Added after scaling [canonical unit].
  public let offset: Double

  init(_ symbol: String, _ quantity: Quantity, _ scale: Double = 1, offset: Double = 0) {
    self.symbol = symbol
    self.quantity = quantity
    self.scale = scale
    self.offset = offset
  }

  /// A value of this unit in the canonical unit of its quantity.
  @inlinable
  public func canonical(_ value: Double) -> Double { value * scale + offset }

  /// The canonical unit of this unit's quantity.
  public var canonicalUnit: Unit { Unit.canonical(of: quantity) }

  /// The canonical unit of a quantity.
  public static func canonical(of quantity: Quantity) -> Unit {
    // The table below opens each quantity with its canonical unit.
    table.first { $0.unit.quantity == quantity }?.unit ?? Unit("", quantity)
  }

  /// The unit that a plant file calls `name`: its symbol or one of its other spellings, exact in case first.
  public static func named(_ name: String) -> Unit? {
    byName[name] ?? byLowercaseName[name.lowercased()]
  }

  /// Every symbol that ``named(_:)`` accepts, one a unit, for messages.
  public static var symbols: [String] { table.map(\.unit.symbol) }

  private static let table: [(unit: Unit, names: [String])] = [
    (Unit("kW", .power), ["kilowatt"]), (Unit("W", .power, 0.001), ["watt"]),
    (Unit("MW", .power, 1000), ["megawatt"]), (Unit("GW", .power, 1e6), []), (Unit("mW", .power, 1e-6), []),
    (Unit("hp", .power, 0.745699872), []), (Unit("BTU/h", .power, 0.00029307107), ["btu_h"]),
    (Unit("kWh", .energy), ["kilowatt_hour"]), (Unit("Wh", .energy, 0.001), ["watt_hour"]),
    (Unit("MWh", .energy, 1000), []), (Unit("GWh", .energy, 1e6), []),
    (Unit("J", .energy, 1 / 3.6e6), ["joule"]), (Unit("kJ", .energy, 1 / 3600), []), (Unit("MJ", .energy, 1 / 3.6), []),
    (Unit("GJ", .energy, 1000 / 3.6), []),
    (Unit("BTU", .energy, 0.00029307107), []), (Unit("therm", .energy, 29.3071), []),
    // Gross calorific value of natural gas at 15 °C, a common billing figure of 38 MJ/m³.
    (Unit("m3_gas", .energy, 10.55), ["m³_gas", "m3gas", "gas_m3"]),
    (Unit("kvar", .reactivePower), []), (Unit("var", .reactivePower, 0.001), []),
    (Unit("Mvar", .reactivePower, 1000), []),
    (Unit("kVA", .apparentPower), []), (Unit("VA", .apparentPower, 0.001), []),
    (Unit("MVA", .apparentPower, 1000), []),
    (Unit("V", .voltage), ["volt"]), (Unit("mV", .voltage, 0.001), []), (Unit("kV", .voltage, 1000), []),
    (Unit("A", .current), ["ampere", "amp"]), (Unit("mA", .current, 0.001), []), (Unit("kA", .current, 1000), []),
    (Unit("Hz", .frequency), ["hertz"]), (Unit("mHz", .frequency, 0.001), []), (Unit("kHz", .frequency, 1000), []),
    (Unit("°C", .temperature), ["celsius", "degC", "C"]),
    (Unit("°F", .temperature, 5.0 / 9.0, offset: -160.0 / 9.0), ["fahrenheit", "degF", "F"]),
    (Unit("K", .temperature, 1, offset: -273.15), ["kelvin"]),
    (Unit("%", .percentage), ["percent", "pct"]), (Unit("fraction", .percentage, 100), ["per_unit"]),
    (Unit("permille", .percentage, 0.1), ["‰"]),
    (Unit("1", .ratio), ["ratio", "factor"]),
    (Unit("W/m²", .irradiance), ["W/m2", "w_per_m2"]), (Unit("kW/m²", .irradiance, 1000), ["kW/m2"]),
    (Unit("m/s", .speed), ["mps"]), (Unit("km/h", .speed, 1 / 3.6), ["kmh", "kph"]), (Unit("mph", .speed, 0.44704), []),
    (Unit("knot", .speed, 0.514444), ["kn"]), (Unit("rpm", .rotation), ["r/min"]),
    (Unit("hPa", .pressure), ["mbar"]), (Unit("Pa", .pressure, 0.01), []), (Unit("kPa", .pressure, 10), []),
    (Unit("bar", .pressure, 1000), []), (Unit("psi", .pressure, 68.947573), []),
    (Unit("m³", .volume), ["m3"]), (Unit("L", .volume, 0.001), ["l", "litre", "liter"]),
    (Unit("m³/h", .flow), ["m3/h"]), (Unit("L/min", .flow, 0.06), ["l/min"]), (Unit("L/h", .flow, 0.001), ["l/h"]),
    (Unit("kg", .mass), []), (Unit("g", .mass, 0.001), []), (Unit("t", .mass, 1000), ["tonne"]),
    (Unit("kg/kWh", .carbonIntensity), ["kgCO2/kWh", "kgCO2e/kWh"]),
    (Unit("g/kWh", .carbonIntensity, 0.001), ["gCO2/kWh", "gCO2e/kWh"]),
    (Unit("/kWh", .price), ["currency/kWh", "$/kWh", "€/kWh", "£/kWh", "USD/kWh", "EUR/kWh", "GBP/kWh"]),
    (Unit("/MWh", .price, 0.001), ["currency/MWh", "$/MWh", "€/MWh", "USD/MWh", "EUR/MWh"]),
    (Unit("ct/kWh", .price, 0.01), ["c/kWh", "p/kWh"]),
    (Unit("lx", .illuminance), ["lux"]), (Unit("ppm", .concentration), []), (Unit("ppb", .concentration, 0.001), []),
    (Unit("µg/m³", .massConcentration), ["ug/m3"]),
    (Unit("deg", .angle), ["°", "degree"]), (Unit("rad", .angle, 57.29577951308232), ["radian"]),
    (Unit("s", .duration), ["second"]), (Unit("ms", .duration, 0.001), []), (Unit("min", .duration, 60), ["minute"]),
    (Unit("h", .duration, 3600), ["hour"]),
    (Unit("count", .count), ["n", "none"]), (Unit("ohm", .resistance), ["Ω"]),
    (Unit("kohm", .resistance, 1000), ["kΩ"]),
    (Unit("Ah", .charge), []), (Unit("mAh", .charge, 0.001), []),
  ]

  private static let byName: [String: Unit] = {
    var result: [String: Unit] = [:]
    for (unit, names) in table {
      for name in [unit.symbol] + names where result[name] == nil { result[name] = unit }
    }
    return result
  }()

  /// Spellings that differ only in case and mean one unit; pairs like `mW` and `MW` are left out, so none is guessed.
  private static let byLowercaseName: [String: Unit] = {
    var result: [String: Unit] = [:]
    var ambiguous: Set<String> = []
    for (name, unit) in byName {
      let key = name.lowercased()
      if let other = result[key], other != unit { ambiguous.insert(key) }
      result[key] = unit
    }
    for key in ambiguous.union(["mw", "mva", "mvar", "mv", "mhz", "ma"]) { result[key] = nil }
    return result
  }()
}
