import PlantModel

/// Reads prices by date from a CSV file beside the plant's: `time,import[,export]`.
///
/// A first row may name the columns, in any order, and tell their unit: `Time;Import [EUR/MWh]`. A name of a single column
/// beside the time is free.
struct PriceFileReader {
  /// What a column holds, and its unit where its name tells one.
  private struct Column {
    var isExport: Bool
    var unit: PriceUnit?
  }

  private static let exportWords: Set<String> = ["export", "sell", "feed", "feedin", "injection", "sold"]
  private static let importWords: Set<String> = [
    "import", "buy", "price", "value", "cost", "spot", "total", "tariff", "bought", "consumption",
  ]

  let reading: Reading
  /// The unit that the plant's file tells; the columns' own count where it tells none.
  let unit: PriceUnit?

  /// The prices of a file.
  func schedule(_ name: String, at mark: Mark) -> PriceSchedule {
    let file = DatedRows(reading: reading, key: "prices", columns: "time,import,export")
    var columns: [Column]?
    return PriceSchedule(
      file.read(
        name, at: mark,
        header: { cells throws(DatedRows.Wrong) in columns = try PriceFileReader.columns(cells.dropFirst()) },
        row: { start, cells throws(DatedRows.Wrong) in
          try slot(start, cells, columns ?? [Column(isExport: false), Column(isExport: true)], isNamed: columns != nil)
        }))
  }

  private func slot(
    _ start: Timestamp, _ cells: ArraySlice<DatedRows.Cell>, _ columns: [Column], isNamed: Bool
  ) throws(DatedRows.Wrong) -> PriceSchedule.Slot {
    var cells = cells
    while cells.count > 1, cells.count > columns.count, cells.last?.text.isEmpty == true { cells.removeLast() }
    guard !cells.isEmpty, cells.count <= columns.count else {
      let named = isNamed ? "; the first row names \(columns.count + 1)" : ""
      throw DatedRows.Wrong(
        column: 1,
        message: "a row has a time, an import price and perhaps an export price, and this one has \(cells.count + 1) "
          + "cells\(named); if the decimal mark is a comma, cells must be separated by a semicolon")
    }
    var prices: (importing: Double?, exporting: Double?) = (nil, nil)
    for (cell, column) in zip(cells, columns) {
      if column.isExport {
        prices.exporting = cell.text.isEmpty ? nil : try price(cell, column)
      } else {
        prices.importing = try price(cell, column)
      }
    }
    guard let importing = prices.importing else {
      throw DatedRows.Wrong(column: 1, message: "the row has no import price; write a time and a price a kWh")
    }
    return PriceSchedule.Slot(start: start, importPrice: importing, exportPrice: prices.exporting)
  }

  private func price(_ cell: DatedRows.Cell, _ column: Column) throws(DatedRows.Wrong) -> Double {
    if let price = cell.number, (-1e6...1e6).contains(price) { return price * ((unit ?? column.unit)?.scale ?? 1) }
    throw DatedRows.Wrong(column: cell.column, message: "'\(cell.text)' is no price a kWh, such as 0.21")
  }

  private static func columns(_ cells: ArraySlice<DatedRows.Cell>) throws(DatedRows.Wrong) -> [Column] {
    var columns: [Column] = []
    for cell in cells {
      let words = cell.text.lowercased().split { !$0.isLetter && $0 != "¢" }.map(String.init)
      let isExport = words.contains(where: exportWords.contains)
      guard isExport || cells.count == 1 || words.contains(where: importWords.contains) else {
        throw DatedRows.Wrong(
          column: cell.column, message: "there is no column '\(cell.text)'; name them time, import and export")
      }
      guard !columns.contains(where: { $0.isExport == isExport }) else {
        throw DatedRows.Wrong(
          column: cell.column,
          message: "'\(cell.text)' is a second column of \(isExport ? "export" : "import") prices; leave one out, and "
            + "name the others time, import and export")
      }
      columns.append(Column(isExport: isExport, unit: PriceUnit(words: words)))
    }
    guard columns.contains(where: { !$0.isExport }) else {
      throw DatedRows.Wrong(column: 1, message: "no column has import prices; name them time, import and export")
    }
    return columns
  }
}
