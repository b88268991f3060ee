import Glibc
import PlantModel

/// Lines that the database refused for good, in files that only their owner can read.
///
/// A file is line protocol itself: before the lines stands a comment with time, reason, status and the server's words.
/// So it can be corrected and posted again as it is.
struct DeadLetterFile {
  /// A file that has grown to this is followed by a new one [bytes].
  static let fullBytes = 64 << 20

  private let directory: String
  private var descriptor: Int32 = -1
  private var size = 0
  private var number = 0

  init(directory: String) { self.directory = directory }

  /// Writes lines to the disk; `false` if that failed, and then nothing of them is left in the file.
  mutating func write(
    _ lines: ArraySlice<UInt8>, reason: RefusalReason, status: Int, words: String, at now: Timestamp
  ) -> Bool {
    var text = Array("# \(now) \(reason.rawValue) status=\(status) \(Self.oneLine(words))\n".utf8)
    text += lines
    if text.last != UInt8(ascii: "\n") { text.append(UInt8(ascii: "\n")) }
    guard open(at: now) else { return false }
    guard append(text), fdatasync(descriptor) == 0 else {
      // Half a line would spoil the one after it.
      _ = ftruncate(descriptor, off_t(size))
      closeFile()
      return false
    }
    size += text.count
    if size >= Self.fullBytes { closeFile() }
    return true
  }

  /// Closes the file, if one is open; the next write opens another.
  mutating func closeFile() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    size = 0
  }

  private mutating func open(at now: Timestamp) -> Bool {
    if descriptor >= 0 { return true }
    var path = ""
    for part in directory.split(separator: "/", omittingEmptySubsequences: false) {
      path += part + "/"
      mkdir(path, 0o700)
    }
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC
    for _ in 0..<1000 {
      number += 1
      descriptor = Glibc.open("\(directory)/refused-\(now.milliseconds)-\(number).lp", flags, 0o600)
      if descriptor >= 0 || errno != EEXIST { break }
    }
    return descriptor >= 0
  }

  private func append(_ text: [UInt8]) -> Bool {
    text.withUnsafeBytes { source in
      var written = 0
      while written < source.count {
        let count = Glibc.write(descriptor, source.baseAddress.map { $0 + written }, source.count - written)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        written += count
      }
      return true
    }
  }

  /// At most 500 characters without line breaks.
  static func oneLine(_ text: String) -> String {
    String(text.prefix(500).map { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? " " : $0 })
  }
}
