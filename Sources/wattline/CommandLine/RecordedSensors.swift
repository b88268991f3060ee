import Recordings

/// Assignment of a recording's columns to sensors of assets.
struct RecordedSensors {
  /// Sensor of an asset.
  struct Sensor: Hashable {
    var asset: String
    var sensor: String
  }

  private(set) var columns: [Int] = []
  /// Sensors in the order of ``columns``.
  private(set) var sensors: [Sensor] = []

  /// Assigns the selected columns, or those named `asset.sensor` with a wanted sensor.
  ///
  /// A column `asset.energy` with a unit is the asset's power if there is no other. If no column names an asset, the
  /// only one with a unit of power or energy is `load.power`. The only one called a price is then `grid.price`.
  ///
  /// - Parameters:
  ///   - file: Recording.
  ///   - assets: Declared assets.
  ///   - wanted: Names of wanted sensors.
  ///   - selected: Columns and their sensors; `nil` assigns them by name.
  /// - Throws: ``Failure`` if columns cannot be assigned or two have the same sensor.
  init(
    _ file: RecordingFile, assets: [String], sensors wanted: [String],
    selected: [(column: String, target: String)]?
  ) throws {
    if let selected {
      for (name, target) in selected {
        guard let sensor = RecordedSensors.sensor(target, assets: assets) else {
          throw Failure(description: "\(file.name): '\(target)' is not of the form asset.sensor, such as load.power")
        }
        try add(try file.column(named: name), sensor: sensor, file: file)
      }
      return
    }
    var energies: [(place: Int, sensor: Sensor)] = []
    for (place, column) in file.columns.enumerated() where !column.isText {
      guard let sensor = RecordedSensors.sensor(column.name, assets: assets) else { continue }
      if wanted.contains(sensor.sensor) { try add(place, sensor: sensor, file: file) }
      if case .energy = column.unit, sensor.sensor == "energy" {
        energies.append((place, Sensor(asset: sensor.asset, sensor: "power")))
      }
    }
    for (place, sensor) in energies where !sensors.contains(sensor) { try add(place, sensor: sensor, file: file) }
    if columns.isEmpty { try appendNameless(file, wanted: wanted) }
  }

  private mutating func appendNameless(_ file: RecordingFile, wanted: [String]) throws {
    let slots = file.columns.indices.filter { file.columns[$0].isUnfolded }
    // Other columns next to the slots of a day are daily sums.
    let numbers = slots.isEmpty ? file.columns.indices.filter { !file.columns[$0].isText } : slots
    let prices = numbers.filter { place in
      ["price", "preis", "prix", "precio", "prezzo"].contains { file.columns[place].heading.lowercased().contains($0) }
    }
    let powers = numbers.filter { file.columns[$0].isPowerOrEnergy && !prices.contains($0) }
    guard powers.count == 1 else {
      let names = file.columns.map(\.heading).joined(separator: ", ")
      let others = numbers.filter { !prices.contains($0) }
      if powers.isEmpty, others.count == 1 {
        throw Failure(
          description: "\(file.name): the column '\(file.columns[others[0]].heading)' tells no unit; write --unit kWh "
            + "where it is the energy of each interval, or --unit kW where it is a power")
      }
      let likely = (powers + numbers).first.map { file.columns[$0].heading } ?? "NAME"
      throw Failure(
        description: "\(file.name): no column is one of an asset, such as load.power; there are \(names); write "
          + "--columns '\(likely)=load.power'")
    }
    columns = powers
    sensors = [Sensor(asset: "load", sensor: "power")]
    guard prices.count == 1, wanted.contains("price") else { return }
    columns += prices
    sensors.append(Sensor(asset: "grid", sensor: "price"))
  }

  private mutating func add(_ column: Int, sensor: Sensor, file: RecordingFile) throws {
    guard !sensors.contains(sensor) else {
      throw Failure(
        description: "\(file.name): two columns are '\(sensor.asset).\(sensor.sensor)'; --columns NAME=asset.sensor "
          + "tells which is meant")
    }
    columns.append(column)
    sensors.append(sensor)
  }

  /// Returns the asset and sensor of a name; of assets with dots in their names, the longest matching one.
  static func sensor(_ name: String, assets: [String]) -> Sensor? {
    if let declared = assets.filter({ name.hasPrefix($0 + ".") }).max(by: { $0.utf8.count < $1.utf8.count }) {
      let sensor = String(name.dropFirst(declared.count + 1))
      return sensor.isEmpty ? nil : Sensor(asset: declared, sensor: sensor)
    }
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex, name.index(after: dot) != name.endIndex else {
      return nil
    }
    return Sensor(asset: String(name[..<dot]), sensor: String(name[name.index(after: dot)...]))
  }
}
