import Foundation
import PlantModel
public import Settings
import Synchronization

/// A test instance of Mosquitto, as a child process on a free loopback port, without any set-up.
public final class LocalBroker: Sendable {
  /// Configuration of the broker.
  public struct Options: Sendable {
    /// Name and password that every client must give; `nil` accepts all clients.
    public var credentials: (username: String, password: String)?
    /// Maximum number of QoS 1 and 2 messages in flight to one client; `nil` is the broker's default (20).
    public var maximumInflight: Int?
    /// Whether sessions and messages are saved after every change, so that they survive ``LocalBroker/kill()``.
    ///
    /// This is slow. Otherwise they survive only ``LocalBroker/restart()``.
    public var savesEveryChange = false
    /// Additional lines of `mosquitto.conf`.
    public var furtherLines: [String] = []

    /// Creates options for a broker without access control that keeps sessions over a restart.
    public init() {}
  }

  private let options: Options
  private let server = LocalServer(name: "mosquitto", keptFolder: nil)
  private let chosenPort: Mutex<Int>

  /// Prepares a broker without starting it.
  public init(options: Options = Options()) throws(ServerError) {
    self.options = options
    chosenPort = Mutex(try Loopback.freePort())
  }

  /// Returns a broker that accepts connections.
  public static func started(options: Options = Options()) throws(ServerError) -> LocalBroker {
    let broker = try LocalBroker(options: options)
    try broker.start()
    return broker
  }

  /// TCP port; the same after a restart.
  public var port: Int { chosenPort.withLock { $0 } }
  /// Whether the child process is running.
  public var isRunning: Bool { server.isRunning }
  /// Process identifier of the child while it is running.
  public var processIdentifier: Int32? { server.identifier }

  /// Connection settings of the broker, including credentials.
  public var settings: BrokerSettings {
    var settings = BrokerSettings()
    settings.port = port
    settings.username = options.credentials?.username
    settings.password = (options.credentials?.password).map { Secret($0) }
    return settings
  }

  /// Starts the broker and returns once it accepts connections; sessions of an earlier run are still there.
  public func start() throws(ServerError) {
    if isRunning { return }
    let program = try Programs.require("mosquitto", package: "mosquitto")
    let folder = try server.folder()
    let file = folder + "/mosquitto.conf"
    let passwords = try passwordFile(in: folder)
    let text = configuration(folder: folder, passwords: passwords)
    guard FileManager.default.createFile(atPath: file, contents: Data(text.utf8)) else {
      throw .system("cannot write \(file)", code: errno)
    }
    let port = port
    try server.start(program, arguments: ["-c", file]) { Loopback.accepts(port: port) }
  }

  /// Ends the broker in an orderly way and keeps its sessions for ``start()``.
  public func halt() { server.halt() }
  /// Ends the broker as a crash would (SIGKILL); ``start()`` restores what was saved.
  public func kill() { server.kill() }
  /// Ends the broker in an orderly way and starts it again with its sessions.
  public func restart() throws(ServerError) {
    halt()
    try start()
  }
  /// Ends the broker and removes its folder, including sessions.
  public func stop() { server.stop() }

  private func configuration(folder: String, passwords: String?) -> String {
    var lines = [
      "listener \(port) 127.0.0.1", "persistence true", "persistence_location \(folder)/", "max_queued_messages 0",
      "set_tcp_nodelay true", "sys_interval 0", "connection_messages false", "log_dest stderr", "log_type error",
      "log_type warning",
    ]
    // A change of user would clear the parent-death signal, and the folder belongs to the current user.
    if geteuid() == 0 { lines.append("user root") }
    if let inflight = options.maximumInflight { lines.append("max_inflight_messages \(inflight)") }
    if options.savesEveryChange { lines += ["autosave_on_changes true", "autosave_interval 1"] }
    if let passwords {
      lines += ["allow_anonymous false", "password_file \(passwords)"]
    } else {
      lines.append("allow_anonymous true")
    }
    return (lines + options.furtherLines).joined(separator: "\n") + "\n"
  }

  private func passwordFile(in folder: String) throws(ServerError) -> String? {
    guard let credentials = options.credentials else { return nil }
    let program = try Programs.require("mosquitto_passwd", package: "mosquitto")
    let file = folder + "/passwords"
    let arguments = ["-b", "-c", file, credentials.username, credentials.password]
    let child = try ChildProcess(program: program, arguments: arguments, log: folder + "/mosquitto_passwd.log")
    guard child.wait() == 0 else { throw .answer("mosquitto_passwd cannot write \(file)") }
    return file
  }
}
