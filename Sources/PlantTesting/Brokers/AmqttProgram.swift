/// amqtt of PyPI: MQTT 3.1.1 only; on MQTT 5's CONNECT it keeps silent and holds the connection open.
///
/// It delivers a will, and does not retain it. It marks what it has queued for a client that was away as retained, and queues only for clients with a name. What was
/// on its way when a connection broke is lost with it.
public struct AmqttProgram: BrokerProgram {
  /// The name that tests show.
  public var name: String { "amqtt" }
  /// The file that is started.
  public var program: String { "amqtt" }
  /// The package that has it.
  public var package: String { "python3-pip, then pip install amqtt" }
  /// Name and password of the test.
  public var credentials: (username: String, password: String)? { ("plant", "secret") }
  /// Whether what was on its way is sent again.
  public var sendsUnacknowledgedAgain: Bool { false }
  /// Whether wills are retained.
  public var retainsWills: Bool { false }

  /// As packaged.
  public init() {}

  /// Writes its configuration and gives the words that start it.
  public func prepare(_ path: String, folder: String, port: Int) throws(ServerError) -> [String] {
    let file = folder + "/amqtt.yaml"
    try TextFile.write(
      [
        "listeners:", "  default:", "    type: tcp", "    bind: 127.0.0.1:\(port)", "plugins:",
        // With this it takes every name, and none without.
        "  amqtt.plugins.authentication.AnonymousAuthPlugin:", "    allow_anonymous: false",
      ], to: file)
    return [path, "-c", file]
  }
}
