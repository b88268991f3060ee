/// Names of sensors as written in a plant file.
public enum WrittenName {
  /// Returns asset and sensor of a name that begins with a declared asset and a dot; `nil` for other names.
  ///
  /// If several assets match, the longest one applies.
  public static func split(_ name: String, assets: Set<String>) -> (asset: String, sensor: String)? {
    for dot in name.indices.reversed() where name[dot] == "." {
      let (asset, sensor) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
      if assets.contains(asset), !sensor.isEmpty { return (asset, sensor) }
    }
    return nil
  }
}

extension Plant {
  /// Returns the unit that a topic rule of the file gives for a sensor; `nil` if none does.
  public func statedUnit(of sensor: String, at asset: Asset) -> Unit? {
    let names = Set(assets.map(\.name))
    for rule in topics {
      for value in rule.values {
        guard let unit = value.detail.unit else { continue }
        let name = rule.rename[value.name] ?? value.name
        if let parts = WrittenName.split(name, assets: names) {
          if parts == (asset.name, sensor) { return unit }
        } else if name == sensor,
          rule.asset == nil || rule.asset == asset.name || rule.asset?.contains("{") == true
            || rule.asset?.hasPrefix("/") == true
        {
          return unit
        }
      }
      if rule.values.isEmpty, rule.sensor == sensor, rule.asset == nil || rule.asset == asset.name,
        let unit = rule.detail.unit
      {
        return unit
      }
    }
    return nil
  }
}
