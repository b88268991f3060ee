/// What each kind of asset is expected to measure, so that a plant file names only what differs.
///
/// Ranges that depend on an asset's size (`capacity_kw`, `power_kw`, `import_limit_kw`) leave room for measuring error
/// and short overshoot: 1.5 times the size.
public enum SensorCatalogue {
  /// The profile of a sensor by the kind and size of its asset and by its name.
  ///
  /// Names are compared in lower case. A name that the kind does not have is looked up among those that any asset may
  /// have, then by a unit at its end (`power_w`, `power_mW`, `energy_kwh`); else nothing is assumed of it. `temperature_forecast` is
  /// what `temperature` is expected to be.
  public static func profile(sensor spelling: String, of asset: Asset) -> SensorProfile {
    let name = spelling.lowercased()
    let feed = "_forecast"
    if name.hasSuffix(feed), name.utf8.count > feed.utf8.count {
      var profile = self.profile(sensor: String(spelling.dropLast(feed.count)), of: asset)
      profile.isForecast = true
      return profile
    }
    if let profile = specific(name, asset) ?? common[name] { return profile }
    return suffixed(name, spelling, asset) ?? SensorProfile()
  }

  /// The sensors named by the catalogue for an asset with the unit that each is expected in: `power kW`.
  public static func usualSensors(of asset: Asset) -> [String] {
    names(for: asset.kind).map { name in
      profile(sensor: name, of: asset).unit.map { "\(name) \($0.symbol)" } ?? name
    }
  }

  /// The sensors named by the catalogue for a kind, for messages and documentation.
  public static func names(for kind: AssetKind) -> [String] {
    let own: [String] =
      switch kind {
      case .pv: ["power", "dc_power", "energy", "irradiance", "temperature", "voltage", "current", "status"]
      case .battery:
        ["power", "soc", "soh", "energy_in", "energy_out", "temperature", "voltage", "current", "setpoint"]
      case .evCharger: ["power", "energy", "connected", "soc", "energy_requested", "time_left", "voltage", "current"]
      case .load, .heatPump, .generic: ["power", "energy", "voltage", "current", "temperature"]
      case .grid, .meter:
        [
          "power", "energy_import", "energy_export", "voltage", "current", "frequency", "price", "export_price",
          "carbon",
        ]
      case .wind: ["power", "energy", "wind_speed", "wind_direction", "rotor_speed"]
      case .weather: ["temperature", "humidity", "irradiance", "diffuse_irradiance", "direct_irradiance", "wind_speed"]
      }
    return own
  }

  private static func unit(_ symbol: String) -> Unit? { Unit.named(symbol) }

  private static func specific(_ name: String, _ asset: Asset) -> SensorProfile? {
    switch name {
    case "power", "active_power", "ac_power", "dc_power": power(of: asset)
    case "temperature": temperature(of: asset.kind)
    case "voltage" where asset.kind == .battery:
      // A battery at rest keeps its voltage for hours.
      SensorProfile(unit: unit("V"), range: -10...50_000, mayStandStill: true)
    case "soc" where asset.kind == .battery:
      SensorProfile(unit: unit("%"), range: -1...101, maximumRate: 1, mayStandStill: true)
    default: nil
    }
  }

  private static func power(of asset: Asset) -> SensorProfile {
    var profile = SensorProfile(unit: unit("kW"))
    let margin = 1.5
    switch asset.kind {
    case .pv, .wind:
      // An inverter draws a little at night; the sun's enhancement at cloud edges lifts output above nominal.
      if let size = asset.capacityKilowatts { profile.range = -0.05 * size...margin * size }
      profile.mayRestAtZero = true
    case .battery:
      if let size = asset.powerKilowatts { profile.range = -margin * size...margin * size }
      profile.mayRestAtZero = true
      profile.mayStandStill = true
    case .evCharger:
      if let size = asset.powerKilowatts ?? asset.capacityKilowatts { profile.range = -0.05 * size...margin * size }
      profile.mayRestAtZero = true
      profile.mayStandStill = true
    case .load, .heatPump, .generic:
      if let size = asset.capacityKilowatts ?? asset.powerKilowatts { profile.range = -0.05 * size...margin * size }
      profile.mayRestAtZero = true
    case .grid, .meter:
      // A connection is sometimes overloaded, and that must be seen as an alert rather than cleaned away.
      if asset.importLimitKilowatts != nil || asset.exportLimitKilowatts != nil {
        let upper = asset.importLimitKilowatts.map { 3 * $0 } ?? .infinity
        let lower = asset.exportLimitKilowatts.map { -3 * $0 } ?? -.infinity
        profile.range = min(lower, -upper.magnitude)...max(upper, lower.magnitude)
      }
      profile.mayRestAtZero = true
    case .weather: break
    }
    return profile
  }

  private static func temperature(of kind: AssetKind) -> SensorProfile {
    let range: ClosedRange<Double> =
      switch kind {
      case .pv: -40...95
      case .battery: -40...120
      case .weather: -60...60
      default: -60...150
      }
    // A PV module in broken cloud moves by some 5 K a minute; air by less.
    return SensorProfile(unit: unit("°C"), range: range, maximumRate: kind == .weather ? 0.2 : 1)
  }

  private static func counter(_ symbol: String) -> SensorProfile {
    SensorProfile(unit: unit(symbol), range: 0 ... .infinity, sampling: .counter, mayStandStill: true)
  }

  private static func steady(_ symbol: String?, _ range: ClosedRange<Double> = -.infinity ... .infinity)
    -> SensorProfile
  {
    SensorProfile(unit: symbol.flatMap(unit), range: range, mayStandStill: true)
  }

  /// Names that mean the same on every kind of asset.
  private static let common: [String: SensorProfile] = [
    "energy": counter("kWh"), "energy_in": counter("kWh"), "energy_out": counter("kWh"),
    "energy_import": counter("kWh"), "energy_export": counter("kWh"), "energy_total": counter("kWh"),
    "gas": counter("m³"), "water": counter("m³"),
    "reactive_power": SensorProfile(unit: unit("kvar"), mayRestAtZero: true),
    "apparent_power": SensorProfile(unit: unit("kVA"), mayRestAtZero: true),
    "power_factor": steady("1", -1.01...1.01),
    "voltage": SensorProfile(unit: unit("V"), range: -10...50_000, mayRestAtZero: true),
    "voltage_l1": SensorProfile(unit: unit("V"), range: -10...50_000),
    "voltage_l2": SensorProfile(unit: unit("V"), range: -10...50_000),
    "voltage_l3": SensorProfile(unit: unit("V"), range: -10...50_000),
    "current": SensorProfile(unit: unit("A"), range: -20_000...20_000, mayRestAtZero: true),
    "current_l1": SensorProfile(unit: unit("A"), range: -20_000...20_000, mayRestAtZero: true),
    "current_l2": SensorProfile(unit: unit("A"), range: -20_000...20_000, mayRestAtZero: true),
    "current_l3": SensorProfile(unit: unit("A"), range: -20_000...20_000, mayRestAtZero: true),
    "frequency": SensorProfile(unit: unit("Hz"), range: 40...70, maximumRate: 5),
    "soc": steady("%", -1...101), "soh": steady("%", 0...110), "state_of_charge": steady("%", -1...101),
    "state_of_health": steady("%", 0...110),
    "humidity": SensorProfile(unit: unit("%"), range: 0...102, mayStandStill: true),
    "pressure": SensorProfile(unit: unit("hPa"), range: 300...1100, mayStandStill: true),
    "irradiance": SensorProfile(unit: unit("W/m²"), range: -20...1_600, mayRestAtZero: true),
    "diffuse_irradiance": SensorProfile(unit: unit("W/m²"), range: -20...1_200, mayRestAtZero: true),
    "direct_irradiance": SensorProfile(unit: unit("W/m²"), range: -20...1_400, mayRestAtZero: true),
    "wind_speed": SensorProfile(unit: unit("m/s"), range: 0...75, mayRestAtZero: true),
    "wind_direction": steady("deg", 0...360), "rotor_speed": SensorProfile(unit: unit("rpm"), mayRestAtZero: true),
    "price": steady("/kWh", -5...20), "export_price": steady("/kWh", -5...20), "carbon": steady("kg/kWh", 0...2),
    "setpoint": steady("kW"), "energy_requested": steady("kWh", 0...1_000), "connected": steady(nil, 0...1),
    // Canonical seconds: up to a week.
    "time_left": steady("min", 0...604_800),
    "status": steady(nil), "state": steady(nil), "switch": steady(nil, 0...1), "relay": steady(nil, 0...1),
  ]

  /// Units that device makers put at the end of a name, longest first.
  private static let suffixes: [(ending: String, symbol: String)] = [
    ("_kwh", "kWh"), ("_mwh", "MWh"), ("_wh", "Wh"), ("_kw", "kW"), ("_mw", "MW"), ("_kva", "kVA"), ("_va", "VA"),
    ("_var", "var"), ("_hz", "Hz"), ("_w", "W"), ("_v", "V"), ("_a", "A"), ("_c", "°C"), ("_f", "°F"), ("_pct", "%"),
    ("_ppm", "ppm"), ("_hpa", "hPa"), ("_lx", "lx"),
  ]

  private static func suffixed(_ name: String, _ spelling: String, _ asset: Asset) -> SensorProfile? {
    guard let (ending, symbol) = suffixes.first(where: { name.hasSuffix($0.ending) && name.count > $0.ending.count }),
      // As it is written, `power_mW` is a billionth of `power_MW`; `power_mw` is what grids mean by it.
      let unit = Unit.named(String(spelling.suffix(ending.count - 1))) ?? Unit.named(symbol)
    else { return nil }
    let stem = String(name.dropLast(ending.count))
    var profile = specific(stem, asset) ?? common[stem] ?? SensorProfile()
    if profile.unit?.quantity != unit.quantity {
      profile = SensorProfile(mayRestAtZero: true)
      if unit.quantity == .energy { profile.sampling = .counter; profile.mayStandStill = true }
    }
    profile.unit = unit
    return profile
  }
}
