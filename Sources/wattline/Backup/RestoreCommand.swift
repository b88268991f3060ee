import Backup
import Foundation
import PlantConfig
import PlantModel
import Settings

/// `wattline restore`: puts a backup back into an empty folder.
enum RestoreCommand {
  static let description = CommandDescription(
    name: "restore", summary: "puts a backup back into an empty folder, or shows what it has",
    operands: ["FILE"],
    options: [
      CommandDescription.configurationOption,
      Option(name: "--into", value: "DIR", help: "folder of the journal (default: journal.path)"),
      Option(name: "--key-file", value: "FILE", help: "the private key, for an encrypted backup"),
      Option(name: "--database", value: "HOST:PORT", help: "restores InfluxDB 1.x too, by its backup port"),
      Option(name: "--list", value: nil, help: "reads all of the backup and lists its files; changes nothing"),
      Option(name: "--verify", value: nil, help: "reads all of the backup and says what it has; changes nothing"),
    ],
    details: """
      All of the backup is read and checked first. A damaged one changes nothing.

      If the folder of configuration has YAML files, they stay and say where the journal goes; use that to move to
      another host, with another broker or other paths. If it is empty or missing, the backup's configuration is put
      there. The journal's folder must be empty, and no wattline may run in it. A database must not exist yet.
      """,
    examples: [
      "wattline restore plant.tar.zst --verify",
      "wattline restore plant.tar.zst --config /etc/wattline --database 127.0.0.1:8088",
      "wattline restore plant.tar.zst.age --key-file key.txt --config new --into /srv/journal",
    ])

  static func run(_ arguments: Arguments) throws {
    let job = RestoreJob(path: arguments.operands[0], keyFile: arguments.text("--key-file"))
    let manifest = try job.verified()
    let text = BackupText(manifest)
    if arguments.has("--list") || arguments.has("--verify") {
      for line in text.origin + text.summary { Console.print(line) }
      if arguments.has("--list") { text.files.forEach { Console.print($0) } }
      Console.print("intact: \(manifest.files.count.counted("file")), \(manifest.bytes >> 10) KiB")
      return
    }
    let present = try settings(arguments.configuration)
    var target = RestoreJob.Target(
      journal: arguments.text("--into") ?? present?.journal.path ?? manifest.journalPath,
      configuration: present == nil ? arguments.configuration : nil)
    if let host = arguments.text("--database") {
      target.database = (host, present?.influxdb.database ?? manifest.database?.name ?? "")
    }
    try job.restore(manifest, to: target)
    report(manifest, target: target, arguments: arguments, present: present)
  }

  /// Returns the settings of a folder that has a configuration; `nil` if it has none.
  private static func settings(_ folder: String) throws -> ProcessSettings? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard names.contains(where: { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }) else { return nil }
    let loaded = ConfigurationLoader.load(directory: folder, environment: ProcessInfo.processInfo.environment)
    for diagnostic in loaded.diagnostics { Console.report("\(diagnostic)") }
    guard loaded.isValid else { exit(ExitCode.failed) }
    return loaded.settings
  }

  private static func report(
    _ manifest: BackupManifest, target: RestoreJob.Target, arguments: Arguments, present: ProcessSettings?
  ) {
    for line in BackupText(manifest).summary { Console.print(line) }
    Console.print("restored into \(target.journal): messages up to \(manifest.messages.upTo ?? "none")")
    if let folder = target.configuration {
      Console.print("restored into \(folder): the configuration")
      if target.journal != manifest.journalPath {
        Console.print("set journal.path of \(folder)/wattline.yaml to \(target.journal)")
      }
    } else {
      Console.print("\(arguments.configuration) keeps its own configuration")
      if let path = present?.journal.path, path != target.journal {
        Console.print("set journal.path of \(arguments.configuration)/wattline.yaml from \(path) to \(target.journal)")
      }
    }
    if let database = target.database {
      Console.print("restored at \(database.host): the database \(database.name)")
    } else if manifest.database != nil {
      Console.print("not restored: the dump of the database; --database HOST:PORT does it")
    }
  }
}
