import Forecasting
import Foundation
import InfluxSink
import PlantModel
import PointSchema
import Recordings
import Settings
import WattlineTime

/// Source of a scenario's recording: a CSV file, or the plant's database.
struct ScenarioSource {
  /// Values of one sensor.
  private struct Column {
    var asset: String
    var sensor: String
    /// Row numbers with values [canonical unit].
    var cells: [(row: Int, value: Double)] = []
  }

  private var times: [Timestamp] = []
  private var columns: [Column] = []
  /// Sensors of powers, in order of preference.
  private static let powers = ["power", "active_power", "ac_power"]
  private static let sensors = powers + ["price", "temperature"]

  /// Reads the columns of powers, prices and temperatures of assets from a file.
  ///
  /// - Parameters:
  ///   - file: Recording.
  ///   - plant: Plant of the assets, if known.
  ///   - selected: Columns and their sensors; `nil` assigns them by name.
  init(_ file: RecordingFile, plant: Plant?, selected: [(column: String, target: String)]?) throws {
    let assigned = try RecordedSensors(
      file, assets: plant?.assets.map(\.name) ?? [], sensors: ScenarioSource.sensors, selected: selected)
    let rows = file.rows(of: assigned.columns).ordered()
    RecordingArguments.report(rows, of: file.name)
    times = rows.times
    // Values without a unit are in the sensor's unit, which the plant defines.
    var register = PlantRegister(plant: ScenarioSource.plant(plant, assets: assigned.sensors.map(\.asset)))
    for (index, sensor) in assigned.sensors.enumerated() {
      var values = rows.kilowatts(index).values
      let series = register.admit(asset: sensor.asset, sensor: sensor.sensor)
      if rows.columns[index].unit == nil, let unit = register.series[series.position].profile.unit {
        values = values.map { unit.canonical($0) }
      }
      var column = Column(asset: sensor.asset, sensor: sensor.sensor)
      column.cells = values.enumerated().filter { !$0.element.isNaN }.map { ($0.offset, $0.element) }
      columns.append(column)
    }
  }

  /// Reads the last year in a plant's database, in quarters of an hour.
  ///
  /// Prices and temperatures are means. Powers are from the energy account, or means if an earlier version wrote no
  /// account.
  ///
  /// - Parameters:
  ///   - plant: Plant to read.
  ///   - database: Connection to the database.
  ///   - progress: Receives the completed share, 0...1.
  /// - Throws: ``Failure`` if there are too few data.
  init(plant: Plant, database: DatabaseSettings, progress: (Double) -> Void) throws {
    let reader = try DatabaseReader(database)
    let sensors = ScenarioSource.sensors.joined(separator: "|")
    let name = "\(Tag.plant.quoted) = \(DatabaseReader.quoted(plant.name))"
    let wanted =
      "FROM \(Measurement.feature.quoted) WHERE \(name) AND \(Tag.window.quoted) = '15m' "
      + "AND \(Tag.sensor.quoted) =~ /^(\(sensors))$/"
    let account = "FROM \(Measurement.energy.quoted) WHERE \(name)"
    let (mean, energy) = (FieldKey.mean.quoted, FieldKey.forwardEnergy.quoted)
    func times(_ selector: String) throws -> [Int64] {
      try ["(\(mean)) \(wanted)", "(\(energy)) \(account)"].compactMap {
        try reader.rows("SELECT \(selector)\($0)").first?.number("time").map { Int64($0) }
      }
    }
    guard let last = try times("last").max(), let start = try times("first").min(), start < last else {
      throw Failure(
        description: "the database \(database.database) has too few quarter-hour means of the plant \(plant.name); "
          + "give a recording: wattline scenario FILE.csv …")
    }
    let day: Int64 = 86_400_000
    let first = max(start, last - 365 * day)
    var index = Index()
    let energies = [FieldKey.forwardEnergy, .reverseEnergy, .knownShare].map(\.quoted).joined(separator: ", ")
    for begin in stride(from: first, through: last, by: Int(30 * day)) {
      let span = "AND time >= \(begin)ms AND time < \(begin + 30 * day)ms GROUP BY \(Tag.asset.quoted)"
      for row in try reader.rows("SELECT \(mean) \(wanted) \(span), \(Tag.sensor.quoted)") {
        if let value = row.number(.mean) { add(value, of: row, sensor: row.text(.sensor) ?? "", index: &index) }
      }
      for row in try reader.rows("SELECT \(energies) \(account) \(span)") {
        guard let known = row.number(.knownShare), known >= 0.5, let forward = row.number(.forwardEnergy) else {
          continue
        }
        let asset = row.text(.asset) ?? ""
        let sensor = ScenarioSource.powers.first { index.columns[[asset, $0]] != nil } ?? ScenarioSource.powers[0]
        add((forward - (row.number(.reverseEnergy) ?? 0)) / (0.25 * known), of: row, sensor: sensor, index: &index)
      }
      progress(Double(begin - first) / Double(max(1, last - first)))
    }
  }

  /// Positions of times and columns while rows are read.
  private struct Index {
    var rows: [Int64: Int] = [:]
    /// Columns by asset and sensor.
    var columns: [[String]: Int] = [:]
  }

  /// Adds a value of a database row. Of several values of the same time, the last one applies.
  ///
  /// - Parameters:
  ///   - value: The value [canonical unit].
  ///   - row: The row, with its time and asset.
  ///   - sensor: The sensor.
  ///   - index: Positions of times and columns.
  private mutating func add(_ value: Double, of row: QueryRow, sensor: String, index: inout Index) {
    guard let time = row.number("time").map({ Int64($0) }) else { return }
    let name = [row.text(.asset) ?? "", sensor]
    let column = index.columns[name] ?? columns.count
    if column == columns.count { columns.append(Column(asset: name[0], sensor: name[1])) }
    index.columns[name] = column
    let place = index.rows[time] ?? times.count
    if place == times.count { times.append(Timestamp(milliseconds: time)) }
    index.rows[time] = place
    columns[column].cells.append((place, value))
  }

  /// Returns the recording of a scenario.
  ///
  /// - Parameters:
  ///   - plant: Plant, if known.
  ///   - tariff: Tariff; an empty one uses the recorded prices.
  ///   - zone: Calendar of the plant's zone.
  func recording(plant: Plant?, tariff: Tariff, zone: LocalCalendar) throws -> ScenarioRecording {
    let plant = ScenarioSource.plant(plant, assets: columns.map(\.asset))
    var powers: [ScenarioRecording.Power] = []
    for column in columns where ScenarioSource.powers.contains(column.sensor) {
      guard let asset = plant.assets.first(where: { $0.name == column.asset }),
        !powers.contains(where: { $0.asset == asset.name })
      else { continue }
      powers.append(
        ScenarioRecording.Power(
          asset: asset.name, role: asset.kind.role, isWithin: asset.within != nil,
          isPhotovoltaic: asset.kind.traits.driver == .sun,
          values: values(column)))
    }
    let air = columns.first { column in
      column.sensor == "temperature" && plant.assets.contains { $0.name == column.asset && $0.kind.role == .none }
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

  /// Returns the plant with undeclared assets added. Their kind follows from the start of the name, such as `pv…`,
  /// `battery…` or `grid…`; otherwise it is a load.
  private static func plant(_ plant: Plant?, assets: [String]) -> Plant {
    var plant = plant ?? Plant(name: "", location: Location(latitude: 0, longitude: 0, timezone: "UTC"))
    for name in assets where !plant.assets.contains(where: { $0.name == name }) {
      let kind = AssetKind.allCases.first { kind in
        kind.traits.deviceWords.contains { $0.utf8.count > 1 && name.lowercased().hasPrefix($0) }
      }
      plant.assets.append(Asset(name: name, kind: kind ?? .load))
    }
    return plant
  }
}
