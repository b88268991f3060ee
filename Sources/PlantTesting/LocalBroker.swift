import Foundation
import PlantModel
import Synchronization

/// A Mosquitto of its own, as a child process on a free loopback port, without any set-up.
public final class LocalBroker: Sendable {
  /// How the broker is configured.
  public struct Options: Sendable {
    /// Name and password that every client must give; `nil` lets everyone in.
    public var credentials: (username: String, password: String)?
    /// QoS 1 and 2 messages on their way to one client; `nil` leaves it to the broker (20).
    public var maximumInflight: Int?
    /// Whether sessions and messages are on disk after every change, so that they survive ``LocalBroker/kill()``.
    /// Slow; without it they survive ``LocalBroker/restart()`` only.
    public var savesEveryChange = false
    /// Further lines of `mosquitto.conf`.
    public var furtherLines: [String] = []

    /// An open broker that keeps sessions over a restart.
    public init() {}
  }

  private let options: Options
  private let server = LocalServer(name: "mosquitto", keptFolder: nil)
  private let chosenPort: Mutex<Int>

  /// A broker that is not started yet.
  public init(options: Options = Options()) throws(ServerError) {
    self.options = options
    chosenPort = Mutex(try Loopback.freePort())
  }

  /// A broker that accepts connections.
  public static func started(options: Options = Options()) throws(ServerError) -> LocalBroker {
    let broker = try LocalBroker(options: options)
    try broker.start()
    return broker
  }

  /// The TCP port; the same after a restart.
  public var port: Int { chosenPort.withLock { $0 } }
  /// Whether the child process runs.
  public var isRunning: Bool { server.isRunning }
  /// The child's process identifier while it runs.
  public var processIdentifier: Int32? { server.identifier }

  /// How to reach the broker, credentials included.
  public var settings: BrokerSettings {
    var settings = BrokerSettings()
    settings.port = port
    settings.username = options.credentials?.username
    settings.password = (options.credentials?.password).map { Secret($0) }
    return settings
  }

  /// Starts the broker and returns when it accepts connections; sessions of an earlier run are there again.
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
    try server.start(program, ["-c", file]) { Loopback.accepts(port: port) }
  }

  /// Ends the broker in good order and keeps its sessions for ``start()``.
  public func halt() { server.halt() }
  /// Ends the broker as a crash would (SIGKILL); ``start()`` finds what was saved before.
  public func kill() { server.kill() }
  /// Ends the broker in good order and starts it again, sessions kept.
  public func restart() throws(ServerError) {
    halt()
    try start()
  }
  /// Ends the broker and removes its folder, sessions included.
  public func stop() { server.stop() }

  private func configuration(folder: String, passwords: String?) -> String {
    var lines = [
      "listener \(port) 127.0.0.1", "persistence true", "persistence_location \(folder)/", "max_queued_messages 0",
      "set_tcp_nodelay true", "sys_interval 0", "connection_messages false", "log_dest stderr", "log_type error",
      "log_type warning",
    ]
    // Changing the user would drop the parent-death signal, and the folder belongs to the one who started.
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
