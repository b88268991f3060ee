import DispatchPolicy
import Foundation
import PlantModel
import Recordings
import WattlineTime

/// Recording of a building for dispatch, in slots of equal length.
///
/// It contains `load.power`, the `power` of its generators and `grid.price`.
struct HomeRecording {
  /// File name without its extension.
  var name: String
  /// Start of each slot.
  var times: [Timestamp] = []
  /// Length of a slot.
  var step = TimeSpan.hour
  /// Load, generation and price of each slot.
  var series = DispatchSeries()
  /// Messages about deficiencies of the file.
  private(set) var notes: [String] = []

  /// Permitted slot lengths.
  private static let steps = TimeSpan.minute...TimeSpan.hours(2)

  /// Returns the paths of the recordings in a folder, sorted by name.
  static func files(in folder: String) throws -> [String] {
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw Failure(description: "\(folder) is not a folder that can be read")
    }
    let names = files.filter { $0.hasSuffix(".csv") }.sorted()
    guard !names.isEmpty else { throw Failure(description: "\(folder) has no .csv files") }
    return names.map { "\(folder)/\($0)" }
  }

  /// Creates a recording without slots. A slot is an hour unless changed.
  init(name: String) { self.name = name }

  /// Appends a slot.
  ///
  /// - Parameters:
  ///   - time: Start of the slot.
  ///   - local: The same time on the local clock.
  ///   - load: Mean load [kW].
  ///   - generation: Mean generation [kW].
  ///   - price: Import price [currency/kWh].
  mutating func append(at time: Timestamp, local: CivilTime, load: Double, generation: Double, price: Double) {
    times.append(time)
    series.load.append(load)
    series.generation.append(generation)
    series.price.append(price)
    series.hour.append(local.hour)
    series.month.append(12 * local.year + local.month)
    series.isWorkday.append(local.weekday <= 5)
  }

  /// Creates a recording from a file's rows, each of which lasts until the next.
  ///
  /// A missing value is taken from the previous row and noted. A missing row is left out and noted.
  ///
  /// - Parameters:
  ///   - file: Recording of the building.
  ///   - selected: Columns and their sensors; `nil` assigns them by name.
  ///   - clock: Calendar of the building's zone.
  /// - Throws: ``Failure`` if columns are missing or rows are unsuitable.
  init(_ file: RecordingFile, selected: [(column: String, target: String)]?, clock: LocalCalendar) throws {
    let path = file.name
    self.init(name: String(path.split(separator: "/").last?.dropLast(4) ?? ""))
    let assigned = try RecordedSensors(file, assets: [], sensors: ["power", "price"], selected: selected)
    func place(_ asset: String, sensor: String, hint: String) throws -> Int {
      if let found = assigned.sensors.firstIndex(of: .init(asset: asset, sensor: sensor)) { return found }
      let there = file.columns.map(\.heading).joined(separator: ", ")
      throw Failure(
        description: "\(path) needs the columns load.power and grid.price; it has \(there); write --columns "
          + "'\(hint)=\(asset).\(sensor)' for what else has it")
    }
    let load = try place("load", sensor: "power", hint: file.columns.first?.heading ?? "NAME")
    let price = try place("grid", sensor: "price", hint: file.columns.last?.heading ?? "NAME")
    let generation = assigned.sensors.indices.filter { index in
      let sensor = assigned.sensors[index]
      return sensor.sensor == "power" && (sensor.asset.hasPrefix("pv") || sensor.asset.hasPrefix("wind"))
    }
    let rows = file.rows(of: assigned.columns).ordered()
    notes = RecordingFile.findings(rows).dropFirst().map { "\(path): \($0)" }
    var columns = assigned.columns.indices.map { rows.kilowatts($0).values }
    columns[price] = HomeRecording.prices(columns[price], unit: rows.columns[price].unit)
    let lengths = rows.intervals()
    step = try HomeRecording.step(lengths, path: path)
    fill(&columns, wanted: [load, price] + generation, count: rows.count, path: path)
    var clock = clock
    for row in 0..<rows.count where !columns[load][row].isNaN && !columns[price][row].isNaN {
      for slot in 0..<max(1, Int(lengths[row] / step.nanoseconds)) {
        let time = rows.times[row] + step * Int64(slot)
        append(
          at: time, local: clock.civil(at: time), load: columns[load][row],
          generation: generation.reduce(0) { $0 + (columns[$1][row].isNaN ? 0 : columns[$1][row]) },
          price: columns[price][row])
      }
    }
    guard times.count >= 2 else { throw Failure(description: "\(path) has fewer than two slots with load and price") }
  }

  /// Replaces missing values by those of the previous row.
  private mutating func fill(_ columns: inout [[Double]], wanted: [Int], count: Int, path: String) {
    var filled = 0
    for column in wanted {
      for row in 1..<max(1, count) where columns[column][row].isNaN && !columns[column][row - 1].isNaN {
        columns[column][row] = columns[column][row - 1]
        filled += 1
      }
    }
    if filled > 0 { notes.append("\(path): \(filled.counted("value")) missing, taken from the row before") }
  }

  /// Returns the slot length: the greatest common divisor of all intervals, so that costs are exact if they vary.
  private static func step(_ lengths: [Int64], path: String) throws -> TimeSpan {
    func divisor(_ a: Int64, _ b: Int64) -> Int64 { b == 0 ? a : divisor(b, a % b) }
    let step = TimeSpan(nanoseconds: lengths.filter { $0 > 0 }.reduce(0, divisor))
    guard step > .zero else { throw Failure(description: "\(path) has fewer than two slots in order of time") }
    guard steps.contains(step) else {
      throw Failure(
        description:
          "\(path): rows are \(step.inSeconds) s apart, or have that in common; bench dispatch takes 1 minute "
          + "to 2 hours")
    }
    return step
  }

  /// Returns prices per kWh.
  private static func prices(_ values: [Double], unit: ColumnUnit?) -> [Double] {
    guard case .other(let name) = unit,
      let known = Unit.named(name, currency: String(name.prefix(3)).uppercased()), known.quantity == .price
    else { return values }
    return values.map { known.canonical($0) }
  }
}
