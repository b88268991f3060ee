import Foundation
import InfluxSink
import LocalServers
import PlantTesting
import Testing

private let plant = """
  plant: hillside
  location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
  topics: [{match: "hillside/{asset}/{sensor}"}]
  assets: {roof: {kind: pv, capacity_kw: 30}, grid: {kind: grid}}
  """

/// Runs `check --connect` on these sections of `wattline.yaml`; returns the exit code and the lines.
private func connect(
  mqtt: String = "", influxdb: String = "", journal: String = "", json: Bool = false
) throws -> Program.Result {
  let folder = try TemporaryFolder(prefix: "wattline-connect")
  defer { folder.remove() }
  let path = journal.isEmpty ? "path: \(folder.path)/journal, max_bytes: 64MiB, dead_letters: 1MiB" : journal
  let process = "mqtt: {\(mqtt)}\ninfluxdb: {\(influxdb)}\njournal: {\(path)}\n"
  try Data(process.utf8).write(to: URL(fileURLWithPath: folder.path + "/wattline.yaml"))
  try Data(plant.utf8).write(to: URL(fileURLWithPath: folder.path + "/hillside.yaml"))
  return try Program.run(["check", "--connect", "--config", folder.path] + (json ? ["--json"] : []))
}

/// Returns the lines about a part.
private func lines(_ result: Program.Result, of part: String) -> [String] {
  result.output.split(separator: "\n").map(String.init).filter { $0.contains(" \(part) ") }
}

@Suite("check --connect")
struct ConnectCheckTests {
  /// A port at which nothing listens.
  private static let nowhere = "url: \"mqtt://127.0.0.1:9\""

  @Test func `with a broker and a database all is ok, nothing stays behind, and --json says the same`() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let influx = try LocalInflux.started()
    defer { influx.stop() }
    try influx.createDatabase()
    let (mqtt, influxdb) = ("url: \"mqtt://127.0.0.1:\(broker.port)\"", "url: \"\(influx.url)\"")
    let result = try connect(mqtt: mqtt, influxdb: influxdb)
    #expect(result.code == 0 && result.errors == "", "\(result)")
    let words = [
      "ok      broker connection: 127.0.0.1:\(broker.port) answers",
      "ok      broker credentials: the broker accepts a client",
      "ok      broker publish: a message on 'wattline/check/wattline-check-", "ok      broker subscribe: granted: ",
      "'hillside/+/+'", "it is not proven that the access rules let them through",
      "ok      database version: InfluxDB 1.",
      "ok      database clock: ", "ok      database write: ", "the point came back", "ok      journal folder: ",
      "is created at the first start", "ok      journal space: ",
    ]
    for word in words { #expect(result.output.contains(word), "\(word) in \(result.output)") }
    #expect(try influx.query("SELECT * FROM \(DatabaseProbe.measurement)").isEmpty)
    #expect(try influx.query("SHOW MEASUREMENTS").isEmpty)
    let document = try connect(mqtt: mqtt, influxdb: influxdb, json: true)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(document.output.utf8)) as? [String: Any])
    let found = try #require(json["connect"] as? [String: Any])
    #expect(found["ok"] as? Bool == true && json["valid"] as? Bool == true)
    #expect((found["steps"] as? [[String: Any]])?.allSatisfy { $0["outcome"] as? String == "ok" } == true)
  }

  @Test func `where nothing answers, host and port are named, and the exit code is 1`() throws {
    let result = try connect(mqtt: Self.nowhere, influxdb: "url: \"http://127.0.0.1:9\"")
    #expect(result.code == 1)
    #expect(
      lines(result, of: "broker").first?.hasPrefix("failed  broker connection: nothing answers at 127.0.0.1:9") == true)
    #expect(lines(result, of: "database").first?.contains("nothing answers at http://127.0.0.1:9") == true)
    let name = try connect(
      mqtt: "url: \"mqtt://no-such-host.invalid\"", influxdb: "url: \"http://no-such-host.invalid\"")
    #expect(
      lines(name, of: "broker").first?.contains("there is no host 'no-such-host.invalid'") == true, "\(name.output)")
    #expect(lines(name, of: "database").first?.contains("the host of http://no-such-host.invalid is not known") == true)
  }

  @Test func `wrong credentials, and what the broker's access rules drop, are told with what to write`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-acl")
    defer { folder.remove() }
    var options = LocalBroker.Options()
    options.credentials = ("wattline", "right")
    options.furtherLines = ["acl_file \(folder.path)/acl"]
    func told(_ rules: String, user: String = "username: wattline, password: right") throws -> [String] {
      try Data("user wattline\n\(rules)\n".utf8).write(to: URL(fileURLWithPath: folder.path + "/acl"))
      let broker = try LocalBroker.started(options: options)
      defer { broker.stop() }
      return lines(try connect(mqtt: "url: \"mqtt://127.0.0.1:\(broker.port)\", \(user)"), of: "broker")
    }
    let wrong = try told("topic readwrite #", user: "username: wattline, password: wrong")
    #expect(
      wrong.last?.hasPrefix("failed  broker credentials: the broker refuses the connection: ") == true, "\(wrong)")
    #expect(wrong.last?.contains("look at mqtt.username and mqtt.password_file") == true)
    let none = try told("topic readwrite #", user: "qos: 1")
    #expect(none.last?.contains("write mqtt.username and mqtt.password_file") == true, "\(none)")
    let mute = try told("topic read #")
    #expect(
      mute.contains { $0.hasPrefix("failed  broker publish: the broker refuses to publish on 'wattline/check/") },
      "\(mute)")
    #expect(mute.contains { $0.contains("(topic readwrite wattline/#)") })
    let older = try told("topic read #", user: "username: wattline, password: right, protocol: 3.1.1")
    #expect(older.contains { $0.hasPrefix("failed  broker publish: ") && $0.contains("access rule") }, "\(older)")
    let deaf = try told("topic write wattline/#")
    #expect(deaf.contains { $0.hasPrefix("failed  broker publish: what was published on ") }, "\(deaf)")
    #expect(try told("topic read #\ntopic readwrite wattline/#").allSatisfy { $0.hasPrefix("ok ") })
  }

  @Test func `a message that comes proves the right to read, and one that the rules withhold does not`() throws {
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    var child: ChildProcess?
    let arguments = ["-p", "\(broker.port)", "-r", "-t", "hillside/roof/power", "-m", "1"]
    child = try ChildProcess(
      program: Programs.require("mosquitto_pub", package: "mosquitto-clients"), arguments: arguments, log: "/dev/null")
    #expect(child?.wait() == 0)
    let told = lines(try connect(mqtt: "url: \"mqtt://127.0.0.1:\(broker.port)\""), of: "broker")
    #expect(told.contains("ok      broker subscribe: messages came on 'hillside/+/+'"), "\(told)")
  }

  @Test(.enabled(if: LocalAuthority.isAvailable))
  func `each failure of TLS is told in words`() throws {
    let good = try LocalAuthority()
    let (elsewhere, expired) = (try LocalAuthority(host: "DNS:broker.example"), try LocalAuthority(days: -1))
    defer { [good, elsewhere, expired].forEach { $0.remove() } }
    func told(_ server: LocalAuthority, ca: String?, scheme: String = "mqtts") throws -> String {
      var options = LocalBroker.Options()
      options.furtherLines = ["certfile \(server.serverCertificate)", "keyfile \(server.serverKey)"]
      let broker = try LocalBroker.started(options: options)
      defer { broker.stop() }
      let mqtt = "url: \"\(scheme)://127.0.0.1:\(broker.port)\"" + (ca.map { ", ca: \"\($0)\"" } ?? "")
      let all = lines(try connect(mqtt: mqtt), of: "broker")
      return (all.first { $0.hasPrefix("failed") } ?? all.joined())
    }
    #expect(try told(good, ca: good.certificate).contains("ok      broker tls: the certificate of 127.0.0.1 is valid"))
    #expect(try told(good, ca: elsewhere.certificate).contains("is of an unknown authority"))
    #expect(try told(good, ca: nil).contains("name the authority's file: mqtt.ca"))
    #expect(try told(elsewhere, ca: elsewhere.certificate).contains("is not for '127.0.0.1'"))
    #expect(try told(expired, ca: expired.certificate).contains("has expired or is not valid yet"))
    let plain = try told(good, ca: nil, scheme: "mqtt")
    #expect(
      plain.contains("is a port of TLS, write mqtts://") || plain.contains("if the port is one of TLS"), "\(plain)")
    let missing = try told(good, ca: good.missing)
    #expect(missing.contains("failed  broker tls: a file of certificates cannot be used"), "\(missing)")
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let wrong = lines(try connect(mqtt: "url: \"mqtts://127.0.0.1:\(broker.port)\""), of: "broker")
    #expect(wrong.first?.contains("does not speak TLS; write mqtt://") == true, "\(wrong)")
  }

  @Test func `a database that is missing, that may not be written or read, or of another version is told`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-influx")
    defer { folder.remove() }
    var options = LocalInflux.Options()
    options.keep = folder.path
    let prepared = try LocalInflux.started(options: options)
    try prepared.createDatabase()
    let password = "WITH PASSWORD 'p'"
    for statement in [
      "CREATE USER admin \(password) WITH ALL PRIVILEGES", "CREATE USER both \(password)",
      "CREATE USER reader \(password)",
      "CREATE USER writer \(password)", "CREATE USER nobody \(password)", "GRANT ALL ON wattline TO both",
      "GRANT READ ON wattline TO reader", "GRANT WRITE ON wattline TO writer",
    ] { _ = try prepared.query(statement) }
    func told(_ keys: String, url: String) throws -> [String] {
      lines(try connect(mqtt: Self.nowhere, influxdb: "url: \"\(url)\", \(keys)"), of: "database")
    }
    let missing = try told("database: other", url: prepared.url)
    #expect(
      missing.last?.hasPrefix("failed  database write: there is no database 'other': CREATE DATABASE \"other\", or let")
        == true, "\(missing)")
    let version = try told("version: 2, token: t", url: prepared.url)
    #expect(version.contains { $0.contains("influxdb.version is 2, and the server is of version 1.") }, "\(version)")
    prepared.stop()
    options.furtherLines = ["auth-enabled = true"]
    let influx = try LocalInflux.started(options: options)
    defer { influx.stop() }
    func user(_ name: String, database: String = "wattline", password: String = "p") throws -> [String] {
      try told("database: \(database), username: \(name), password: \(password)", url: influx.url)
    }
    #expect(try user("both").allSatisfy { $0.hasPrefix("ok ") })
    #expect(
      try user("both", password: "q").last?.hasPrefix(
        "failed  database credentials: the database does not accept user 'both'") == true)
    #expect(try user("reader").last?.contains("user 'reader' may not write to 'wattline'") == true)
    #expect(try user("reader").last?.contains("GRANT ALL ON \"wattline\" TO \"reader\"") == true)
    #expect(
      try user("writer").contains {
        $0.hasPrefix("failed  database read: user 'writer' may write to 'wattline' and not read")
      })
    #expect(
      try user("admin", database: "other").last?.contains("or let the first start of wattline run create it") == true)
    let both = try user("both", database: "other").last ?? ""
    #expect(both.hasPrefix("failed  database write: "), "\(both)")
  }

  @Test(.enabled(if: LocalAuthority.isAvailable))
  func `a database under TLS, one that is not, and a server that is none are told`() throws {
    let (good, expired) = (try LocalAuthority(), try LocalAuthority(days: -1))
    defer { [good, expired].forEach { $0.remove() } }
    func told(_ server: LocalAuthority, keys: String, scheme: String = "https") throws -> String {
      var options = LocalInflux.Options()
      options.certificate = (server.serverCertificate, server.serverKey)
      let influx = try LocalInflux.started(options: options)
      defer { influx.stop() }
      let url = "\(scheme)://127.0.0.1:\(influx.port)"
      return lines(try connect(mqtt: Self.nowhere, influxdb: "url: \"\(url)\", \(keys)"), of: "database").joined(
        separator: "\n")
    }
    #expect(
      try told(good, keys: "ca: \"\(good.certificate)\"").contains("ok      database tls: the certificate is valid"))
    #expect(try told(good, keys: "database: a").contains("name the authority's file: influxdb.ca"))
    #expect(try told(expired, keys: "ca: \"\(expired.certificate)\"").contains("has expired or is not valid yet"))
    let plain = try told(good, keys: "database: a", scheme: "http")
    #expect(plain.contains("write https:// if it is a port of TLS"), "\(plain)")
    let broker = try LocalBroker.started()
    defer { broker.stop() }
    let other = lines(
      try connect(mqtt: Self.nowhere, influxdb: "url: \"http://127.0.0.1:\(broker.port)\""), of: "database")
    #expect(other.first?.hasPrefix("failed  database connection: no answer") == true, "\(other)")
  }

  @Test func `a clock that is off, and a page of another server, are told`() throws {
    func told(_ answer: String) throws -> [String] {
      let server = try ScriptedServer { connection in
        while let line = connection.line() {
          if line.isEmpty { connection.say(answer) }
        }
      }
      defer { server.stop() }
      return lines(
        try connect(mqtt: Self.nowhere, influxdb: "url: \"http://127.0.0.1:\(server.port)\""), of: "database")
    }
    let head = "HTTP/1.1 204 No Content\r\nX-Influxdb-Version: 1.8.10\r\nDate: "
    let clock = try told(head + "Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n")
    #expect(
      clock.contains {
        $0.hasPrefix("failed  database clock: the database's clock is ") && $0.contains("s behind this")
      }, "\(clock)")
    let page = try told("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>hi</html>")
    #expect(page.last?.contains("is answered by something else than InfluxDB") == true, "\(page)")
  }

  @Test func `the journal's folder is looked at without a file being left or a lock being taken`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-journal")
    defer { folder.remove() }
    func told(_ keys: String) throws -> [String] {
      lines(try connect(mqtt: Self.nowhere, influxdb: "url: \"http://127.0.0.1:9\"", journal: keys), of: "journal")
    }
    let good = try told("path: \(folder.path), max_bytes: 64MiB, dead_letters: 1MiB")
    #expect(good.first?.contains("may write to '\(folder.path)'") == true, "\(good)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    let huge = try told("path: \(folder.path), max_bytes: 900TiB")
    #expect(
      huge.last?.hasPrefix("warning journal space: ") == true && huge.last?.contains("lower journal.max_bytes") == true,
      "\(huge)")
    #expect(
      good.last?.contains(
        "journal and spool may take 64.0 MiB together (journal.max_bytes) and dead letters 1.0 MiB, in all 65.0 MiB; "
          + "0 bytes of it are taken, and ") == true, "\(good)")
    _ = FileManager.default.createFile(atPath: folder.path + "/file", contents: nil)
    #expect(try told("path: \(folder.path)/file").last?.contains("is no folder") == true)
    #expect(try told("path: \(folder.path)/file/none").last?.contains("cannot be reached") == true)
  }

  @Test func `mistakes come first, and nothing is tried then`() throws {
    try inFolder(["p.yaml": plant.replacing("kind: pv", with: "kind: pw")]) { folder in
      let result = try Program.run("check", "--connect", "--config", folder)
      #expect(result.code == 1 && result.output == "" && result.errors.contains("p.yaml:4:"))
    }
  }
}
