import CommandChannel
import Foundation
import InfluxSink
import PlantModel
import PlantTesting
import Settings
import Testing

@testable import LocalServers

@Suite("Secrets and certificates that are renewed", .serialized)
struct RenewedSecretsTests {
  private static func setPassword(_ password: String, of user: String, in file: String) throws {
    let program = try Programs.require("mosquitto_passwd", package: "mosquitto")
    let result = try Program.run(["-b", file, user, password], of: program)
    #expect(result.code == 0, "\(result.errors)")
  }

  private static func configuration(_ site: Site, mqtt: String, influxdb: String) throws {
    try site.write(
      "wattline.yaml",
      text: """
        mqtt: {client_id: wattline, \(mqtt)}
        influxdb: {url: "\(site.influx.url)", database: wattline\(influxdb)}
        journal: {path: "\(site.folder.path)/journal"}
        workers: 1
        """)
  }

  @Test func `a broker's password that changed is used without a restart, once its file has changed`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-passwords")
    defer { folder.remove() }
    let file = folder.path + "/passwords"
    _ = FileManager.default.createFile(atPath: file, contents: nil)
    for (user, password) in [("wattline", "before"), ("device", "device")] {
      try Self.setPassword(password, of: user, in: file)
    }
    var options = LocalBroker.Options()
    options.furtherLines = ["allow_anonymous false", "password_file \(file)"]
    let site = try Site(broker: options)
    defer { site.stop() }
    try site.write("secret", text: "before\n")
    try Self.configuration(
      site, mqtt: "url: \"mqtt://127.0.0.1:\(site.broker.port)\", username: wattline, password_file: secret",
      influxdb: "")
    try site.add(plant: "first")
    var settings = site.broker.settings
    (settings.clientID, settings.username, settings.password) = ("device", "device", Secret("device"))
    let (publisher, status) = (Publisher(settings: settings), StatusWatch(settings))
    defer { publisher.stop() }
    try site.run()
    #expect(Waiting.until(seconds: 20) { status.words.last == "online" }, "\(site.logTail)")
    try publisher.publish(topic: "first/load/power", payload: "1.5")
    #expect(Waiting.until(seconds: 10) { site.count("raw", plant: "first") == 1 }, "\(site.logTail)")

    try Self.setPassword("after", of: "wattline", in: file)
    // The broker reads its passwords again, and ends sessions whose password is no longer right.
    kill(try #require(site.broker.processIdentifier), SIGHUP)
    try site.write("secret", text: "after, and longer\n")
    try Self.setPassword("after, and longer", of: "wattline", in: file)
    kill(try #require(site.broker.processIdentifier), SIGHUP)
    #expect(
      Waiting.until(seconds: 10) { site.logTail.contains("changed, and used from now on: mqtt.password") },
      "\(site.logTail)")
    try publisher.publish(topic: "first/load/power", payload: "2.5")
    #expect(Waiting.until(seconds: 20) { site.count("raw", plant: "first") == 2 }, "\(site.logTail)")
    #expect(Waiting.until(seconds: 20) { status.words.last == "online" }, "\(status.words)")
    #expect(status.words.count > 1, "the connection was made anew, and its state announced again")
    #expect(!site.logTail.contains("after, and longer"))
    #expect(site.end() == 0)
  }

  @Test func `a renewed authority and certificate of the broker are used without a restart`() throws {
    let (before, after) = (try LocalAuthority(), try LocalAuthority())
    let folder = try TemporaryFolder(prefix: "wattline-certificates")
    defer {
      before.remove()
      after.remove()
      folder.remove()
    }
    func install(_ authority: LocalAuthority) throws {
      for (name, source) in [
        ("ca.pem", authority.certificate), ("server.pem", authority.serverCertificate),
        ("server.key", authority.serverKey), ("client.pem", authority.clientCertificate),
        ("client.key", authority.clientKey),
      ] {
        let path = "\(folder.path)/\(name)"
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: source, toPath: path)
      }
    }
    try install(before)
    let plain = try Loopback.freePort()
    var options = LocalBroker.Options()
    options.furtherLines = [
      "cafile \(folder.path)/ca.pem", "certfile \(folder.path)/server.pem", "keyfile \(folder.path)/server.key",
      "require_certificate true", "listener \(plain) 127.0.0.1",
    ]
    let site = try Site(broker: options)
    defer { site.stop() }
    let files = "ca: \(folder.path)/ca.pem, cert: \(folder.path)/client.pem, key: \(folder.path)/client.key"
    try Self.configuration(site, mqtt: "url: \"mqtts://127.0.0.1:\(site.broker.port)\", \(files)", influxdb: "")
    try site.add(plant: "first")
    var settings = site.broker.settings
    (settings.port, settings.clientID) = (plain, "device")
    let (publisher, status) = (Publisher(settings: settings), StatusWatch(settings))
    defer { publisher.stop() }
    try site.run()
    #expect(Waiting.until(seconds: 20) { status.words.last == "online" }, "\(site.logTail)")

    site.broker.halt()
    try install(after)
    try site.broker.start()
    #expect(
      Waiting.until(seconds: 15) { site.logTail.contains("changed, and used from now on: \(folder.path)/ca.pem") },
      "\(site.logTail)")
    let isThere = Waiting.until(seconds: 30, pause: 200) {
      try? publisher.publish(topic: "first/load/power", payload: "2.5")
      return site.count("raw", plant: "first") > 0
    }
    #expect(isThere, "\(site.logTail)")
    #expect(Waiting.until(seconds: 20) { status.words.last == "online" }, "\(status.words)")
    #expect(site.end() == 0)
  }

  @Test func `a database's password that changed is used without a restart, and nothing is lost meanwhile`() throws {
    var options = LocalInflux.Options()
    options.furtherLines = ["auth-enabled = true"]
    let site = try Site(influx: options)
    defer { site.stop() }
    _ = try site.influx.query("CREATE USER admin WITH PASSWORD 'admin' WITH ALL PRIVILEGES")
    var access = site.influx.settings()
    (access.username, access.password) = ("admin", Secret("admin"))
    let reader = try DatabaseReader(access)
    for statement in [
      "CREATE DATABASE wattline", "CREATE USER wattline WITH PASSWORD 'before'", "GRANT ALL ON wattline TO wattline",
    ] { _ = try reader.rows(statement) }
    func count() -> Int {
      Int((try? reader.rows("SELECT count(\"value\") FROM \"raw\"").first?.number("count")) ?? 0)
    }
    try site.write("secret", text: "before")
    try Self.configuration(
      site, mqtt: "url: \"mqtt://127.0.0.1:\(site.broker.port)\"",
      influxdb: ", username: wattline, password_file: secret")
    try site.add(plant: "first")
    try site.runOnline()
    let publisher = site.publisher()
    try publisher.publish(topic: "first/load/power", payload: "1.5")
    #expect(Waiting.until(seconds: 10) { count() == 1 }, "\(site.logTail)")

    _ = try reader.rows("SET PASSWORD FOR wattline = 'after'")
    try site.write("secret", text: "after")
    site.program?.signal(SIGHUP)
    #expect(
      Waiting.until(seconds: 10) { site.logTail.contains("changed, and used from now on: influxdb.password") },
      "\(site.logTail)")
    try publisher.publish(topic: "first/load/power", payload: "2.5")
    #expect(Waiting.until(seconds: 35, pause: 50) { count() == 2 }, "\(site.logTail)")
    #expect(site.end() == 0)
  }
}
