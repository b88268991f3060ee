public import PlantModel

/// The series from which one asset's energy is settled.
public struct AssetMeters: Hashable, Sendable {
  /// The asset whose energy is settled.
  public var asset: AssetIndex
  /// Role in the plant's power balance.
  public var role: PowerRole
  /// Whether the asset is a meter other than the grid connection itself.
  public var isMeter: Bool
  /// Whether the asset is photovoltaic. Missing minutes in the dark then count as zero power.
  public var isSolar: Bool
  /// Power series [kW].
  public var power: SeriesIndex?
  /// Counter of the energy that flows in the direction of the power [kWh].
  public var forward: SeriesIndex?
  /// Counter of the energy that flows against the direction of the power [kWh].
  public var reverse: SeriesIndex?

  /// Returns the meters of the plant's balance in register order. Assets `within` another are left out, since that
  /// asset counts them.
  public static func all(of register: PlantRegister) -> [AssetMeters] {
    register.assets.indices.compactMap { position in
      let asset = register.assets[position]
      guard asset.within == nil, asset.kind.role != .none else { return nil }
      let index = AssetIndex(position)
      var meters = AssetMeters(
        asset: index, role: asset.kind.role, isMeter: asset.kind.traits.isMeter,
        isSolar: asset.kind.traits.driver == .sun)
      if let power = register.power(of: index), register.series[power.position].profile.unit?.quantity == .power {
        meters.power = power
      }
      for series in register.seriesOfAsset[position] { meters.register(counter: series, in: register) }
      return meters.power == nil && meters.forward == nil && meters.reverse == nil ? nil : meters
    }
  }

  private mutating func register(counter series: SeriesIndex, in register: PlantRegister) {
    let profile = register.series[series.position].profile
    guard profile.sampling == .counter, profile.unit?.quantity == .energy else { return }
    var name = register.series[series.position].sensor.lowercased()
    for ending in ["_kwh", "_wh", "_mwh"] where name.hasSuffix(ending) { name.removeLast(ending.count) }
    switch (name, role) {
    case ("energy", .storage), ("energy_total", .storage): return
    case ("energy", _), ("energy_total", _): forward = forward ?? series
    case ("energy_import", .gridExchange), ("energy_import", .consumption), ("energy_in", .consumption),
      ("energy_out", .generation), ("energy_out", .storage), ("energy_export", .generation),
      ("energy_export", .storage):
      forward = series
    case ("energy_export", .gridExchange), ("energy_in", .storage), ("energy_import", .storage): reverse = series
    default: return
    }
  }

  private init(asset: AssetIndex, role: PowerRole, isMeter: Bool, isSolar: Bool) {
    (self.asset, self.role, self.isMeter, self.isSolar) = (asset, role, isMeter, isSolar)
  }
}
