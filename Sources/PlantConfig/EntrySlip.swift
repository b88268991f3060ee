import PlantModel

/// Slips in keys and values that are valid YAML and mean something else there, in words.
enum EntrySlip {
  /// Sections to which keys belong, for keys at a wrong place.
  private static let homes: [(keys: Set<String>, home: String)] = [
    (["latitude", "longitude", "timezone", "elevation", "country"], "location"),
    (
      ["capacity_kw", "power_kw", "energy_kwh", "tilt", "azimuth", "efficiency", "soc_min", "soc_max", "kind"],
      "an asset under 'assets'"
    ),
    (["import", "export", "prices", "demand_charge", "carbon"], "tariff"),
    (["match", "payload", "values", "rename", "each"], "an entry '- match: …' of 'topics'"),
    (["url", "client_id", "qos", "max_payload"], "mqtt"),
    (["database", "org", "token", "token_file"], "influxdb"), (["max_bytes", "spool", "sync"], "journal"),
  ]

  /// Keys of other programs, with those of the same meaning here.
  private static let synonyms = [
    "lat": "latitude", "lon": "longitude", "lng": "longitude", "long": "longitude", "tz": "timezone",
    "time_zone": "timezone", "zone": "timezone", "capacity_kwh": "energy_kwh", "usable_kwh": "energy_kwh",
    "type": "kind", "topic": "match", "path": "at", "factor": "scale",
  ]

  /// Returns what an unknown key probably is; `nil` if nothing is known of it.
  ///
  /// - Parameters:
  ///   - key: The key.
  ///   - hasValue: Whether it has a value.
  ///   - before: The entry before it with its text, if any.
  ///   - known: Keys that the section has.
  static func words(
    ofUnknown key: String, hasValue: Bool, after before: (key: String, text: String)?, known: Set<String>
  ) -> String? {
    if !hasValue, let colon = key.firstIndex(of: ":") {
      let (name, value) = (String(key[..<colon]), key[key.index(after: colon)...])
      if known.contains(name), !value.isEmpty {
        return "a blank is missing behind the colon; write '\(name): \(value)'"
      }
    }
    if key.hasPrefix("-"), known.contains(String(key.dropFirst())) {
      return "a blank is missing behind the dash; write '- \(key.dropFirst()): …'"
    }
    if !hasValue, key.allSatisfy(\.isNumber), let before, Double(before.text) != nil {
      return "numbers have a decimal point; write '\(before.key): \(before.text).\(key)', not \(before.text),\(key)"
    }
    if let oddity = LookAlike.oddity(of: key) { return oddity }
    return synonyms[key.lowercased()].flatMap { known.contains($0) ? "write '\($0)'" : nil }
  }

  /// Returns the section to which a key belongs that is unknown where it stands.
  static func home(of key: String, in section: String) -> String? {
    homes.first { $0.keys.contains(key) && $0.home != section }.map {
      "'\(key)' belongs to \($0.home); indent it there"
    }
  }

  /// Returns the number that a text probably means, in words; `nil` if it looks like none.
  ///
  /// Examples: `48,1` is 48.1, `30 kW` is 30, `92%` is 0.92.
  static func number(meantBy text: String) -> String? {
    let minus = text.replacing("\u{2212}", with: "-")
    if minus != text, Double(minus) != nil { return "write \(minus) with a plain minus" }
    let point = text.replacing(",", with: ".")
    if text.contains(","), Double(point) != nil { return "numbers have a decimal point: \(point)" }
    let digits = point.prefix { $0.isASCII && $0.isNumber || ".-+".contains($0) }
    guard let value = Double(digits), digits.count < point.count else { return nil }
    let rest = point.dropFirst(digits.count).drop { $0 == " " }
    if rest == "%" { return "write \(value / 100) for a share, or \(digits) for per cent, without the sign" }
    return "write \(digits) alone; the key says in what unit it is"
  }

  /// Returns the text that a mapping or list at the place of a text probably means; `nil` if it looks like none.
  ///
  /// YAML reads `{asset}` without quotation marks as a mapping.
  static func text(meantBy node: YAMLNode) -> String? {
    let keys = node.keys
    guard keys.count == 1, let name = keys.first, node.member(name)?.isNull == true else { return nil }
    return "YAML reads {\(name)} as a mapping; write \"{\(name)}\" in quotation marks"
  }

  /// Returns what a text at the place of a mapping probably means.
  static func mapping(meantBy node: YAMLNode) -> String? {
    if let text = node.text {
      guard let colon = text.firstIndex(of: ":"), text[..<colon].allSatisfy({ $0.isLetter || $0 == "_" }) else {
        return nil
      }
      let value = text[text.index(after: colon)...]
      return value.isEmpty ? nil : "a blank is missing behind the colon: '\(text[..<colon]): \(value.prefix(60))'"
    }
    guard let name = node.elements?.first?.keys.first else { return nil }
    return "write '\(name): …' without the dash, one entry a line"
  }

  /// Returns what a mapping or text at the place of a list probably means.
  static func list(meantBy node: YAMLNode) -> String? {
    if let key = node.keys.first {
      if key.hasPrefix("-") { return "a blank is missing behind the dash: '- \(key.dropFirst()): …'" }
      return key == "match" ? "begin each entry with a dash and a blank: '- match: …'" : nil
    }
    return node.text.flatMap { $0.hasPrefix("-") ? "a blank is missing behind the dash: '- \($0.dropFirst())'" : nil }
  }

  /// Returns the local time that a text probably means; `nil` if it looks like none.
  ///
  /// Examples: `960` is 16:00, as tools of YAML 1.1 make of it; `16` and `16h` are 16:00; `4pm` is 16:00.
  static func time(meantBy text: String) -> String? {
    let lower = text.lowercased().filter { $0 != " " }
    let digits = lower.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits) else { return nil }
    let rest = lower.dropFirst(digits.count)
    func shown(_ minutes: Int) -> String { "\(minutes / 600)\(minutes / 60 % 10):\(minutes % 60 / 10)\(minutes % 10)" }
    if (rest == "am" || rest == "pm"), (1...12).contains(number) {
      return "write \"\(shown((number % 12 + (rest == "pm" ? 12 : 0)) * 60))\""
    }
    if number <= 24, ["", "h", "uhr", ":", "."].contains(rest) { return "write \"\(shown(number * 60))\"" }
    if rest.isEmpty, (25...1_440).contains(number) {
      return "write \"\(shown(number))\" in quotation marks, of which a tool of YAML 1.1 has made minutes"
    }
    let parts = lower.split { ":.h-".contains($0) }
    if parts.count >= 2, let minute = Int(parts[1]), number <= 24, (0...59).contains(minute) {
      return "write \"\(shown(number * 60 + minute))\""
    }
    return nil
  }
}
