import Glibc
public import LocalServers

/// Eclipse Mosquitto: MQTT 3.1.1 and 5, with shared subscriptions in both.
public struct MosquittoProgram: BrokerProgram {
  /// Name shown by tests.
  public var name: String { "mosquitto" }
  /// Program to start.
  public var program: String { "mosquitto" }
  /// Package that provides the broker.
  public var package: String { "mosquitto" }

  /// Creates the packaged broker.
  public init() {}

  /// Writes the configuration and returns the command that starts the broker.
  ///
  /// - Parameters:
  ///   - path: Path of the program.
  ///   - folder: Folder for configuration and data.
  ///   - port: Loopback port of the listener.
  public func prepare(_ path: String, folder: String, port: Int) throws(ServerError) -> [String] {
    var lines = ["listener \(port) 127.0.0.1", "allow_anonymous true", "log_dest stderr", "persistence false"]
    // A change of user would clear the parent-death signal.
    if geteuid() == 0 { lines.append("user root") }
    let file = folder + "/mosquitto.conf"
    try TextFile.write(lines, to: file)
    return [path, "-c", file]
  }
}
