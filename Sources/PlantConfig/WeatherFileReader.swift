import PlantModel

/// Reads what is expected of the weather from a CSV file beside the plant's: a first row that names the columns, `time` and
/// any of ``PlantModel/WeatherForecast/columns``, and a row a moment; a cell may be empty.
enum WeatherFileReader {
  private static let names = WeatherForecast.columns.map(\.name)

  /// The forecast in a file.
  static func forecast(_ name: String, at mark: Mark, _ reading: Reading) -> WeatherForecast {
    let file = DatedRows(reading: reading, key: "forecast", columns: "time,\(names.joined(separator: ","))")
    var order: [Int] = []
    return WeatherForecast(
      file.read(
        name, at: mark, header: { cells throws(DatedRows.Wrong) in order = try cells.dropFirst().map(column) },
        row: { time, cells throws(DatedRows.Wrong) in
          guard !order.isEmpty else {
            throw DatedRows.Wrong(column: 1, message: "a first row must name the columns, as \(file.columns)")
          }
          guard cells.count == order.count else {
            throw DatedRows.Wrong(
              column: 1, message: "the row has \(cells.count + 1) cells, the first row names \(order.count + 1)")
          }
          var values: [Double?] = names.map { _ in nil }
          for (cell, index) in zip(cells, order) where !cell.text.isEmpty { values[index] = try value(cell, index) }
          return WeatherForecast.Row(time: time, values: values)
        }))
  }

  private static func column(_ cell: DatedRows.Cell) throws(DatedRows.Wrong) -> Int {
    if let index = names.firstIndex(of: cell.text.lowercased()) { return index }
    throw DatedRows.Wrong(
      column: cell.column, message: "there is no column '\(cell.text)'; known are \(names.joined(separator: ", "))")
  }

  private static func value(_ cell: DatedRows.Cell, _ index: Int) throws(DatedRows.Wrong) -> Double {
    let column = WeatherForecast.columns[index]
    if let value = cell.number, column.range.contains(value) { return value }
    let range = "\(Int(column.range.lowerBound)) to \(Int(column.range.upperBound)) \(column.meaning)"
    throw DatedRows.Wrong(column: cell.column, message: "'\(cell.text)' is no \(column.name), \(range)")
  }
}
