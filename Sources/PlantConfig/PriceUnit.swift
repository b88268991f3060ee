import PlantModel

/// What prices of a file are written in: money, or a hundredth of it, for an amount of energy.
struct PriceUnit: Equatable {
  /// By what a price is multiplied to be one of the plant's currency for a kWh.
  var scale: Double

  /// What can be written, for messages.
  static func examples(_ currency: String) -> String { "\(currency)/kWh, \(currency)/MWh or ct/kWh" }

  private static let energies: [String: Double] = ["kwh": 1, "mwh": 1e-3, "wh": 1e3, "gwh": 1e-6]
  private static let hundredths: Set<String> = ["ct", "cent", "cents", "pence", "öre", "øre", "¢"]

  /// The unit that a text such as `EUR/MWh` names; `nil` where it names none, or the money of another currency.
  init?(_ text: String, currency: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { $0.filter { !$0.isWhitespace } }
    guard parts.count == 2, parts[1].lowercased().hasSuffix("wh"),
      let unit = Unit.named(text, currency: currency.uppercased()), unit.quantity == .price
    else { return nil }
    let isCode = parts[0].count == 3 && parts[0].allSatisfy { $0.isASCII && $0.isUppercase }
    if isCode, parts[0] != currency.uppercased() { return nil }
    scale = unit.scale
  }

  /// The unit that the words of a column's name tell, such as those of `price_eur_mwh`; `nil` where they tell none.
  init?(words: [String]) {
    guard let place = words.lastIndex(where: { PriceUnit.energies[$0] != nil }),
      let energy = PriceUnit.energies[words[place]]
    else { return nil }
    let isHundredth = place > 0 && PriceUnit.hundredths.contains(words[place - 1])
    scale = isHundredth ? energy / 100 : energy
  }
}
