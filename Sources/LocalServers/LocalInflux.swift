import CurlTransport
import Foundation
public import InfluxSink
import PlantModel
public import Settings
import WattlineTime

/// A test instance of InfluxDB 1.x, as a child process on free loopback ports, without any set-up.
public final class LocalInflux: Sendable {
  /// Configuration of the database.
  public struct Options: Sendable {
    /// Folder that keeps `data`, `meta` and `wal` after ``LocalInflux/stop()``; `nil` for a temporary one.
    public var keep: String?
    /// Series index of InfluxDB: `inmem` or `tsi1`.
    public var index = "inmem"
    /// Maximum number of series of a database, enforced by the index `inmem`; 0 is unlimited.
    public var maximumSeries = 0
    /// Paths (PEM) of the server's certificate and key. With these, only HTTPS is served.
    public var certificate: (file: String, key: String)?
    /// Additional lines at the end of `influxdb.conf`, within its last section `[http]`.
    public var furtherLines: [String] = []

    /// Creates options for a database in a temporary folder.
    public init() {}
  }

  /// TCP port of the HTTP interface; the same after a restart.
  public let port: Int
  private let backupPort: Int
  private let options: Options
  private let server: LocalServer

  /// Prepares a database without starting it.
  public init(options: Options = Options()) throws(ServerError) {
    self.options = options
    port = try Loopback.freePort()
    var other = try Loopback.freePort()
    while other == port { other = try Loopback.freePort() }
    backupPort = other
    server = LocalServer(name: "influxdb", keptFolder: options.keep)
  }

  /// Returns a database that answers requests.
  public static func started(options: Options = Options()) throws(ServerError) -> LocalInflux {
    let influx = try LocalInflux(options: options)
    try influx.start()
    return influx
  }

  /// Address of the interface for backups and restores.
  public var backupAddress: String { "127.0.0.1:\(backupPort)" }

  /// Base URL of the HTTP interface.
  public var url: String { "\(options.certificate == nil ? "http" : "https")://127.0.0.1:\(port)" }
  /// Whether the child process is running.
  public var isRunning: Bool { server.isRunning }
  /// Process identifier of the child while it is running.
  public var processIdentifier: Int32? { server.identifier }

  /// Returns the connection settings of a database.
  public func settings(database: String = "wattline") -> DatabaseSettings {
    var settings = DatabaseSettings()
    settings.url = url
    settings.database = database
    return settings
  }

  /// Starts the database and returns once it answers; data of an earlier run are still there.
  public func start() throws(ServerError) {
    if isRunning { return }
    let program = try Programs.require("influxd", package: "influxdb")
    let folder = try server.folder()
    let file = folder + "/influxdb.conf"
    guard FileManager.default.createFile(atPath: file, contents: Data(configuration(folder: folder).utf8)) else {
      throw .system("cannot write \(file)", code: errno)
    }
    let ping = url + "/ping"
    let (port, isEncrypted) = (port, options.certificate != nil)
    try server.start(program, arguments: ["run", "-config", file]) {
      // A TCP connection is a cheaper test than a request.
      Loopback.accepts(port: port) && (isEncrypted || Self.send(ping, timeout: .seconds(2)).status == 204)
    }
  }

  /// Ends the database in an orderly way and keeps its folder for ``start()``.
  public func halt() { server.halt() }
  /// Ends the database as a crash would (SIGKILL); ``start()`` recovers its log.
  public func kill() { server.kill() }
  /// Ends the database in an orderly way and starts it again with its data.
  public func restart() throws(ServerError) {
    halt()
    try start()
  }
  /// Ends the database and removes its folder, unless it is to be kept.
  public func stop() { server.stop() }

  /// Runs InfluxQL and returns the rows of all statements; times are in milliseconds since 1970.
  public func query(_ statement: String, database: String = "wattline") throws(ServerError) -> [QueryRow] {
    let address = "\(url)/query?epoch=ms&db=\(Self.encode(database))"
    let answer = Self.send(address, body: "q=\(Self.encode(statement))")
    guard let decoded = try? JSONDecoder().decode(QueryAnswer.self, from: Data(answer.body.utf8)) else {
      throw .answer("\(statement): \(answer.status) \(answer.body)")
    }
    if let error = decoded.firstError { throw .answer("\(statement): \(error)") }
    return decoded.rows
  }

  /// Percent-encodes a value of a query string.
  private static func encode(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }

  /// Sends GET, or POST if there is a `body`. Status 0 is no answer.
  private static func send(_ url: String, body: String? = nil, timeout: TimeSpan = .seconds(30)) -> HTTPAnswer {
    let client = HTTPClient(
      url: url, caFile: nil, connectTimeout: timeout, totalTimeout: timeout, longestBody: 1 << 30)
    guard let client else { return HTTPAnswer(body: "libcurl cannot be initialised") }
    guard var body else { return client.send(url, body: nil, contentType: "text/plain") }
    return body.withUTF8 {
      client.send(url, body: UnsafeRawBufferPointer($0), contentType: "application/x-www-form-urlencoded")
    }
  }

  /// Creates a database unless it exists.
  public func createDatabase(_ name: String = "wattline") throws(ServerError) {
    let quoted = name.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
    _ = try query("CREATE DATABASE \"\(quoted)\"")
  }

  /// Writes line protocol with times in milliseconds.
  public func write(_ lines: String, database: String = "wattline") throws(ServerError) {
    let address = "\(url)/write?precision=ms&db=\(Self.encode(database))"
    let answer = Self.send(address, body: lines)
    guard answer.status == 204 else {
      throw .answer("write: \(answer.status) \(answer.body)")
    }
  }

  private func configuration(folder path: String) -> String {
    // JSON escapes are valid in quoted TOML texts.
    let folder = path.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
    return """
      reporting-disabled = true
      bind-address = "127.0.0.1:\(backupPort)"
      [logging]
      level = "warn"
      suppress-logo = true
      [meta]
      dir = "\(folder)/meta"
      logging-enabled = false
      [data]
      dir = "\(folder)/data"
      wal-dir = "\(folder)/wal"
      index-version = "\(options.index)"
      query-log-enabled = false
      max-series-per-database = \(options.maximumSeries)
      max-values-per-tag = 0
      [monitor]
      store-enabled = false
      [subscriber]
      enabled = false
      [continuous_queries]
      enabled = false
      [http]
      bind-address = "127.0.0.1:\(port)"
      log-enabled = false
      max-body-size = 0
      https-enabled = \(options.certificate != nil)
      https-certificate = "\(options.certificate?.file ?? "")"
      https-private-key = "\(options.certificate?.key ?? "")"
      \(options.furtherLines.joined(separator: "\n"))

      """
  }
}
