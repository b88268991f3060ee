import PlantModel
import Testing

/// Units as devices and plant files write them.
struct UnitSpellingTests {
  static let spellings: [(names: [String], symbol: String)] = [
    (["W", "watt", "Watts", "watts", "WATT"], "W"), (["kW", "KW", "kilowatts", "kw"], "kW"),
    (["kWh", "KWH", "kwh", "kilowatt-hours", "kilowatt hour"], "kWh"), (["Wh", "WH", "watt hours"], "Wh"),
    (["V", "Volts", "volt"], "V"), (["A", "Amps", "amperes", "amp"], "A"), (["mA"], "mA"),
    (["Hz", "Hertz", "hz"], "Hz"),
    (["°C", "ºC", "℃", "Cel", "deg C", "degrees C", "C", "celsius"], "°C"), (["°F", "℉", "fahrenheit"], "°F"),
    (["%", "percent", "pct"], "%"), (["m3", "m^3", "m³"], "m³"), (["L", "litres", "Liter"], "L"),
    (["l/h", "L/h"], "L/h"),
    (["W/m²", "W/m2", "W/m^2"], "W/m²"), (["var", "VAr", "VAR"], "var"), (["kvar", "kVAr", "KVAR"], "kvar"),
    (["kvarh", "kVARh", "kVArh"], "kvarh"), (["VA", "va"], "VA"), (["kVA", "KVA"], "kVA"), (["kVAh"], "kVAh"),
    (["min", "minutes"], "min"), (["s", "sec", "seconds"], "s"), (["h", "hours"], "h"),
    (["/kWh", "EUR/kWh", "JPY/kWh", "SEK/kWh", "¥/kWh", "kr/kWh", "€/kWh"], "/kWh"),
    (["/MWh", "EUR/MWh", "CHF/MWh", "€/MWh"], "/MWh"), (["ct/kWh", "öre/kWh", "øre/kWh", "p/kWh", "c/kWh"], "ct/kWh"),
  ]

  @Test(arguments: spellings)
  func `every usual spelling of a unit is known`(_ item: (names: [String], symbol: String)) {
    for name in item.names { #expect(Unit.named(name)?.symbol == item.symbol, "\(name)") }
  }

  @Test(arguments: [
    "mw", "mwh", "mva", "mvar", "mv", "ma", "mhz", "MBTU", "vars", "Rp/kWh", "zork", "", "V/kWh", "kWh/", "/",
  ])
  func `what may be two units, or is none, is not guessed`(_ name: String) { #expect(Unit.named(name) == nil) }

  @Test func `the rappen is a hundredth of a franc, and the rupiah a whole one`() {
    #expect(Unit.named("Rp/kWh", currency: "CHF")?.scale == 0.01 && Unit.named("Rp/kWh", currency: "IDR")?.scale == 1)
    #expect(Unit.named("Rp / MWh", currency: "chf")?.scale == 1e-5 && Unit.named("Rp/kWh", currency: "EUR") == nil)
  }

  /// Factors with their sources: NIST Special Publication 811, appendix B; the calorie and BTU of the International
  /// Table.
  static let factors: [(value: Double, unit: String, canonical: Double)] = [
    (1, "Gcal", 1_163), (1, "kcal", 0.001_163), (1, "MMBTU", 293.071_070_172), (1, "dekatherm", 293.071),
    (1, "gal", 0.003_785_411_784), (1, "ft³", 0.028_316_846_592), (1, "CCF", 2.831_684_659_2), (1, "GJ", 277.777_777_8),
    (1_000, "varh", 1), (1_000, "VAh", 1), (1, "Mvarh", 1_000), (3_600, "kJ/h", 1), (1, "l/s", 3.6),
    (85, "EUR/MWh", 0.085),
    (12, "ct/kWh", 0.12), (1_013, "mbar", 1_013), (760, "mmHg", 1_013.25), (25, "kPa", 250),
  ]

  @Test(arguments: factors)
  func `conversion factors are those of their sources`(_ item: (value: Double, unit: String, canonical: Double)) throws
  {
    let unit = try #require(Unit.named(item.unit), "\(item.unit)")
    #expect(abs(unit.canonical(item.value) - item.canonical) <= 2e-6 * item.canonical)
  }

  /// Symbols of RFC 8428, section 12.1, and of RFC 8798, with the units that they are here.
  static let registered = [
    "m": "m", "kg": "kg", "g": "g", "s": "s", "A": "A", "K": "K", "Hz": "Hz", "rad": "rad", "Pa": "Pa", "J": "J",
    "W": "W", "C": "A·s", "V": "V", "Ohm": "ohm", "Cel": "°C", "lx": "lx", "m3": "m³", "l": "L", "m/s": "m/s",
    "m3/s": "m³/s", "l/s": "L/s", "W/m2": "W/m²", "dB": "dB", "dBW": "dBW", "count": "count", "/": "1", "%": "%",
    "%RH": "%", "%EL": "%", "EL": "s", "1/min": "rpm", "lat": "deg", "lon": "deg", "VA": "VA", "VAs": "VA·s",
    "var": "var", "vars": "var·s", "J/m": "J/m", "ms": "ms", "min": "min", "h": "h", "MHz": "MHz", "kW": "kW",
    "kVA": "kVA", "kvar": "kvar", "Ah": "Ah", "Wh": "Wh", "kWh": "kWh", "varh": "varh", "kvarh": "kvarh",
    "kVAh": "kVAh", "Wh/km": "Wh/km", "mV": "mV", "mA": "mA", "dBm": "dBm", "ug/m3": "µg/m³", "mm/h": "mm/h",
    "m/h": "m/h", "ppm": "ppm", "/100": "%", "/1000": "permille", "hPa": "hPa", "mm": "mm", "cm": "cm", "km": "km",
    "km/h": "km/h",
  ]

  @Test func `the symbols of SenML's registry have its meaning`() {
    for (symbol, own) in Self.registered { #expect(Unit.senML(symbol)?.symbol == own, "\(symbol)") }
  }

  @Test(arguments: [
    "F", "H", "S", "T", "N", "cd", "mol", "pH", "bit/s", "degC", "°C", "kwh", "KW", "MWh", "watts", "L", "m³", "hr",
    "",
  ])
  func `what SenML's registry has for another quantity, or not at all, is no unit in SenML`(_ symbol: String) {
    #expect(Unit.senML(symbol) == nil)
  }

  @Test func `every quantity has a canonical unit, and the table opens with it`() {
    for quantity in Quantity.allCases {
      let unit = Unit.canonical(of: quantity)
      #expect(unit.quantity == quantity && unit.scale == 1 && unit.offset == 0, "\(quantity)")
    }
    #expect(Unit.symbols.count == Set(Unit.symbols).count && Unit.symbols.count <= 256)
  }
}
