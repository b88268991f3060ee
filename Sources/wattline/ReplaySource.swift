import PlantModel
import Recordings

/// A recording as it is replayed: sensors of a plant, row by row in the file's order.
struct ReplaySource {
  /// When each row was.
  let times: [Timestamp]
  let sensors: [RecordedSensors.Sensor]
  /// Sensor after sensor, one value a row as the sensor says it; NaN where there is none.
  let values: [[Double]]
  /// What was found in the rows.
  let tally: Recording.Tally

  /// Takes all columns of a file by their names, or those that are selected.
  init(_ file: RecordingFile, plant: Plant, selected: [(column: String, target: String)]?) throws {
    let assets = plant.assets.map(\.name)
    let wanted = selected ?? file.columns.filter { !$0.isText }.map { ($0.heading, $0.name) }
    guard !wanted.isEmpty else {
      throw Failure(description: "\(file.name): has no column but the time; expected time,asset.sensor,…")
    }
    let assigned = try RecordedSensors(file, assets: assets, sensors: [], selected: wanted)
    let rows = file.rows(of: assigned.columns)
    sensors = assigned.sensors
    times = rows.times
    var tally = rows.ordered().tally
    tally.missing = 0
    self.tally = tally
    let isOrdered = tally.duplicates + tally.unsorted == 0
    var register = PlantRegister(plant: plant)
    var values = rows.values
    for (index, sensor) in assigned.sensors.enumerated() where rows.columns[index].isPowerOrEnergy {
      let series = register.admit(asset: sensor.asset, sensor: sensor.sensor)
      guard let unit = register.series[series.position].profile.unit, unit.quantity == .power else { continue }
      if case .energy = rows.columns[index].unit, !isOrdered {
        throw Failure(
          description:
            "\(file.name): '\(rows.columns[index].heading)' is an energy, whose power follows from the time to "
            + "the next row, and rows are not in the order of time; sort them, and leave each time once")
      }
      values[index] = rows.kilowatts(index).values.map { $0 / unit.scale }
    }
    self.values = values
  }
}
