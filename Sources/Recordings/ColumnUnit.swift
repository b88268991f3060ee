import Foundation

/// Unit of a column's values, from its heading or an option.
public enum ColumnUnit: Sendable, Equatable {
  /// A power; the factor converts values to kW.
  case power(toKilowatts: Double)
  /// An energy of the row's interval; the factor converts values to kWh.
  case energy(toKilowattHours: Double)
  /// Any other unit, by its name.
  case other(String)

  private static let named: [String: ColumnUnit] = [
    "w": .power(toKilowatts: 0.001), "watt": .power(toKilowatts: 0.001), "watts": .power(toKilowatts: 0.001),
    "kw": .power(toKilowatts: 1), "mw": .power(toKilowatts: 1000), "gw": .power(toKilowatts: 1e6),
    "wh": .energy(toKilowattHours: 0.001), "kwh": .energy(toKilowattHours: 1), "mwh": .energy(toKilowattHours: 1000),
    "gwh": .energy(toKilowattHours: 1e6),
  ]

  private static let money: Set<String> = [
    "eur", "usd", "gbp", "chf", "sek", "nok", "dkk", "pln", "czk", "jpy", "aud", "ct", "cent", "cents", "pence", "öre",
    "øre", "€", "$", "£", "¢", "price", "preis", "cost",
  ]

  /// Creates the unit of a name such as `kWh`, regardless of case.
  public init(named name: String) { self = ColumnUnit.named[name.lowercased()] ?? .other(name) }

  /// Returns whether a name is a unit of power or energy.
  public static func isKnown(_ name: some StringProtocol) -> Bool { named[name.lowercased()] != nil }

  /// Splits a heading into name and unit: `Load [kWh]`, `Load (kW)`, `Load in W`, `kWh`. The name of `load_kwh` stays
  /// whole.
  static func split(_ heading: String) -> (name: String, unit: ColumnUnit?) {
    for (opening, closing) in [("[", "]"), ("(", ")")] {
      guard heading.hasSuffix(closing), let start = heading.range(of: opening, options: .backwards) else { continue }
      let unit = heading[start.upperBound...].dropLast().trimmingCharacters(in: .whitespacesAndNewlines)
      let name = heading[..<start.lowerBound].trimmingCharacters(in: .whitespacesAndNewlines)
      if !unit.isEmpty, !name.isEmpty { return (name, ColumnUnit(named: unit)) }
    }
    let words = heading.split { " _-/".contains($0) }
    guard let last = words.last, isKnown(last), last.utf8.count > 1 || words.count > 1 else { return (heading, nil) }
    // A price such as `ct/kWh` or `price_eur_mwh` is not an energy.
    if let before = words.dropLast().last, money.contains(before.lowercased()) {
      return (heading, .other("\(before)/\(last)"))
    }
    let unit = ColumnUnit(named: String(last))
    let isApart = heading.dropLast(last.count).last == " "
    guard isApart else { return (heading, unit) }
    let rest = words.dropLast().last?.lowercased() == "in" ? words.dropLast(2) : words.dropLast()
    guard let end = rest.last?.endIndex else { return (heading, unit) }
    return (String(heading[..<end]), unit)
  }
}
