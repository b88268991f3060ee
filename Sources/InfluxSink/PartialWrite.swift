import Foundation

/// The answer of 3 Core to a write of which it took all but some lines: it names these.
///
/// Source: "Use the v3 write_lp API to write data", InfluxDB 3 Core documentation.
enum PartialWrite {
  /// So many lines are named at the most; where there are as many, there may be more.
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

  /// Number (from 0) and words of every refused line, or `nil` where the answer does not tell all of them.
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
