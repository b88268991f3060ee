import PlantModel

/// Guess of an asset's kind by its name and its sensors.
struct KindGuess {
  var kind: AssetKind
  /// Reason for the guess, or what to add.
  var note: String

  /// Guesses the kind of an asset.
  ///
  /// - Parameters:
  ///   - asset: Name of the asset.
  ///   - sensors: Names of its sensors.
  ///   - vendor: Vendor of the device; has no effect.
  init(asset: String, sensors: Set<String>, vendor: ShapedTopic.Vendor? = nil) {
    let words = NameWords.words(of: asset)
    func isWord(_ name: String) -> Bool {
      words.contains { $0 == name || $0.prefix { !$0.isNumber } == name }
        || words.joined(separator: "_").hasPrefix(name + "_")
    }
    func isPart(_ name: String) -> Bool { name.count >= 5 && words.joined().contains(name) }
    for fits in [isWord, isPart] {
      for (kind, names) in Self.names {
        guard let found = names.first(where: fits) else { continue }
        self.init(kind: kind, note: "a guess by '\(found)' in its name")
        return
      }
    }
    let signs: [(AssetKind, [String])] = [
      (.battery, ["soc", "soh", "state_of_charge"]), (.weather, ["irradiance", "wind_speed"]),
      (.pv, ["dc_power", "yield_today", "YieldTotal", "YieldDay", "dc_voltage"]),
      (.meter, ["energy_import", "energy_export"]),
    ]
    for (kind, names) in signs {
      if let found = names.first(where: { sensors.contains($0) }), kind != .weather || !sensors.contains("power") {
        self.init(kind: kind, note: "a guess by its sensor '\(found)'")
        return
      }
    }
    self.init(kind: .generic, note: "what it is cannot be told: pv, battery, load, grid, meter, ev_charger, …")
  }

  private init(kind: AssetKind, note: String) { (self.kind, self.note) = (kind, note + Self.sizes(kind)) }

  private static func sizes(_ kind: AssetKind) -> String {
    let traits = kind.traits
    let keys: [String] =
      switch traits.powerRange {
      case .unbounded: []
      case .connectionLimits: ["import_limit_kw", "export_limit_kw"]
      // Of consumers, only those that are dispatched need a size.
      case .oneDirection: traits.role == .generation || traits.hasVehicles ? [traits.sizeKeys[0].rawValue] : []
      case .bothDirections: ["energy_kwh", traits.sizeKeys[0].rawValue]
      }
    return keys.isEmpty ? "" : "; add \(keys.joined(separator: " and "))"
  }

  /// Words of names, the more special kinds first: a heat pump is also a pump.
  private static let names: [(AssetKind, [String])] = AssetKind.allCases
    .map { ($0, $0.traits.deviceWords) }
    .filter { !$0.1.isEmpty }
    .enumerated()
    .sorted { (rank($0.element.0), $0.offset) < (rank($1.element.0), $1.offset) }
    .map(\.element)

  private static func rank(_ kind: AssetKind) -> Int {
    switch kind.role {
    case .consumption: kind.traits.command == nil ? 5 : 0
    case .storage: 1
    case .generation: 2
    case .gridExchange: 3
    case .none: 4
    }
  }

  /// Returns the kind that a single word denotes, such as `pv` in `pv_power`; `nil` if there is none.
  static func kind(ofWord word: String) -> AssetKind? {
    let stems = ["pv", "solar", "battery", "batt", "grid", "load", "house", "home", "ev", "wallbox", "charger", "bess"]
    guard stems.contains(word) else { return nil }
    return names.first { $0.1.contains(word) }?.0
  }
}
