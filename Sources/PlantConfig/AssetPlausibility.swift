import PlantModel

/// Plausibility check of an asset's sizes and shares: mistakes for impossible figures, warnings for unlikely ones.
struct AssetPlausibility {
  private let section: Section
  private let reading: ConfigurationContext

  init(_ section: Section) { (self.section, reading) = (section, section.reading) }

  /// Returns a share within a range that ends at 1. The message for a percentage suggests the share that is meant.
  ///
  /// - Parameters:
  ///   - key: The key.
  ///   - least: Least accepted share.
  ///   - meaning: Description of the accepted values, for messages.
  /// - Returns: `nil` if the key is absent or its value was refused.
  func share(_ key: String, least: Double = 0, meaning: String) -> Double? {
    guard let value = section.number(key, in: -1e12...1e12, meaning: meaning) else { return nil }
    if (least...1).contains(value) { return value }
    let place = section.place(of: key)
    if value >= 2, value <= 100 {
      reading.mistake(place, "'\(key)' is \(short(value)), and it is a share of 1; write \(short(value / 100))")
    } else {
      reading.mistake(place, "'\(key)' is \(short(value)); it must be \(meaning)")
    }
    return nil
  }

  /// Checks a battery's figures against each other and against the defaults of those that are not given.
  func check(battery asset: Asset) {
    positive("energy_kwh", size: asset.energyKilowattHours, meaning: "its usable energy, such as 10")
    positive("power_kw", size: asset.powerKilowatts, meaning: "its greatest power, such as 5")
    if asset.powerKilowatts == nil {
      positive("capacity_kw", size: asset.capacityKilowatts, meaning: "its greatest power, such as 5")
    }
    checkWindow(asset)
    let high = asset.maximumStateOfCharge ?? (section.node("soc_max") == nil ? Asset.usualMaximumStateOfCharge : 1)
    if let reserve = asset.reserveStateOfCharge, reserve >= high {
      reading.mistake(
        section.place(of: "reserve"), "'reserve' is \(short(reserve)); it must be below 'soc_max', \(short(high))")
    }
    if let energy = asset.energyKilowattHours, let power = asset.nominalKilowatts, power > 0,
      energy > 0, !(0.02...200).contains(energy / power)
    {
      reading.warning(
        section.place(of: "energy_kwh"),
        "\(short(energy)) kWh at \(short(power)) kW last \(short(energy / power)) h, which no battery does; look at "
          + "the units: kWh, not Wh, and kW, not W")
    }
  }

  /// Warns about a size of 0 of a generator, charger or connection.
  func check(other asset: Asset) {
    for (key, size) in [("capacity_kw", asset.capacityKilowatts), ("power_kw", asset.powerKilowatts)] where size == 0 {
      reading.warning(
        section.place(of: key),
        "'\(key)' is 0; write the size of '\(asset.name)', or leave the key out if it is not known")
    }
  }

  private func positive(_ key: String, size: Double?, meaning: String) {
    guard let size, size <= 0 else { return }
    reading.mistake(
      section.place(of: key),
      "'\(key)' is 0, and such a battery does nothing; write \(meaning), or leave the key out if "
        + "it is not known")
  }

  private func checkWindow(_ asset: Asset) {
    // A refused value has already been reported.
    func isUsable(_ key: String, value: Double?) -> Bool { value != nil || section.node(key) == nil }
    guard isUsable("soc_min", value: asset.minimumStateOfCharge), isUsable("soc_max", value: asset.maximumStateOfCharge)
    else {
      return
    }
    let low = asset.minimumStateOfCharge ?? Asset.usualMinimumStateOfCharge
    let high = asset.maximumStateOfCharge ?? Asset.usualMaximumStateOfCharge
    guard low >= high else { return }
    if asset.minimumStateOfCharge == nil {
      reading.mistake(
        section.place(of: "soc_max"),
        "'soc_max' is \(short(high)), not above 'soc_min', which is \(short(low)) if it is left out; write both")
    } else {
      let unwritten = asset.maximumStateOfCharge == nil ? " if it is left out" : ""
      reading.mistake(
        section.place(of: "soc_min"),
        "'soc_min' is \(short(low)); it must be below 'soc_max', which is \(short(high))\(unwritten)")
    }
  }

  /// Returns a number without superfluous digits: `10`, `0.92`.
  private func short(_ value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    return rounded.magnitude < 1e9 && rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}

extension AssetPlausibility {
  /// Warns if the loads that cannot be switched off exceed a connection's import limit even with all batteries at full
  /// power.
  ///
  /// - Parameters:
  ///   - assets: Assets of the plant.
  ///   - sections: Section of each asset, in the same order.
  ///   - reading: Collects warnings.
  static func checkLimits(_ assets: [Asset], sections: [Section], reading: ConfigurationContext) {
    let loads = assets.filter { $0.kind.traits.isAlwaysServed && $0.within == nil }
    let fixed = loads.reduce(0) { $0 + ($1.nominalKilowatts ?? 0) }
    let batteries = assets.filter { $0.kind.role == .storage && $0.within == nil }
      .reduce(0) { $0 + ($1.nominalKilowatts ?? 0) }
    for (asset, section) in zip(assets, sections)
    where asset.kind.role == .gridExchange && !asset.kind.traits.isMeter && asset.within == nil {
      guard let limit = asset.importLimitKilowatts, fixed > limit + batteries else { continue }
      let names = Words.list(loads.map(\.name))
      reading.warning(
        section.place(of: "import_limit_kw"),
        "'import_limit_kw' is \(limit), and what cannot be switched off may take \(fixed) kW (\(names)), of which "
          + "batteries give \(batteries) kW at the most: the limit cannot always be held")
    }
  }
}
