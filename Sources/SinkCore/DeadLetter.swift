import Compression
import Foundation
import Journal
import PlantModel
public import WattlineTime

/// Lines that the database refused for good, with the reason.
public struct DeadLetter: Sendable, Equatable {
  /// Time of the refusal.
  public var time: Timestamp
  /// Category of the refusal.
  public var reason: WriteRefusalReason
  /// HTTP status of the answer.
  public var status: Int
  /// The server's message, at most 500 characters in one line.
  public var words: String
  /// Line protocol, each line ended by a newline.
  public var lines: [UInt8]

  init(time: Timestamp, reason: WriteRefusalReason, status: Int, words: String, lines: [UInt8]) {
    self.time = time
    self.reason = reason
    self.status = status
    self.words = DeadLetter.oneLine(words)
    self.lines = lines
    if let last = lines.last, last != UInt8(ascii: "\n") { self.lines.append(UInt8(ascii: "\n")) }
  }

  /// Number of points and readings in ``lines``.
  public var tally: PointTally { PointTally(counting: lines[...]) }

  /// The letter as text: a line-protocol comment followed by the lines. The text can be posted unchanged.
  ///
  /// Example of the comment: `# 2023-11-14T22:13:20Z type_conflict status=400 {"error":"…"}`.
  var text: [UInt8] { Array("# \(time) \(reason.rawValue) status=\(status) \(words)\n".utf8) + lines }

  /// Parses letters from concatenated ``text`` values. Lines without a preceding comment get the reason `.rejected`.
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
    guard parts.count >= 4, let reason = WriteRefusalReason(rawValue: parts[2]), parts[3].hasPrefix("status=") else {
      self.init(time: Timestamp(nanoseconds: 0), reason: .rejected, status: 0, words: "", lines: [])
      return
    }
    let date = try? Date(parts[1], strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let seconds = (date ?? (try? Date(parts[1], strategy: .iso8601)))?.timeIntervalSince1970 ?? 0
    self.init(
      time: Timestamp(milliseconds: Int64(exactly: (seconds * 1000).rounded()) ?? 0), reason: reason,
      status: Int(parts[3].dropFirst("status=".count)) ?? 0, words: parts.count > 4 ? parts[4] : "", lines: [])
  }

  /// A zstd frame of a file: its byte range and its letters, `nil` if it cannot be decompressed.
  struct Frame {
    var range: Range<Int>
    var letters: [DeadLetter]?
  }

  /// Returns the frames of a file, up to the first incomplete one.
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

  /// Returns at most 500 characters of a text, with control characters replaced by spaces.
  static func oneLine(_ text: String) -> String {
    String(text.prefix(500).map { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? " " : $0 })
  }
}
