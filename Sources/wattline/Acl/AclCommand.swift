import AccessControl
import Foundation
import PlantConfig
import Settings

/// `wattline acl`: makes the broker's access list and its list of users from the plants' topics.
enum AclCommand {
  static let description = CommandDescription(
    name: "acl", summary: "makes the broker's access list and its users from the plants' own topics",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--out", value: "DIR", help: "writes the files acl and users there (default: prints the ACL)"),
      Option(name: "--refused", value: "FILE", help: "tells whom a log of mosquitto refused, and why; - for stdin"),
    ],
    details: """
      The form is that of mosquitto's acl_file. Each plant is a user called as the plant. It may publish
      on the topics of its file, with + and # for placeholders, and below its own name. The user of
      wattline.yaml reads all of it, and 'operator' is for people. Names and topics that mosquitto cannot
      express are an error, and nothing is written.

      mosquitto tells of refused messages with 'log_type debug' only.
      """,
    examples: [
      "wattline acl --config /etc/wattline",
      "wattline acl --config /etc/wattline --out /etc/mosquitto/wattline",
      "wattline acl --config /etc/wattline --refused /var/log/mosquitto/mosquitto.log",
      "docker compose logs --no-log-prefix mosquitto | wattline acl --refused -",
    ])

  static func run(_ arguments: Arguments) throws {
    let loaded = BrokerAccess.load(arguments.configuration)
    let settings = loaded.settings.mqtt
    let list = try AccessList(
      plants: loaded.plants, user: settings.username ?? "wattline", clientID: settings.clientID)
    if let log = arguments.text("--refused") { return try tell(of: log, list: list) }
    for warning in list.warnings.prefix(20) { Console.report("warning: \(warning)") }
    if list.warnings.count > 20 { Console.report("warning: and \(list.warnings.count - 20) more of this kind") }
    guard let folder = arguments.text("--out") else {
      Console.print(String(list.text.dropLast()))
      return
    }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Failure(description: "\(folder) cannot be made; give --out a folder that may be written")
    }
    try OutputFile.write(list.text, to: folder + "/acl")
    try OutputFile.write(list.users.map { $0 + "\n" }.joined(), to: folder + "/users")
    Console.report("wattline: \(folder)/acl has \(list.accounts.count) users, \(folder)/users their names")
  }

  /// Prints a line for each client and topic that a log has as refused.
  private static func tell(of log: String, list: AccessList) throws {
    guard let input = log == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: log) else {
      throw Failure(description: "\(log) cannot be read; give --refused a log of mosquitto, or - for stdin")
    }
    let text = String(decoding: try input.readToEnd() ?? Data(), as: UTF8.self)
    let refused = RefusedPublish.read(text.split(whereSeparator: \.isNewline).lazy.map(String.init))
    for message in refused {
      let user = message.user.map { "user '\($0)'" } ?? "unknown user"
      Console.print(
        "\(message.topic): refused \(message.count) × from \(user) (client '\(message.client)');\n  "
          + message.remedy(list))
    }
    if refused.isEmpty {
      Console.report("wattline: the log has no refused message (it tells them with log_type debug)")
    }
  }
}
