public import LocalServers

/// nats-server with its MQTT listener, which keeps sessions in JetStream: MQTT 3.1.1 only; it refuses MQTT 5
/// explicitly.
public struct NATSProgram: BrokerProgram {
  /// Name shown by tests.
  public var name: String { "nats-server" }
  /// Program to start.
  public var program: String { "nats-server" }
  /// Package that provides the broker.
  public var package: String { "nats-server" }

  /// Creates the packaged broker.
  public init() {}

  /// Writes the configuration and returns the command that starts the broker.
  ///
  /// - Parameters:
  ///   - path: Path of the program.
  ///   - folder: Folder for configuration and data.
  ///   - port: Loopback port of the listener.
  public func prepare(_ path: String, folder: String, port: Int) throws(ServerError) -> [String] {
    let file = folder + "/nats.conf"
    try TextFile.write(
      [
        "server_name: wattline", "host: 127.0.0.1", "port: \(try Loopback.freePort())",
        "jetstream { store_dir: \"\(folder)/store\" }",
        // Time without an acknowledgement after which a message is sent again; the default is 30 s.
        "mqtt { host: 127.0.0.1, port: \(port), ack_wait: \"2s\" }",
      ], to: file)
    return [path, "-c", file]
  }
}
