import InfluxSink
import PointSchema
import WattlineTime

/// CSV with a row for each point: time, tags, fields.
struct LongTable {
  private let columns: [String]
  /// Whether rows name their measurement, because there are several.
  private let namesMeasurement: Bool

  /// Creates a table with the columns of all selections.
  init(_ selections: [ExportSelection]) {
    var columns: [String] = []
    for name in selections.flatMap(\.tags) + selections.flatMap(\.fields) where !columns.contains(name) {
      columns.append(name)
    }
    self.columns = columns
    namesMeasurement = selections.count > 1
  }

  /// Appends the header.
  func appendHeader(to text: inout CSVText) {
    for name in ["time"] + (namesMeasurement ? ["measurement"] : []) + columns { text.append(text: name.utf8) }
    text.endRow()
  }

  /// Appends the first rows of a page.
  ///
  /// - Parameters:
  ///   - table: The page.
  ///   - count: Number of its rows.
  ///   - measurement: Measurement of the page.
  ///   - text: Destination.
  func append(_ table: QueryTable, count: Int, of measurement: Measurement, to text: inout CSVText) {
    let places = columns.map { table.columns.firstIndex(of: $0) }
    for row in 0..<count {
      text.append(Timestamp(nanoseconds: table.times[row]))
      if namesMeasurement { text.append(text: measurement.name.utf8) }
      for place in places {
        guard let place else {
          text.appendNothing()
          continue
        }
        text.append(table.cell(row: row, column: place), of: table)
      }
      text.endRow()
    }
  }
}
