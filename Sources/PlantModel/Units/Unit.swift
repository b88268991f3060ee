/// Physical quantity. Its canonical unit is the one in which Wattline computes and writes `clean`.
public enum Quantity: String, Sendable, CaseIterable {
  // Canonical units, in the order of the cases: kW, kWh, kvar, kVA, V, A, Hz, °C, %, 1, W/m², m/s, hPa, m³, m³/h, kg,
  // kg/kWh, currency/kWh, lx, ppm, deg, s, count, ohm, Ah, µg/m³, rpm, kvarh, kVAh, m, kWh/m², kg/h, mm/h, kWh/km,
  // currency/m³, dB, dBm.
  case power, energy, reactivePower, apparentPower, voltage, current, frequency, temperature, percentage, ratio
  case irradiance, speed, pressure, volume, flow, mass, carbonIntensity, price, illuminance, concentration, angle
  case duration, count, resistance, charge, massConcentration, rotation
  case reactiveEnergy, apparentEnergy, length, irradiation, massFlow, precipitation, energyPerDistance, volumePrice
  case level, signalPower
}

/// Unit of measurement: `canonical = value × scale + offset`.
///
/// Worked values, which are also tests: 72.5 °F is 22.5 °C; 1 therm is 29.3071 kWh; 1 m³ of natural gas is 10.55 kWh; 1
/// Gcal is 1,163 kWh; 1 US gallon is 0.003785411784 m³.
public struct Unit: Hashable, Sendable, BitwiseCopyable {
  /// Position in the table of units; one byte, because every series has a unit.
  private let number: UInt8

  init(position: Int) { number = UInt8(truncatingIfNeeded: position) }

  private var definition: UnitDefinition { UnitDefinition.table[Int(number)] }

  /// Symbol written to the `unit` tag.
  public var symbol: String { definition.symbol }
  /// Quantity that it measures.
  public var quantity: Quantity { definition.quantity }
  /// Size in canonical units.
  public var scale: Double { definition.scale }
  /// Summand after scaling [canonical unit].
  public var offset: Double { definition.offset }

  /// Returns a value of this unit in the canonical unit.
  public func canonical(_ value: Double) -> Double { value * scale + offset }

  /// Returns a value of this unit in another unit of the same quantity.
  ///
  /// Integer ratios are applied by division, so that 951 W are 0.951 kW to the last digit.
  public func converted(_ value: Double, to other: Unit) -> Double {
    guard offset == 0, other.offset == 0 else { return (canonical(value) - other.offset) / other.scale }
    let (factor, divisor) = (scale / other.scale, (other.scale / scale).rounded())
    let isWhole = divisor > 1 && abs(divisor * factor - 1) < 1e-12
    return isWhole ? value / divisor : value * factor
  }

  /// Canonical unit of this unit's quantity.
  public var canonicalUnit: Unit { Unit.canonical(of: quantity) }

  /// Returns the canonical unit of a quantity.
  public static func canonical(of quantity: Quantity) -> Unit { canonicalUnits[quantity] ?? Unit(position: 0) }

  /// Returns the unit that a plant file or device calls `name`; `nil` if no unit or more than one has that name.
  ///
  /// Symbols and listed spellings are tried unchanged first. Then white space, `_`, `-`, `.`, `^`, `·` and case are
  /// ignored, superscripts are digits, and words may be plurals. `kilowatt-hours`, `KWH`, `W/m^2` and `degrees C` are
  /// accepted.
  ///
  /// Nothing is guessed. `mw` may be a milliwatt or a megawatt and is `nil`, as are `mwh`, `mva`, `mvar`, `mv`, `ma`,
  /// `mhz`, `mj`, `mpa` and `mohm`. A capital `M` denotes the mega unit, a capital letter after a small `m` the milli
  /// unit. `MBTU`, which is a thousand or a million BTU, is also `nil`; `MMBTU` and `kBTU` are accepted.
  ///
  /// A price is an amount of money per energy or volume: any ISO 4217 code in capitals or currency sign before `/kWh`,
  /// `/MWh`, `/Wh`, `/GJ`, `/therm`, `/MMBTU` or `/m³`. The currency is that of the plant, so `CHF/MWh` is the unit
  /// `/MWh`. Cents, øre, pence and the like are hundredths, mills thousandths. `Rp` is the rappen if `currency` is
  /// `CHF`, the rupiah if it is `IDR`, and unknown otherwise.
  public static func named(_ name: String, currency: String? = nil) -> Unit? {
    UnitSpelling.unit(name, currency: currency)
  }

  /// Returns the unit that a SenML record names (RFC 8428, section 12.1, and RFC 8798).
  ///
  /// It is `nil` for units that no sensor of an energy site has, and for unregistered ones, however common elsewhere.
  ///
  /// Some symbols differ from those of plant files: `C` is the coulomb, `vars` is var × second, `/` is a ratio, `/100`
  /// a percentage; `F`, `H`, `S` and `T` are farad, henry, siemens and tesla. Symbols are case-sensitive.
  public static func senML(_ symbol: String) -> Unit? { SenMLUnits.unit(symbol) }

  /// Symbols that ``named(_:currency:)`` accepts, one per unit, for messages.
  public static var symbols: [String] { UnitDefinition.table.map(\.symbol) }

  /// First unit of each quantity in the table, which is the canonical one.
  private static let canonicalUnits: [Quantity: Unit] = {
    var result: [Quantity: Unit] = [:]
    for (position, definition) in UnitDefinition.table.enumerated() where result[definition.quantity] == nil {
      result[definition.quantity] = Unit(position: position)
    }
    return result
  }()
}
