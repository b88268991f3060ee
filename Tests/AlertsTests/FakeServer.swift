import Glibc
import StreamCore
import Synchronization
import SystemCore

/// A server on a free loopback port, on a thread of its own; one connection at a time, each talked to by a script.
final class FakeServer: Sendable {
  /// A connection as the script sees it.
  struct Connection {
    let descriptor: Int32
    private var buffer: [UInt8] = []

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// The next line without its end; `nil` when the other side has gone.
    mutating func line() -> String? {
      while true {
        if let end = buffer.firstIndex(of: 10) {
          defer { buffer.removeFirst(end + 1) }
          return String(decoding: buffer[..<end].filter { $0 != 13 }, as: UTF8.self)
        }
        if !more() { return nil }
      }
    }

    mutating func text(_ count: Int) -> String? {
      while buffer.count < count { if !more() { return nil } }
      defer { buffer.removeFirst(count) }
      return String(decoding: buffer[..<count], as: UTF8.self)
    }

    func say(_ text: String) { _ = send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

    private mutating func more() -> Bool {
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count > 0 { buffer += chunk[..<count] }
      return count > 0
    }
  }

  struct NoSocket: Error {}

  let port: UInt16
  private let listener: Int32
  private let open = Mutex<Int32?>(nil)
  private let thread = Mutex<BlockingThread?>(nil)

  init(_ talk: @escaping @Sendable (inout Connection) -> Void) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) + listen(descriptor, 16) + getsockname(descriptor, $0, &size)
      }
    }
    guard code == 0 else { throw NoSocket() }
    (listener, port) = (descriptor, UInt16(bigEndian: address.sin_port))
    let started = try BlockingThread(name: "fake-server") { [self] in
      while true {
        let accepted = accept(listener, nil, nil)
        guard accepted >= 0 else { break }
        open.withLock { $0 = accepted }
        var connection = Connection(descriptor: accepted)
        talk(&connection)
        open.withLock { $0 = nil }
        close(accepted)
      }
      close(listener)
    }
    thread.withLock { $0 = started }
  }

  /// Ends the connection and the server's thread.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    open.withLock { if let descriptor = $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    thread.withLock { $0.take() }?.join()
  }
}

/// What a server has seen.
private final class Log<Item: Sendable>: Sendable {
  private let items = Mutex<[Item]>([])

  var all: [Item] { items.withLock { $0 } }

  /// The number of the item, from 0.
  @discardableResult
  func append(_ item: Item) -> Int {
    items.withLock {
      $0.append(item)
      return $0.count - 1
    }
  }
}

/// Takes POST requests.
final class FakeWebhook: Sendable {
  struct Request: Sendable {
    var headers: [String] = []
    var body = ""
  }

  private let seen = Log<Request>()
  private let server = Mutex<FakeServer?>(nil)
  let port: UInt16

  var requests: [Request] { seen.all }
  var url: String { "http://127.0.0.1:\(port)/alerts" }

  /// `status` gives the answer to the request with a number, counted from 0.
  init(status: @escaping @Sendable (Int) -> Int) throws {
    let seen = seen
    let server = try FakeServer { connection in
      while let request = FakeWebhook.read(&connection) {
        let number = seen.append(request)
        connection.say("HTTP/1.1 \(status(number)) Said\r\nContent-Length: 5\r\n\r\nwords")
      }
    }
    port = server.port
    self.server.withLock { $0 = server }
  }

  private static func read(_ connection: inout FakeServer.Connection) -> Request? {
    var request = Request()
    var length = 0
    while let line = connection.line() {
      if line.isEmpty {
        guard let body = connection.text(length) else { return nil }
        request.body = body
        return request
      }
      request.headers.append(line)
      if line.lowercased().hasPrefix("content-length:") { length = Int(line.split(separator: " ").last ?? "") ?? 0 }
    }
    return nil
  }

  func stop() { server.withLock { $0.take() }?.stop() }
}

/// Takes mails, as RFC 5321 has it.
final class FakeMailServer: Sendable {
  struct Mail: Sendable {
    var from = ""
    var to: [String] = []
    var lines: [String] = []
  }

  private let received = Log<Mail>()
  private let server = Mutex<FakeServer?>(nil)
  let port: UInt16

  var mails: [Mail] { received.all }
  var url: String { "smtp://127.0.0.1:\(port)" }

  /// `answer` may give another answer to a command than `250 ok`.
  init(answer: @escaping @Sendable (String) -> String? = { _ in nil }) throws {
    let received = received
    let server = try FakeServer { connection in
      connection.say("220 fake\r\n")
      var mail = Mail()
      while let line = connection.line() {
        if line == "DATA" {
          connection.say("354 go on\r\n")
          while let text = connection.line(), text != "." { mail.lines.append(text) }
          received.append(mail)
          mail = Mail()
        } else if let other = answer(line) {
          connection.say(other + "\r\n")
          continue
        } else if line.hasPrefix("MAIL FROM:") {
          mail.from = String(line.dropFirst(10))
        } else if line.hasPrefix("RCPT TO:") {
          mail.to.append(String(line.dropFirst(8)))
        } else if line == "QUIT" {
          connection.say("221 bye\r\n")
          return
        }
        connection.say("250 ok\r\n")
      }
    }
    port = server.port
    self.server.withLock { $0 = server }
  }

  func stop() { server.withLock { $0.take() }?.stop() }
}
