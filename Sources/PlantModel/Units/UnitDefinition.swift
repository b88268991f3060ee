/// Entry of the table of units.
///
/// Factors are those of NIST Special Publication 811 (2008), appendix B, unless a line states otherwise. The calorie
/// and the BTU are those of the International Table, 4.1868 J and 1,055.05585262 J.
struct UnitDefinition {
  /// Symbol written to the `unit` tag.
  var symbol: String
  /// Quantity that it measures.
  var quantity: Quantity
  /// Size in canonical units.
  var scale: Double
  /// Summand after scaling [canonical unit].
  var offset: Double
  /// Other spellings.
  var names: [String]

  init(_ symbol: String, _ quantity: Quantity, _ scale: Double, offset: Double = 0, _ names: String...) {
    self.symbol = symbol
    self.quantity = quantity
    self.scale = scale
    self.offset = offset
    self.names = names
  }

  /// Creates a canonical unit, or one of the same size.
  init(_ symbol: String, _ quantity: Quantity, _ names: String...) {
    self.symbol = symbol
    self.quantity = quantity
    self.scale = 1
    self.offset = 0
    self.names = names
  }

  /// All units, at most 256. The first one of each quantity is canonical.
  static let table: [UnitDefinition] =
    electric + heat + quality + surroundings + substances + money

  private static let electric: [UnitDefinition] = [
    UnitDefinition("kW", .power, "kJ/s"),
    UnitDefinition("W", .power, 0.001, "J/s"),
    UnitDefinition("MW", .power, 1000),
    UnitDefinition("GW", .power, 1e6), UnitDefinition("mW", .power, 1e-6),
    UnitDefinition("kWh", .energy), UnitDefinition("Wh", .energy, 0.001),
    UnitDefinition("MWh", .energy, 1000), UnitDefinition("GWh", .energy, 1e6),
    UnitDefinition("TWh", .energy, 1e9), UnitDefinition("mWh", .energy, 1e-6),
    UnitDefinition("kvar", .reactivePower), UnitDefinition("var", .reactivePower, 0.001),
    UnitDefinition("Mvar", .reactivePower, 1000), UnitDefinition("mVAr", .reactivePower, 1e-6),
    UnitDefinition("kVA", .apparentPower),
    UnitDefinition("VA", .apparentPower, 0.001),
    UnitDefinition("MVA", .apparentPower, 1000), UnitDefinition("mVA", .apparentPower, 1e-6),
    UnitDefinition("kvarh", .reactiveEnergy),
    UnitDefinition("varh", .reactiveEnergy, 0.001),
    UnitDefinition("Mvarh", .reactiveEnergy, 1000), UnitDefinition("var·s", .reactiveEnergy, 1 / 3.6e6),
    UnitDefinition("kVAh", .apparentEnergy), UnitDefinition("VAh", .apparentEnergy, 0.001),
    UnitDefinition("MVAh", .apparentEnergy, 1000), UnitDefinition("VA·s", .apparentEnergy, 1 / 3.6e6),
    UnitDefinition("V", .voltage), UnitDefinition("mV", .voltage, 0.001), UnitDefinition("µV", .voltage, 1e-6, "uV"),
    UnitDefinition("kV", .voltage, 1000),
    UnitDefinition("A", .current),
    UnitDefinition("mA", .current, 0.001), UnitDefinition("µA", .current, 1e-6, "uA"),
    UnitDefinition("kA", .current, 1000),
    UnitDefinition("Hz", .frequency), UnitDefinition("mHz", .frequency, 0.001),
    UnitDefinition("kHz", .frequency, 1000), UnitDefinition("MHz", .frequency, 1e6),
    UnitDefinition("ohm", .resistance, "Ω"), UnitDefinition("kohm", .resistance, 1000, "kΩ", "kilohm"),
    UnitDefinition("MΩ", .resistance, 1e6, "Mohm", "megohm"),
    UnitDefinition("mΩ", .resistance, 1e-3, "mOhm"),
    UnitDefinition("Ah", .charge), UnitDefinition("mAh", .charge, 0.001), UnitDefinition("kAh", .charge, 1000),
    UnitDefinition("A·s", .charge, 1.0 / 3600),
  ]

  private static let heat: [UnitDefinition] = [
    UnitDefinition("hp", .power, 0.745699872), UnitDefinition("BTU/h", .power, 0.00029307107),
    UnitDefinition("kBTU/h", .power, 0.29307107), UnitDefinition("MMBTU/h", .power, 293.07107),
    // 12,000 BTU/h.
    UnitDefinition("TR", .power, 3.51685284, "ton_of_refrigeration", "tons_refrigeration"),
    UnitDefinition("kJ/h", .power, 1.0 / 3600), UnitDefinition("MJ/h", .power, 1 / 3.6),
    UnitDefinition("GJ/h", .power, 1000 / 3.6), UnitDefinition("kcal/h", .power, 0.001163),
    UnitDefinition("Mcal/h", .power, 1.163), UnitDefinition("Gcal/h", .power, 1163),
    UnitDefinition("J", .energy, 1 / 3.6e6, "Ws"), UnitDefinition("kJ", .energy, 1.0 / 3600),
    UnitDefinition("MJ", .energy, 1 / 3.6), UnitDefinition("GJ", .energy, 1000 / 3.6),
    UnitDefinition("BTU", .energy, 0.00029307107), UnitDefinition("kBTU", .energy, 0.29307107),
    UnitDefinition("MMBTU", .energy, 293.07107), UnitDefinition("therm", .energy, 29.3071, "thm"),
    UnitDefinition("dekatherm", .energy, 293.071, "Dth", "decatherm"),
    UnitDefinition("cal", .energy, 1.163e-6), UnitDefinition("kcal", .energy, 0.001163),
    UnitDefinition("Mcal", .energy, 1.163), UnitDefinition("Gcal", .energy, 1163),
    // Gross calorific value of natural gas at 15 °C, a common billing figure of 38 MJ/m³.
    UnitDefinition("m3_gas", .energy, 10.55, "m³_gas", "m3gas", "gas_m3"),
    UnitDefinition("°C", .temperature, "degC", "C", "Cel", "degree_C", "degrees_C", "oC", "C°", "centigrade"),
    UnitDefinition(
      "°F", .temperature, 5.0 / 9.0, offset: -160.0 / 9.0, "degF", "F", "degree_F", "degrees_F", "oF", "F°"),
    UnitDefinition("K", .temperature, 1, offset: -273.15, "°K", "degK"),
  ]

  private static let quality: [UnitDefinition] = [
    UnitDefinition("%", .percentage, "pct", "%RH", "RH%", "%EL", "percentage", "%SoC", "percent_relative_humidity"),
    UnitDefinition("fraction", .percentage, 100, "per_unit", "pu"),
    UnitDefinition("permille", .percentage, 0.1, "‰", "per_mille"),
    UnitDefinition("1", .ratio, "ratio", "factor", "power_factor", "pf", "cos φ", "cos phi"),
    UnitDefinition("count", .count, "n", "none", "no_units", "#", "pulse", "imp", "impulse", "pcs"),
    UnitDefinition("deg", .angle, "°"),
    UnitDefinition("rad", .angle, 57.29577951308232),
    UnitDefinition("s", .duration, "sec"),
    UnitDefinition("ms", .duration, 0.001, "msec"), UnitDefinition("µs", .duration, 1e-6, "us", "usec"),
    UnitDefinition("min", .duration, 60), UnitDefinition("h", .duration, 3600, "hr", "hrs"),
    UnitDefinition("d", .duration, 86_400),
    UnitDefinition("rpm", .rotation, "r/min", "1/min", "/min", "rev/min", "U/min"),
    UnitDefinition("dB", .level),
    UnitDefinition("dBm", .signalPower, "decibel_milliwatt"), UnitDefinition("dBW", .signalPower, 1, offset: 30),
  ]

  private static let surroundings: [UnitDefinition] = [
    UnitDefinition("W/m²", .irradiance, "W/m2", "Wm-2"),
    UnitDefinition("kW/m²", .irradiance, 1000, "kW/m2"),
    UnitDefinition("kWh/m²", .irradiation, "kWh/m2"), UnitDefinition("Wh/m²", .irradiation, 0.001, "Wh/m2"),
    UnitDefinition("MJ/m²", .irradiation, 1 / 3.6, "MJ/m2"),
    UnitDefinition("J/cm²", .irradiation, 1.0 / 360, "J/cm2"),
    UnitDefinition("m/s", .speed, "mps", "m s-1"), UnitDefinition("km/h", .speed, 1 / 3.6, "kmh", "kph"),
    UnitDefinition("mph", .speed, 0.44704, "mi/h"), UnitDefinition("knot", .speed, 0.514444, "kn", "kt", "kts"),
    UnitDefinition("ft/s", .speed, 0.3048),
    UnitDefinition("hPa", .pressure, "mbar"), UnitDefinition("Pa", .pressure, 0.01),
    UnitDefinition("kPa", .pressure, 10), UnitDefinition("MPa", .pressure, 10_000),
    UnitDefinition("bar", .pressure, 1000, "barg", "bara"),
    UnitDefinition(
      "psi", .pressure, 68.947573, "psig", "psia", "lb/in2", "lbf/in2", "pounds per square inch",
      "pounds-force per square inch"),
    UnitDefinition("mmHg", .pressure, 1.333224, "torr"), UnitDefinition("inHg", .pressure, 33.86389),
    UnitDefinition("inH2O", .pressure, 2.490889), UnitDefinition("mmH2O", .pressure, 0.0980665),
    UnitDefinition("mH2O", .pressure, 98.0665), UnitDefinition("kgf/cm²", .pressure, 980.665, "kgf/cm2"),
    UnitDefinition("atm", .pressure, 1013.25),
    UnitDefinition("m", .length), UnitDefinition("mm", .length, 0.001),
    UnitDefinition("cm", .length, 0.01),
    UnitDefinition("km", .length, 1000),
    UnitDefinition("in", .length, 0.0254), UnitDefinition("ft", .length, 0.3048),
    UnitDefinition("mi", .length, 1609.344),
    UnitDefinition("mm/h", .precipitation), UnitDefinition("mm/d", .precipitation, 1.0 / 24),
    UnitDefinition("m/h", .precipitation, 1000),
    UnitDefinition("in/h", .precipitation, 25.4),
    UnitDefinition("kWh/km", .energyPerDistance), UnitDefinition("Wh/km", .energyPerDistance, 0.001),
    UnitDefinition("kWh/100km", .energyPerDistance, 0.01), UnitDefinition("kWh/mi", .energyPerDistance, 1 / 1.609344),
    UnitDefinition("Wh/mi", .energyPerDistance, 0.001 / 1.609344),
    // 1 J/m is 1 kJ/km.
    UnitDefinition("J/m", .energyPerDistance, 1.0 / 3600),
    UnitDefinition("lx", .illuminance, "lux"), UnitDefinition("klx", .illuminance, 1000, "klux"),
    UnitDefinition("ppm", .concentration, "parts per million"),
    UnitDefinition("ppb", .concentration, 0.001, "parts per billion"),
    UnitDefinition("µg/m³", .massConcentration, "ug/m3"), UnitDefinition("mg/m³", .massConcentration, 1000, "mg/m3"),
  ]

  private static let substances: [UnitDefinition] = [
    UnitDefinition("m³", .volume, "m3", "cbm"),
    UnitDefinition("L", .volume, 0.001, "l", "ltr"),
    UnitDefinition("hL", .volume, 0.1, "hl"), UnitDefinition("kL", .volume, "kl"),
    UnitDefinition("mL", .volume, 1e-6, "ml"),
    UnitDefinition("dm³", .volume, 0.001, "dm3"),
    UnitDefinition("gal", .volume, 0.003785411784, "US gal", "US gallon"),
    UnitDefinition("UK gal", .volume, 0.00454609, "imp gal", "imperial gallon", "UK gallon"),
    UnitDefinition("ft³", .volume, 0.028316846592, "ft3", "cf", "cu ft"),
    // C and M are Roman numerals: gas and water meters count in hundreds and thousands of cubic feet.
    UnitDefinition("CCF", .volume, 2.8316846592), UnitDefinition("MCF", .volume, 28.316846592),
    // Cubic metre of gas at 0 °C (DIN 1343) or 15 °C (ISO 13443) and 1,013.25 hPa. The reference state is a property of
    // the quantity, not the unit, so the number is not converted.
    UnitDefinition("Nm³", .volume, "Nm3", "m3(n)", "m³(n)"), UnitDefinition("Sm³", .volume, "Sm3"),
    UnitDefinition("m³/h", .flow, "m3/h", "cbm/h"), UnitDefinition("m³/min", .flow, 60, "m3/min"),
    UnitDefinition("m³/s", .flow, 3600, "m3/s"), UnitDefinition("L/s", .flow, 3.6, "l/s", "lps"),
    UnitDefinition("L/min", .flow, 0.06, "l/min", "lpm"), UnitDefinition("L/h", .flow, 0.001, "l/h", "lph"),
    UnitDefinition("m³/d", .flow, 1.0 / 24), UnitDefinition("L/d", .flow, 0.001 / 24),
    UnitDefinition("mL/min", .flow, 6e-5), UnitDefinition("mL/s", .flow, 0.0036),
    UnitDefinition("Nm³/h", .flow, "Nm3/h"),
    UnitDefinition("gal/min", .flow, 0.2271247070, "gpm", "US gallons per minute"),
    UnitDefinition("gal/h", .flow, 0.003785411784, "gph"),
    UnitDefinition("ft³/min", .flow, 1.699010796, "ft3/min", "cfm"),
    UnitDefinition("ft³/h", .flow, 0.028316846592, "ft3/h", "cfh"),
    UnitDefinition("kg/h", .massFlow), UnitDefinition("kg/s", .massFlow, 3600),
    UnitDefinition("t/h", .massFlow, 1000), UnitDefinition("lb/h", .massFlow, 0.45359237),
    UnitDefinition("g/s", .massFlow, 3.6),
    UnitDefinition("kg", .mass), UnitDefinition("g", .mass, 0.001),
    UnitDefinition("t", .mass, 1000), UnitDefinition("lb", .mass, 0.45359237, "lbs"),
    UnitDefinition("oz", .mass, 0.028349523125, "ounce"),
  ]

  private static let money: [UnitDefinition] = [
    UnitDefinition("kg/kWh", .carbonIntensity, "t/MWh"),
    UnitDefinition(
      "g/kWh", .carbonIntensity, 0.001, "kg/MWh"),
    UnitDefinition("lb/MWh", .carbonIntensity, 0.00045359237),
    UnitDefinition("/kWh", .price), UnitDefinition("/MWh", .price, 0.001), UnitDefinition("/Wh", .price, 1000),
    UnitDefinition("ct/kWh", .price, 0.01), UnitDefinition("ct/MWh", .price, 1e-5),
    UnitDefinition("/GJ", .price, 0.0036), UnitDefinition("/MMBTU", .price, 1 / 293.07107),
    UnitDefinition("/therm", .price, 1 / 29.3071), UnitDefinition("ct/therm", .price, 0.01 / 29.3071),
    UnitDefinition("/m³", .volumePrice), UnitDefinition("ct/m³", .volumePrice, 0.01),
  ]

}
