import Glibc
import Synchronization

/// A request as the fake database saw it.
struct FakeRequest: Sendable {
  var method = ""
  var target = ""
  var headers: [String: String] = [:]
  var body = ""
  var lines: [String] { body.split(separator: "\n").map(String.init) }
}

/// Reaction of the fake database to a request.
enum FakeAnswer: Sendable {
  case status(Int, body: String = "", headers: [String] = [])
  /// Closes the connection without an answer, once the body is read.
  case cut
  /// Says nothing until the test is over.
  case silence
  /// Sends these bytes as they are and closes the connection.
  case raw(String)
}

/// An HTTP server on a free loopback port, on a thread of its own; one connection at a time.
final class FakeDatabase: Sendable {
  typealias Script = @Sendable (_ request: FakeRequest, _ number: Int) -> FakeAnswer

  let port: UInt16
  private let listener: Int32
  private let open = Mutex<[Int32]>([])
  private let seen = Mutex<[FakeRequest]>([])
  private let connections = Atomic<Int>(0)

  var url: String { "http://127.0.0.1:\(port)" }
  var requests: [FakeRequest] { seen.withLock { $0 } }
  var writes: [FakeRequest] { requests.filter { $0.target.hasPrefix("/write") || $0.target.hasPrefix("/api") } }
  var connectionCount: Int { connections.load(ordering: .relaxed) }

  init(_ script: @escaping Script) throws {
    let socket = try Self.listen()
    listener = socket.descriptor
    port = socket.port
    let context = Unmanaged.passRetained(Box { [self] in serve(script) }).toOpaque()
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      {
        if let context = $0 { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, context)
    pthread_detach(thread)
  }

  /// Ends the server's thread and its connections.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    for descriptor in open.withLock({ $0 }) { shutdown(descriptor, Int32(SHUT_RDWR)) }
  }

  private func serve(_ script: Script) {
    defer { close(listener) }
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { return }
      connections.add(1, ordering: .relaxed)
      open.withLock { $0.append(connection) }
      converse(connection, script: script)
      open.withLock { $0.removeAll { $0 == connection } }
      close(connection)
    }
  }

  private func converse(_ connection: Int32, script: Script) {
    var buffer: [UInt8] = []
    while let request = Self.read(connection, buffer: &buffer) {
      let number = seen.withLock {
        $0.append(request)
        return $0.count - 1
      }
      switch script(request, number) {
      case .cut: return
      case .raw(let text):
        _ = send(connection, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        return
      case .silence:
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) > 0 {}
        return
      case .status(let status, let body, let headers):
        let head = ["HTTP/1.1 \(status) Said", "Content-Length: \(body.utf8.count)"] + headers
        let text = Array((head.joined(separator: "\r\n") + "\r\n\r\n" + (status == 204 ? "" : body)).utf8)
        _ = send(connection, text, text.count, Int32(MSG_NOSIGNAL))
      }
    }
  }

  private static func read(_ connection: Int32, buffer: inout [UInt8]) -> FakeRequest? {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    func more() -> Bool {
      let count = recv(connection, &chunk, chunk.count, 0)
      if count > 0 { buffer += chunk[..<count] }
      return count > 0
    }
    var end: Int?
    while end == nil {
      end = buffer.indices.first { buffer[$0...].starts(with: [13, 10, 13, 10]) }
      if end == nil, !more() { return nil }
    }
    guard let end else { return nil }
    let head = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n")
    buffer.removeFirst(end + 4)
    var request = FakeRequest()
    let words = head[0].split(separator: " ")
    (request.method, request.target) = (String(words[0]), String(words[1]))
    for line in head.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      request.headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].drop { $0 == " " }.description
    }
    let length = Int(request.headers["content-length"] ?? "0") ?? 0
    while buffer.count < length { if !more() { return nil } }
    request.body = String(decoding: buffer[..<length], as: UTF8.self)
    buffer.removeFirst(length)
    return request
  }

  private static func listen() throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) + Glibc.listen(descriptor, 16) + getsockname(descriptor, $0, &size)
      }
    }
    guard code == 0 else { throw NoSocket() }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  /// A port of 127.0.0.1 that was free a moment ago.
  static func freePort() throws -> UInt16 {
    let socket = try listen()
    close(socket.descriptor)
    return socket.port
  }

  struct NoSocket: Error {}

  private final class Box: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
}

/// Runs a program and ends it with `stop()`; its output goes nowhere.
struct ChildProcess {
  let id: pid_t

  init?(_ path: String, arguments: [String]) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var id: pid_t = 0
    guard posix_spawn(&id, path, &actions, nil, &words, environ) == 0 else { return nil }
    self.id = id
  }

  func stop() {
    kill(id, SIGKILL)
    var status: Int32 = 0
    waitpid(id, &status, 0)
  }
}
