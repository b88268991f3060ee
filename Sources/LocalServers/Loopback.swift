import Glibc

/// Returns the text of an `errno` value.
package func message(of code: Int32) -> String {
  guard let text = strerror(code) else { return "error \(code)" }
  return String(cString: text)
}

/// Ports of the loopback interface.
public enum Loopback {
  /// Returns a port on which nothing listens.
  ///
  /// It is below the kernel's range for outgoing connections. No connection can therefore take it before the server
  /// does, and none connects to itself.
  public static func freePort() throws(ServerError) -> Int {
    for _ in 0..<200 {
      let port = Int.random(in: 20_000..<32_000)
      if try isFree(port) { return port }
    }
    throw .system("no free loopback port", code: EADDRINUSE)
  }

  /// Returns whether a server accepts TCP connections on the port.
  public static func accepts(port: Int) -> Bool {
    guard let descriptor = try? stream() else { return false }
    defer { close(descriptor) }
    return withAddress(port: port) { connect(descriptor, $0, $1) } == 0
  }

  /// Connects to a server on the port; returns `nil` if there is none.
  package static func connected(port: Int) -> Int32? {
    guard let descriptor = try? stream() else { return nil }
    if withAddress(port: port, body: { connect(descriptor, $0, $1) }) == 0 { return descriptor }
    close(descriptor)
    return nil
  }

  /// Returns a socket that listens on the port.
  package static func listener(port: Int) throws(ServerError) -> Int32 {
    let descriptor = try stream()
    var isReused: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, 4)
    guard withAddress(port: port, body: { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 8) == 0 else {
      let code = errno
      close(descriptor)
      throw .system("listen", code: code)
    }
    return descriptor
  }

  private static func isFree(_ port: Int) throws(ServerError) -> Bool {
    let descriptor = try stream()
    defer { close(descriptor) }
    return withAddress(port: port) { bind(descriptor, $0, $1) } == 0
  }

  private static func stream() throws(ServerError) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .system("socket", code: errno) }
    return descriptor
  }

  private static func withAddress(port: Int, body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
    }
  }
}

/// Polling for conditions that report no change, such as the readiness of servers.
public enum Waiting {
  /// Evaluates `condition` repeatedly until it holds or the time is over.
  ///
  /// - Parameters:
  ///   - seconds: Maximum waiting time [s].
  ///   - milliseconds: Pause between evaluations [ms].
  ///   - condition: The condition.
  /// - Returns: Whether the condition held.
  @discardableResult
  public static func until(
    seconds: Double = 5, pause milliseconds: UInt32 = 4, condition: () throws -> Bool
  ) rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
      if ContinuousClock.now > deadline { return false }
      usleep(milliseconds * 1_000)
    }
    return true
  }
}
