/// The number of a series within its plant's ``PlantRegister``: small, dense, from 0.
public struct SeriesIndex: Hashable, Sendable, BitwiseCopyable {
  /// The position in ``PlantRegister/series``.
  public var rawValue: Int32

  /// The index at a position.
  @inlinable
  public init(_ position: Int) { rawValue = Int32(truncatingIfNeeded: position) }

  /// The position as an array index.
  @inlinable
  public var position: Int { Int(rawValue) }
}

/// The number of an asset within its plant's ``PlantRegister``: small, dense, from 0.
public struct AssetIndex: Hashable, Sendable, BitwiseCopyable {
  /// The position in ``PlantRegister/assets``.
  public var rawValue: Int32

  /// The index at a position.
  @inlinable
  public init(_ position: Int) { rawValue = Int32(truncatingIfNeeded: position) }

  /// The position as an array index.
  @inlinable
  public var position: Int { Int(rawValue) }
}

/// A sensor of an asset that has spoken at least once, or is declared.
public struct Series: Hashable, Sendable {
  /// The asset.
  public var asset: AssetIndex
  /// The sensor's name; the `sensor` tag.
  public var sensor: String
  /// What it measures, overrides applied.
  public var profile: SensorProfile
  /// Whether a forecast is wanted; `nil` leaves it to the defaults.
  public var forecast: Bool?
}

/// The assets and series of one plant, numbered in the order in which they came.
///
/// Indices never change or vanish while the register lives, so stages keep the state of a series in arrays.
public struct PlantRegister: Sendable {
  /// The plant.
  public let plant: Plant
  /// Declared assets first, then those that were taken in.
  public private(set) var assets: [Asset]
  /// Series in the order of admission.
  public private(set) var series: [Series] = []
  /// Series of each asset, by ``AssetIndex``.
  public private(set) var seriesOfAsset: [[SeriesIndex]]
  private var assetByName: [String: AssetIndex] = [:]
  private var seriesByName: [SeriesName: SeriesIndex] = [:]
  /// Positions in the plant's derived sensors.
  private var derivedByName: [SeriesName: Int] = [:]

  private struct SeriesName: Hashable {
    var asset: AssetIndex
    var sensor: String
  }

  /// A register of the declared assets, without series.
  public init(plant: Plant) {
    self.plant = plant
    self.assets = plant.assets
    self.seriesOfAsset = Array(repeating: [], count: plant.assets.count)
    for (position, asset) in plant.assets.enumerated() { assetByName[asset.name] = AssetIndex(position) }
    for (position, sensor) in plant.derived.enumerated() {
      guard let asset = assetByName[sensor.name.asset] else { continue }
      derivedByName[SeriesName(asset: asset, sensor: sensor.name.sensor)] = position
    }
  }

  /// Takes in the plant's derived sensors, behind what there is.
  ///
  /// Called once the series of a saved state are in, whose indices must not change.
  public mutating func admitDerived() {
    for sensor in plant.derived { _ = admit(asset: sensor.name.asset, sensor: sensor.name.sensor) }
  }

  /// Whether a sensor is computed from others, so that no message may bring it.
  public func isDerived(asset: String, sensor: String) -> Bool {
    assetByName[asset].map { derivedByName[SeriesName(asset: $0, sensor: sensor)] != nil } ?? false
  }

  /// The asset called `name`, if there is one.
  public func asset(named name: String) -> AssetIndex? { assetByName[name] }

  /// The series of a sensor, if it has been admitted.
  public func series(asset: String, sensor: String) -> SeriesIndex? {
    assetByName[asset].flatMap { seriesByName[SeriesName(asset: $0, sensor: sensor)] }
  }

  /// The series of a sensor of an asset, if it has been admitted.
  public func series(of asset: AssetIndex, sensor: String) -> SeriesIndex? {
    seriesByName[SeriesName(asset: asset, sensor: sensor)]
  }

  /// The series of a sensor, taken in with its kind's defaults if it is new; an asset never declared is `generic`.
  ///
  /// `unit` is that of its values where neither kind nor plant file says one.
  public mutating func admit(asset assetName: String, sensor: String, unit: Unit? = nil) -> SeriesIndex {
    let asset = admit(asset: assetName)
    let name = SeriesName(asset: asset, sensor: sensor)
    if let known = seriesByName[name] { return known }
    let index = SeriesIndex(series.count)
    series.appendSparingly(describe(asset: asset, sensor: sensor, unit: unit))
    seriesOfAsset[asset.position].appendSparingly(index)
    seriesByName[name] = index
    return index
  }

  /// Whether the plant's file speaks of a sensor, by its own name or as one that the kind of a declared asset has: it is
  /// taken in however many others have come before.
  public func isDeclared(asset: String, sensor: String) -> Bool {
    if let index = assetByName[asset], index.position < plant.assets.count,
      SensorCatalogue.names(for: assets[index.position].kind).contains(sensor)
    {
      return true
    }
    return plant.sensors.contains { $0.match == "\(asset).\(sensor)" }
  }

  /// The kind of a series' asset.
  public func kind(of index: SeriesIndex) -> AssetKind { assets[series[index.position].asset.position].kind }

  /// The asset of a series.
  public func asset(of index: SeriesIndex) -> Asset { assets[series[index.position].asset.position] }

  /// Whether a series is the electric power that its asset contributes to the plant's balance [kW].
  ///
  /// It is the asset's sensor `power` (also `active_power` or `ac_power`, the first admitted), of an asset that no other
  /// asset's meter counts already.
  public func isBalancePower(_ index: SeriesIndex) -> Bool {
    let asset = asset(of: index)
    return asset.within == nil && asset.kind.role != .none && power(of: series[index.position].asset) == index
  }

  /// The series that carries an asset's electric power, if one has been admitted.
  public func power(of asset: AssetIndex) -> SeriesIndex? {
    series(of: asset, sensor: "power") ?? series(of: asset, sensor: "active_power")
      ?? series(of: asset, sensor: "ac_power")
  }

  private mutating func admit(asset name: String) -> AssetIndex {
    if let known = assetByName[name] { return known }
    let index = AssetIndex(assets.count)
    assets.appendSparingly(Asset(name: name, kind: .generic))
    seriesOfAsset.appendSparingly([])
    assetByName[name] = index
    return index
  }

  private func describe(asset index: AssetIndex, sensor: String, unit: Unit?) -> Series {
    var (profile, forecast) = plant.profile(of: sensor, at: assets[index.position])
    if let position = derivedByName[SeriesName(asset: index, sensor: sensor)] {
      plant.derived[position].apply(to: &profile)
    }
    if profile.unit == nil, let unit { profile.take(unit: unit) }
    return Series(asset: index, sensor: sensor, profile: profile, forecast: forecast)
  }
}

extension Plant {
  /// What a sensor of an asset measures: the catalogue's profile with the file's `sensors` applied; and whether it is to be
  /// forecast, where the file says so.
  public func profile(of sensor: String, at asset: Asset) -> (profile: SensorProfile, forecast: Bool?) {
    var profile = SensorCatalogue.profile(sensor: sensor, of: asset, currency: currency)
    var forecast: Bool?
    for override in sensors where override.matches(asset: asset.name, sensor: sensor) {
      if let unit = override.unit {
        // The catalogue's range holds for its own quantity only.
        if let known = profile.unit, known.quantity != unit.quantity {
          let (reports, silence) = (profile.reports, profile.longestSilence)
          profile = SensorProfile()
          (profile.reports, profile.longestSilence) = (reports, silence)
        }
        profile.unit = unit
      }
      if let sampling = override.sampling {
        profile.sampling = sampling
        if sampling == .counter { profile.mayStandStill = true }
      }
      if let range = override.range {
        let ends = [range.lowerBound, range.upperBound].map { profile.unit?.canonical($0) ?? $0 }
        profile.range = min(ends[0], ends[1])...max(ends[0], ends[1])
      }
      if let rate = override.maximumRate { profile.maximumRate = rate * (profile.unit?.scale.magnitude ?? 1) }
      profile.reports = override.reports ?? profile.reports
      profile.longestSilence = override.longestSilence ?? profile.longestSilence
      forecast = override.forecast ?? forecast
    }
    if profile.unit == nil, let unit = statedUnit(of: sensor, at: asset) { profile.take(unit: unit) }
    if profile.sampling == .counter, profile.unit?.quantity == .energy, profile.maximumRate == .infinity {
      profile.maximumRate = SensorCatalogue.largestPower(of: asset) / 3600
    }
    return (profile, forecast)
  }
}

extension DerivedSensor {
  /// Settles what follows for the profile that catalogue and file give the sensor.
  func apply(to profile: inout SensorProfile) {
    profile.isDerived = true
    profile.unit = profile.unit ?? unit
    guard let sampling else { return }
    profile.sampling = sampling
    if sampling == .counter { profile.mayStandStill = true }
  }
}

extension Plant {
  /// What a derived sensor measures; `nil` where its asset is not declared.
  public func derivedProfile(of sensor: DerivedSensor) -> SensorProfile? {
    guard let asset = assets.first(where: { $0.name == sensor.name.asset }) else { return nil }
    var profile = profile(of: sensor.name.sensor, at: asset).profile
    sensor.apply(to: &profile)
    return profile
  }

  /// The inputs of a derived sensor of which neither catalogue nor file tells the unit.
  public func inputsWithoutUnit(of sensor: DerivedSensor) -> [SensorName] {
    sensor.expression.inputs.filter { input in
      if let other = derived.first(where: { $0.name == input }) { return derivedProfile(of: other)?.unit == nil }
      guard let asset = assets.first(where: { $0.name == input.asset }) else { return true }
      return profile(of: input.sensor, at: asset).profile.unit == nil
    }
  }
}
