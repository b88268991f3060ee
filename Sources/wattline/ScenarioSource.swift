import Forecasting
import Foundation
import InfluxSink
import PlantModel
import PlantSimulation

/// Where a scenario's recording comes from: a CSV file, or what the pipeline has written of a plant.
struct ScenarioSource {
  /// Rows of one sensor.
  private struct Column {
    var asset: String
    var sensor: String
    /// Row numbers and values [canonical unit].
    var cells: [(row: Int, value: Double)] = []
  }

  private var times: [Timestamp] = []
  private var columns: [Column] = []
  /// The sensors that a scenario needs.
  private static let powers = ["power", "active_power", "ac_power"]
  private static let sensors = powers + ["price", "temperature"]

  /// Reads a file `time,asset.sensor,…`.
  init(path: String, plant: Plant?) throws {
    let assets = plant?.assets.map(\.name) ?? []
    let file = try RecordedCSV(
      path: path, assets: assets, selected: ScenarioSource.columns(of: ScenarioSource.sensors, path))
    columns = file.columns.map { Column(asset: $0.asset, sensor: $0.sensor) }
    while let row = file.next() {
      for cell in row.values { columns[cell.column].cells.append((times.count, cell.value)) }
      times.append(row.time)
    }
    if let problem = file.problems.first {
      Console.note("\(path):\(problem.line): left out: \(problem.reason) (\(file.malformedCount) such lines)")
    }
    // Values are as the sensors say them; the plant knows in which unit that is.
    var register = PlantRegister(plant: ScenarioSource.plant(plant, columns.map(\.asset)))
    for index in columns.indices {
      let series = register.admit(asset: columns[index].asset, sensor: columns[index].sensor)
      guard let unit = register.series[series.position].profile.unit else { continue }
      columns[index].cells = columns[index].cells.map { ($0.row, unit.canonical($0.value)) }
    }
  }

  /// The columns of some sensors, so that others may have any name; `nil` leaves it to the reader to complain.
  static func columns(of sensors: [String], _ path: String) -> [String: String]? {
    guard let file = FileHandle(forReadingAtPath: path), let start = try? file.read(upToCount: 1 << 16) else {
      return nil
    }
    let header = String(decoding: start.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    let names = header.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    let wanted = names.filter { name in sensors.contains { name.hasSuffix("." + $0) } }
    return wanted.isEmpty ? nil : Dictionary(wanted.map { ($0, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Reads the quarter-hour means of the last year that a plant has in its database.
  init(plant: Plant, database: DatabaseSettings, progress: (Double) -> Void) throws {
    let reader = try DatabaseReader(database)
    let sensors = ScenarioSource.sensors.joined(separator: "|")
    let wanted =
      "FROM \"feature\" WHERE \"plant\" = \(DatabaseReader.quoted(plant.name)) AND \"window\" = '15m' "
      + "AND \"sensor\" =~ /^(\(sensors))$/"
    func time(_ selector: String) throws -> Int64? {
      try reader.rows("SELECT \(selector)(\"mean\") \(wanted)").first?.number("time").map { Int64($0) }
    }
    guard let last = try time("last"), let start = try time("first"), start < last else {
      throw Failure(
        description: "the database \(database.database) has too few quarter-hour means of the plant \(plant.name); "
          + "give a recording: wattline scenario FILE.csv …")
    }
    let day: Int64 = 86_400_000
    let first = max(start, last - 365 * day)
    var rowOfTime: [Int64: Int] = [:]
    var columnOfName: [[String]: Int] = [:]
    for begin in stride(from: first, through: last, by: Int(30 * day)) {
      let part = "SELECT \"mean\" \(wanted) AND time >= \(begin)ms AND time < \(begin + 30 * day)ms"
      for row in try reader.rows(part + " GROUP BY \"asset\", \"sensor\"") {
        guard let time = row.number("time").map({ Int64($0) }), let value = row.number("mean") else { continue }
        let name = [row.text("asset") ?? "", row.text("sensor") ?? ""]
        let column = columnOfName[name] ?? columns.count
        if column == columns.count { columns.append(Column(asset: name[0], sensor: name[1])) }
        columnOfName[name] = column
        let place = rowOfTime[time] ?? times.count
        if place == times.count { times.append(Timestamp(milliseconds: time)) }
        rowOfTime[time] = place
        columns[column].cells.append((place, value))
      }
      progress(Double(begin - first) / Double(max(1, last - first)))
    }
  }

  /// The recording as the scenario takes it.
  func recording(plant: Plant?, tariff: Tariff, zone: LocalCalendar) throws -> ScenarioRecording {
    let plant = ScenarioSource.plant(plant, columns.map(\.asset))
    var powers: [ScenarioRecording.Power] = []
    for column in columns where ScenarioSource.powers.contains(column.sensor) {
      guard let asset = plant.assets.first(where: { $0.name == column.asset }),
        !powers.contains(where: { $0.asset == asset.name })
      else { continue }
      powers.append(
        ScenarioRecording.Power(
          asset: asset.name, role: asset.kind.role, isWithin: asset.within != nil, isPhotovoltaic: asset.kind == .pv,
          values: values(column)))
    }
    let air = columns.first { column in
      column.sensor == "temperature" && plant.assets.contains { $0.name == column.asset && $0.kind == .weather }
    }
    let price = columns.first { $0.sensor == "price" }
    return try ScenarioRecording(
      times: times, powers: powers, temperature: air.map(values) ?? [],
      price: tariff == Tariff() ? price.map(values) ?? [] : [], tariff: tariff, zone: zone)
  }

  private func values(_ column: Column) -> [Double] {
    var values = Array(repeating: Double.nan, count: times.count)
    for cell in column.cells { values[cell.row] = cell.value }
    return values
  }

  /// The plant, with assets that it does not declare taken for what their names say: `pv…`, `wind…`, `battery…`,
  /// `bess…`, `grid…`, `meter…`, `weather…`, else a load.
  private static func plant(_ plant: Plant?, _ assets: [String]) -> Plant {
    var plant = plant ?? Plant(name: "", location: Location(latitude: 0, longitude: 0, timezone: "UTC"))
    let kinds: [(String, AssetKind)] = [
      ("pv", .pv), ("wind", .wind), ("battery", .battery), ("bess", .battery), ("grid", .grid), ("meter", .meter),
      ("weather", .weather),
    ]
    for name in assets where !plant.assets.contains(where: { $0.name == name }) {
      let kind = kinds.first { name.lowercased().hasPrefix($0.0) }?.1 ?? .load
      plant.assets.append(Asset(name: name, kind: kind))
    }
    return plant
  }
}
