/// nats-server with its MQTT listener, which keeps sessions in JetStream: MQTT 3.1.1 only; it refuses MQTT 5 in words.
public struct NATSProgram: BrokerProgram {
  /// The name that tests show.
  public var name: String { "nats-server" }
  /// The file that is started.
  public var program: String { "nats-server" }
  /// The package that has it.
  public var package: String { "nats-server" }

  /// As packaged.
  public init() {}

  /// Writes its configuration and gives the words that start it.
  public func prepare(_ path: String, folder: String, port: Int) throws(ServerError) -> [String] {
    let file = folder + "/nats.conf"
    try TextFile.write(
      [
        "server_name: wattline", "host: 127.0.0.1", "port: \(try Loopback.freePort())",
        "jetstream { store_dir: \"\(folder)/store\" }",
        // How long it waits for an acknowledgement before it sends again; thirty seconds, if not said.
        "mqtt { host: 127.0.0.1, port: \(port), ack_wait: \"2s\" }",
      ], to: file)
    return [path, "-c", file]
  }
}
