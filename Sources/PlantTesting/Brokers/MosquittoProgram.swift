import Glibc

/// Eclipse Mosquitto: MQTT 3.1.1 and 5, shared subscriptions in both.
public struct MosquittoProgram: BrokerProgram {
  /// The name that tests show.
  public var name: String { "mosquitto" }
  /// The file that is started.
  public var program: String { "mosquitto" }
  /// The package that has it.
  public var package: String { "mosquitto" }

  /// As packaged.
  public init() {}

  /// Writes its configuration and gives the words that start it.
  public func prepare(_ path: String, folder: String, port: Int) throws(ServerError) -> [String] {
    var lines = ["listener \(port) 127.0.0.1", "allow_anonymous true", "log_dest stderr", "persistence false"]
    // Changing the user would drop the parent-death signal.
    if geteuid() == 0 { lines.append("user root") }
    let file = folder + "/mosquitto.conf"
    try TextFile.write(lines, to: file)
    return [path, "-c", file]
  }
}
