/// Rows of a CSV file as RFC 4180 describes it, with a line feed as the end of a row.
enum CSVRows {
  /// Returns the cells of each row. A cell in quotation marks has them removed; `nil` is an empty one without them.
  static func parse(_ text: String) -> [[String?]] {
    var rows: [[String?]] = []
    var row: [String?] = []
    var cell = ""
    var wasQuoted = false
    var isQuoted = false
    var scalars = Array(text.unicodeScalars)[...]
    func finished() -> String? { cell.isEmpty && !wasQuoted ? nil : cell }
    while let scalar = scalars.popFirst() {
      switch scalar {
      case "\"" where isQuoted && scalars.first == "\"":
        cell.append("\"")
        scalars.removeFirst()
      case "\"":
        isQuoted.toggle()
        wasQuoted = true
      case "," where !isQuoted, "\n" where !isQuoted:
        row.append(finished())
        (cell, wasQuoted) = ("", false)
        if scalar == "\n" {
          rows.append(row)
          row = []
        }
      default: cell.unicodeScalars.append(scalar)
      }
    }
    return rows
  }
}
