import Glibc
public import LocalServers
import StreamCore
import Synchronization
import SystemCore

/// TCP relay between clients and a server whose connections can be interrupted. It passes all data in both directions
/// until one of its faults is switched on.
public final class Relay: Sendable {
  private struct Wire {
    var client: Int32
    var server: Int32
  }
  private enum Order {
    case none, cut, stop
  }

  /// Port for clients.
  public let port: Int
  private let target: Int
  private let listener: Int32
  private let pipe = WakePipe()
  private let order = Mutex(Order.none)
  private let holdsBack = Atomic(false)
  private let refuses = Atomic(false)
  private let thread = Mutex<BlockingThread?>(nil)

  /// Creates a relay to a server on the loopback port `target`.
  public init(to target: Int) throws(ServerError) {
    self.target = target
    port = try Loopback.freePort()
    listener = try Loopback.listener(port: port)
    do throws(SystemError) {
      let thread = try BlockingThread(name: "relay") { [unowned self] in run() }
      self.thread.withLock { $0 = thread }
    } catch { throw .system("pthread_create", code: EAGAIN) }
  }

  deinit { stop() }

  /// Discards data from clients from now on; data from the server still reaches them.
  public func holdBack() { holdsBack.store(true, ordering: .sequentiallyConsistent) }

  /// Breaks all connections, and new ones at once until ``mend()``. Returns when they are broken.
  public func cut() {
    refuses.store(true, ordering: .sequentiallyConsistent)
    submit(.cut)
    Waiting.until { order.withLock { $0 == .none } }
  }

  /// Lets connections and data through again.
  public func mend() {
    holdsBack.store(false, ordering: .sequentiallyConsistent)
    refuses.store(false, ordering: .sequentiallyConsistent)
  }

  /// Breaks all connections and ends the relay.
  public func stop() {
    guard let thread = thread.withLock({ $0.take() }) else { return }
    submit(.stop)
    thread.join()
    close(listener)
  }

  private func submit(_ order: Order) {
    self.order.withLock { $0 = order }
    pipe.wake()
  }

  private func run() {
    var wires: [Wire] = []
    defer { for wire in wires { Self.drop(wire) } }
    while true {
      let ends = wires.flatMap { [$0.client, $0.server] }
      var polled = ([pipe.readEnd, listener] + ends).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      poll(&polled, nfds_t(polled.count), 1_000)
      if polled[0].revents != 0 { pipe.acknowledge() }
      let order = order.withLock { order in
        defer { if order == .cut { order = .none } }
        if order == .cut {
          for wire in wires { Self.drop(wire) }
          wires = []
        }
        return order
      }
      if order == .stop { return }
      if order == .cut { continue }
      let ready = Set(polled.dropFirst(2).filter { $0.revents != 0 }.map(\.fd))
      wires.removeAll { wire in
        let client = !ready.contains(wire.client) || pass(wire.client, to: wire.server, isHeld: isHolding)
        let server = !ready.contains(wire.server) || pass(wire.server, to: wire.client, isHeld: false)
        if client, server { return false }
        Self.drop(wire)
        return true
      }
      if polled[1].revents != 0, let wire = connect() { wires.append(wire) }
    }
  }

  private var isHolding: Bool { holdsBack.load(ordering: .sequentiallyConsistent) }

  private func connect() -> Wire? {
    let client = accept(listener, nil, nil)
    guard client >= 0 else { return nil }
    guard !refuses.load(ordering: .sequentiallyConsistent), let server = Loopback.connected(port: target) else {
      close(client)
      return nil
    }
    return Wire(client: client, server: server)
  }

  /// Passes on the received data.
  ///
  /// - Parameters:
  ///   - from: Socket to read.
  ///   - to: Socket to write.
  ///   - isHeld: Whether to discard the data.
  /// - Returns: Whether the connection is still open.
  private func pass(_ from: Int32, to: Int32, isHeld: Bool) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = recv(from, &bytes, bytes.count, 0)
    guard count > 0 else { return false }
    var sent = isHeld ? count : 0
    while sent < count {
      let written = bytes[sent..<count].withUnsafeBytes { send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if written <= 0 { return false }
      sent += written
    }
    return true
  }

  private static func drop(_ wire: Wire) {
    close(wire.client)
    close(wire.server)
  }
}
