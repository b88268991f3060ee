/// Names of sensors as a plant file writes them.
package enum WrittenName {
  /// Asset and sensor of a name that begins with a declared asset and a dot; the longest such asset counts. `nil` for
  /// other names.
  package static func split(_ name: String, _ assets: Set<String>) -> (asset: String, sensor: String)? {
    for dot in name.indices.reversed() where name[dot] == "." {
      let (asset, sensor) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
      if assets.contains(asset), !sensor.isEmpty { return (asset, sensor) }
    }
    return nil
  }
}
