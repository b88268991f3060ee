import InfluxSink
import PlantModel
import PointSchema

/// Series of one measurement that are exported, with their columns.
struct ExportSelection {
  let measurement: Measurement
  /// Names of the fields in the database, in the schema's order.
  private(set) var fields: [String]
  /// Condition after `WHERE`, without the time; empty for all points.
  let condition: String

  /// Name of the measurement of a text such as `clean:load.power`, and what is after the colon.
  static func parts(_ text: String) throws(Misuse) -> (measurement: Measurement, series: String?) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    if let found = Measurement.all.first(where: { $0.name == parts[0] }) {
      guard parts.count > 1 else { return (found, nil) }
      guard found.tags.contains(.asset), !parts[1].isEmpty else {
        throw Misuse(
          message: parts[1].isEmpty
            ? "--series \(text) names no asset after the colon" : "--series \(text): \(found.name) has no assets")
      }
      return (found, parts[1])
    }
    let names = Measurement.all.map(\.name)
    throw Misuse(
      message: "there is no measurement '\(parts[0])'; " + names.nearest(to: parts[0])
        + "there are \(names.joined(separator: ", "))")
  }

  /// Asks the database for what the texts of one measurement mean.
  ///
  /// - Parameters:
  ///   - measurement: Measurement of the series.
  ///   - series: Texts `ASSET` or `ASSET.SENSOR`; empty for all.
  ///   - plant: Plant of the series.
  ///   - filter: Further conditions: tags with their values, and whether only good values count.
  ///   - reader: Connection to the database.
  init(
    _ measurement: Measurement, series: [String], of plant: Plant, filter: ExportFilter, reader: DatabaseReader
  ) throws {
    self.measurement = measurement
    var conditions: [String] = []
    if measurement.tags.contains(.plant) {
      conditions.append("\(Tag.plant.quoted) = \(DatabaseReader.quoted(plant.name))")
    }
    if !series.isEmpty {
      let assets = try ExportSelection.assets(measurement, of: plant, reader: reader)
      let wanted = try series.map {
        try ExportSelection.condition($0, assets: assets, measurement: measurement, plant: plant)
      }
      conditions.append("(\(wanted.joined(separator: " OR ")))")
    }
    condition = (conditions + filter.conditions(on: measurement)).joined(separator: " AND ")
    fields = try ExportSelection.fields(measurement, reader: reader)
  }

  /// Tags of the measurement, as columns.
  var tags: [String] { measurement.tags.map(\.name) }

  /// Statement for the points in a span, oldest first.
  func statement(from start: Int64, to end: Int64, limit: Int) -> String {
    let columns = (fields + tags).map { "\"\($0)\"" }.joined(separator: ", ")
    let span = "time >= \(start) AND time < \(end)"
    return "SELECT \(columns) FROM \(measurement.quoted) WHERE \(condition.isEmpty ? "" : condition + " AND ")\(span) "
      + "ORDER BY time ASC LIMIT \(limit)"
  }

  /// Returns the declared fields, with those that the database has of each family.
  private static func fields(_ measurement: Measurement, reader: DatabaseReader) throws(ReadError) -> [String] {
    guard measurement.fields.contains(where: \.isFamily) else { return measurement.fields.map(\.name) }
    let stored = try reader.rows("SHOW FIELD KEYS FROM \(measurement.quoted)").compactMap { $0.text("fieldKey") }
    let single = Set(measurement.fields.map(\.name))
    let further = stored.filter { !single.contains($0) }.sorted()
    return measurement.fields.flatMap { field in
      field.isFamily ? further.filter { measurement.declaration(of: $0)?.name == field.name } : [field.name]
    }
  }

  /// Returns the assets that the plant declares or the database has.
  private static func assets(
    _ measurement: Measurement, of plant: Plant, reader: DatabaseReader
  ) throws(ReadError) -> [String] {
    let stored = try reader.rows(
      "SHOW TAG VALUES FROM \(measurement.quoted) WITH KEY = \(Tag.asset.quoted) "
        + "WHERE \(Tag.plant.quoted) = \(DatabaseReader.quoted(plant.name))")
    return Set(plant.assets.map(\.name) + stored.compactMap { $0.text("value") }).sorted()
  }

  private static func condition(
    _ text: String, assets: [String], measurement: Measurement, plant: Plant
  ) throws -> String {
    if assets.contains(text) { return "\(Tag.asset.quoted) = \(DatabaseReader.quoted(text))" }
    // A name may hold dots; the longest asset counts.
    guard let asset = assets.filter({ text.hasPrefix($0 + ".") }).max(by: { $0.utf8.count < $1.utf8.count }) else {
      let word = String(text.prefix { $0 != "." })
      throw Failure(
        description: "plant '\(plant.name)' has no asset '\(text)'; " + assets.nearest(to: word)
          + (assets.isEmpty ? "it has none" : "there are \(assets.joined(separator: ", "))"))
    }
    let sensor = String(text.dropFirst(asset.count + 1))
    guard measurement.tags.contains(.sensor) else {
      throw Misuse(message: "--series \(measurement.name):\(text): \(measurement.name) has no sensors, only assets")
    }
    return "(\(Tag.asset.quoted) = \(DatabaseReader.quoted(asset)) AND "
      + "\(Tag.sensor.quoted) = \(DatabaseReader.quoted(sensor)))"
  }
}

/// Conditions on tags and quality that all exported series have in common.
struct ExportFilter {
  /// Tags with their values.
  var tags: [(name: String, value: String)] = []
  /// Whether only points of quality 0 count.
  var isGoodOnly = false

  /// Reads `--tag` and `--good`.
  ///
  /// - Throws: ``Misuse`` if a measurement lacks the tag or the quality.
  init(_ arguments: Arguments, measurements: [Measurement]) throws(Misuse) {
    for text in arguments.texts("--tag") {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[1].isEmpty else {
        throw Misuse(message: "--tag needs NAME=VALUE such as window=15m, not '\(text)'")
      }
      for measurement in measurements where !measurement.tags.contains(where: { $0.name == parts[0] }) {
        let names = measurement.tags.map(\.name)
        throw Misuse(
          message: "--tag: \(measurement.name) has no tag '\(parts[0])'; " + names.nearest(to: parts[0])
            + "there are \(names.joined(separator: ", "))")
      }
      tags.append((parts[0], parts[1]))
    }
    isGoodOnly = arguments.has("--good")
    let quality = FieldKey<Int64>.quality.name
    if isGoodOnly, let other = measurements.first(where: { $0.declaration(of: quality) == nil }) {
      throw Misuse(message: "--good is about the quality of clean; \(other.name) has none")
    }
  }

  /// Returns the conditions in InfluxQL.
  func conditions(on measurement: Measurement) -> [String] {
    tags.map { "\"\($0.name)\" = \(DatabaseReader.quoted($0.value))" }
      + (isGoodOnly ? ["\(FieldKey<Int64>.quality.quoted) = 0"] : [])
  }
}

extension [String] {
  /// Returns `perhaps it is 'NAME'; ` for the name that is near to a word; empty without one.
  func nearest(to word: String) -> String {
    let distances = map { ($0, EditDistance.between($0, word)) }
    guard let best = distances.min(by: { $0.1 < $1.1 }), best.1 <= Swift.max(2, best.0.count / 3) else { return "" }
    return "perhaps it is '\(best.0)'; "
  }
}
