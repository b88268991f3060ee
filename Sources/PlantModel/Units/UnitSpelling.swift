/// Spellings of units in plant files and devices.
enum UnitSpelling {
  /// Maximum length of a name [bytes].
  static let maximumLength = 64

  /// Returns the unit of a spelling, as ``Unit/named(_:currency:)`` documents.
  static func unit(_ name: String, currency: String?) -> Unit? {
    if let unit = exact[name] { return unit }
    guard !name.isEmpty, name.utf8.count <= maximumLength else { return nil }
    let plain = plain(withoutNegativePowers(name))
    return whole(plain) ?? quotient(plain, currency: currency)
  }

  /// Returns a name with negative powers, such as `W m⁻²` and `min-1`, written as a fraction; other names unchanged.
  private static func withoutNegativePowers(_ name: String) -> String {
    guard name.contains(where: { "123¹²³".contains($0) }) else { return name }
    var (above, below) = ("", "")
    for part in name.split(whereSeparator: { " \u{A0}·\u{22C5}*".contains($0) }) {
      let base = part.dropLast()
      guard let power = part.last, "123¹²³".contains(power), let sign = base.last, "-\u{2212}⁻".contains(sign),
        self.part(base.dropLast()) != nil
      else {
        above += part
        continue
      }
      below += base.dropLast()
      if !"1¹".contains(power) { below.append(power) }
    }
    return below.isEmpty ? name : (above.isEmpty ? "1" : above) + "/" + below
  }

  /// Returns a spelling without ignored characters, with superscripts and look-alikes in plain form.
  private static func plain(_ name: String) -> String {
    var result = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case " ", "\u{A0}", "\u{202F}", "\u{200B}", "\u{FEFF}", "\t", "\r", "\n": break
      case "_", "-", "\u{2212}", "⁻", ".", "^", "\u{B7}", "\u{22C5}", "*", "(", ")", "[", "]": break
      // A sum sign before the unit, and the byte that UTF-8 read as Latin-1 puts before `°` and `²`.
      case "\u{3A3}", "\u{2211}", "\u{C2}": break
      case "²", "\u{2082}": result.append("2")
      case "³": result.append("3")
      case "\u{33A1}": result.append("m2")
      case "\u{33A5}": result.append("m3")
      case "\u{BA}", "\u{2DA}": result.append("°")
      case "\u{2103}": result.append("°C")
      case "\u{2109}": result.append("°F")
      case "\u{3BC}": result.append("\u{B5}")
      case "\u{2126}": result.append("\u{3A9}")
      case "\u{2044}", "\u{2215}": result.append("/")
      case "\u{FF05}": result.append("%")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Returns a unit that is not a quotient, unless the table lists the quotient.
  private static func whole(_ plain: String) -> Unit? {
    let folded = plain.lowercased()
    if uncertain.contains(folded) { return nil }
    if let unit = exactPlain[plain] { return unit }
    if unclearCase.contains(folded) { return ofCase(plain, folded: folded) }
    return known(folded) ?? singular(folded) ?? bare(plain, folded: folded)
  }

  private static func known(_ folded: String) -> Unit? {
    byFolded[folded] ?? UnitWords.symbol(folded).flatMap { exact[$0] }
  }

  /// Returns a unit whose case decides whether it is a milli or a mega unit.
  private static func ofCase(_ plain: String, folded: String) -> Unit? {
    if plain.utf8.first == UInt8(ascii: "M") { return mega[folded] }
    return plain.utf8.contains { $0 &- 0x41 < 26 } ? milli[folded] : nil
  }

  /// Returns the unit of a plural. A word in `as` may be a unit times second and is excluded.
  private static func singular(_ folded: String) -> Unit? {
    guard folded.utf8.count >= 4, folded.hasSuffix("s"), !folded.hasSuffix("as") else { return nil }
    return byFolded[String(folded.dropLast())]
  }

  /// Returns a unit without an ending for the kind of power or current, or with an hour spelt out after a symbol.
  ///
  /// Examples: `kWp`, `VAC`, `kW-hr`.
  private static func bare(_ plain: String, folded: String) -> Unit? {
    for (ending, instead) in endings where folded.hasSuffix(ending) && folded.utf8.count > ending.utf8.count {
      let base = String(plain.dropLast(ending.count)) + instead
      // Two letters alone, such as `WT`, usually mean something else.
      let isShort = base.utf8.count + ending.utf8.count == 2
      if isShort, !plain.hasSuffix(ending) { continue }
      guard let unit = exactPlain[base] ?? (isShort ? nil : known(base.lowercased())) else { continue }
      let fits =
        switch unit.quantity {
        case .power: true
        case .energy: ending.utf8.count > 1
        case .voltage, .current: kindsOfCurrent.contains(ending)
        case .reactiveEnergy, .apparentEnergy, .charge: instead == "h"
        default: false
        }
      if fits { return unit }
    }
    return nil
  }

  private static let kindsOfCurrent: Set<String> = ["ac", "dc", "rms"]

  private static let endings = [
    ("hours", "h"), ("hour", "h"), ("hrs", "h"), ("hr", "h"), ("ac", ""), ("dc", ""), ("rms", ""), ("el", ""),
    ("th", ""),
    ("p", ""), ("e", ""), ("t", ""),
  ]

  // MARK: One by another

  private static func quotient(_ plain: String, currency: String?) -> Unit? {
    if let slash = plain.lastIndex(of: "/") {
      return quotient(plain[..<slash], plain[plain.index(after: slash)...], currency)
    }
    // `per` also occurs in `ampere` and `percent`.
    for start in plain.indices.dropFirst() where plain[start...].prefix(3).lowercased() == "per" {
      let end = plain.index(start, offsetBy: 3)
      if let unit = quotient(plain[..<start], plain[end...], currency) { return unit }
    }
    return nil
  }

  private static func quotient(_ above: Substring, _ below: Substring, _ currency: String?) -> Unit? {
    let divisor = part(below)
    if let divisor, let symbol = part(above) ?? massOfCarbonDioxide(above), let unit = exact["\(symbol)/\(divisor)"] {
      return unit
    }
    return price(String(above), by: energies[below.lowercased()] ?? divisor, currency: currency)
  }

  /// Returns the symbol of a numerator or denominator.
  private static func part(_ plain: Substring) -> String? {
    let folded = plain.lowercased()
    return partSymbols[folded] ?? whole(String(plain))?.symbol ?? UnitWords.symbol(folded)
  }

  private static func massOfCarbonDioxide(_ plain: Substring) -> String? {
    let folded = plain.lowercased()
    guard let ending = ["co2", "co2e", "co2eq"].first(where: folded.hasSuffix) else { return nil }
    return part(plain.dropLast(ending.count))
  }

  private static let partSymbols = [
    "m2": "m²", "sqm": "m²", "qm": "m²", "cm2": "cm²", "100km": "100km", "rev": "rev", "mg": "mg", "µg": "µg",
    "ug": "µg", "sqft": "ft²", "ft2": "ft²",
  ]

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

  /// Units by lower-case spelling. Spellings whose case distinguishes units are left out, so that none is guessed.
  private static let byFolded: [String: Unit] = {
    var result: [String: Unit] = [:]
    var ambiguous = unclearCase
    for (name, unit) in exactPlain {
      let key = name.lowercased()
      if let other = result[key], other != unit { ambiguous.insert(key) }
      result[key] = unit
    }
    // In capitals these mean siemens, giga, tesla, newton, mega and others.
    for key in ambiguous.union(["s", "g", "t", "n", "m", "d"]) { result[key] = nil }
    return result
  }()

  private static let unclearCase: Set<String> = [
    "mw", "mwh", "mva", "mvah", "mvar", "mvarh", "mv", "ma", "mhz", "mj", "mpa", "mohm", "mω", "ml",
  ]

  private static let mega = cased([
    "mw": "MW", "mwh": "MWh", "mva": "MVA", "mvah": "MVAh", "mvar": "Mvar", "mvarh": "Mvarh", "mhz": "MHz",
    "mj": "MJ", "mpa": "MPa", "mohm": "MΩ", "mω": "MΩ",
  ])

  private static let milli = cased([
    "mw": "mW", "mwh": "mWh", "mva": "mVA", "mvar": "mVAr", "mv": "mV", "ma": "mA", "mhz": "mHz", "mohm": "mΩ",
    "mω": "mΩ",
  ])

  private static func cased(_ symbols: [String: String]) -> [String: Unit] { symbols.compactMapValues { exact[$0] } }

  /// A plural or a unit times second (SenML); a thousand or a million BTU.
  private static let uncertain: Set<String> = ["vars", "vas", "mbtu"]

  // MARK: Prices

  private static func price(_ money: String, by base: String?, currency: String?) -> Unit? {
    guard let base, exact["/" + base] != nil else { return nil }
    switch parts(of: money, currency: currency) {
    case .whole: return exact["/" + base]
    case .hundredth: return exact["ct/" + base]
    case .thousandth: return base == "kWh" ? exact["/MWh"] : nil
    case nil: return nil
    }
  }

  /// Energies by lower-case spelling: nothing is sold by the milliwatt-hour, so case is irrelevant here.
  private static let energies = ["kwh": "kWh", "mwh": "MWh", "wh": "Wh", "gj": "GJ"]

  private enum Money {
    case whole, hundredth, thousandth
  }

  private static func parts(of money: String, currency: String?) -> Money? {
    if money.isEmpty || wholes.contains(money) { return .whole }
    if hundredths.contains(money) { return .hundredth }
    let folded = money.lowercased()
    if folded == "rp" {
      switch currency?.uppercased() {
      case "CHF": return .hundredth
      case "IDR": return .whole
      default: return nil
      }
    }
    if foldedHundredths.contains(folded) { return .hundredth }
    if folded == "mill" || folded == "mills" { return .thousandth }
    if foldedWholes.contains(folded) { return .whole }
    // Any ISO 4217 code that is not also the name of a unit.
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
