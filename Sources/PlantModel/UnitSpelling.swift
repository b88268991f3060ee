/// The ways in which plant files and devices write units.
enum UnitSpelling {
  /// Longest name that is looked at [bytes].
  static let maximumLength = 64

  /// The unit of ``Unit/named(_:currency:)``.
  static func unit(_ name: String, currency: String?) -> Unit? {
    if let unit = exact[name] { return unit }
    guard !name.isEmpty, name.utf8.count <= maximumLength else { return nil }
    let plain = plain(name)
    if uncertain.contains(plain) { return nil }
    if let unit = exactPlain[plain] { return unit }
    let folded = plain.lowercased()
    if unclearCase.contains(folded) { return ofCase(plain, folded) }
    return byFolded[folded] ?? singular(folded) ?? price(plain, currency: currency)
  }

  /// The unit of ``Unit/senML(_:)``.
  static func senML(_ symbol: String) -> Unit? {
    if senMLAbsent.contains(symbol) { return nil }
    return exact[senMLNames[symbol] ?? symbol]
  }

  /// Without what does not count in a spelling; superscripts, look-alikes and ` per ` in their plain form.
  private static func plain(_ name: String) -> String {
    var result = ""
    var rest = name.unicodeScalars[...]
    while let scalar = rest.first {
      if scalar == " ", rest.starts(with: " per ".unicodeScalars) {
        result.append("/")
        rest = rest.dropFirst(4)
        continue
      }
      switch scalar {
      case " ", "\u{A0}", "\u{202F}", "\t", "\r", "\n", "_", "-", "\u{2212}", ".", "^", "\u{B7}", "\u{22C5}", "*": break
      case "²": result.append("2")
      case "³": result.append("3")
      case "\u{BA}", "\u{2DA}": result.append("°")
      case "\u{2103}": result.append("°C")
      case "\u{2109}": result.append("°F")
      case "\u{3BC}": result.append("\u{B5}")
      case "\u{2126}": result.append("\u{3A9}")
      default: result.unicodeScalars.append(scalar)
      }
      rest = rest.dropFirst()
    }
    return result
  }

  /// A unit of which the case of the first letter says whether it is a milli or a mega unit.
  private static func ofCase(_ plain: String, _ folded: String) -> Unit? {
    if plain.utf8.first == UInt8(ascii: "M") { return mega[folded] }
    return plain.utf8.contains { $0 &- 0x41 < 26 } ? milli[folded] : nil
  }

  private static func singular(_ folded: String) -> Unit? {
    guard folded.utf8.count >= 5, folded.utf8.last == UInt8(ascii: "s") else { return nil }
    return byFolded[String(folded.dropLast())]
  }

  // MARK: Tables

  private static let exact = byName { $0 }
  private static let exactPlain = byName(plain)

  private static func byName(_ form: (String) -> String) -> [String: Unit] {
    var result: [String: Unit] = [:]
    for (position, definition) in UnitDefinition.table.enumerated() {
      for name in [definition.symbol] + definition.names where result[form(name)] == nil {
        result[form(name)] = Unit(position: position)
      }
    }
    return result
  }

  /// Spellings that differ only in case and mean one unit; those that mean two are left out, so that none is guessed.
  private static let byFolded: [String: Unit] = {
    var result: [String: Unit] = [:]
    var ambiguous = unclearCase
    for (name, unit) in exactPlain {
      let key = name.lowercased()
      if let other = result[key], other != unit { ambiguous.insert(key) }
      result[key] = unit
    }
    // In capitals these are siemens, giga, tesla, newton, mega and others.
    for key in ambiguous.union(["s", "g", "t", "n", "m", "d"]) { result[key] = nil }
    return result
  }()

  private static let unclearCase: Set<String> = [
    "mw", "mwh", "mva", "mvah", "mvar", "mvarh", "mv", "ma", "mhz", "mj", "mpa", "mohm", "mω", "ml",
  ]

  private static let mega = cased([
    "mw": "MW", "mwh": "MWh", "mva": "MVA", "mvah": "MVAh", "mvar": "Mvar", "mvarh": "Mvarh", "mj": "MJ",
    "mpa": "MPa", "mohm": "MΩ", "mω": "MΩ",
  ])

  private static let milli = cased([
    "mw": "mW", "mwh": "mWh", "mva": "mVA", "mvar": "mVAr", "mv": "mV", "ma": "mA", "mhz": "mHz", "mohm": "mΩ",
    "mω": "mΩ",
  ])

  private static func cased(_ symbols: [String: String]) -> [String: Unit] { symbols.compactMapValues { exact[$0] } }

  /// A plural, or a unit times second (SenML); a thousand BTU, or a million.
  private static let uncertain: Set<String> = ["vars", "VAs", "MBTU", "MBtu", "mbtu", "Mbtu"]

  private static let senMLNames = [
    "C": "A·s", "VAs": "VA·s", "vars": "var·s", "/": "ratio", "/100": "%", "/1000": "permille", "Ohm": "ohm",
  ]

  private static let senMLAbsent: Set<String> = ["F", "H", "S", "T", "n", "d"]

  // MARK: Prices

  private static func price(_ plain: String, currency: String?) -> Unit? {
    guard let slash = plain.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
    let money = String(plain[..<slash])
    guard let base = denominators[String(plain[plain.index(after: slash)...]).lowercased()] else { return nil }
    switch parts(of: money, currency: currency) {
    case .whole: return exact["/" + base]
    case .hundredth: return exact["ct/" + base]
    case .thousandth: return base == "kWh" ? exact["/MWh"] : nil
    case nil: return nil
    }
  }

  /// Nobody sells by the milliwatt-hour, so case does not count here.
  private static let denominators = [
    "kwh": "kWh", "mwh": "MWh", "wh": "Wh", "gj": "GJ", "mmbtu": "MMBTU", "therm": "therm", "thm": "therm", "m3": "m³",
  ]

  private enum Money {
    case whole, hundredth, thousandth
  }

  private static func parts(of money: String, currency: String?) -> Money? {
    if money.isEmpty || wholes.contains(money) { return .whole }
    if hundredths.contains(money) { return .hundredth }
    let folded = money.lowercased()
    if folded == "rp" {
      switch currency {
      case "CHF": return .hundredth
      case "IDR": return .whole
      default: return nil
      }
    }
    if foldedHundredths.contains(folded) { return .hundredth }
    if folded == "mill" || folded == "mills" { return .thousandth }
    if foldedWholes.contains(folded) { return .whole }
    // Any code of ISO 4217; what is the name of a unit is none.
    let isCode = money.utf8.count == 3 && money.utf8.allSatisfy { $0 &- 0x41 < 26 }
    return isCode && unit(money, currency: nil) == nil ? .whole : nil
  }

  private static let wholes: Set<String> = [
    "$", "€", "£", "¥", "\u{FFE5}", "₹", "₩", "₽", "₴", "₺", "₪", "฿", "₫", "₱", "₦", "₡", "₲", "₵", "₸", "₼", "₾", "R",
    "R$",
    "A$", "C$", "US$", "NZ$", "HK$", "S$", "NT$", "CA$", "AU$", "円", "元", "원",
  ]

  private static let foldedWholes: Set<String> = [
    "currency", "kr", "kč", "kc", "zł", "zl", "ft", "lei", "tl", "fr", "sfr", "rs", "euro", "euros", "dollar",
    "dollars",
    "yen", "yuan", "kroner", "kronor", "rupiah", "rand", "aed", "ars", "aud", "bgn", "brl", "cad", "chf", "clp", "cny",
    "cop", "czk", "dkk", "eur", "gbp", "hkd", "huf", "idr", "ils", "inr", "isk", "jpy", "krw", "mxn", "myr", "nok",
    "nzd",
    "php", "pln", "ron", "sek", "sgd", "thb", "try", "twd", "uah", "usd", "vnd", "zar",
  ]

  private static let hundredths: Set<String> = ["c", "¢", "p", "€c", "€ct", "c€", "US¢", "USc", "gr"]

  private static let foldedHundredths: Set<String> = [
    "ct", "cts", "cent", "cents", "eurocent", "eurocents", "€cent", "øre", "öre", "ore", "aurar", "pence", "penny",
    "rappen", "grosz", "groszy", "paise", "paisa", "sen", "centavo", "centavos", "centime", "centimes", "céntimo",
    "céntimos", "centesimi", "kopek", "kopeks", "bani", "stotinki", "kuruş", "kurus",
  ]
}
