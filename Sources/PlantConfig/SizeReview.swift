import PlantModel

/// Sizes that a figure needs and that are missing, and sizes in another unit than kW against those of the rest of the
/// plant.
struct SizeReview {
  private let plant: Plant
  private let nodes: [String: YAMLNode]
  private let marks: [String: Mark]
  private let reading: ConfigurationContext

  /// Creates the review of a plant's assets.
  ///
  /// - Parameters:
  ///   - plant: The plant.
  ///   - root: Tree of its file.
  ///   - reading: Receives the warnings.
  init(_ plant: Plant, root: YAMLNode, reading: ConfigurationContext) {
    (self.plant, self.reading) = (plant, reading)
    let pairs = root.member("assets")?.pairs ?? []
    nodes = Dictionary(pairs.map { ($0.key, $0.value) }) { first, _ in first }
    marks = Dictionary(pairs.map { ($0.key, $0.mark) }) { first, _ in first }
  }

  /// Records the warnings.
  func check() {
    for asset in plant.assets {
      checkMissing(asset)
      checkOwn(asset)
      checkKeys(asset)
    }
    checkAgainstOthers()
    checkGrid()
  }

  // MARK: Missing sizes

  private func checkMissing(_ asset: Asset) {
    let place = marks[asset.name] ?? Mark(line: 1, column: 1)
    let own = nodes[asset.name]
    func has(_ key: String) -> Bool { own?.member(key) != nil }
    if asset.kind.role == .storage {
      let power = asset.nominalKilowatts == nil ? "power_kw" : nil
      let energy = asset.energyKilowattHours == nil && !has("energy_kwh") ? "energy_kwh" : nil
      let missing = [energy, power].compactMap(\.self)
      guard !missing.isEmpty else { return }
      let capacity =
        energy != nil && asset.capacityKilowatts != nil
        ? " ('capacity_kw' is its power; its energy is 'energy_kwh')" : ""
      reading.warning(
        place,
        "battery '\(asset.name)' has no \(missing.joined(separator: " and no ")), without which there is no plan, no "
          + "advice and no saving of it; write \(missing.map { $0 == "energy_kwh" ? "energy_kwh: 10" : "power_kw: 5" }.joined(separator: ", "))"
          + capacity)
    } else if asset.kind.role == .generation, asset.nominalKilowatts == nil {
      reading.warning(
        place,
        "'\(asset.name)' has no capacity_kw, without which implausible readings, standstill and W for kW are not "
          + "noticed; write capacity_kw: 10")
    } else if asset.kind.traits.hasVehicles, asset.nominalKilowatts == nil {
      reading.warning(
        place, "charger '\(asset.name)' has no power_kw, without which no car can be planned; write power_kw: 11")
    }
  }

  // MARK: Keys without effect

  /// Keys that only some kinds use, and the direction of modules.
  private func checkKeys(_ asset: Asset) {
    let traits = asset.kind.traits
    var idle: [String] = []
    if traits.driver != .sun { idle += ["tilt", "azimuth"] }
    if asset.kind.role != .gridExchange { idle += ["import_limit_kw", "export_limit_kw"] }
    if asset.kind.role != .storage, !traits.hasVehicles { idle += ["energy_kwh", "efficiency", "soc_min", "soc_max"] }
    let own = nodes[asset.name]
    for key in idle where own?.member(key) != nil {
      warn(asset, key: key, "'\(key)' has no effect on '\(asset.name)' of kind \(asset.kind); look at both")
    }
    guard traits.driver == .sun, let azimuth = asset.azimuthDegrees, asset.tiltDegrees ?? 30 >= 10 else { return }
    let north = plant.location.latitude
    let turned = abs((azimuth - (north > 0 ? 0 : 180)).remainder(dividingBy: 360))
    if north.magnitude > 30, turned <= 20 {
      warn(
        asset, key: "azimuth",
        "'azimuth' is \(text(azimuth)), so that the modules face \(north > 0 ? "north" : "south"), away from the sun; it is "
          + "counted from north: write \(north > 0 ? 180 : 0) for \(north > 0 ? "south" : "north")")
    }
  }

  // MARK: W for kW

  /// Sizes of usual devices in W, which are none in kW.
  private static let chargersInWatts: Set<Double> = [
    1_400, 1_800, 2_000, 2_300, 3_600, 3_680, 3_700, 4_600, 7_000, 7_200, 7_360, 7_400, 11_000, 22_000, 43_000, 50_000,
  ]

  private func checkOwn(_ asset: Asset) {
    guard let (key, size) = size(of: asset), asset.kind.traits.hasVehicles, SizeReview.chargersInWatts.contains(size)
    else { return }
    warn(asset, key: key, "'\(key)' is \(text(size)), and it is in kW; write \(text(size / 1000)) if those are W")
  }

  /// A size far above the connection's limit, the others of its kind, or all others.
  private func checkAgainstOthers() {
    let limits = plant.assets.flatMap { [$0.importLimitKilowatts, $0.exportLimitKilowatts] }.compactMap(\.self)
    let limit = limits.max() ?? 0
    let devices = plant.assets.filter { $0.kind.role != .gridExchange }
    // The two extremes are enough to know that of the others.
    let sizes = devices.compactMap { size(of: $0)?.size }.sorted()
    let least = Dictionary(grouping: devices, by: \.kind).mapValues { assets in
      assets.compactMap { size(of: $0)?.size }.filter { $0 > 0 }.min()
    }
    for asset in devices {
      guard let (key, size) = size(of: asset), size >= 100 else { continue }
      if asset.kind.traits.hasVehicles, SizeReview.chargersInWatts.contains(size) { continue }
      // No factor beyond 1 arises from the size itself.
      let other = least[asset.kind].flatMap(\.self) ?? size
      let greatest = size == sizes.last ? sizes.dropLast().last ?? size : size
      let reference: (words: String, size: Double)? =
        limit > 0 && size > 50 * limit
        ? ("the greatest limit of the connection", limit)
        : SizeReview.watts.contains(size / other)
          ? ("another \(asset.kind) has", other)
          : limit == 0 && greatest > 0 && SizeReview.watts.contains(size / greatest)
            ? ("the greatest of the other devices has", greatest) : nil
      guard let reference else { continue }
      warn(
        asset, key: key,
        "'\(key)' is \(text(size)) kW, and \(reference.words) \(text(reference.size)) kW; write \(text(size / 1000)) if "
          + "those are W")
    }
  }

  /// Ratios of two sizes by which one may be in W.
  private static let watts = 300.0...3_000

  private func checkGrid() {
    let greatest = plant.assets.filter { $0.kind.role != .gridExchange }.compactMap { size(of: $0)?.size }.max()
    guard let greatest, greatest > 0 else { return }
    for asset in plant.assets where asset.kind.role == .gridExchange {
      for (key, limit) in [
        ("import_limit_kw", asset.importLimitKilowatts), ("export_limit_kw", asset.exportLimitKilowatts),
      ] {
        guard let limit, limit >= 1_000, limit > 300 * greatest else { continue }
        warn(
          asset, key: key,
          "'\(key)' is \(text(limit)) kW, and the greatest of the plant's devices has \(text(greatest)) kW; write "
            + "\(text(limit / 1000)) if those are W")
      }
    }
  }

  /// Warns about a range in another unit than that of the entry, against the asset's size.
  func check(_ override: SensorOverride, at mark: Mark) {
    guard let range = override.range,
      let asset = plant.assets.first(where: { override.match.hasPrefix($0.name + ".") }),
      let size = asset.nominalKilowatts, size > 0,
      ["power", "active_power", "ac_power"].contains(override.match.dropFirst(asset.name.count + 1))
    else { return }
    let unit = override.unit ?? Unit.named("kW")
    guard let unit, let kilowatt = Unit.named("kW"), unit.quantity == kilowatt.quantity else { return }
    let bound = max(range.lowerBound.magnitude, range.upperBound.magnitude) * unit.scale / kilowatt.scale
    if bound >= 100 * size {
      reading.warning(
        mark,
        "'range' reaches to \(text(bound)) kW, and '\(asset.name)' has \(text(size)) kW; it is in the unit of the entry, "
          + "\(unit.symbol)" + (unit.symbol == "kW" ? ": write unit: W beside it if the readings come in W" : ""))
    } else if bound > 0, bound <= size / 100 {
      reading.warning(
        mark,
        "'range' reaches only to \(text(bound)) kW, and '\(asset.name)' has \(text(size)) kW, so that most readings are "
          + "out of it; it is in the unit of the entry, \(unit.symbol)")
    }
  }

  private func size(of asset: Asset) -> (key: String, size: Double)? {
    for key in asset.kind.traits.sizeKeys {
      switch key {
      case .capacity: if let size = asset.capacityKilowatts { return ("capacity_kw", size) }
      case .power: if let size = asset.powerKilowatts { return ("power_kw", size) }
      }
    }
    return nil
  }

  private func warn(_ asset: Asset, key: String, _ message: String) {
    let own = nodes[asset.name]
    reading.warning(own?.member(key)?.mark ?? own?.mark ?? Mark(line: 1, column: 1), message)
  }

  private func text(_ value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    return rounded.magnitude < 1e12 && rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}
