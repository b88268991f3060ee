/// Number of a series within its plant's ``PlantRegister``: small, dense, from 0.
public struct SeriesIndex: Hashable, Sendable, BitwiseCopyable {
  /// Position in ``PlantRegister/series``.
  public var rawValue: Int32

  /// Creates the index of a position.
  @inlinable
  public init(_ position: Int) { rawValue = Int32(truncatingIfNeeded: position) }

  /// Position as an array index.
  @inlinable
  public var position: Int { Int(rawValue) }
}

/// Number of an asset within its plant's ``PlantRegister``: small, dense, from 0.
public struct AssetIndex: Hashable, Sendable, BitwiseCopyable {
  /// Position in ``PlantRegister/assets``.
  public var rawValue: Int32

  /// Creates the index of a position.
  @inlinable
  public init(_ position: Int) { rawValue = Int32(truncatingIfNeeded: position) }

  /// Position as an array index.
  @inlinable
  public var position: Int { Int(rawValue) }
}

/// Sensor of an asset that has reported at least once, or is declared.
public struct Series: Hashable, Sendable {
  /// Asset of the sensor.
  public var asset: AssetIndex
  /// Name of the sensor; the `sensor` tag.
  public var sensor: String
  /// Profile with overrides applied.
  public var profile: SensorProfile
  /// Whether to forecast the series; `nil` uses the default.
  public var forecast: Bool?
}

/// Assets and series of one plant, numbered in order of admission.
///
/// Indices are stable while the register exists, so stages can keep the state of series in arrays.
public struct PlantRegister: Sendable {
  /// Plant that the register belongs to.
  public let plant: Plant
  /// Declared assets, followed by automatically admitted ones.
  public private(set) var assets: [Asset]
  /// Series in order of admission.
  public private(set) var series: [Series] = []
  /// Series of each asset, by ``AssetIndex``.
  public private(set) var seriesOfAsset: [[SeriesIndex]]
  private var assetByName: [String: AssetIndex] = [:]
  private var seriesByName: [SeriesName: SeriesIndex] = [:]
  /// Positions in the plant's `derived`.
  private var derivedByName: [SeriesName: Int] = [:]

  private struct SeriesName: Hashable {
    var asset: AssetIndex
    var sensor: String
  }

  /// Creates a register of the declared assets, without series.
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

  /// Admits the plant's derived sensors after the present series.
  ///
  /// To be called after the series of a saved state are restored, because their indices must not change.
  public mutating func admitDerived() {
    for sensor in plant.derived { _ = admit(asset: sensor.name.asset, sensor: sensor.name.sensor) }
  }

  /// Returns whether a sensor is computed from others and thus not accepted from messages.
  public func isDerived(asset: String, sensor: String) -> Bool {
    assetByName[asset].map { derivedByName[SeriesName(asset: $0, sensor: sensor)] != nil } ?? false
  }

  /// Returns the asset called `name`, if there is one.
  public func asset(named name: String) -> AssetIndex? { assetByName[name] }

  /// Returns the series of a sensor, if it has been admitted.
  public func series(asset: String, sensor: String) -> SeriesIndex? {
    assetByName[asset].flatMap { seriesByName[SeriesName(asset: $0, sensor: sensor)] }
  }

  /// Returns the series of an asset's sensor, if it has been admitted.
  public func series(of asset: AssetIndex, sensor: String) -> SeriesIndex? {
    seriesByName[SeriesName(asset: asset, sensor: sensor)]
  }

  /// Returns the series of a sensor; a new one is admitted with the defaults of its kind.
  ///
  /// - Parameters:
  ///   - assetName: Asset; one that is not declared becomes `generic`.
  ///   - sensor: Name of the sensor.
  ///   - unit: Unit of its values if neither catalogue nor plant file gives one.
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

  /// Returns whether the plant's file names a sensor, or the kind of a declared asset has it.
  ///
  /// Such a sensor is admitted regardless of ``PlantLimits``.
  public func isDeclared(asset: String, sensor: String) -> Bool {
    if let index = assetByName[asset], index.position < plant.assets.count,
      SensorCatalogue.names(for: assets[index.position].kind).contains(sensor)
    {
      return true
    }
    return plant.sensors.contains { $0.match == "\(asset).\(sensor)" }
  }

  /// Returns the kind of a series' asset.
  public func kind(of index: SeriesIndex) -> AssetKind { assets[series[index.position].asset.position].kind }

  /// Returns the asset of a series.
  public func asset(of index: SeriesIndex) -> Asset { assets[series[index.position].asset.position] }

  /// Returns whether a series is the electric power with which its asset enters the plant's balance [kW].
  ///
  /// This is the asset's ``power(of:)``, if no other asset's meter already includes the asset.
  public func isBalancePower(_ index: SeriesIndex) -> Bool {
    let asset = asset(of: index)
    return asset.within == nil && asset.kind.role != .none && power(of: series[index.position].asset) == index
  }

  /// Returns the series of an asset's electric power, if one has been admitted.
  ///
  /// Sensors are preferred in the order `power`, `active_power`, `ac_power`.
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
    if profile.unit == nil, let unit { profile.apply(unit: unit) }
    return Series(asset: index, sensor: sensor, profile: profile, forecast: forecast)
  }
}

extension Plant {
  /// Returns the profile of a sensor, which is the catalogue's with the file's `sensors` applied.
  ///
  /// The result also has the file's choice whether to forecast the series; `nil` if it has none.
  public func profile(of sensor: String, at asset: Asset) -> (profile: SensorProfile, forecast: Bool?) {
    var profile = SensorCatalogue.profile(sensor: sensor, of: asset, currency: currency)
    var forecast: Bool?
    for override in sensors where override.matches(asset: asset.name, sensor: sensor) {
      if let unit = override.unit {
        // The catalogue's range is valid for its own quantity only.
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
    if profile.unit == nil, let unit = statedUnit(of: sensor, at: asset) { profile.apply(unit: unit) }
    if profile.sampling == .counter, profile.unit?.quantity == .energy, profile.maximumRate == .infinity {
      profile.maximumRate = SensorCatalogue.largestPower(of: asset) / 3600
    }
    return (profile, forecast)
  }
}

extension DerivedSensor {
  /// Applies the unit and sampling of the derived sensor to its profile from catalogue and file.
  func apply(to profile: inout SensorProfile) {
    profile.isDerived = true
    profile.unit = profile.unit ?? unit
    guard let sampling else { return }
    profile.sampling = sampling
    if sampling == .counter { profile.mayStandStill = true }
  }
}

extension Plant {
  /// Returns the profile of a derived sensor; `nil` if its asset is not declared.
  public func derivedProfile(of sensor: DerivedSensor) -> SensorProfile? {
    guard let asset = assets.first(where: { $0.name == sensor.name.asset }) else { return nil }
    var profile = profile(of: sensor.name.sensor, at: asset).profile
    sensor.apply(to: &profile)
    return profile
  }

  /// Returns the inputs of a derived sensor whose unit neither catalogue nor file gives.
  public func inputsWithoutUnit(of sensor: DerivedSensor) -> [SensorName] {
    sensor.expression.inputs.filter { input in
      if let other = derived.first(where: { $0.name == input }) { return derivedProfile(of: other)?.unit == nil }
      guard let asset = assets.first(where: { $0.name == input.asset }) else { return true }
      return profile(of: input.sensor, at: asset).profile.unit == nil
    }
  }
}
