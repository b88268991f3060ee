import PlantModel

/// Plausibility of prices and charges against the currency and each other. Everything here can be intended, so each
/// finding is a warning.
struct TariffPlausibility {
  private let tariff: Tariff
  private let currency: String
  private let section: Section

  init(_ tariff: Tariff, currency: String, in section: Section) {
    (self.tariff, self.currency, self.section) = (tariff, currency, section)
  }

  /// Warns about sizes and signs that no tariff has.
  func check() {
    checkSingleSizes()
    checkSigns()
    checkExport()
    checkCharges()
  }

  private var imports: [Double] { tariff.importPeriods.map(\.price) }
  private var exports: [Double] {
    guard tariff.isExportTold else { return [] }
    return tariff.exportPeriods.isEmpty ? [tariff.exportPrice] : tariff.exportPeriods.map(\.price)
  }

  /// A single period may be in another unit than the others, so that the median of all is plausible.
  private func checkSingleSizes() {
    for (key, prices) in [("import", imports), ("export", exports)] {
      guard CurrencySize.oddity(of: prices, in: currency) == nil, prices.count > 1 else { continue }
      for (position, price) in prices.enumerated() {
        guard case .large = CurrencySize.oddity(of: [price], in: currency) else { continue }
        let meant = [100.0, 1000].map { price / $0 }.filter { CurrencySize.oddity(of: [$0], in: currency) == nil }
        let hint = meant.isEmpty ? "look at its unit" : "perhaps \(meant.map(text).joined(separator: " or ")) is meant"
        warn(
          key, element: position,
          "a price of \(text(price)) a kWh is far above any in \(currency), and the others are "
            + "not; \(hint)")
      }
    }
  }

  private func checkSigns() {
    if !imports.isEmpty, imports.allSatisfy({ $0 < 0 }) {
      warn(
        "import", "import has a negative price, so that every kWh bought would earn money; write it without the minus")
    }
    let listed = tariff.schedule.slots.map(\.importPrice).sorted()
    if !listed.isEmpty, listed[listed.count / 2] < 0 {
      warn("prices", "most import prices of the list are negative, so that buying would earn money; look at their sign")
    }
    if tariff.exportPeriods.isEmpty, tariff.isExportTold, tariff.exportPrice < 0 {
      warn(
        "export",
        "export is \(text(tariff.exportPrice)), so that every kWh sold costs money; write "
          + "\(text(-tariff.exportPrice)) if it is paid to you")
    }
  }

  private func checkExport() {
    guard let least = exports.min(), least > 0, let greatest = imports.max(), greatest > 0 else { return }
    // A price of another unit has been told already.
    if [imports, exports].contains(where: { CurrencySize.oddity(of: $0, in: currency) != nil }) { return }
    if least > greatest {
      warn(
        "export",
        "export earns \(text(least)) a kWh, more than import costs, \(text(greatest)): a battery would buy to sell; "
          + "perhaps the two are exchanged")
    }
  }

  private func checkCharges() {
    if let carbon = tariff.carbonIntensity, let node = section.node("carbon") {
      let inside = Section(node, name: "carbon", reading: section.reading)
      if carbon > 1.5 {
        section.reading.warning(
          inside.place(of: "intensity"),
          "'intensity' is \(text(carbon)) kg/kWh, and the most of any grid is some 1.2; look at the unit, kg a kWh")
      } else if carbon > 0, carbon < 0.001 {
        section.reading.warning(
          inside.place(of: "intensity"),
          "'intensity' is \(text(carbon)) kg/kWh, less than of any grid; write \(text(carbon * 1000)) if it is in t/kWh"
        )
      }
      checkWeight(inside)
    }
    guard let usual = CurrencySize.usualPrice(in: currency), tariff.demandCharge > 300 * usual else { return }
    warn(
      "demand_charge",
      "a charge of \(text(tariff.demandCharge)) \(currency) for each kW of every month's peak is far above any; write "
        + "\(text(tariff.demandCharge / 12)) if it is for a year")
  }

  private func checkWeight(_ section: Section) {
    guard let usual = CurrencySize.usualPrice(in: currency), tariff.carbonWeight > 10 * usual else { return }
    section.reading.warning(
      section.place(of: "weight"),
      "'weight' is \(text(tariff.carbonWeight)) \(currency) a kg; write \(text(tariff.carbonWeight / 1000)) if it is "
        + "for a tonne")
  }

  private func warn(_ key: String, element: Int? = nil, _ message: String) {
    var mark = section.place(of: key)
    if let element, case .sequence(let elements)? = section.node(key)?.content, elements.indices.contains(element) {
      mark = Section(elements[element], name: "the period", reading: section.reading).place(of: "price")
    }
    section.reading.warning(mark, message)
  }

  private func text(_ value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    return rounded.magnitude < 1e9 && rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}

/// Plausibility of a plant's currency.
enum CurrencyHint {
  private static let codes: [String: String] = [
    "€": "EUR", "euro": "EUR", "euros": "EUR", "ct": "EUR", "cent": "EUR", "$": "USD", "us$": "USD", "dollar": "USD",
    "dollars": "USD", "£": "GBP", "pound": "GBP", "pounds": "GBP", "p": "GBP", "fr.": "CHF", "sfr": "CHF",
    "franken": "CHF", "kr": "SEK, NOK or DKK", "zł": "PLN", "kč": "CZK", "ft": "HUF", "¥": "JPY or CNY", "yen": "JPY",
    "rmb": "CNY", "₹": "INR", "rs": "INR", "₩": "KRW", "r$": "BRL", "r": "ZAR", "rand": "ZAR", "tl": "TRY", "₺": "TRY",
  ]

  /// Returns what to write in place of a text that is no ISO 4217 code in capitals; `nil` for one that is.
  static func words(_ text: String) -> String? {
    if text.count == 3, text.allSatisfy({ $0.isASCII && $0.isUppercase }) { return nil }
    let known = codes[text.lowercased()]
    let capitals = text.uppercased()
    let code = known ?? (CurrencySize.usualPrice(in: capitals) == nil ? "a code of ISO 4217 such as EUR" : capitals)
    return "'\(text)' is no code of a currency; write \(code)"
  }
}
