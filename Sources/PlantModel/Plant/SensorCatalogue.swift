/// Expected sensors of each kind of asset, so that a plant file names only deviations.
///
/// Ranges that depend on an asset's size (`capacity_kw`, `power_kw`) leave room for measurement error and short
/// overshoot: 1.5 times the size. Those of a grid connection are three times its limits.
public enum SensorCatalogue {
  /// Returns the profile of a sensor by its name and the kind and size of its asset.
  ///
  /// Names are compared in lower case. A name that the kind lacks is looked up among those common to all assets, then
  /// by a unit at its end (`power_w`, `power_mW`, `energy_kwh`). Otherwise nothing is assumed. An ending that may be
  /// two units counts as none, see ``ambiguousUnits(ofSensor:)``. A name with `_forecast` has the profile of the name
  /// before it, marked as a forecast.
  ///
  /// - Parameters:
  ///   - spelling: Name as the plant writes it.
  ///   - asset: Asset of the sensor.
  ///   - currency: ISO 4217 code that limits plausible prices; `nil` for no limit.
  public static func profile(
    sensor spelling: String, of asset: Asset, currency: String? = nil
  ) -> SensorProfile {
    let name = spelling.lowercased()
    let feed = "_forecast"
    if name.hasSuffix(feed), name.utf8.count > feed.utf8.count {
      var profile = self.profile(sensor: String(spelling.dropLast(feed.count)), of: asset, currency: currency)
      profile.isForecast = true
      return profile
    }
    if var profile = specific(name, asset: asset) ?? common[name] {
      if let currency, profile.unit?.quantity == .price {
        profile.range = CurrencySize.plausiblePrices(in: currency)
      }
      return profile
    }
    return suffixed(name, spelling: spelling, asset: asset) ?? SensorProfile()
  }

  /// Returns the catalogue's sensors of an asset with their expected units: `power kW`.
  public static func usualSensors(of asset: Asset) -> [String] {
    names(for: asset.kind).map { name in
      profile(sensor: name, of: asset).unit.map { "\(name) \($0.symbol)" } ?? name
    }
  }

  /// Returns the names of the catalogue's sensors of a kind, for messages and documentation.
  public static func names(for kind: AssetKind) -> [String] { kind.traits.sensors }

  private static func unit(_ symbol: String) -> Unit? { Unit.named(symbol) }

  private static func specific(_ name: String, asset: Asset) -> SensorProfile? {
    if let own = asset.kind.traits.ownProfiles[name] { return own }
    return switch name {
    case "power", "active_power", "ac_power", "dc_power": power(of: asset)
    case "temperature": temperature(of: asset.kind.traits)
    default: nil
    }
  }

  /// Returns the largest plausible power of an asset in either direction [kW]; infinite if its size is unknown.
  static func largestPower(of asset: Asset) -> Double {
    let range = power(of: asset).range
    return max(range.lowerBound.magnitude, range.upperBound.magnitude)
  }

  private static func power(of asset: Asset) -> SensorProfile {
    var profile = SensorProfile(unit: unit("kW"))
    let margin = 1.5
    let traits = asset.kind.traits
    switch (traits.powerRange, asset.nominalKilowatts) {
    case (.oneDirection, let size?):
      // An inverter draws a little at night; cloud-edge enhancement raises output above nominal.
      profile.range = -0.05 * size...margin * size
    case (.bothDirections, let size?): profile.range = -margin * size...margin * size
    case (.connectionLimits, _) where asset.importLimitKilowatts != nil || asset.exportLimitKilowatts != nil:
      let upper = asset.importLimitKilowatts.map { 3 * $0 } ?? .infinity
      let lower = asset.exportLimitKilowatts.map { -3 * $0 } ?? -.infinity
      profile.range = min(lower, -upper.magnitude)...max(upper, lower.magnitude)
    default: break
    }
    profile.mayRestAtZero = traits.role != .none
    profile.mayStandStill = traits.powerMayStandStill
    return profile
  }

  private static func temperature(of traits: AssetTraits) -> SensorProfile {
    SensorProfile(unit: unit("°C"), range: traits.temperatureRange, maximumRate: traits.temperatureRate)
  }

  private static func counter(_ symbol: String) -> SensorProfile {
    SensorProfile(unit: unit(symbol), range: 0 ... .infinity, sampling: .counter, mayStandStill: true)
  }

  private static func steady(_ symbol: String?, range: ClosedRange<Double> = -.infinity ... .infinity)
    -> SensorProfile
  {
    SensorProfile(unit: symbol.flatMap(unit), range: range, mayStandStill: true)
  }

  /// Profiles of names that have the same meaning on every kind of asset.
  private static let common: [String: SensorProfile] = [
    "energy": counter("kWh"), "energy_in": counter("kWh"), "energy_out": counter("kWh"),
    "energy_import": counter("kWh"), "energy_export": counter("kWh"), "energy_total": counter("kWh"),
    "reactive_energy": counter("kvarh"), "apparent_energy": counter("kVAh"),
    "gas": counter("m³"), "water": counter("m³"),
    "reactive_power": SensorProfile(unit: unit("kvar"), mayRestAtZero: true),
    "apparent_power": SensorProfile(unit: unit("kVA"), mayRestAtZero: true),
    "power_factor": steady("1", range: -1.01...1.01),
    "voltage": SensorProfile(unit: unit("V"), range: -10...50_000, mayRestAtZero: true),
    "voltage_l1": SensorProfile(unit: unit("V"), range: -10...50_000),
    "voltage_l2": SensorProfile(unit: unit("V"), range: -10...50_000),
    "voltage_l3": SensorProfile(unit: unit("V"), range: -10...50_000),
    "current": SensorProfile(unit: unit("A"), range: -20_000...20_000, mayRestAtZero: true),
    "current_l1": SensorProfile(unit: unit("A"), range: -20_000...20_000, mayRestAtZero: true),
    "current_l2": SensorProfile(unit: unit("A"), range: -20_000...20_000, mayRestAtZero: true),
    "current_l3": SensorProfile(unit: unit("A"), range: -20_000...20_000, mayRestAtZero: true),
    "frequency": SensorProfile(unit: unit("Hz"), range: 40...70, maximumRate: 5),
    "soc": steady("%", range: -1...101), "soh": steady("%", range: 0...110),
    "state_of_charge": steady("%", range: -1...101),
    "state_of_health": steady("%", range: 0...110),
    "humidity": SensorProfile(unit: unit("%"), range: 0...102, mayStandStill: true),
    "pressure": SensorProfile(unit: unit("hPa"), range: 300...1100, mayStandStill: true),
    "irradiance": SensorProfile(unit: unit("W/m²"), range: -20...1_600, mayRestAtZero: true),
    "diffuse_irradiance": SensorProfile(unit: unit("W/m²"), range: -20...1_200, mayRestAtZero: true),
    "direct_irradiance": SensorProfile(unit: unit("W/m²"), range: -20...1_400, mayRestAtZero: true),
    "wind_speed": SensorProfile(unit: unit("m/s"), range: 0...75, mayRestAtZero: true),
    "wind_direction": steady("deg", range: 0...360),
    "rotor_speed": SensorProfile(unit: unit("rpm"), mayRestAtZero: true),
    "price": steady("/kWh"), "export_price": steady("/kWh"), "carbon": steady("kg/kWh", range: 0...2),
    "setpoint": steady("kW"), "energy_requested": steady("kWh", range: 0...1_000),
    "connected": steady(nil, range: 0...1),
    // Range in canonical seconds: up to a week.
    "time_left": steady("min", range: 0...604_800),
    "status": steady(nil), "state": steady(nil), "switch": steady(nil, range: 0...1),
    "relay": steady(nil, range: 0...1),
  ]

  /// Units that manufacturers append to names.
  ///
  /// `_mv` and `_ma` are included because no plant has megavolts or megaamperes.
  private static let suffixes: [(ending: String, symbol: String)] = [
    ("_kwh", "kWh"), ("_wh", "Wh"), ("_kw", "kW"), ("_w", "W"),
    ("_kvarh", "kvarh"), ("_varh", "varh"), ("_kvah", "kVAh"), ("_vah", "VAh"),
    ("_kvar", "kvar"), ("_var", "var"), ("_kva", "kVA"), ("_va", "VA"),
    ("_hz", "Hz"), ("_v", "V"), ("_mv", "mV"), ("_kv", "kV"), ("_a", "A"), ("_ma", "mA"), ("_ah", "Ah"),
    ("_mah", "mAh"),
    ("_c", "°C"), ("_f", "°F"), ("_degc", "°C"), ("_degf", "°F"), ("_celsius", "°C"), ("_fahrenheit", "°F"),
    ("_pct", "%"), ("_percent", "%"), ("_ppm", "ppm"), ("_ppb", "ppb"), ("_lx", "lx"), ("_lux", "lx"),
    ("_hpa", "hPa"), ("_kpa", "kPa"), ("_mbar", "hPa"), ("_bar", "bar"), ("_psi", "psi"),
    ("_m3", "m³"), ("_l", "L"), ("_m3_h", "m³/h"), ("_m3h", "m³/h"), ("_l_h", "L/h"), ("_l_min", "L/min"),
    ("_gj", "GJ"), ("_kcal", "kcal"), ("_gcal", "Gcal"), ("_w_m2", "W/m²"), ("_wm2", "W/m²"), ("_rpm", "rpm"),
  ]

  /// Endings that may also name a phase (`voltage_c`), a moving average (`power_ma`) or medium voltage.
  ///
  /// They are a unit only if the rest of the name is not known to measure another quantity.
  private static let shortEndings: Set<String> = ["_a", "_c", "_f", "_ma", "_mv"]

  /// Lower-case endings that may be a milli or a mega unit, with both.
  ///
  /// Grid equipment uses the mega unit; Matter's electrical clusters, Tasmota and small batteries use the milli unit.
  private static let unclearEndings: [(ending: String, units: (milli: String, mega: String))] = [
    ("_mw", ("mW", "MW")), ("_mwh", ("mWh", "MWh")), ("_mva", ("mVA", "MVA")), ("_mvah", ("mVAh", "MVAh")),
    ("_mvar", ("mvar", "Mvar")), ("_mvarh", ("mvarh", "Mvarh")), ("_mhz", ("mHz", "MHz")),
  ]

  /// Returns the two units that the end of a sensor's name may denote, milli first; `nil` if it is not ambiguous.
  ///
  /// `power_mw` may be in milliwatts or megawatts. Such a sensor has no unit, and its values are not converted. The
  /// case decides in `power_mW` and `power_MW`, as does a `unit:` of the plant file.
  public static func ambiguousUnits(ofSensor spelling: String) -> (String, String)? {
    let feed = "_forecast"
    var name = spelling[...]
    if name.lowercased().hasSuffix(feed) { name = name.dropLast(feed.count) }
    let folded = name.lowercased()
    guard
      let (ending, units) = unclearEndings.first(where: {
        folded.hasSuffix($0.ending) && folded.utf8.count > $0.ending.utf8.count
      }),
      name.hasSuffix(ending)
    else { return nil }
    return (units.milli, units.mega)
  }

  private static func suffixed(_ name: String, spelling: String, asset: Asset) -> SensorProfile? {
    if ambiguousUnits(ofSensor: spelling) != nil { return withoutUnit(name, asset: asset) }
    guard let (ending, unit) = unitAtEnd(name, spelling: spelling) else { return nil }
    let stem = String(name.dropLast(ending.count))
    let known = specific(stem, asset: asset) ?? common[stem]
    let knownQuantity = known?.unit?.quantity
    if shortEndings.contains(ending), let knownQuantity, knownQuantity != unit.quantity { return nil }
    // `_l` is a litre only after the name of a volume; otherwise it is a letter, such as a side (`power_l`).
    if ending == "_l", knownQuantity != .volume { return nil }
    var profile = known ?? SensorProfile()
    if knownQuantity != unit.quantity {
      profile = SensorProfile(mayRestAtZero: true)
      if [.energy, .reactiveEnergy, .apparentEnergy].contains(unit.quantity) {
        profile.sampling = .counter
        profile.mayStandStill = true
      }
    }
    profile.unit = unit
    return profile
  }

  /// Returns the profile of a sensor whose unit is ambiguous: energies are counters with either unit.
  private static func withoutUnit(_ name: String, asset: Asset) -> SensorProfile {
    let isEnergy = name.hasSuffix("h")
    return SensorProfile(sampling: isEnergy ? .counter : .instant, mayStandStill: isEnergy, mayRestAtZero: true)
  }

  /// Returns the unit at the end of a name, with the case of the spelling: `power_mW` is a billionth of `power_MW`.
  private static func unitAtEnd(_ name: String, spelling: String) -> (ending: String, unit: Unit)? {
    for (ending, units) in unclearEndings where name.hasSuffix(ending) && name.count > ending.count {
      let isMega = spelling.suffix(ending.count - 1).first == "M"
      return Unit.named(isMega ? units.mega : units.milli).map { (ending, $0) }
    }
    guard let (ending, symbol) = suffixes.first(where: { name.hasSuffix($0.ending) && name.count > $0.ending.count }),
      let unit = Unit.named(symbol)
    else { return nil }
    return (ending, unit)
  }
}
