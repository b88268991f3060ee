/// A physical quantity with its canonical unit: the one in which Wattline computes and writes `clean`.
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

/// A unit of measure: `canonical = value × scale + offset`.
///
/// Worked values, which are also tests: 72.5 °F is 22.5 °C; 1 therm is 29.3071 kWh; 1 m³ of natural gas is 10.55 kWh;
/// 1 Gcal is 1,163 kWh; 1 US gallon is 0.003785411784 m³.
public struct Unit: Hashable, Sendable, BitwiseCopyable {
  /// Position in the table of units: every series has one, and there are many series.
  private let number: UInt8

  init(position: Int) { number = UInt8(truncatingIfNeeded: position) }

  private var definition: UnitDefinition { UnitDefinition.table[Int(number)] }

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

  /// A value of this unit in another one of the same quantity.
  ///
  /// Whole multiples are divided by, so that 951 W are 0.951 kW to the last digit.
  public func converted(_ value: Double, to other: Unit) -> Double {
    guard offset == 0, other.offset == 0 else { return (canonical(value) - other.offset) / other.scale }
    let (factor, divisor) = (scale / other.scale, (other.scale / scale).rounded())
    let isWhole = divisor > 1 && abs(divisor * factor - 1) < 1e-12
    return isWhole ? value / divisor : value * factor
  }

  /// The canonical unit of this unit's quantity.
  public var canonicalUnit: Unit { Unit.canonical(of: quantity) }

  /// The canonical unit of a quantity.
  public static func canonical(of quantity: Quantity) -> Unit { canonicalUnits[quantity] ?? Unit(position: 0) }

  /// The unit that a plant file or a device calls `name`; `nil` where no unit has that name, or more than one.
  ///
  /// The symbol and the listed spellings are tried first as they stand. Then white space, `_`, `-`, `.`, `^` and `·`
  /// do not count, superscripts are digits, words may be plurals, and case does not count:
  /// `kilowatt-hours`, `KWH`, `W/m^2` and `degrees C` are known.
  ///
  /// Nothing is guessed. `mw` may be a milliwatt or a megawatt and is `nil`, as are `mwh`, `mva`, `mvar`, `mv`, `ma`,
  /// `mhz`, `mj`, `mpa` and `mohm`; with a capital `M` the unit is the mega unit, with a capital letter after a small
  /// `m` the milli unit. `MBTU`, which is a thousand or a million BTU, is `nil` too; `MMBTU` and `kBTU` are known.
  ///
  /// A price is an amount of money by energy or by volume: any ISO 4217 code in capitals or sign of a currency before
  /// `/kWh`, `/MWh`, `/Wh`, `/GJ`, `/therm`, `/MMBTU` or `/m³`. The money is that of the plant, so `CHF/MWh` is the
  /// unit `/MWh`. Cents, øre, pence and the like are hundredths, mills thousandths. `Rp` is the rappen where `currency` is
  /// `CHF`, the rupiah where it is `IDR`, and unknown otherwise.
  public static func named(_ name: String, currency: String? = nil) -> Unit? {
    UnitSpelling.unit(name, currency: currency)
  }

  /// The unit that a SenML record names (RFC 8428, section 12.1, and RFC 8798); `nil` for those that no sensor of an energy
  /// site has, and for what is not registered there, however usual it is elsewhere.
  ///
  /// SenML gives some letters another meaning than plant files do: `C` is the coulomb, `vars` is var × second, `/` is a
  /// ratio, `/100` a percentage; `F`, `H`, `S` and `T` are farad, henry, siemens and tesla. Case counts.
  public static func senML(_ symbol: String) -> Unit? { SenMLUnits.unit(symbol) }

  /// Every symbol that ``named(_:currency:)`` accepts, one a unit, for messages.
  public static var symbols: [String] { UnitDefinition.table.map(\.symbol) }

  /// The table opens each quantity with its canonical unit.
  private static let canonicalUnits: [Quantity: Unit] = {
    var result: [Quantity: Unit] = [:]
    for (position, definition) in UnitDefinition.table.enumerated() where result[definition.quantity] == nil {
      result[definition.quantity] = Unit(position: position)
    }
    return result
  }()
}
