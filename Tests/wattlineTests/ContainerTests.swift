import CommandChannel
import Foundation
import LocalServers
import PlantTesting
import Settings
import Testing
import WattlineTime

/// The commands of the containers, run without containers: the same scripts, users, modes and order of start.
@Suite("what the containers run", .serialized)
struct ContainerTests {
  private static let docker = PackageFolder.root().path + "/docker"
  /// A password with everything that shells, YAML, InfluxQL and command lines read in their own way.
  private static let password = #" a b$HOME"'#\:ö`%s "#

  /// A folder of configuration and secrets, with the scripts of the containers.
  private struct Stack {
    let folder: TemporaryFolder
    let isRoot = geteuid() == 0
    var secrets: String { folder.path + "/secrets" }

    init() throws {
      folder = try TemporaryFolder(prefix: "wattline-stack")
      // The users of the containers pass through to their own folders.
      chmod(folder.path, 0o755)
      for name in ["config", "memory", "broker-data", "influxdb"] {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: false)
      }
      let process = try String(contentsOfFile: docker + "/config/wattline.yaml", encoding: .utf8)
        .replacing("/secrets", with: secrets).replacing("/var/lib/wattline", with: path("journal"))
      try process.write(toFile: path("config/wattline.yaml"), atomically: false, encoding: .utf8)
      try FileManager.default.copyItem(
        atPath: PackageFolder.root().path + "/pipelines/riverside.yaml", toPath: path("config/riverside.yaml"))
      // File by file: a whole folder would be given to its owner, which only root may.
      try FileManager.default.createDirectory(atPath: path("start"), withIntermediateDirectories: false)
      for name in try FileManager.default.contentsOfDirectory(atPath: docker + "/start") {
        try FileManager.default.copyItem(atPath: "\(docker)/start/\(name)", toPath: path("start/" + name))
      }
    }

    func path(_ name: String) -> String { folder.path + "/" + name }

    /// Runs prepare.sh.
    func prepare(_ environment: [String: String] = [:]) throws -> Program.Result {
      try Program.run(
        [docker + "/prepare.sh", path("config"), secrets], of: "/bin/sh",
        environment: environment.merging(["WATTLINE": Program.path]) { $1 })
    }

    /// Starts a script of a container as the container's user.
    func start(_ script: String, user: Int, environment: [String: String]) throws -> ChildProcess {
      var words = ["-i", "PATH=/usr/sbin:/usr/bin:/bin"] + environment.map { "\($0)=\($1)" }
      if isRoot {
        words += ["setpriv", "--reuid", "\(user)", "--regid", "\(user)", "--clear-groups", "--no-new-privs"]
      }
      return try ChildProcess(
        program: "/usr/bin/env", arguments: words + ["sh", path("start/" + script)], log: path("log"))
    }

    func log() -> String { (try? String(contentsOfFile: path("log"), encoding: .utf8)) ?? "" }
  }

  private func mode(_ path: String) throws -> String {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    let owner = (attributes[.ownerAccountID] as? NSNumber)?.intValue ?? -1
    return "\(String((attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0, radix: 8)) \(owner)"
  }

  /// Starts the broker's container script; returns it with its port under TLS.
  private func startBroker(_ stack: Stack) throws -> (broker: ChildProcess, port: Int) {
    if stack.isRoot { for name in ["memory", "broker-data"] { chown(stack.path(name), 1883, 1883) } }
    let ports = [try Loopback.freePort(), try Loopback.freePort(), try Loopback.freePort()]
    let configuration = try String(contentsOfFile: Self.docker + "/mosquitto/mosquitto.conf", encoding: .utf8)
      .replacing("/secrets", with: stack.secrets)
      .replacing("password_file /tmp", with: "password_file " + stack.path("memory"))
      .replacing("/mosquitto/data", with: stack.path("broker-data"))
      .replacing("listener 8883", with: "listener \(ports[0]) 127.0.0.1")
      .replacing("listener 9001", with: "listener \(ports[1]) 127.0.0.1")
      .replacing("listener 1883", with: "listener \(ports[2]) 127.0.0.1")
    try configuration.write(toFile: stack.path("mosquitto.conf"), atomically: false, encoding: .utf8)
    let broker = try stack.start(
      "mosquitto.sh", user: 1883,
      environment: [
        "BROKER_SECRETS": stack.secrets + "/broker", "BROKER_CONFIGURATION": stack.path("mosquitto.conf"),
        "BROKER_MEMORY": stack.path("memory"), "BROKER_LOG_FILTER": stack.path("start/broker-log.awk"),
      ])
    #expect(Waiting.until(seconds: 10) { Loopback.accepts(port: ports[0]) }, "\(stack.log())")
    return (broker, ports[0])
  }

  /// Starts the database's container script, and returns once it listens.
  private func startDatabase(_ stack: Stack, port: Int) throws -> ChildProcess {
    let folder = stack.path("influxdb")
    if stack.isRoot { chown(folder, 1500, 1500) }
    let (setup, backup) = (try Loopback.freePort(), try Loopback.freePort())
    let database = try stack.start(
      "influxdb.sh", user: 1500,
      environment: [
        "INFLUXDB_SECRETS": stack.secrets + "/influxdb", "INFLUXDB_FOLDER": folder, "HOME": folder,
        "INFLUXDB_SETUP_PORT": "\(setup)", "INFLUXDB_META_DIR": folder + "/meta", "INFLUXDB_DATA_DIR": folder + "/data",
        "INFLUXDB_DATA_WAL_DIR": folder + "/wal", "INFLUXDB_BIND_ADDRESS": "127.0.0.1:\(backup)",
        "INFLUXDB_HTTP_BIND_ADDRESS": "127.0.0.1:\(port)", "INFLUXDB_HTTP_AUTH_ENABLED": "true",
        "INFLUXDB_REPORTING_DISABLED": "true",
      ])
    #expect(Waiting.until(seconds: 20, pause: 50) { Loopback.accepts(port: port) }, "\(stack.log())")
    return database
  }

  /// Returns a client of the broker under TLS that is connected.
  private func client(_ user: String, password: String, port: Int, stack: Stack) -> Publisher {
    var settings = BrokerSettings()
    (settings.port, settings.tls, settings.caFile) = (port, true, stack.secrets + "/ca.pem")
    settings.username = user
    settings.password = Secret(password)
    settings.clientID = "client of " + user
    let client = Publisher(settings: settings)
    #expect(Waiting.until { client.isConnected }, "\(user): \(stack.log())")
    return client
  }

  @Test func `the stack starts in its order without any setting, stores a device's message, and its health can fail`()
    throws
  {
    let stack = try Stack()
    defer { stack.folder.remove() }
    #expect(try stack.prepare().code == 0)
    let port = try Loopback.freePort()
    let database = try startDatabase(stack, port: port)
    defer { database.kill() }
    let (broker, brokerPort) = try startBroker(stack)
    defer { broker.kill() }
    // The names of the containers become addresses; nothing else changes.
    let file = stack.path("config/wattline.yaml")
    try String(contentsOfFile: file, encoding: .utf8)
      .replacing("mosquitto:8883", with: "127.0.0.1:\(brokerPort)")
      .replacing("influxdb:8086", with: "127.0.0.1:\(port)")
      .write(toFile: file, atomically: false, encoding: .utf8)
    // A new block volume has this folder, which only root enters.
    try FileManager.default.createDirectory(
      atPath: stack.path("journal/lost+found"), withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    try FileManager.default.copyItem(atPath: Program.path, toPath: stack.path("wattline"))
    if stack.isRoot { chown(stack.path("journal"), 1883, 1883) }
    try "exec '\(stack.path("wattline"))' run --config '\(stack.path("config"))'\n".write(
      toFile: stack.path("start/wattline.sh"), atomically: false, encoding: .utf8)
    let process = try stack.start("wattline.sh", user: 1883, environment: [:])
    defer { process.kill() }
    func health(_ further: String...) throws -> Int32 {
      try Program.run(["status", "--config", stack.path("config")] + further).code
    }
    #expect(try Waiting.until(seconds: 25, pause: 200) { try health("--ready") == 0 }, "\(stack.log())")
    let line = try String(contentsOfFile: stack.secrets + "/passwords/clients", encoding: .utf8)
      .split(separator: "\n").first { $0.hasPrefix("riverside:") }
    let password = String(try #require(line).dropFirst("riverside:".count))
    let device = client("riverside", password: password, port: brokerPort, stack: stack)
    try device.publish(topic: "riverside/pv1/power", payload: "21.5")
    #expect(device.flush())
    let own = try String(contentsOfFile: stack.secrets + "/passwords/influxdb", encoding: .utf8)
      .trimmingCharacters(in: .newlines)
    let stored = try Waiting.until(seconds: 10, pause: 100) {
      try Program.run(
        [
          "-s", "-u", "wattline:" + own, "-G", "--data-urlencode", "q=SELECT * FROM raw", "-d", "db=wattline",
          "http://127.0.0.1:\(port)/query",
        ], of: "/usr/bin/curl"
      ).output.contains("21.5")
    }
    #expect(stored, "\(stack.log())")
    #expect(try health() == 0)
    process.kill()
    #expect(try health() == 1)
  }

  @Test func `prepare makes an authority, a certificate, users and passwords once, each readable for one container`()
    throws
  {
    let stack = try Stack()
    defer { stack.folder.remove() }
    let first = try stack.prepare(["WATTLINE_BROKER_NAMES": "broker.example.org,192.168.1.10"])
    #expect(first.code == 0, "\(first.errors)")
    #expect(first.output.contains("made a password for the user 'riverside'"))
    let own = stack.isRoot ? ["1883", "1883", "1500", "472"] : Array(repeating: "\(geteuid())", count: 4)
    for (service, owner) in zip(["broker", "wattline", "influxdb", "grafana"], own) {
      #expect(try mode("\(stack.secrets)/\(service)") == "\(stack.isRoot ? "500" : "700") \(owner)", "\(service)")
      for file in try FileManager.default.contentsOfDirectory(atPath: "\(stack.secrets)/\(service)") {
        #expect(try mode("\(stack.secrets)/\(service)/\(file)") == "400 \(owner)", "\(service)/\(file)")
      }
    }
    #expect(try mode(stack.secrets) == "711 \(geteuid())")
    #expect(try mode(stack.secrets + "/authority/ca.key") == "600 \(geteuid())")
    let (ca, broker) = (stack.secrets + "/ca.pem", stack.secrets + "/broker/broker.pem")
    let certificate = try Program.run(
      ["x509", "-in", broker, "-noout", "-ext", "subjectAltName"], of: "/usr/bin/openssl")
    #expect(
      certificate.output.contains(
        "DNS:mosquitto, DNS:localhost, IP Address:127.0.0.1, DNS:broker.example.org, IP Address:192.168.1.10"))
    #expect(try Program.run(["verify", "-CAfile", ca, broker], of: "/usr/bin/openssl").code == 0)

    // Again: nothing changes. Other names: a new certificate of the same authority.
    let before = try Data(contentsOf: URL(fileURLWithPath: broker))
    #expect(
      try stack.prepare(["WATTLINE_BROKER_NAMES": "broker.example.org,192.168.1.10"]).output == "prepare: ready\n")
    #expect(try Data(contentsOf: URL(fileURLWithPath: broker)) == before)
    #expect(try stack.prepare().output.contains("made the broker's certificate"))
    #expect(try Program.run(["verify", "-CAfile", ca, broker], of: "/usr/bin/openssl").code == 0)
  }

  @Test func `a certificate near its end is renewed, and an unusable password is an error with its file`() throws {
    let stack = try Stack()
    defer { stack.folder.remove() }
    #expect(try stack.prepare().code == 0)
    // A certificate of the same names with 59 days left.
    let (authority, broker) = (stack.secrets + "/authority", stack.secrets + "/broker/broker.pem")
    let made = try Program.run(
      [
        "x509", "-req", "-in", authority + "/broker.csr", "-CA", authority + "/ca.pem", "-CAkey", authority + "/ca.key",
        "-CAcreateserial", "-days", "59", "-out", stack.path("short.pem"),
      ], of: "/usr/bin/openssl")
    #expect(made.code == 0, "\(made.errors)")
    try FileManager.default.removeItem(atPath: broker)
    try FileManager.default.moveItem(atPath: stack.path("short.pem"), toPath: broker)
    #expect(try stack.prepare().output.contains("made the broker's certificate"))
    for (text, words) in [
      ("two\nlines\n", "passwords/mqtt has more than one line"), ("\n", "passwords/mqtt is empty"),
      ("a\r\n", "passwords/mqtt has a carriage return"),
    ] {
      try text.write(toFile: stack.secrets + "/passwords/mqtt", atomically: false, encoding: .utf8)
      let refused = try stack.prepare()
      #expect(refused.code == 1 && refused.errors.contains(words), "\(refused.errors)")
    }
    try "x".write(toFile: stack.secrets + "/passwords/mqtt", atomically: false, encoding: .utf8)
    try "riverside\n".write(toFile: stack.secrets + "/passwords/clients", atomically: false, encoding: .utf8)
    chmod(stack.path("config/riverside.yaml"), 0o600)
    let hidden = try stack.prepare(["WATTLINE_VOLUMES": stack.path("memory") + "=\(geteuid()):\(getegid())"])
    #expect(hidden.code == 1 && hidden.errors.contains("riverside.yaml cannot be read by the user of the container"))
    #expect(try stack.prepare().errors.contains("line 1 of \(stack.secrets)/passwords/clients is not NAME:PASSWORD"))
  }

  @Test
  func `the broker starts as its user under TLS, admits each user's password, and tells of refused messages once`()
    throws
  {
    let stack = try Stack()
    defer { stack.folder.remove() }
    try FileManager.default.createDirectory(atPath: stack.secrets + "/passwords", withIntermediateDirectories: true)
    try (Self.password + "\n").write(
      toFile: stack.secrets + "/passwords/mqtt", atomically: false, encoding: .utf8)
    try "riverside:\(Self.password)\n".write(
      toFile: stack.secrets + "/passwords/clients", atomically: false, encoding: .utf8)
    #expect(try stack.prepare().code == 0)
    let (broker, port) = try startBroker(stack)
    defer { broker.kill() }
    let plant = client("riverside", password: Self.password, port: port, stack: stack)
    let process = client("wattline", password: Self.password, port: port, stack: stack)
    for _ in 0..<11 { try plant.publish(topic: "lakeview/pv/power", payload: "1") }
    try plant.publish(topic: "riverside/pv1/power", payload: "1")
    try process.publish(topic: "wattline/status", payload: "online")
    #expect(plant.flush() && process.flush())
    #expect(Waiting.until { stack.log().contains("[10 times]") }, "\(stack.log())")
    let lines = stack.log().split(separator: "\n")
    #expect(lines.filter { $0.contains("Denied PUBLISH") }.count == 2)
    #expect(!lines.contains { $0.contains(": Received ") || $0.contains(": Sending ") })
    let told = try Program.run("acl", "--config", stack.path("config"), "--refused", stack.path("log"))
    #expect(told.output.hasPrefix("lakeview/pv/power: refused 10 × from user 'riverside'"), "\(told)")
    // SIGTERM reaches the broker itself, which then saves its sessions.
    plant.stop(timeout: .zero)
    process.stop(timeout: .zero)
    broker.signal(SIGTERM)
    #expect(Waiting.until { !broker.isRunning })
    #expect(FileManager.default.fileExists(atPath: stack.path("broker-data/mosquitto.db")))
  }

  @Test func `the database makes its users with any password before it listens, and takes a changed password up`()
    throws
  {
    let stack = try Stack()
    defer { stack.folder.remove() }
    let passwords = stack.secrets + "/passwords"
    try FileManager.default.createDirectory(atPath: passwords, withIntermediateDirectories: true)
    for name in ["influxdb", "influxdb-admin"] {
      try Self.password.write(toFile: passwords + "/" + name, atomically: false, encoding: .utf8)
    }
    #expect(try stack.prepare().code == 0)
    let port = try Loopback.freePort()
    /// Status of a query as a user.
    func status(_ user: String, password: String) throws -> String {
      try Program.run(
        [
          "-s", "-o", "/dev/null", "-w", "%{http_code}", "-u", "\(user):\(password)", "-G", "--data-urlencode",
          "q=SHOW MEASUREMENTS ON wattline", "http://127.0.0.1:\(port)/query",
        ], of: "/usr/bin/curl"
      ).output
    }
    let first = try startDatabase(stack, port: port)
    #expect(try status("wattline", password: Self.password) == "200", "\(stack.log())")
    #expect(try status("admin", password: Self.password) == "200")
    #expect(try status("wattline", password: "wrong") == "401")
    first.terminate()
    sleep(1)
    try "another".write(toFile: passwords + "/influxdb", atomically: false, encoding: .utf8)
    #expect(try stack.prepare().code == 0)
    let second = try startDatabase(stack, port: port)
    defer { second.kill() }
    #expect(try status("wattline", password: "another") == "200", "\(stack.log())")
    #expect(try status("wattline", password: Self.password) == "401")
    #expect(try status("admin", password: Self.password) == "200")
  }

  @Test func `the page's configuration of a broker without containers starts, with the users that wattline acl names`()
    throws
  {
    let stack = try Stack()
    defer { stack.folder.remove() }
    #expect(try stack.prepare().code == 0)
    let page = try String(contentsOfFile: Self.docker + "/README.md", encoding: .utf8)
    let lines = try #require(page.firstMatch(of: #/conf\.d\/wattline\.conf <<'END'\n((?:.*\n)+?)END\n/#)).1
    let (plain, tls) = (try Loopback.freePort(), try Loopback.freePort())
    let made = try Program.run("acl", "--config", stack.path("config"), "--out", stack.path("made/wattline"))
    #expect(made.code == 0, "\(made.errors)")
    let users = try String(contentsOfFile: stack.path("made/wattline/users"), encoding: .utf8)
    #expect(users == "wattline\nriverside\noperator\n")
    let password = try Program.run(
      ["-b", "-c", stack.path("made/passwords"), "riverside", "secret"], of: "/usr/bin/mosquitto_passwd")
    #expect(password.code == 0, "\(password.errors)")
    try lines.replacing("/etc/mosquitto/certs", with: stack.secrets + "/broker")
      .replacing("/etc/mosquitto", with: stack.path("made"))
      .replacing("listener 1883 ", with: "listener \(plain) ").replacing(
        "listener 8883", with: "listener \(tls) 127.0.0.1"
      )
      .appending("user \(stack.isRoot ? "root" : "nobody")\n")
      .write(toFile: stack.path("bare.conf"), atomically: false, encoding: .utf8)
    let broker = try ChildProcess(
      program: "/usr/sbin/mosquitto", arguments: ["-c", stack.path("bare.conf")], log: stack.path("log"))
    defer { broker.kill() }
    #expect(Waiting.until(seconds: 10) { Loopback.accepts(port: tls) }, "\(stack.log())")
    let device = client("riverside", password: "secret", port: tls, stack: stack)
    try device.publish(topic: "riverside/pv1/power", payload: "1")
    #expect(device.flush())
  }

  @Test func `Grafana gets the database's password as it is`() throws {
    let stack = try Stack()
    defer { stack.folder.remove() }
    try FileManager.default.createDirectory(atPath: stack.secrets + "/passwords", withIntermediateDirectories: true)
    try Self.password.write(toFile: stack.secrets + "/passwords/influxdb", atomically: false, encoding: .utf8)
    #expect(try stack.prepare().code == 0)
    let grafana = try stack.start(
      "grafana.sh", user: 472,
      environment: ["GRAFANA_SECRETS": stack.secrets + "/grafana", "GRAFANA_RUN": "/usr/bin/env"])
    #expect(grafana.wait() == 0)
    #expect(stack.log().contains("WATTLINE_INFLUXDB_PASSWORD=\(Self.password)\n"))
    // Braces would make Grafana look for variables in the password.
    let source = try String(
      contentsOfFile: PackageFolder.root().path + "/grafana/provisioning/datasources/wattline.yaml", encoding: .utf8)
    #expect(source.contains("password: $WATTLINE_INFLUXDB_PASSWORD\n"))
  }
}
