import Compression
import Foundation
import Glibc

/// File of results. A full disk is an error, whenever it shows.
///
/// Written in place, so that devices and pipes keep working, or under another name until it is whole.
final class OutputFile {
  private static let bufferBytes = 1 << 16
  private let path: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  /// Path of the unfinished file and of the finished one; `nil` for a file that is written in place.
  private var draft: (path: String, target: String)?
  private let compression: (any CompressedStream)?

  /// Opens or creates the file and empties it; `-` is standard output.
  convenience init(_ path: String) throws(Failure) { try self.init(path, draft: nil, compression: nil) }

  /// Opens a file that replaces one of that path when it is closed. A device or pipe is written in place.
  ///
  /// A name with the ending `.gz` or `.zst` is that of a compressed file.
  convenience init(replacing path: String) throws(Failure) {
    let compression = try OutputFile.compression(path)
    var status = stat()
    var draft: (path: String, target: String)?
    if stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG {
      // A link stays one: what it leads to is replaced.
      let target = URL(fileURLWithPath: path).resolvingSymlinksInPath()
      let name = ".wattline-\(getpid()).part"
      draft = (target.deletingLastPathComponent().appendingPathComponent(name).path, target.path)
    }
    try self.init(path, draft: draft, compression: compression)
  }

  private init(
    _ path: String, draft: (path: String, target: String)?, compression: (any CompressedStream)?
  ) throws(Failure) {
    self.path = path == "-" ? "standard output" : path
    self.draft = draft
    self.compression = compression
    descriptor =
      path == "-" ? dup(STDOUT_FILENO) : open(draft?.path ?? path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    if descriptor < 0 {
      self.draft = nil
      throw failure(errno)
    }
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
    if let draft { unlink(draft.path) }
  }

  private static func compression(_ path: String) throws(Failure) -> (any CompressedStream)? {
    let stream: (any CompressedStream)?
    switch path.lowercased() {
    case let name where name.hasSuffix(".gz"): stream = GzipStream()
    case let name where name.hasSuffix(".zst"): stream = ZstandardStream()
    default: return nil
    }
    guard let stream else {
      throw Failure(description: "\(path): this build cannot write that form; take a name that ends in .zst or .csv")
    }
    return stream
  }

  /// Writes a whole file.
  static func write(_ text: String, to path: String) throws(Failure) {
    let file = try OutputFile(path)
    try file.write(text.utf8)
    try file.close()
  }

  /// Appends bytes through a buffer, so a failure may be thrown by a later call.
  func write(_ bytes: some Sequence<UInt8>) throws(Failure) {
    buffer.append(contentsOf: bytes)
    if buffer.count > OutputFile.bufferBytes { try flush(isLast: false) }
  }

  /// Writes the rest to the disk and gives the file its name.
  ///
  /// - Throws: ``Failure`` if any part may be missing.
  func close() throws(Failure) {
    try flush(isLast: true)
    // Devices, pipes and some remote folders have nothing to be synchronised.
    if fsync(descriptor) != 0, ![EINVAL, EROFS, ENOTSUP].contains(errno) { throw failure(errno) }
    let code = Glibc.close(descriptor)
    descriptor = -1
    // After EINTR the descriptor is closed on Linux.
    if code != 0, errno != EINTR { throw failure(errno) }
    guard let draft else { return }
    guard rename(draft.path, draft.target) == 0 else { throw failure(errno) }
    self.draft = nil
  }

  private func flush(isLast: Bool) throws(Failure) {
    if let compression {
      var packed: [UInt8] = []
      guard buffer.withUnsafeBytes({ compression.append($0, isLast: isLast, to: &packed) }) else {
        throw Failure(description: "\(path) cannot be compressed: memory is exhausted")
      }
      swap(&buffer, &packed)
    }
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
