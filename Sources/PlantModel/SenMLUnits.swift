/// The registry of units in SenML records: the table of RFC 8428, section 12.1, with the additions and the secondary units
/// of RFC 8798 and those that IANA has registered since.
enum SenMLUnits {
  /// The unit of a symbol, as it stands there; `nil` for what is not registered, and for what no sensor of an energy site
  /// has, such as the farad (`F`), the henry (`H`), the siemens (`S`) and the tesla (`T`).
  static func unit(_ symbol: String) -> Unit? {
    (alike.contains(symbol) ? symbol : others[symbol]).flatMap { UnitSpelling.unit($0, currency: nil) }
  }

  /// Symbols that mean the same in plant files.
  private static let alike: Set<String> = [
    "m", "kg", "g", "s", "A", "K", "Hz", "rad", "Pa", "J", "W", "V", "Cel", "lx", "m3", "l", "m/s", "m3/s", "l/s",
    "W/m2", "dB", "dBW", "count", "%", "%RH", "1/min", "VA", "var", "J/m", "deg",
    "ms", "min", "h", "MHz", "kW", "kVA", "kvar", "Ah", "Wh", "kWh", "varh", "kvarh", "kVAh", "VAh", "Wh/km", "mV",
    "mA", "dBm", "ug/m3", "mm/h", "m/h", "ppm", "ppb", "hPa", "mm", "cm", "km", "km/h",
  ]

  /// Symbols that plant files do not have, or have for another unit. `EL` is what a battery has left [s].
  private static let others = [
    "Ohm": "ohm", "C": "A·s", "/": "1", "%EL": "%", "EL": "s", "lat": "deg", "lon": "deg", "VAs": "VA·s",
    "vars": "var·s", "/100": "%", "/1000": "permille",
  ]
}
