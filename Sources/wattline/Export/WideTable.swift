import InfluxSink
import PointSchema
import WattlineTime

/// CSV with a row for each time and a column `asset.sensor [unit]` for each series, as other commands read it.
struct WideTable {
  private let value: String
  private let headings: [String]
  /// Columns by asset and sensor.
  private let columns: [[UInt8]: Int]
  private var row: [QueryTable.Cell?]

  /// Asks the database for the series of a span.
  ///
  /// - Parameters:
  ///   - selection: Series that are exported.
  ///   - filter: Conditions of the export.
  ///   - span: Span of the export.
  ///   - reader: Connection to the database.
  /// - Throws: ``Misuse`` if the measurement has no such form, ``Failure`` if two series have one name.
  init(_ selection: ExportSelection, filter: ExportFilter, span: ExportSpan, reader: DatabaseReader) throws {
    let measurement = selection.measurement
    let open = measurement.qualifierTags.filter { tag in !filter.tags.contains { $0.name == tag.name } }
    guard measurement.tags.contains(.sensor), let value = WideTable.value(of: measurement) else {
      throw Misuse(
        message: "--wide needs a measurement of sensors with a value, such as clean, not \(measurement.name)")
    }
    guard open.isEmpty else {
      let tags = open.map { "--tag \($0.name)=…" }.joined(separator: " ")
      throw Misuse(message: "--wide has one value of a sensor and time; add \(tags) for \(measurement.name)")
    }
    self.value = value
    let tags = [Tag.asset, .sensor] + (measurement.hasUnitTag ? [.unit] : [])
    let condition = selection.condition
    let rows = try reader.rows(
      "SELECT last(\"\(value)\") FROM \(measurement.quoted) WHERE \(condition.isEmpty ? "" : condition + " AND ")"
        + "time >= \(span.start.nanoseconds) AND time < \(span.end.nanoseconds) "
        + "GROUP BY \(tags.map(\.quoted).joined(separator: ", "))")
    var names: [String: String] = [:]
    var columns: [[UInt8]: Int] = [:]
    for row in rows {
      let (asset, sensor, unit) = (row.text(.asset) ?? "", row.text(.sensor) ?? "", row.text(.unit) ?? "")
      let name = "\(asset).\(sensor)"
      guard names.updateValue(unit, forKey: name) == nil else {
        throw Failure(
          description: "two series of the span are called '\(name)', or it changed its unit; leave --wide out")
      }
      columns[WideTable.key(Array(asset.utf8), Array(sensor.utf8))] = 0
    }
    let sorted = names.sorted { $0.key < $1.key }
    headings = sorted.map { $0.value.isEmpty ? $0.key : "\($0.key) [\($0.value)]" }
    for row in rows {
      let (asset, sensor) = (row.text(.asset) ?? "", row.text(.sensor) ?? "")
      columns[WideTable.key(Array(asset.utf8), Array(sensor.utf8))] = sorted.firstIndex {
        $0.key == "\(asset).\(sensor)"
      }
    }
    self.columns = columns
    row = Array(repeating: nil, count: headings.count)
  }

  /// Field that is the value of a series; `nil` if there is none.
  private static func value(of measurement: Measurement) -> String? {
    [FieldKey<Double>.value, .mean].map(\.name).first { measurement.declaration(of: $0) != nil }
  }

  private static func key(_ asset: some Sequence<UInt8>, _ sensor: some Sequence<UInt8>) -> [UInt8] {
    Array(asset) + [0] + Array(sensor)
  }

  /// Appends the header.
  func appendHeader(to text: inout CSVText) {
    for name in ["time"] + headings { text.append(text: name.utf8) }
    text.endRow()
  }

  /// Appends the first rows of a page, which has all rows of a time; returns how many rows they become.
  ///
  /// - Parameters:
  ///   - table: The page.
  ///   - count: Number of its rows.
  ///   - text: Destination.
  mutating func append(_ table: QueryTable, count: Int, to text: inout CSVText) -> Int {
    let places = [value, Tag.asset.name, Tag.sensor.name].compactMap(table.columns.firstIndex)
    guard places.count == 3 else { return 0 }
    var written = 0
    for position in 0..<count {
      let (asset, sensor) = (
        table.cell(row: position, column: places[1]), table.cell(row: position, column: places[2])
      )
      let key = WideTable.key(table.bytes(of: asset), table.bytes(of: sensor))
      let cell = table.cell(row: position, column: places[0])
      // A series that appears during the export has no column.
      if let column = columns[key], cell.kind != .null { row[column] = cell }
      guard position + 1 == count || table.times[position + 1] != table.times[position] else { continue }
      guard row.contains(where: { $0 != nil }) else { continue }
      text.append(Timestamp(nanoseconds: table.times[position]))
      for column in row.indices {
        if let cell = row[column] { text.append(cell, of: table) } else { text.appendNothing() }
        row[column] = nil
      }
      text.endRow()
      written += 1
    }
    return written
  }
}
