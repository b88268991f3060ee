import Foundation
import Recordings
import Savings
import WattlineTime

/// Windows of unchanged buildings, for each of which the saving should be nothing.
enum PlaceboTable {
  private struct Row {
    var baseline: String
    var reporting: String
    var first: Int
    var days: Int
    var text: String
  }

  /// Fills the columns `estimate`, `low` and `high` of a table of windows.
  ///
  /// - Parameters:
  ///   - path: Path of the table; the files that it names lie beside it or have a path.
  ///   - options: Options of the command.
  ///   - out: Path of the filled table.
  static func run(_ path: String, options: SavingsOptions, out: String) throws {
    let rows = try read(path)
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    func file(_ name: String) throws -> MeterFile {
      let place = folder.isEmpty ? "\(name).csv" : "\(folder)/\(name).csv"
      return try options.file(place)
    }
    var studies: [String: SavingsStudy] = [:]
    var results = [SavingsAssessment.Estimate?](repeating: nil, count: rows.count)
    let pairs = Dictionary(grouping: rows.indices) { [rows[$0].baseline, rows[$0].reporting] }
    for (names, places) in pairs.sorted(by: { $0.value[0] < $1.value[0] }) {
      let study = try studies[names[0]] ?? SavingsStudy(baseline: file(names[0]), options: options)
      studies[names[0]] = study
      let windows = places.map { (first: rows[$0].first, count: rows[$0].days) }
      for (place, estimate) in zip(places, try study.estimates(file(names[1]), windows: windows)) {
        results[place] = estimate
      }
    }
    var text = "baseline,reporting,first,days,estimate,low,high\n"
    for (row, result) in zip(rows, results) {
      guard let result else { continue }
      let numbers = [result.value, result.value - result.half, result.value + result.half]
      text += row.text + numbers.map { String(format: ",%.3f", $0) }.joined() + "\n"
    }
    try OutputFile.write(text, to: out)
  }

  private static func read(_ path: String) throws -> [Row] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(description: "\(path): cannot be read; expected a table of baseline,reporting,first,days")
    }
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard let head = lines.first, head.hasPrefix("baseline,reporting,first,days") else {
      throw Failure(description: "\(path):1: expected the heading baseline,reporting,first,days,estimate,low,high")
    }
    return try lines.enumerated().dropFirst().map { place, line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard cells.count >= 4, let first = SavingsOptions.date(cells[2]), let days = Int(cells[3]), days > 0 else {
        throw Failure(
          description: "\(path):\(place + 1): expected baseline,reporting,YYYY-MM-DD,days, not '\(line.prefix(60))'")
      }
      return Row(
        baseline: cells[0], reporting: cells[1], first: first, days: days, text: cells[..<4].joined(separator: ","))
    }
  }
}
