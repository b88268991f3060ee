import PlantModel

/// Guess of a sensor's unit by its name, its vendor and its values, with the degree of certainty.
struct UnitGuess {
  /// Unit to write; `nil` leaves it to the catalogue.
  var unit: String?
  /// Comment for the plant file.
  var note: String?

  /// Guesses the unit of a sensor.
  ///
  /// - Parameters:
  ///   - sensor: Name of the sensor in the plant file.
  ///   - source: Name given by the sender.
  ///   - numbers: Received values.
  ///   - vendor: Vendor of the device.
  ///   - unitText: Unit stated by the sender, if any.
  ///   - kind: Assumed kind of the asset.
  ///   - powers: All powers received in the same way; they probably have one unit.
  static func of(
    sensor: String, source: String, numbers: [Double], vendor: ShapedTopic.Vendor, unitText: String? = nil,
    kind: AssetKind = .generic, powers: [Double] = []
  ) -> UnitGuess {
    let own = SensorCatalogue.profile(sensor: sensor, of: Asset(name: "", kind: kind)).unit
    let quantity = own?.quantity ?? quantity(ofName: sensor)
    var guess =
      stated(unitText) ?? named(source) ?? maker(quantity, source: source, vendor: vendor, numbers: numbers)
      ?? byValues(quantity, numbers: numbers, powers: powers.isEmpty ? numbers : powers)
    if own == nil, let quantity, guess.unit == nil, guess.note?.hasPrefix("a guess") ?? true {
      // The catalogue has no unit for this name.
      guess.unit = Unit.canonical(of: quantity).symbol
      guess.note = guess.note ?? "a guess by its name"
    }
    guard let symbol = guess.unit, let unit = Unit.named(symbol) else { return guess }
    if let own, own.quantity != unit.quantity {
      return UnitGuess(note: "the sender says \(symbol), which is no unit of '\(sensor)'; rename it")
    }
    // The catalogue already gives this unit, so only a guess is mentioned.
    if own == unit { return UnitGuess(note: guess.note.flatMap { $0.hasPrefix("a guess") ? $0 : nil }) }
    return guess
  }

  /// Returns the quantity of a name that the catalogue lacks: `energy_today`, `pvgridvoltage`.
  private static func quantity(ofName name: String) -> Quantity? {
    let words = NameWords.words(of: name)
    if words.contains(where: { ["factor", "count", "status", "state", "mode", "limit", "ratio"].contains($0) }) {
      return nil
    }
    let stems: [(String, Quantity)] = [
      ("reactive", .reactivePower), ("apparent", .apparentPower), ("power", .power), ("pwr", .power),
      ("voltage", .voltage),
      ("energy", .energy), ("yield", .energy), ("temperature", .temperature), ("frequen", .frequency),
      ("humidity", .percentage), ("current", .current),
    ]
    let found = stems.first { stem in words.contains { $0.contains(stem.0) && $0 != "currently" } }?.1
    // `current_speed` is not an electric current.
    if found == .current, words.contains("current"), !words.allSatisfy({ besideCurrent.contains($0) || Int($0) != nil })
    {
      return nil
    }
    return found
  }

  private static let besideCurrent: Set<String> = [
    "current", "l1", "l2", "l3", "ac", "dc", "battery", "bat", "pv", "pv1", "pv2", "grid", "phase", "a", "b", "c", "n",
    "input", "output", "load", "charge", "discharge", "max", "min", "avg", "total", "inverter", "string", "motor",
    "line", "export", "import",
  ]

  private static func stated(_ text: String?) -> UnitGuess? {
    guard let text, let unit = Unit.named(text) else { return nil }
    return UnitGuess(unit: unit.symbol, note: "the unit that the sender names")
  }

  /// Returns the unit of endings such as `_w`, `(kWh)` or `AcV`.
  private static func named(_ source: String) -> UnitGuess? {
    let words = NameWords.words(of: source)
    guard let last = words.last else { return nil }
    if last == "mw", words.count > 1 {
      return UnitGuess(note: "'\(source)' may be in MW or in mW: write `unit: MW` or `unit: mW`")
    }
    let isWhole = ["watt", "watts", "volt", "volts", "amps", "kwh", "wh", "hz"].contains(last)
    let isNamed = words.count > 1 && !["phase", "line", "channel", "input", "no"].contains(words[words.count - 2])
    guard isWhole || isNamed, let symbol = endings[last] else { return nil }
    return UnitGuess(unit: symbol, note: "by its name '\(source)'")
  }

  private static let endings: [String: String] = [
    "w": "W", "watt": "W", "watts": "W", "kw": "kW", "wh": "Wh", "kwh": "kWh", "mwh": "MWh", "v": "V", "volt": "V",
    "volts": "V", "mv": "mV", "a": "A", "amps": "A", "ma": "mA", "hz": "Hz", "c": "°C", "f": "°F", "pct": "%",
    "percent": "%", "va": "VA", "kva": "kVA", "var": "var", "kvar": "kvar", "ppm": "ppm", "hpa": "hPa", "lx": "lx",
  ]

  private static func maker(
    _ quantity: Quantity?, source: String, vendor: ShapedTopic.Vendor, numbers: [Double]
  ) -> UnitGuess? {
    let name: String
    switch vendor {
    case .tasmota: name = "Tasmota"
    case .shelly: name = "Shelly"
    case .zigbee: name = "Zigbee2MQTT"
    case .victron: name = "Victron"
    case .homeAssistant, .other: return nil
    }
    let note = "as \(name) sends it"
    switch quantity {
    case .power: return UnitGuess(unit: "W", note: note)
    case .apparentPower: return UnitGuess(unit: "VA", note: note)
    case .reactivePower: return UnitGuess(unit: "var", note: note)
    case .energy:
      if vendor == .tasmota, source.lowercased() == "period" { return UnitGuess(unit: "Wh", note: note) }
      if vendor != .shelly { return UnitGuess(unit: "kWh", note: note) }
      if source.lowercased() == "energy" {
        return UnitGuess(
          unit: "Wh", note: "a guess: \(name)'s first generation counts a relay's energy in watt-minutes")
      }
      return UnitGuess(unit: "Wh", note: note)
    case .voltage where vendor == .zigbee && (numbers.max() ?? 0) >= 1000:
      return UnitGuess(unit: "mV", note: "a guess: Zigbee2MQTT sends the voltage of batteries so; \(spread(numbers))")
    case .voltage: return UnitGuess(unit: "V", note: note)
    case .current: return UnitGuess(unit: "A", note: note)
    default: return nil
    }
  }

  /// Returns whether a name denotes a power.
  static func isPower(_ name: String) -> Bool {
    ["power", "dc_power"].contains(NameWords.usual(name)) || quantity(ofName: name) == .power
  }

  /// Returns whether powers look like watts.
  ///
  /// In kW, a house reaches about 20 and a hall about 100. Values sent in watts have few decimals.
  private static func areWatts(_ powers: [Double]) -> Bool {
    let most = powers.map { abs($0) }.max() ?? 0
    if most >= 2_000 { return true }
    let hasDecimals = powers.contains { abs(($0 * 100).rounded() - $0 * 100) > 1e-6 }
    let isWhole = powers.allSatisfy { $0 == $0.rounded() }
    return most >= 100 ? !hasDecimals : isWhole && most >= 20
  }

  private static func byValues(_ quantity: Quantity?, numbers: [Double], powers: [Double]) -> UnitGuess {
    guard let low = numbers.min(), let high = numbers.max() else { return UnitGuess() }
    let (most, spread) = (max(abs(low), abs(high)), spread(numbers))
    let isWhole = numbers.allSatisfy { $0 == $0.rounded() }
    switch quantity {
    case .power:
      if areWatts(powers) {
        return UnitGuess(unit: "W", note: "a guess: \(spread); kW if that is what it sends")
      }
      if most == 0 { return UnitGuess(note: "only 0 came: write `unit: W` if that is what it sends") }
      return UnitGuess(note: "a guess, kW: \(spread); write `unit: W` if that is what it sends")
    case .apparentPower, .reactivePower:
      let symbol = quantity == .apparentPower ? "VA" : "var"
      if most >= 100 { return UnitGuess(unit: symbol, note: "a guess: \(spread); k\(symbol) if that is what it sends") }
      return UnitGuess(note: "a guess, k\(symbol): \(spread)")
    case .energy:
      if most >= 100_000 { return UnitGuess(unit: "Wh", note: "a guess: \(spread); kWh if that is what it sends") }
      return UnitGuess(note: "a guess, kWh: \(spread); write `unit: Wh` if that is what it sends")
    case .voltage where most >= 1_500:
      return UnitGuess(note: "taken as V: \(spread); if that is too much, write a `scale`, such as 0.1 or 0.001")
    case .current where most >= 200:
      return UnitGuess(note: "taken as A: \(spread); write `unit: mA` if that is what it sends")
    case .percentage where most <= 1 && !isWhole:
      return UnitGuess(unit: "fraction", note: "a guess: \(spread); % if that is what it sends")
    case .percentage where most > 110:
      return UnitGuess(note: "taken as %: \(spread); if that is too much, write a `scale`, such as 0.1")
    case .frequency where most > 70:
      return UnitGuess(note: "taken as Hz: \(spread); if that is too much, write a `scale`, such as 0.01")
    case .temperature where most > 150:
      return UnitGuess(note: "taken as °C: \(spread); if that is too much, write a `scale`, such as 0.1, or `unit: K`")
    case nil: return UnitGuess(note: "unit not known; \(spread)")
    default: return UnitGuess()
    }
  }

  /// Returns a description such as `values from 170 to 2310`.
  static func spread(_ numbers: [Double]) -> String {
    guard let low = numbers.min(), let high = numbers.max() else { return "no value" }
    return low == high ? "value \(text(low))" : "values from \(text(low)) to \(text(high))"
  }

  private static func text(_ number: Double) -> String {
    if number == number.rounded(), abs(number) < 1e15 { return "\(Int64(number))" }
    let rounded = (number * 1000).rounded() / 1000
    return "\(abs(number) < 1e12 ? rounded : number)"
  }
}
