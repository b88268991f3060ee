import Glibc

/// Reader of configuration files. Only regular files of bounded size are read, so that nothing else can block.
enum ConfigurationFile {
  /// Maximum size of a file; far more than the longest file of prices needs.
  static let maximumBytes = 64 << 20

  /// Reason why a file cannot be read.
  struct Unreadable: Error {
    var reason: String
  }

  /// Returns the bytes of a file; follows links.
  static func read(_ path: String) throws(Unreadable) -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure() }
    try check(status.st_mode)
    // `O_NONBLOCK`: a FIFO that has replaced the file meanwhile must not wait for a writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure() }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      if bytes.count > maximumBytes { throw Unreadable(reason: "it is larger than \(maximumBytes >> 20) MiB") }
    }
  }

  private static func failure() -> Unreadable { Unreadable(reason: String(cString: strerror(errno))) }

  private static func check(_ mode: mode_t) throws(Unreadable) {
    switch mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw Unreadable(reason: "it is a folder")
    case S_IFIFO: throw Unreadable(reason: "it is a pipe")
    default: throw Unreadable(reason: "it is a device or a socket")
    }
  }
}
