/// RabbitMQ with its MQTT plugin: MQTT 3.1.1 only, as Debian 12 has it; it closes the connection on MQTT 5's CONNECT.
/// Retained messages come for filters without wildcards only. What it sends again it gives new packet identifiers, so
/// that a reading without a time of its own may come twice.
public struct RabbitProgram: BrokerProgram {
  /// The name that tests show.
  public var name: String { "RabbitMQ" }
  /// The one in `PATH` changes the user and writes to the system's folders.
  public var program: String { "/usr/lib/rabbitmq/bin/rabbitmq-server" }
  /// The package that has it.
  public var package: String { "rabbitmq-server" }
  /// Whether identifiers stay the same when it does.
  public var keepsIdentifiers: Bool { false }
  /// Erlang takes its time on a machine that is busy.
  public var patience: Double { 120 }

  /// As packaged, with a node and a port mapper of its own.
  public init() {}

  /// The port mapper, which a node would otherwise start as a daemon that outlives it.
  public func helper(folder: String, port: Int) throws(ServerError) -> [String]? {
    let mapper = try Loopback.freePort()
    try TextFile.write(["\(mapper)"], to: folder + "/epmd.port")
    return [try Programs.require("epmd", package: "erlang-base"), "-address", "127.0.0.1", "-port", "\(mapper)"]
  }

  /// Writes its configuration and gives the words that start it.
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
      // Without a terminal, and as the one process that is waited for.
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
