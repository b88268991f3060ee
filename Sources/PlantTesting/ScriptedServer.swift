import Glibc
public import LocalServers
import StreamCore
import Synchronization
import SystemCore

/// A socket on a free loopback port that takes connections; without ``accept()`` no one answers them.
public struct LoopbackListener: Sendable {
  /// TCP port.
  public let port: Int
  private let descriptor: Int32

  /// Listens on a free port.
  public init() throws(ServerError) {
    port = try Loopback.freePort()
    descriptor = try Loopback.listener(port: port)
  }

  /// Waits for a connection; returns its descriptor, or `nil` once the listener was shut down.
  public func accept() -> Int32? {
    let connection = Glibc.accept(descriptor, nil, nil)
    return connection < 0 ? nil : connection
  }

  /// Ends a running ``accept()``.
  public func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Closes the socket.
  public func close() { Glibc.close(descriptor) }
}

/// A server on a free loopback port, on a thread of its own; a script talks to one connection at a time.
public final class ScriptedServer: Sendable {
  /// A connection as the script sees it.
  public struct Connection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    fileprivate init(descriptor: Int32) { self.descriptor = descriptor }

    /// Returns the next bytes; `nil` if the other side closes the connection before.
    public mutating func bytes(_ count: Int) -> [UInt8]? {
      while buffer.count < count { if !receive() { return nil } }
      defer { buffer.removeFirst(count) }
      return Array(buffer[..<count])
    }

    /// Returns the next bytes as text; `nil` if the other side closes the connection before.
    public mutating func text(_ count: Int) -> String? { bytes(count).map { String(decoding: $0, as: UTF8.self) } }

    /// Returns the next line without its end; `nil` if the other side closes the connection before.
    public mutating func line() -> String? {
      while true {
        if let end = buffer.firstIndex(of: 10) {
          defer { buffer.removeFirst(end + 1) }
          return String(decoding: buffer[..<end].filter { $0 != 13 }, as: UTF8.self)
        }
        if !receive() { return nil }
      }
    }

    /// Reads until the other side closes the connection.
    public mutating func discardAll() {
      repeat { buffer.removeAll(keepingCapacity: true) } while receive()
    }

    /// Sends text; returns whether the connection took it.
    @discardableResult
    public func say(_ text: String) -> Bool { say(Array(text.utf8)) }

    /// Sends bytes; returns whether the connection took them.
    @discardableResult
    public func say(_ bytes: [UInt8]) -> Bool {
      bytes.isEmpty || send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) >= 0
    }

    private mutating func receive() -> Bool {
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count > 0 { buffer += chunk[..<count] }
      return count > 0
    }
  }

  private struct Talks {
    /// Descriptor of the connection that is open; `nil` if there is none.
    var open: Int32?
    /// Whether no connection is talked to any more.
    var isOver = false
  }

  private let listener: LoopbackListener
  private let talks = Mutex(Talks())
  private let connections = Atomic(0)
  private let thread = Mutex<BlockingThread?>(nil)

  /// TCP port.
  public var port: Int { listener.port }
  /// Connections so far.
  public var connectionCount: Int { connections.load(ordering: .relaxed) }

  /// Starts the server.
  ///
  /// - Parameter talk: Called on the server's thread for each connection, which is closed when it returns.
  public init(_ talk: @escaping @Sendable (inout Connection) -> Void) throws {
    listener = try LoopbackListener()
    let started = try BlockingThread(name: "scripted-server") { [self] in
      while let accepted = listener.accept() {
        connections.add(1, ordering: .relaxed)
        let goesOn = talks.withLock { talks in
          talks.open = talks.isOver ? nil : accepted
          return !talks.isOver
        }
        var connection = Connection(descriptor: accepted)
        if goesOn { talk(&connection) }
        talks.withLock { $0.open = nil }
        close(accepted)
      }
      listener.close()
    }
    thread.withLock { $0 = started }
  }

  /// Ends the connection and the server's thread.
  public func stop() {
    listener.shutDown()
    talks.withLock { talks in
      talks.isOver = true
      if let descriptor = talks.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
    thread.withLock { $0.take() }?.join()
  }
}
