import Foundation
import Journal
import PlantModel

/// Lines that the database refused for good, and why.
public struct DeadLetter: Sendable, Equatable {
  /// When they were refused.
  public var time: Timestamp
  /// Why, in a word.
  public var reason: RefusalReason
  /// The status of the answer.
  public var status: Int
  /// The server's words, at most 500 characters in one line.
  public var words: String
  /// Line protocol, each line ended by a newline.
  public var lines: [UInt8]

  init(time: Timestamp, reason: RefusalReason, status: Int, words: String, lines: [UInt8]) {
    self.time = time
    self.reason = reason
    self.status = status
    self.words = DeadLetter.oneLine(words)
    self.lines = lines
    if let last = lines.last, last != UInt8(ascii: "\n") { self.lines.append(UInt8(ascii: "\n")) }
  }

  /// How many points.
  public var tally: PointTally { PointTally(counting: lines[...]) }

  /// As it stands in a file: a comment of line protocol, and the lines. So a file can be posted as it is.
  ///
  /// Example: `# 2023-11-14T22:13:20Z type_conflict status=400 {"error":"…"}`.
  var text: [UInt8] { Array("# \(time) \(reason.rawValue) status=\(status) \(words)\n".utf8) + lines }

  /// Reads ``text``; what does not begin with such a comment is lines for an unknown reason.
  init(text: [UInt8]) {
    let end = text.firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
    let parts = String(decoding: text[..<end], as: UTF8.self).split(
      separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0] == "#", let reason = RefusalReason(rawValue: String(parts[2])) else {
      self.init(time: Timestamp(nanoseconds: 0), reason: .rejected, status: 0, words: "", lines: text)
      return
    }
    let date = try? Date(String(parts[1]), strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let whole = try? Date(String(parts[1]), strategy: .iso8601)
    let seconds = (date ?? whole)?.timeIntervalSince1970 ?? 0
    self.init(
      time: Timestamp(milliseconds: Int64((seconds * 1000).rounded())), reason: reason,
      status: Int(parts[3].dropFirst("status=".count)) ?? 0, words: parts.count > 4 ? String(parts[4]) : "",
      lines: Array(text[min(end + 1, text.endIndex)...]))
  }

  /// The letters of a file; a frame that was not written whole ends it.
  static func letters(in file: [UInt8]) -> [(letter: DeadLetter, frame: Range<Int>)] {
    file.withUnsafeBytes { bytes in
      var letters: [(letter: DeadLetter, frame: Range<Int>)] = []
      var start = 0
      while start < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        guard let length = Zstandard.frameLength(rest), length > 0 else { break }
        let frame = UnsafeRawBufferPointer(rebasing: rest[..<length])
        if let text = Zstandard.decompressed(frame, mostBytes: JournalFormat.maximumBodyBytes) {
          letters.append((DeadLetter(text: text), start..<start + length))
        }
        start += length
      }
      return letters
    }
  }

  /// At most 500 characters without line breaks.
  static func oneLine(_ text: String) -> String {
    String(text.prefix(500).map { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? " " : $0 })
  }
}
