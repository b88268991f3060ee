import PlantModel
import Recordings

/// Reader of dated prices from a file in the plant's folder: `time,import[,export]`.
///
/// A header row may name the columns, in any order, with their units: `Time;Import [EUR/MWh]`. A single column beside
/// the time may have any name.
struct PriceFileReader {
  /// A column of prices, with the unit that its name states.
  private struct Column {
    var place: Int
    var isExport: Bool
    var unit: PriceUnit?
  }

  private static let exportWords: Set<String> = [
    "export", "sell", "feed", "feedin", "injection", "sold", "einspeisung", "verkauf",
  ]
  private static let importWords: Set<String> = [
    "import", "buy", "price", "value", "cost", "spot", "total", "tariff", "bought", "consumption",
    "preis", "strompreis", "spotpreis", "marktpreis", "bezug", "prix", "precio", "prezzo", "pris",
  ]
  private static let prices = -1e6...1e6

  let reading: ConfigurationContext
  /// Unit given in the plant's file, which takes precedence. Without it, the units in the column names apply.
  let unit: PriceUnit?

  /// Returns the prices of a file; reports its mistakes.
  func schedule(_ source: DatedFile.Source) -> PriceSchedule {
    let dated = DatedFile(source, reading: reading)
    guard dated.file != nil, dated.hasTimes, let columns = columns(dated) else { return PriceSchedule() }
    let named = dated.file?.layout.headerLine == nil ? "" : "; the first row names \(columns.count + 1)"
    func message(_ text: String, column: Int) -> String { "'\(text)' is no price a kWh, such as 0.21" }
    let read = dated.rows(
      of: columns.map(\.place),
      width: { cells in
        "a row has a time, an import price and perhaps an export price, and this one has \(cells) "
          + "cells\(named); if the decimal mark is a comma, cells must be separated by a semicolon"
      }, number: message)
    guard let rows = read, let importing = columns.firstIndex(where: { !$0.isExport }) else { return PriceSchedule() }
    let exporting = columns.firstIndex(where: \.isExport)
    var slots: [PriceSchedule.Slot] = []
    var wrong: [(row: Int, column: Int)] = []
    func price(_ row: Int, column: Int) -> Double {
      rows.values[column][row] * ((unit ?? columns[column].unit)?.scale ?? 1)
    }
    for row in 0..<rows.count {
      let isSound = columns.indices.map { column in
        let value = rows.values[column][row]
        let isEmpty = value.isNaN && (column != importing || rows.isUnfolded)
        if isEmpty || PriceFileReader.prices.contains(value) { return true }
        wrong.append((row, columns[column].place))
        return false
      }
      guard !isSound.contains(false), !rows.values[importing][row].isNaN else { continue }
      slots.append(
        PriceSchedule.Slot(
          start: rows.times[row], importPrice: price(row, column: importing),
          exportPrice: exporting.map { price(row, column: $0) }.flatMap { $0.isNaN ? nil : $0 }))
    }
    dated.reportMistakes(rows, wrong: wrong) { text, column in
      text.isEmpty ? "the row has no import price; write a time and a price a kWh" : message(text, column: column)
    }
    return PriceSchedule(slots)
  }

  /// Returns the price columns; reports and returns `nil` if they cannot be identified.
  private func columns(_ dated: DatedFile) -> [Column]? {
    guard let file = dated.file else { return nil }
    guard file.layout.headerLine != nil else {
      let places = Array(file.columns.indices.prefix(2))
      if file.columns.count > 2 {
        dated.mistake(
          1, 1,
          "a row has a time, an import price and perhaps an export price, and this one has "
            + "\(file.columns.count + 1) cells; if the decimal mark is a comma, cells must be separated by a semicolon")
        return nil
      }
      return places.map { Column(place: $0, isExport: $0 == 1, unit: nil) }
    }
    var columns: [Column] = []
    let isAlone = file.columns.count { !$0.isText } == 1 || file.columns.count == 1
    for (place, column) in file.columns.enumerated() {
      let words = column.heading.lowercased().split { !$0.isLetter && $0 != "¢" }.map(String.init)
      let isExport = words.contains(where: PriceFileReader.exportWords.contains)
      let isImport = words.contains(where: PriceFileReader.importWords.contains)
      // Text columns, such as the name of a zone, are not prices.
      if column.isText, !isExport, !isImport, file.columns.count > 1 { continue }
      guard isExport || isImport || isAlone else {
        dated.mistake(
          heading: place, "there is no column '\(column.heading)'; name them time, import and export")
        return nil
      }
      guard !columns.contains(where: { $0.isExport == isExport }) else {
        dated.mistake(
          heading: place,
          "'\(column.heading)' is a second column of \(isExport ? "export" : "import") prices; leave one out, and "
            + "name the others time, import and export")
        return nil
      }
      columns.append(Column(place: place, isExport: isExport, unit: PriceUnit(words: words)))
    }
    guard columns.contains(where: { !$0.isExport }) else {
      dated.mistake(1, 1, "no column has import prices; name them time, import and export")
      return nil
    }
    return columns
  }
}
