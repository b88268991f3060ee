import PlantTesting
import Synchronization

/// Items that a server has seen.
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
  private let server = Mutex<ScriptedServer?>(nil)
  let port: Int

  var requests: [Request] { seen.all }
  var url: String { "http://127.0.0.1:\(port)/alerts" }

  /// `status` gives the answer to the request with a number, counted from 0.
  init(status: @escaping @Sendable (Int) -> Int) throws {
    let seen = seen
    let server = try ScriptedServer { connection in
      while let request = FakeWebhook.read(&connection) {
        let number = seen.append(request)
        connection.say("HTTP/1.1 \(status(number)) Said\r\nContent-Length: 5\r\n\r\nwords")
      }
    }
    port = server.port
    self.server.withLock { $0 = server }
  }

  private static func read(_ connection: inout ScriptedServer.Connection) -> Request? {
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
  private let server = Mutex<ScriptedServer?>(nil)
  let port: Int

  var mails: [Mail] { received.all }
  var url: String { "smtp://127.0.0.1:\(port)" }

  /// `answer` may give another answer to a command than `250 ok`.
  init(answer: @escaping @Sendable (String) -> String? = { _ in nil }) throws {
    let received = received
    let server = try ScriptedServer { connection in
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
