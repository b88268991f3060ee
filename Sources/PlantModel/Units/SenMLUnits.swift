/// Units of SenML records: RFC 8428, section 12.1, the additions and secondary units of RFC 8798, and later IANA
/// registrations.
enum SenMLUnits {
  /// Returns the unit of a registered symbol, case-sensitive; `nil` for others.
  ///
  /// Units that no sensor of an energy site has are also `nil`, such as farad (`F`), henry (`H`), siemens (`S`) and
  /// tesla (`T`).
  static func unit(_ symbol: String) -> Unit? {
    (alike.contains(symbol) ? symbol : others[symbol]).flatMap { UnitSpelling.unit($0, currency: nil) }
  }

  /// Symbols that have the same meaning in plant files.
  private static let alike: Set<String> = [
    "m", "kg", "g", "s", "A", "K", "Hz", "rad", "Pa", "J", "W", "V", "Cel", "lx", "m3", "l", "m/s", "m3/s", "l/s",
    "W/m2", "dB", "dBW", "count", "%", "%RH", "1/min", "VA", "var", "J/m", "deg",
    "ms", "min", "h", "MHz", "kW", "kVA", "kvar", "Ah", "Wh", "kWh", "varh", "kvarh", "kVAh", "VAh", "Wh/km", "mV",
    "mA", "dBm", "ug/m3", "mm/h", "m/h", "ppm", "ppb", "hPa", "mm", "cm", "km", "km/h",
  ]

  /// Symbols that plant files lack or use for another unit. `EL` is the remaining battery time [s].
  private static let others = [
    "Ohm": "ohm", "C": "A·s", "/": "1", "%EL": "%", "EL": "s", "lat": "deg", "lon": "deg", "VAs": "VA·s",
    "vars": "var·s", "/100": "%", "/1000": "permille",
  ]
}
