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

  /// The letters of a text of comments and lines, as ``text`` has them one after the other; lines without such a comment
  /// before them are refused for an unknown reason.
  static func letters(in text: [UInt8]) -> [DeadLetter] {
    var letters: [DeadLetter] = []
    for line in text.split(separator: UInt8(ascii: "\n")) {
      if line.first == UInt8(ascii: "#") {
        letters.append(DeadLetter(comment: String(decoding: line, as: UTF8.self)))
      } else {
        if letters.isEmpty { letters.append(DeadLetter(comment: "")) }
        letters[letters.count - 1].lines += line + [UInt8(ascii: "\n")]
      }
    }
    return letters.filter { !$0.lines.isEmpty }
  }

  private init(comment: String) {
    let parts = comment.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 4, let reason = RefusalReason(rawValue: parts[2]), parts[3].hasPrefix("status=") else {
      self.init(time: Timestamp(nanoseconds: 0), reason: .rejected, status: 0, words: "", lines: [])
      return
    }
    let date = try? Date(parts[1], strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let seconds = (date ?? (try? Date(parts[1], strategy: .iso8601)))?.timeIntervalSince1970 ?? 0
    self.init(
      time: Timestamp(milliseconds: Int64(exactly: (seconds * 1000).rounded()) ?? 0), reason: reason,
      status: Int(parts[3].dropFirst("status=".count)) ?? 0, words: parts.count > 4 ? parts[4] : "", lines: [])
  }

  /// A frame of a file: where it stands and what it has, `nil` where that cannot be read.
  struct Frame {
    var range: Range<Int>
    var letters: [DeadLetter]?
  }

  /// The frames of a file; one that was not written whole ends it.
  static func frames(in file: [UInt8]) -> [Frame] {
    file.withUnsafeBytes { bytes in
      var frames: [Frame] = []
      var start = 0
      while start < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        guard let length = Zstandard.frameLength(rest), length > 0 else { break }
        let frame = UnsafeRawBufferPointer(rebasing: rest[..<length])
        let text = Zstandard.decompressed(frame, mostBytes: JournalFormat.maximumBodyBytes)
        frames.append(Frame(range: start..<start + length, letters: text.map { letters(in: $0) }))
        start += length
      }
      return frames
    }
  }

  /// At most 500 characters without line breaks.
  static func oneLine(_ text: String) -> String {
    String(text.prefix(500).map { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? " " : $0 })
  }
}
