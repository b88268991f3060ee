/// amqtt of PyPI: MQTT 3.1.1 only; on MQTT 5's CONNECT it keeps silent and holds the connection open.
///
/// It marks what it has queued for a client that was away as retained, and queues only for clients with a name. What was
/// on its way when a connection broke is lost with it.
public struct AmqttProgram: BrokerProgram {
  public var name: String { "amqtt" }
  public var program: String { "amqtt" }
  public var package: String { "python3-pip, then pip install amqtt" }
  public var credentials: (username: String, password: String)? { ("plant", "secret") }
  public var sendsUnacknowledgedAgain: Bool { false }

  /// As packaged.
  public init() {}

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
