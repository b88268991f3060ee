public import LocalServers

/// RabbitMQ with its MQTT plugin, as in Debian 12: MQTT 3.1.1 only. It closes the connection on a CONNECT of MQTT 5.
///
/// Retained messages are sent only for filters without wildcards. Messages sent again have new packet identifiers, so a
/// reading without a timestamp may arrive twice.
public struct RabbitProgram: BrokerProgram {
  /// Name shown by tests.
  public var name: String { "RabbitMQ" }
  /// Server program. The wrapper in `PATH` would change the user and write to system folders.
  public var program: String { "/usr/lib/rabbitmq/bin/rabbitmq-server" }
  /// Package that provides the broker.
  public var package: String { "rabbitmq-server" }
  /// `false`: messages sent again get new packet identifiers.
  public var keepsIdentifiers: Bool { false }
  /// Maximum start-up time [s]; Erlang starts slowly on a busy machine.
  public var patience: Double { 120 }

  /// Creates the packaged broker, with a dedicated node and port mapper.
  public init() {}

  /// Returns the command of the port mapper, which the node would otherwise start as a daemon that outlives it.
  public func helper(folder: String, port: Int) throws(ServerError) -> [String]? {
    let mapper = try Loopback.freePort()
    try TextFile.write(["\(mapper)"], to: folder + "/epmd.port")
    return [try Programs.require("epmd", package: "erlang-base"), "-address", "127.0.0.1", "-port", "\(mapper)"]
  }

  /// Writes the configuration and returns the command that starts the broker.
  ///
  /// - Parameters:
  ///   - path: Path of the program.
  ///   - folder: Folder for configuration and data.
  ///   - port: Loopback port of the listener.
  public func prepare(_ path: String, folder: String, port: Int) throws(ServerError) -> [String] {
    try TextFile.write(
      [
        "listeners.tcp = none", "mqtt.listeners.tcp.1 = 127.0.0.1:\(port)", "mqtt.allow_anonymous = true",
        "log.console = true", "log.console.level = warning", "log.file = false",
      ], to: folder + "/rabbitmq.conf")
    try TextFile.write(["[rabbitmq_mqtt]."], to: folder + "/enabled_plugins")
    let mapper = try TextFile.read(folder + "/epmd.port")
    let distribution = try Loopback.freePort()
    let environment = [
      "HOME": folder, "ERL_EPMD_PORT": mapper, "ERL_EPMD_ADDRESS": "127.0.0.1",
      // Runs without a terminal, as the single process to wait for.
      "RABBITMQ_ALLOW_INPUT": "1", "RABBITMQ_NODENAME": "wattline\(port)@localhost",
      "RABBITMQ_DIST_PORT": "\(distribution)", "RABBITMQ_CONFIG_FILE": folder + "/rabbitmq.conf",
      "RABBITMQ_ADVANCED_CONFIG_FILE": folder + "/advanced.config",
      "RABBITMQ_ENABLED_PLUGINS_FILE": folder + "/enabled_plugins", "RABBITMQ_MNESIA_BASE": folder + "/mnesia",
      "RABBITMQ_FEATURE_FLAGS_FILE": folder + "/feature_flags", "RABBITMQ_LOG_BASE": folder,
      "RABBITMQ_GENERATED_CONFIG_DIR": folder + "/generated", "RABBITMQ_PID_FILE": folder + "/pid",
      "RABBITMQ_CONF_ENV_FILE": "/dev/null",
      "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    ]
    let words = environment.map { "\($0.key)=\($0.value)" }.sorted()
    return [try Programs.require("env", package: "coreutils")] + words + [path, "-noinput"]
  }
}
