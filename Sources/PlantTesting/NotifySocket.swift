import Glibc
public import LocalServers

/// The socket on which a service manager listens for the reports of `sd_notify(3)`.
public final class NotifySocket: Sendable {
  private let descriptor: Int32
  /// Path of the socket, for `NOTIFY_SOCKET`.
  public let path: String

  /// Listens on a socket in a folder.
  public init(in folder: String) throws(ServerError) {
    path = folder + "/notify"
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .system("socket", code: errno) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw .system("bind \(path)", code: errno) }
  }

  deinit { close(descriptor) }

  /// Returns the next message; `nil` if none arrives within the time.
  public func next(within seconds: Int) -> String? {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, Int32(seconds * 1_000)) > 0 else { return nil }
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
  }

  /// Returns all messages up to the first that `isWanted` accepts; `nil` if it does not arrive within the time.
  public func messages(within seconds: Int, until isWanted: (String) -> Bool) -> [String]? {
    var heard: [String] = []
    while let message = next(within: seconds), heard.count < 1_000 {
      heard.append(message)
      if isWanted(message) { return heard }
    }
    return nil
  }
}
