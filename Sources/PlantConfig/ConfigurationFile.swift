import Glibc

/// Reader of configuration files. Only regular files of bounded size are read, so that nothing else can block.
enum ConfigurationFile {
  /// Maximum size of a file; far more than the longest file of prices needs.
  static let maximumBytes = 64 << 20

  /// Reason why a file cannot be read.
  struct Unreadable: Error {
    var reason: String
    /// Whether its rights are the reason, so that the reason has the remedy.
    var isDenied = false
  }

  /// Returns why a file cannot be read, with the command that admits the process if its rights are the reason; `nil`
  /// if it can be read.
  static func obstacle(_ path: String) -> String? {
    do throws(Unreadable) {
      close(try descriptor(of: path))
      return nil
    } catch { return error.reason }
  }

  /// Returns the bytes of a file; follows links.
  static func read(_ path: String) throws(Unreadable) -> [UInt8] {
    let descriptor = try descriptor(of: path)
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(path) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      if bytes.count > maximumBytes { throw Unreadable(reason: "it is larger than \(maximumBytes >> 20) MiB") }
    }
  }

  /// Opens a regular file for reading.
  private static func descriptor(of path: String) throws(Unreadable) -> Int32 {
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure(path) }
    try check(status.st_mode)
    // `O_NONBLOCK`: a FIFO that has replaced the file meanwhile must not wait for a writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    return descriptor
  }

  private static func failure(_ path: String) -> Unreadable {
    let reason = errno
    let words = String(cString: strerror(reason))
    guard reason == EACCES, let remedy = FileRights.remedy(path) else { return Unreadable(reason: words) }
    return Unreadable(reason: "\(words); \(remedy)", isDenied: true)
  }

  private static func check(_ mode: mode_t) throws(Unreadable) {
    switch mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw Unreadable(reason: "it is a folder")
    case S_IFIFO: throw Unreadable(reason: "it is a pipe")
    default: throw Unreadable(reason: "it is a device or a socket")
    }
  }
}
