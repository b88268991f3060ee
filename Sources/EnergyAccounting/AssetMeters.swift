import PlantModel

/// The series from which the energy of an asset is settled.
public struct AssetMeters: Hashable, Sendable {
  /// The asset.
  public var asset: AssetIndex
  /// Its part in the balance.
  public var role: PowerRole
  /// Whether it is a meter that is not the grid connection itself.
  public var isMeter: Bool
  /// Whether it is solar, so that it gives nothing in the dark even when nobody says so.
  public var isSolar: Bool
  /// Its power [kW].
  public var power: SeriesIndex?
  /// The counter of what flows in the direction of the power [kWh].
  public var forward: SeriesIndex?
  /// The counter of what flows against it [kWh].
  public var reverse: SeriesIndex?

  /// The meters of a plant's balance, in the order of its assets; assets `within` another are counted there.
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
      for series in register.seriesOfAsset[position] { meters.take(counter: series, register) }
      return meters.power == nil && meters.forward == nil && meters.reverse == nil ? nil : meters
    }
  }

  private mutating func take(counter series: SeriesIndex, _ register: PlantRegister) {
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
