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
public struct Unit: Hashable, Sendable, BitwiseCopyable {
  /// Position in the table of units: every series has one, and there are many series.
  private let number: UInt8

  /// What the table says of a unit.
  private struct Definition {
    var symbol: String
    var quantity: Quantity
    var scale: Double
    var offset: Double

    init(_ symbol: String, _ quantity: Quantity, _ scale: Double = 1, offset: Double = 0) {
      self.symbol = symbol
      self.quantity = quantity
      self.scale = scale
      self.offset = offset
    }
  }

  private init(_ position: Int) { number = UInt8(position) }

  private var definition: Definition { Unit.table[Int(number)].definition }

  /// The symbol written to the `unit` tag.
  public var symbol: String { definition.symbol }
  /// What it measures.
  public var quantity: Quantity { definition.quantity }
  /// Canonical units in one of this.
  public var scale: Double { definition.scale }
  /// Added after scaling [canonical unit].
  public var offset: Double { definition.offset }

  /// A value of this unit in the canonical unit of its quantity.
  public func canonical(_ value: Double) -> Double { value * scale + offset }

  /// The canonical unit of this unit's quantity.
  public var canonicalUnit: Unit { Unit.canonical(of: quantity) }

  /// The canonical unit of a quantity.
  public static func canonical(of quantity: Quantity) -> Unit {
    // The table below opens each quantity with its canonical unit.
    Unit(table.firstIndex { $0.definition.quantity == quantity } ?? 0)
  }

  /// The unit that a plant file calls `name`: its symbol or one of its other spellings, exact in case first.
  public static func named(_ name: String) -> Unit? {
    byName[name] ?? byLowercaseName[name.lowercased()]
  }

  /// Every symbol that ``named(_:)`` accepts, one a unit, for messages.
  public static var symbols: [String] { table.map(\.definition.symbol) }

  private static let table: [(definition: Definition, names: [String])] = [
    (Definition("kW", .power), ["kilowatt"]), (Definition("W", .power, 0.001), ["watt"]),
    (Definition("MW", .power, 1000), ["megawatt"]), (Definition("GW", .power, 1e6), []),
    (Definition("mW", .power, 1e-6), []),
    (Definition("hp", .power, 0.745699872), []), (Definition("BTU/h", .power, 0.00029307107), ["btu_h"]),
    (Definition("kWh", .energy), ["kilowatt_hour"]), (Definition("Wh", .energy, 0.001), ["watt_hour"]),
    (Definition("MWh", .energy, 1000), []), (Definition("GWh", .energy, 1e6), []),
    (Definition("J", .energy, 1 / 3.6e6), ["joule"]), (Definition("kJ", .energy, 1 / 3600), []),
    (Definition("MJ", .energy, 1 / 3.6), []),
    (Definition("GJ", .energy, 1000 / 3.6), []),
    (Definition("BTU", .energy, 0.00029307107), []), (Definition("therm", .energy, 29.3071), []),
    // Gross calorific value of natural gas at 15 °C, a common billing figure of 38 MJ/m³.
    (Definition("m3_gas", .energy, 10.55), ["m³_gas", "m3gas", "gas_m3"]),
    (Definition("kvar", .reactivePower), []), (Definition("var", .reactivePower, 0.001), []),
    (Definition("Mvar", .reactivePower, 1000), []),
    (Definition("kVA", .apparentPower), []), (Definition("VA", .apparentPower, 0.001), []),
    (Definition("MVA", .apparentPower, 1000), []),
    (Definition("V", .voltage), ["volt"]), (Definition("mV", .voltage, 0.001), []),
    (Definition("kV", .voltage, 1000), []),
    (Definition("A", .current), ["ampere", "amp"]), (Definition("mA", .current, 0.001), []),
    (Definition("kA", .current, 1000), []),
    (Definition("Hz", .frequency), ["hertz"]), (Definition("mHz", .frequency, 0.001), []),
    (Definition("kHz", .frequency, 1000), []),
    (Definition("°C", .temperature), ["celsius", "degC", "C"]),
    (Definition("°F", .temperature, 5.0 / 9.0, offset: -160.0 / 9.0), ["fahrenheit", "degF", "F"]),
    (Definition("K", .temperature, 1, offset: -273.15), ["kelvin"]),
    (Definition("%", .percentage), ["percent", "pct"]), (Definition("fraction", .percentage, 100), ["per_unit"]),
    (Definition("permille", .percentage, 0.1), ["‰"]),
    (Definition("1", .ratio), ["ratio", "factor"]),
    (Definition("W/m²", .irradiance), ["W/m2", "w_per_m2"]), (Definition("kW/m²", .irradiance, 1000), ["kW/m2"]),
    (Definition("m/s", .speed), ["mps"]), (Definition("km/h", .speed, 1 / 3.6), ["kmh", "kph"]),
    (Definition("mph", .speed, 0.44704), []),
    (Definition("knot", .speed, 0.514444), ["kn"]), (Definition("rpm", .rotation), ["r/min"]),
    (Definition("hPa", .pressure), ["mbar"]), (Definition("Pa", .pressure, 0.01), []),
    (Definition("kPa", .pressure, 10), []),
    (Definition("bar", .pressure, 1000), []), (Definition("psi", .pressure, 68.947573), []),
    (Definition("m³", .volume), ["m3"]), (Definition("L", .volume, 0.001), ["l", "litre", "liter"]),
    (Definition("m³/h", .flow), ["m3/h"]), (Definition("L/min", .flow, 0.06), ["l/min"]),
    (Definition("L/h", .flow, 0.001), ["l/h"]),
    (Definition("kg", .mass), []), (Definition("g", .mass, 0.001), []), (Definition("t", .mass, 1000), ["tonne"]),
    (Definition("kg/kWh", .carbonIntensity), ["kgCO2/kWh", "kgCO2e/kWh"]),
    (Definition("g/kWh", .carbonIntensity, 0.001), ["gCO2/kWh", "gCO2e/kWh"]),
    (Definition("/kWh", .price), ["currency/kWh", "$/kWh", "€/kWh", "£/kWh", "USD/kWh", "EUR/kWh", "GBP/kWh"]),
    (Definition("/MWh", .price, 0.001), ["currency/MWh", "$/MWh", "€/MWh", "USD/MWh", "EUR/MWh"]),
    (Definition("ct/kWh", .price, 0.01), ["c/kWh", "p/kWh"]),
    (Definition("lx", .illuminance), ["lux"]), (Definition("ppm", .concentration), []),
    (Definition("ppb", .concentration, 0.001), []),
    (Definition("µg/m³", .massConcentration), ["ug/m3"]),
    (Definition("deg", .angle), ["°", "degree"]), (Definition("rad", .angle, 57.29577951308232), ["radian"]),
    (Definition("s", .duration), ["second"]), (Definition("ms", .duration, 0.001), []),
    (Definition("min", .duration, 60), ["minute"]),
    (Definition("h", .duration, 3600), ["hour"]),
    (Definition("count", .count), ["n", "none"]), (Definition("ohm", .resistance), ["Ω"]),
    (Definition("kohm", .resistance, 1000), ["kΩ"]),
    (Definition("Ah", .charge), []), (Definition("mAh", .charge, 0.001), []),
  ]

  private static let byName: [String: Unit] = {
    var result: [String: Unit] = [:]
    for (position, (definition, names)) in table.enumerated() {
      for name in [definition.symbol] + names where result[name] == nil { result[name] = Unit(position) }
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
