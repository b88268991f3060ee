import DispatchPolicy
import Foundation
import PlantModel
import PlantSimulation

/// A building's recording as dispatch needs it: columns `load.power`, `….power` of its generators and `grid.price`.
struct HomeRecording {
  /// The file's name without its extension.
  var name: String
  /// Start of each slot.
  var times: [Timestamp] = []
  /// Length of a slot.
  var step = TimeSpan.hour
  /// What was measured.
  var series = DispatchSeries()

  /// All recordings of a folder in the order of their names.
  static func all(in folder: String, utcOffset: TimeSpan) throws -> [HomeRecording] {
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw Failure(description: "\(folder) is not a folder that can be read")
    }
    let names = files.filter { $0.hasSuffix(".csv") }.sorted()
    guard !names.isEmpty else { throw Failure(description: "\(folder) has no .csv files") }
    return try names.map { try HomeRecording(path: "\(folder)/\($0)", utcOffset: utcOffset) }
  }

  /// A recording without slots, an hour each unless changed.
  init(name: String) { self.name = name }

  /// Adds a slot; `local` is what the clock on the wall shows at its start.
  mutating func append(at time: Timestamp, local: CivilTime, load: Double, generation: Double, price: Double) {
    times.append(time)
    series.load.append(load)
    series.generation.append(generation)
    series.price.append(price)
    series.hour.append(local.hour)
    series.month.append(12 * local.year + local.month)
    series.isWorkday.append(local.weekday <= 5)
  }

  /// Reads a recording. A value that is missing is taken from the slot before; a row that is missing is not made up.
  init(path: String, utcOffset: TimeSpan) throws {
    self.init(name: String(path.split(separator: "/").last?.dropLast(4) ?? ""))
    let file = try RecordedCSV(path: path, selected: ScenarioSource.columns(of: ["power", "price"], path))
    let load = try HomeRecording.columns(file, path) { $0.name == "load.power" }
    let price = try HomeRecording.columns(file, path) { $0.name == "grid.price" }
    let generation = file.columns.indices.filter { index in
      let column = file.columns[index]
      return column.sensor == "power" && (column.asset.hasPrefix("pv") || column.asset.hasPrefix("wind"))
    }
    var last = [Double](repeating: 0, count: file.columns.count)
    while let row = file.next() {
      for cell in row.values { last[cell.column] = cell.value }
      let local = CivilTime(utc: row.time + utcOffset)
      append(
        at: row.time, local: local, load: last[load], generation: generation.reduce(0) { $0 + last[$1] },
        price: last[price])
    }
    guard times.count >= 2, times[1] > times[0] else {
      throw Failure(description: "\(path) has fewer than two slots in order of time")
    }
    step = times[1] - times[0]
  }

  private static func columns(
    _ file: RecordedCSV, _ path: String, _ isWanted: (RecordedCSV.Column) -> Bool
  ) throws -> Int {
    guard let found = file.columns.firstIndex(where: isWanted) else {
      let there = file.columns.map(\.name).joined(separator: ", ")
      throw Failure(description: "\(path) needs the columns load.power and grid.price; it has \(there)")
    }
    return found
  }
}
