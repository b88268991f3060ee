import Glibc
import LocalServers
import PlantTesting
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

  private let server: ScriptedServer
  private let seen: RequestLog

  var port: Int { server.port }
  var url: String { "http://127.0.0.1:\(port)" }
  var requests: [FakeRequest] { seen.all }
  var writes: [FakeRequest] { requests.filter { $0.target.hasPrefix("/write") || $0.target.hasPrefix("/api") } }
  var connectionCount: Int { server.connectionCount }

  init(_ script: @escaping Script) throws {
    let seen = RequestLog()
    self.seen = seen
    server = try ScriptedServer { connection in
      while let request = FakeRequest(from: &connection) {
        switch script(request, seen.append(request)) {
        case .cut: return
        case .raw(let text):
          connection.say(text)
          return
        case .silence:
          connection.discardAll()
          return
        case .status(let status, let body, let headers):
          let head = ["HTTP/1.1 \(status) Said", "Content-Length: \(body.utf8.count)"] + headers
          connection.say(head.joined(separator: "\r\n") + "\r\n\r\n" + (status == 204 ? "" : body))
        }
      }
    }
  }

  /// Ends the server's thread and its connection.
  func stop() { server.stop() }
}

/// The requests that a server got.
private final class RequestLog: Sendable {
  private let requests = Mutex<[FakeRequest]>([])

  var all: [FakeRequest] { requests.withLock { $0 } }

  /// Adds a request; returns its number, from 0.
  func append(_ request: FakeRequest) -> Int {
    requests.withLock {
      $0.append(request)
      return $0.count - 1
    }
  }
}

extension FakeRequest {
  /// Reads a request; `nil` if the other side closes the connection before its end.
  fileprivate init?(from connection: inout ScriptedServer.Connection) {
    guard let first = connection.line() else { return nil }
    let words = first.split(separator: " ")
    (method, target) = (String(words[0]), String(words[1]))
    while true {
      guard let line = connection.line() else { return nil }
      if line.isEmpty { break }
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].drop { $0 == " " }.description
    }
    guard let text = connection.text(Int(headers["content-length"] ?? "0") ?? 0) else { return nil }
    body = text
  }
}
