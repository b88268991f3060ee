import Glibc

/// File of results, written in place, so that devices and pipes keep working and a full disk is an error.
final class OutputFile {
  private static let bufferBytes = 1 << 16
  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  /// Opens or creates the file and empties it; `-` is standard output.
  init(_ path: String) throws(Failure) {
    self.path = path == "-" ? "standard output" : path
    descriptor = path == "-" ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure(errno) }
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  /// Writes a whole file.
  static func write(_ text: String, to path: String) throws(Failure) {
    let file = try OutputFile(path)
    try file.write(text.utf8)
    try file.close()
  }

  /// Appends bytes through a buffer, so a failure may be thrown by a later call.
  func write(_ bytes: some Sequence<UInt8>) throws(Failure) {
    buffer.append(contentsOf: bytes)
    if buffer.count > OutputFile.bufferBytes { try flush() }
  }

  /// Writes the rest of the buffer.
  func close() throws(Failure) { try flush() }

  private func flush() throws(Failure) {
    let code = buffer.withUnsafeBytes { OutputFile.write($0, to: descriptor) }
    // A closed pipe means that the reader needs no more output, which is not a failure.
    if code == EPIPE { exit(ExitCode.done) }
    if code != 0 { throw failure(code) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func failure(_ code: Int32) -> Failure {
    Failure(description: "\(path) cannot be written: \(String(cString: strerror(code)))")
  }

  /// Writes all bytes, waiting for a non-blocking descriptor; returns 0 or an `errno`.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written >= 0 {
        rest = rest.dropFirst(written)
      } else if errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, -1)
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}
