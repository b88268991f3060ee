import Foundation

/// A CSV file as it is: a header and rows of cells, for recordings whose columns are not known before.
struct PlainTable {
  let path: String
  let columns: [String]
  /// Rows with as many cells as the header; others are only counted.
  private(set) var rows: [[Substring]] = []
  private(set) var malformedCount = 0

  init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(description: "\(path): cannot be read")
    }
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard let header = lines.first else { throw Failure(description: "\(path): is empty; expected a header") }
    self.path = path
    let names = header.split(separator: ",", omittingEmptySubsequences: false)
    columns = names.map { $0.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}", "\""])) }
    for line in lines.dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      if cells.count == columns.count { rows.append(cells) } else { malformedCount += 1 }
    }
  }

  /// The first column whose name has one of some words in it, the words in order of preference.
  func column(_ words: String...) throws -> Int {
    for word in words {
      if let found = columns.firstIndex(where: { $0.lowercased().contains(word) }) { return found }
    }
    throw Failure(
      description: "\(path):1: no column has '\(words.joined(separator: "' or '"))' in its name; there are "
        + columns.joined(separator: ", "))
  }

  /// A cell as a number; NaN where it is none.
  func number(_ row: Int, _ column: Int) -> Double { Double(rows[row][column]) ?? .nan }
}
