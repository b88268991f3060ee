public import LocalServers

/// An MQTT broker for the session tests, run if it is installed: its start command, and its deviations from the
/// standard.
public protocol BrokerProgram: Sendable {
  /// Name shown by tests.
  var name: String { get }
  /// Program to start: a name in `PATH` or an absolute path.
  var program: String { get }
  /// Package that provides the broker.
  var package: String { get }
  /// Maximum start-up time [s].
  var patience: Double { get }
  /// Name and password for clients, if the broker keeps sessions only for known users; otherwise `nil`.
  var credentials: (username: String, password: String)? { get }
  /// Whether messages in flight at a lost connection are sent again.
  var sendsUnacknowledgedAgain: Bool { get }
  /// Whether such messages keep their packet identifiers, by which they are recognized.
  var keepsIdentifiers: Bool { get }
  /// Whether a will with the retain flag is retained.
  var retainsWills: Bool { get }

  /// Returns the command of a process that must run before the broker; `nil` for none.
  ///
  /// - Parameters:
  ///   - folder: Folder for configuration and data.
  ///   - port: Loopback port of the listener.
  func helper(folder: String, port: Int) throws(ServerError) -> [String]?

  /// Writes the configuration for a listener on a loopback port.
  ///
  /// - Parameters:
  ///   - path: Path of the program.
  ///   - folder: Folder for configuration and data.
  ///   - port: Loopback port of the listener.
  /// - Returns: The command that starts the broker, with the program's path first.
  func prepare(_ path: String, folder: String, port: Int) throws(ServerError) -> [String]
}

extension BrokerProgram {
  /// Default: 20 s.
  public var patience: Double { 20 }
  /// Default: clients need no credentials.
  public var credentials: (username: String, password: String)? { nil }
  /// Default: `true`, as in the MQTT standard.
  public var sendsUnacknowledgedAgain: Bool { true }
  /// Default: `true`, as in the MQTT standard.
  public var keepsIdentifiers: Bool { true }
  /// Default: `true`, as in the MQTT standard.
  public var retainsWills: Bool { true }

  /// Returns `nil`: by default, the broker needs no other process.
  public func helper(folder: String, port: Int) throws(ServerError) -> [String]? { nil }

  /// Whether the broker is installed.
  public var isInstalled: Bool { Programs.find(program) != nil }
}

/// The brokers of the session tests.
public enum BrokerPrograms {
  /// All brokers, installed or not.
  public static let all: [any BrokerProgram] = [MosquittoProgram(), RabbitProgram(), NATSProgram(), AmqttProgram()]
}
