import PlantModel

/// Unit of the prices in a file: money, or a hundredth of it, for an amount of energy.
struct PriceUnit: Equatable {
  /// Factor that converts a price to the plant's currency per kWh.
  var scale: Double

  /// Returns the accepted notations, for messages.
  static func examples(_ currency: String) -> String { "\(currency)/kWh, \(currency)/MWh or ct/kWh" }

  private static let energies: [String: Double] = ["kwh": 1, "mwh": 1e-3, "wh": 1e3, "gwh": 1e-6]
  private static let hundredths: Set<String> = ["ct", "cent", "cents", "pence", "öre", "øre", "¢"]

  /// Parses a text such as `EUR/MWh`; `nil` if it is not a price unit or names another currency.
  init?(_ text: String, currency: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { $0.filter { !$0.isWhitespace } }
    guard parts.count == 2, parts[1].lowercased().hasSuffix("wh"),
      let unit = Unit.named(text, currency: currency.uppercased()), unit.quantity == .price
    else { return nil }
    let isCode = parts[0].count == 3 && parts[0].allSatisfy { $0.isASCII && $0.isUppercase }
    if isCode, parts[0] != currency.uppercased() { return nil }
    scale = unit.scale
  }

  /// Derives the unit from the words of a column's name, such as those of `price_eur_mwh`; `nil` if they name no
  /// energy.
  init?(words: [String]) {
    guard let place = words.lastIndex(where: { PriceUnit.energies[$0] != nil }),
      let energy = PriceUnit.energies[words[place]]
    else { return nil }
    let isHundredth = place > 0 && PriceUnit.hundredths.contains(words[place - 1])
    scale = isHundredth ? energy / 100 : energy
  }
}
