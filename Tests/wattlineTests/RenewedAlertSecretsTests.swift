import CommandChannel
import Foundation
import LocalServers
import PlantTesting
import SystemCore
import Testing

/// A server that keeps the credentials of each message it takes.
private final class Receiver: Sendable {
  private let seen: Locked<[String]>
  private let server: ScriptedServer
  var credentials: [String] { seen.value }
  var port: Int { server.port }

  private init(_ script: @escaping @Sendable (inout ScriptedServer.Connection, Locked<[String]>) -> Void) throws {
    let seen = Locked<[String]>([])
    self.seen = seen
    server = try ScriptedServer { connection in script(&connection, seen) }
  }

  /// A webhook: the value of `Authorization`.
  static func webhook() throws -> Receiver {
    try Receiver { connection, seen in
      while connection.line() != nil {
        var (length, credential) = (0, "none")
        while let header = connection.line(), !header.isEmpty {
          let parts = header.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
          if parts[0].lowercased() == "content-length" { length = Int(parts[1]) ?? 0 }
          if parts[0].lowercased() == "authorization" { credential = parts[1] }
        }
        guard connection.text(length) != nil else { return }
        seen.with { $0.append(credential) }
        connection.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      }
    }
  }

  /// A mail server: `user password` of AUTH PLAIN (RFC 4616).
  static func mail() throws -> Receiver {
    try Receiver { connection, seen in
      connection.say("220 fake\r\n")
      var credential = "none"
      while let line = connection.line() {
        if line.hasPrefix("EHLO") {
          connection.say("250-fake\r\n250 AUTH PLAIN\r\n")
        } else if line.hasPrefix("AUTH PLAIN") {
          var word = String(line.dropFirst("AUTH PLAIN ".count))
          if word.isEmpty {
            connection.say("334 \r\n")
            word = connection.line() ?? ""
          }
          let parts = (Data(base64Encoded: word) ?? Data()).split(separator: 0)
          credential = parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
          connection.say("235 ok\r\n")
        } else if line == "DATA" {
          connection.say("354 go on\r\n")
          while let text = connection.line(), text != "." {}
          seen.with { $0.append(credential) }
          connection.say("250 ok\r\n")
        } else if line == "QUIT" {
          connection.say("221 bye\r\n")
          return
        } else {
          connection.say("250 ok\r\n")
        }
      }
    }
  }

  func stop() { server.stop() }
}

@Suite("Secrets of alerts that are renewed", .serialized)
struct RenewedAlertSecretsTests {
  @Test func `a webhook's token and a mail account's password are used without a restart once their files change`()
    throws
  {
    let (webhook, mail) = (try Receiver.webhook(), try Receiver.mail())
    defer { [webhook, mail].forEach { $0.stop() } }
    let site = try Site()
    defer { site.stop() }
    try site.write("hook-token", text: "before\n")
    try site.write("mail-password", text: "before\n")
    try site.write(
      "wattline.yaml",
      text: """
        mqtt: {url: "mqtt://127.0.0.1:\(site.broker.port)", client_id: wattline}
        influxdb: {url: "\(site.influx.url)", database: wattline}
        journal: {path: "\(site.folder.path)/journal"}
        alerts:
          webhook: {url: "http://127.0.0.1:\(webhook.port)/alerts", token_file: hook-token}
          email:
            url: smtp://127.0.0.1:\(mail.port)
            from: wattline@example.org
            to: [operators@example.org]
            username: wattline
            password_file: mail-password
        workers: 1
        """)
    try site.add(plant: "first", further: "assets: {grid: {kind: grid, import_limit_kw: 300}}")
    try site.runOnline()
    let publisher = site.publisher()
    func carry(_ kilowatts: Int) throws {
      for _ in 0..<3 { try publisher.publish(topic: "first/grid/power", payload: "\(kilowatts)") }
    }
    try carry(310)
    #expect(
      Waiting.until(seconds: 20) { webhook.credentials.count == 1 && mail.credentials.count == 1 }, "\(site.logTail)")
    try site.write("hook-token", text: "after, and longer\n")
    try site.write("mail-password", text: "after, and longer\n")
    let isTold = Waiting.until(seconds: 15) {
      site.log.contains("alerts.webhook.token") && site.log.contains("alerts.email.password")
    }
    #expect(isTold, "\(site.logTail)")
    try carry(400)
    #expect(
      Waiting.until(seconds: 20) { webhook.credentials.count == 2 && mail.credentials.count == 2 }, "\(site.logTail)")
    #expect(webhook.credentials == ["Bearer before", "Bearer after, and longer"])
    #expect(mail.credentials == ["wattline before", "wattline after, and longer"])
    #expect(!site.log.contains("and longer"))
    #expect(site.end() == 0)
  }
}
