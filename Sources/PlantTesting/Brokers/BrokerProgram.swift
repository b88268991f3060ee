/// A broker that the tests of sessions are run with, if it is installed: how it is started, and how it differs.
public protocol BrokerProgram: Sendable {
  /// Its name, as tests show it.
  var name: String { get }
  /// The file that is started, a name in `PATH` or a path.
  var program: String { get }
  /// The package that has it.
  var package: String { get }
  /// Seconds until it answers, at most.
  var patience: Double { get }
  /// Name and password that clients give, if it keeps no session for others.
  var credentials: (username: String, password: String)? { get }
  /// Whether messages that were on their way to a client when its connection broke are sent again.
  var sendsUnacknowledgedAgain: Bool { get }
  /// Whether they then have the packet identifiers that they had, by which they are recognised.
  var keepsIdentifiers: Bool { get }
  /// Whether a will that asks to be retained is.
  var retainsWills: Bool { get }

  /// A process that must run before the broker does, with its arguments; `nil` for none.
  func helper(folder: String, port: Int) throws(ServerError) -> [String]?

  /// Writes the configuration into `folder` for a listener on the loopback `port`.
  /// - Returns: The words with which the broker is started, the program's path first.
  func prepare(_ path: String, folder: String, port: Int) throws(ServerError) -> [String]
}

extension BrokerProgram {
  /// Twenty seconds.
  public var patience: Double { 20 }
  /// None.
  public var credentials: (username: String, password: String)? { nil }
  /// Yes, as MQTT has it.
  public var sendsUnacknowledgedAgain: Bool { true }
  /// Yes, as MQTT has it.
  public var keepsIdentifiers: Bool { true }
  /// Yes, as MQTT has it.
  public var retainsWills: Bool { true }

  /// None.
  public func helper(folder: String, port: Int) throws(ServerError) -> [String]? { nil }

  /// Whether the broker is installed.
  public var isInstalled: Bool { Programs.find(program) != nil }
}

/// The brokers that sessions are tried with.
public enum BrokerPrograms {
  /// All, whether installed or not.
  public static let all: [any BrokerProgram] = [MosquittoProgram(), RabbitProgram(), NATSProgram(), AmqttProgram()]
}
