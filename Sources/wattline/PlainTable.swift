import Foundation

/// A CSV file as it is: a header and rows of cells, for recordings whose columns are not known before. Cells end at commas,
/// semicolons or tabs, whichever the header has most of.
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
    let separator = [",", ";", "\t"].max { a, b in header.count { $0 == a } < header.count { $0 == b } } ?? ","
    func cells(_ line: Substring) -> [Substring] {
      line.split(separator: separator, omittingEmptySubsequences: false).map { cell in
        cell.drop { PlainTable.isAround($0) }.trimmingSuffix(while: PlainTable.isAround)
      }
    }
    columns = cells(header).map(String.init)
    for line in lines.dropFirst() {
      let cells = cells(line)
      if cells.count == columns.count { rows.append(cells) } else { malformedCount += 1 }
    }
  }

  /// What may stand around a cell: blanks, quotation marks and a byte order mark.
  private static func isAround(_ character: Character) -> Bool { " \t\"\u{FEFF}".contains(character) }

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

extension Substring {
  fileprivate func trimmingSuffix(while isCut: (Character) -> Bool) -> Substring {
    var rest = self
    while let last = rest.last, isCut(last) { rest.removeLast() }
    return rest
  }
}
