import PlantModel

/// Reads prices by date from a CSV file beside the plant's: `time,import[,export]`.
enum PriceFileReader {
  /// The prices of a file.
  static func schedule(_ name: String, at mark: Mark, _ reading: Reading) -> PriceSchedule {
    let file = DatedRows(reading: reading, key: "prices", columns: "time,import,export")
    return PriceSchedule(
      file.read(name, at: mark) { start, cells throws(DatedRows.Wrong) in
        guard let first = cells.first, cells.count <= 2 else {
          throw DatedRows.Wrong(column: 1, message: "a row has a time, an import price and perhaps an export price")
        }
        let export = try cells.dropFirst().first.flatMap { cell throws(DatedRows.Wrong) in
          cell.text.isEmpty ? nil : try price(cell)
        }
        return PriceSchedule.Slot(start: start, importPrice: try price(first), exportPrice: export)
      })
  }

  private static func price(_ cell: DatedRows.Cell) throws(DatedRows.Wrong) -> Double {
    if let price = Double(cell.text), (-1e6...1e6).contains(price) { return price }
    throw DatedRows.Wrong(column: cell.column, message: "'\(cell.text)' is no price a kWh, such as 0.21")
  }
}
