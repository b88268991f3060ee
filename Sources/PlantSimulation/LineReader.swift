import Glibc

/// Reads a file line by line with a bounded amount of memory.
final class LineReader {
  enum Line {
    /// A line without its end.
    case text([UInt8])
    /// A line longer than the bound, skipped as a whole.
    case tooLong
    /// The end of the file, or a read that failed.
    case end
  }

  /// Longest line that is read [bytes].
  static let maximumLength = 1 << 20

  /// Size of the file when it was opened [bytes].
  let byteCount: Int64
  /// Bytes of lines that were handed out or skipped.
  private(set) var bytesRead: Int64 = 0
  private let descriptor: Int32
  private var buffer: [UInt8]
  private var filled = 0
  private var position = 0
  private var isAtEnd = false

  /// Opens a file; `nil` if it cannot be read, `errno` says why.
  init?(path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      errno = EISDIR
      return nil
    }
    self.descriptor = descriptor
    byteCount = Int64(status.st_size)
    buffer = Array(repeating: 0, count: 1 << 16)
  }

  deinit { close(descriptor) }

  /// The next line; `\n` or `\r\n` ends one, the last needs no end.
  func next() -> Line {
    var line: [UInt8] = []
    var isTooLong = false
    var sawAny = false
    while fill() {
      sawAny = true
      let rest = buffer[position..<filled]
      let end = rest.firstIndex(of: 10)
      let chunk = rest[..<(end ?? filled)]
      if line.count + chunk.count > LineReader.maximumLength {
        isTooLong = true
        line.removeAll()
      } else if !isTooLong {
        line.append(contentsOf: chunk)
      }
      let consumed = chunk.count + (end == nil ? 0 : 1)
      position += consumed
      bytesRead += Int64(consumed)
      if end != nil { break }
    }
    if isTooLong { return .tooLong }
    guard sawAny else { return .end }
    if line.last == 13 { line.removeLast() }
    return .text(line)
  }

  private func fill() -> Bool {
    if position < filled { return true }
    guard !isAtEnd else { return false }
    var count = 0
    repeat {
      count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    } while count < 0 && errno == EINTR
    position = 0
    filled = max(0, count)
    isAtEnd = count <= 0
    return count > 0
  }
}
