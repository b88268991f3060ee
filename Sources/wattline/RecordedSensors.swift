import Recordings

/// Which columns of a recording are which sensors of assets.
struct RecordedSensors {
  /// A sensor of an asset.
  struct Sensor: Hashable {
    var asset: String
    var sensor: String
  }

  private(set) var columns: [Int] = []
  /// Beside ``columns``.
  private(set) var sensors: [Sensor] = []

  /// Takes columns named `asset.sensor` of wanted sensors, or those that are selected. A column of energies `asset.energy`
  /// with its unit is the asset's power, and where no column is of an asset and one alone has a unit of power or energy,
  /// that is `load.power`.
  init(
    _ file: RecordingFile, assets: [String], sensors wanted: [String],
    selected: [(column: String, target: String)]?
  ) throws {
    if let selected {
      for (name, target) in selected {
        guard let sensor = RecordedSensors.sensor(target, assets) else {
          throw Failure(description: "\(file.name): '\(target)' is not of the form asset.sensor, such as load.power")
        }
        try add(try file.column(named: name), sensor, file)
      }
      return
    }
    for (place, column) in file.columns.enumerated() where !column.isText {
      guard var sensor = RecordedSensors.sensor(column.name, assets) else { continue }
      if sensor.sensor == "energy", case .energy = column.unit { sensor.sensor = "power" }
      if wanted.contains(sensor.sensor) { try add(place, sensor, file) }
    }
    if columns.isEmpty { try takeOnly(file) }
  }

  private mutating func takeOnly(_ file: RecordingFile) throws {
    let numbers = file.columns.indices.filter { !file.columns[$0].isText }
    let powers = numbers.filter { file.columns[$0].isPowerOrEnergy }
    guard powers.count == 1 else {
      let likely = (powers + numbers).first.map { file.columns[$0].heading } ?? "NAME"
      let names = file.columns.map(\.heading).joined(separator: ", ")
      throw Failure(
        description: "\(file.name): no column is one of an asset, such as load.power; there are \(names); write "
          + "--columns '\(likely)=load.power'")
    }
    columns = powers
    sensors = [Sensor(asset: "load", sensor: "power")]
  }

  private mutating func add(_ column: Int, _ sensor: Sensor, _ file: RecordingFile) throws {
    guard !sensors.contains(sensor) else {
      throw Failure(
        description: "\(file.name): two columns are '\(sensor.asset).\(sensor.sensor)'; --columns NAME=asset.sensor "
          + "tells which is meant")
    }
    columns.append(column)
    sensors.append(sensor)
  }

  /// The asset and sensor of a name; where assets have dots in their names, the longest that fits.
  static func sensor(_ name: String, _ assets: [String]) -> Sensor? {
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
