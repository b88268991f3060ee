public import LocalServers

/// amqtt from PyPI: MQTT 3.1.1 only. It does not answer a CONNECT of MQTT 5 and keeps the connection open.
///
/// It delivers wills but does not retain them. Messages queued for an absent client are marked as retained, and are
/// queued only for clients with a user name. Messages in flight at a lost connection are lost.
public struct AmqttProgram: BrokerProgram {
  /// Name shown by tests.
  public var name: String { "amqtt" }
  /// Program to start.
  public var program: String { "amqtt" }
  /// Packages that provide the broker.
  public var package: String { "python3-pip, then pip install amqtt" }
  /// Name and password of the tests.
  public var credentials: (username: String, password: String)? { ("plant", "secret") }
  /// `false`: messages in flight at a lost connection are lost.
  public var sendsUnacknowledgedAgain: Bool { false }
  /// `false`: wills are delivered but not retained.
  public var retainsWills: Bool { false }

  /// Creates the packaged broker.
  public init() {}

  /// Writes the configuration and returns the command that starts the broker.
  ///
  /// - Parameters:
  ///   - path: Path of the program.
  ///   - folder: Folder for configuration and data.
  ///   - port: Loopback port of the listener.
  public func prepare(_ path: String, folder: String, port: Int) throws(ServerError) -> [String] {
    let file = folder + "/amqtt.yaml"
    try TextFile.write(
      [
        "listeners:", "  default:", "    type: tcp", "    bind: 127.0.0.1:\(port)", "plugins:",
        // This plugin accepts every user name, but no connection without one.
        "  amqtt.plugins.authentication.AnonymousAuthPlugin:", "    allow_anonymous: false",
      ], to: file)
    return [path, "-c", file]
  }
}
