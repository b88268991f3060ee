import PlantModel

/// Reads prices by date from a CSV file beside the plant's: `time,import[,export]`, times in ISO 8601 with their zone.
struct PriceFileReader {
  /// Most rows; ten years of hours.
  static let maximumRows = 100_000
  /// Mistakes of one file that are told.
  private static let toldMistakes = 5
  private let reading: Reading

  init(_ reading: Reading) { self.reading = reading }

  /// The prices of a file; where the plant's file names it is where a missing file is told.
  func schedule(_ name: String, at mark: Mark) -> PriceSchedule {
    guard name.hasSuffix(".csv"), !name.contains("/") else {
      reading.mistake(mark, "'prices' is '\(name)'; name a .csv file in the same folder")
      return PriceSchedule()
    }
    guard let text = reading.useFile(name) else {
      reading.mistake(mark, "the file '\(name)' cannot be read; 'prices' names a CSV of time,import,export")
      return PriceSchedule()
    }
    var slots: [PriceSchedule.Slot] = []
    var mistakes = 0
    for (position, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(PriceFileReader.trimmed)
      if cells.allSatisfy(\.isEmpty) || cells.first?.hasPrefix("#") == true { continue }
      if position == 0, cells.first == "time" { continue }
      switch PriceFileReader.slot(cells) {
      case .success(let slot): slots.append(slot)
      case .failure(let wrong):
        mistakes += 1
        let place = Mark(line: position + 1, column: wrong.column)
        if mistakes <= PriceFileReader.toldMistakes { reading.mistake(place, wrong.message, in: name) }
      }
    }
    if slots.isEmpty, mistakes == 0 {
      reading.mistake(Mark(line: 1, column: 1), "the file has no prices; write rows of time,import,export", in: name)
    }
    if slots.count > PriceFileReader.maximumRows {
      let place = Mark(line: PriceFileReader.maximumRows + 1, column: 1)
      reading.mistake(place, "more than \(PriceFileReader.maximumRows) rows; leave out what is past", in: name)
      slots.removeLast(slots.count - PriceFileReader.maximumRows)
    }
    return PriceSchedule(slots)
  }

  private static func trimmed(_ cell: Substring) -> String {
    String(cell.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// What is wrong in a row, and where.
  private struct Wrong: Error {
    var column: Int
    var message: String
  }

  private static func slot(_ cells: [String]) -> Result<PriceSchedule.Slot, Wrong> {
    guard (2...3).contains(cells.count) else {
      return .failure(Wrong(column: 1, message: "a row has a time, an import price and perhaps an export price"))
    }
    guard let start = ISO8601.timestamp(cells[0]) else {
      return .failure(
        Wrong(column: 1, message: "'\(cells[0])' is no time; write one with its zone like 2026-10-01T14:00Z"))
    }
    var prices: [Double?] = []
    var column = cells[0].count + 2
    for cell in cells.dropFirst() {
      let price = Double(cell)
      guard cell.isEmpty && !prices.isEmpty || (-1e6...1e6).contains(price ?? .nan) else {
        return .failure(Wrong(column: column, message: "'\(cell)' is no price a kWh, such as 0.21"))
      }
      prices.append(price)
      column += cell.count + 1
    }
    return .success(
      PriceSchedule.Slot(start: start, importPrice: prices[0] ?? 0, exportPrice: prices.count > 1 ? prices[1] : nil))
  }
}
