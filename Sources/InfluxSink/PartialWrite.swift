import Foundation

/// Answer of InfluxDB 3 Core to a partially accepted write, which names the refused lines.
///
/// Source: "Use the v3 write_lp API to write data", InfluxDB 3 Core documentation.
enum PartialWrite {
  /// Maximum number of named lines. An answer with as many may be incomplete.
  static let mostNamed = 100

  private struct Answer: Decodable {
    struct Line: Decodable {
      var number: Int
      var words: String

      enum CodingKeys: String, CodingKey {
        case number = "line_number"
        case words = "error_message"
      }
    }
    var error: String
    var data: [Line]
  }

  /// Returns the number (from 0) and message of every refused line, or `nil` if the answer may be incomplete or
  /// unsound.
  static func refused(in body: String, of lines: Int) -> [(line: Int, words: String)]? {
    guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body.utf8)),
      answer.error.hasPrefix("partial write"), (1..<mostNamed).contains(answer.data.count)
    else { return nil }
    let named = answer.data.map { item in
      (line: item.number.subtractingReportingOverflow(1).partialValue, words: item.words)
    }
    let isSound = Set(named.map(\.line)).count == named.count && named.allSatisfy { (0..<lines).contains($0.line) }
    return isSound ? named.sorted { $0.line < $1.line } : nil
  }
}
