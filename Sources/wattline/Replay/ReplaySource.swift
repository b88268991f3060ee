import PlantModel
import Recordings
import WattlineTime

/// Recording to be replayed: sensors of a plant, row by row in the file's order.
struct ReplaySource {
  /// Time of each row.
  let times: [Timestamp]
  let sensors: [RecordedSensors.Sensor]
  /// Values by sensor and row, in the sensor's unit; NaN for missing ones.
  let values: [[Double]]
  /// Counts of rows and defects.
  let tally: Recording.Tally

  /// Creates a source from all columns of a file by their names, or from the selected ones.
  ///
  /// - Parameters:
  ///   - file: Recording.
  ///   - plant: Plant of the sensors.
  ///   - selected: Columns and their sensors; `nil` for all columns.
  /// - Throws: ``Failure`` if columns cannot be assigned or rows are unsuitable.
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
