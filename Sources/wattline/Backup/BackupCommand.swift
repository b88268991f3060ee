import Backup
import Foundation
import Pipeline
import PlantConfig
import PlantModel

/// `wattline backup`: writes one file with all that an installation has on disk, beside a process that runs.
enum BackupCommand {
  static let description = CommandDescription(
    name: "backup", summary: "writes all that an installation has into one file, while it runs",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--out", value: "FILE", help: "the backup; replaced only once the new one is whole"),
      Option(name: "--key-file", value: "FILE", help: "encrypts with age for the keys in this file"),
      Option(name: "--database", value: "HOST:PORT", help: "InfluxDB's backup port (default: 8088 of its host)"),
      Option(name: "--no-database", value: nil, help: "leaves out the dump of InfluxDB 1.x"),
      Option(name: "--no-history", value: nil, help: "leaves out messages that were processed long ago"),
      Option(name: "--with-secrets", value: nil, help: "takes files of secrets too; needs --key-file"),
    ],
    details: """
      The backup has the journal up to one record, the state of all plants, points that wait for the database, dead
      letters, alerts that wait, the accounts, and the configuration with the files that it names. From InfluxDB 1.x it has a
      portable dump, taken by the program influxd. Other databases have tools of their own.

      Nothing waits for the backup, and nothing is lost that was acknowledged before it began. It is tar in zstd, for
      its owner alone, with checksums. wattline.yaml is in it as it is; files of secrets are not, unless asked for.
      Exit code 1 where anything that was asked for cannot be taken; there is no new file then.
      """,
    examples: [
      "wattline backup --out /mnt/backup/plant.tar.zst --config /etc/wattline",
      "wattline backup --out plant.tar.zst.age --key-file recipients.txt --with-secrets",
      "wattline backup --out plant.tar.zst --no-database",
    ])

  static func run(_ arguments: Arguments) throws {
    guard let path = arguments.text("--out") else {
      throw Misuse(message: "backup needs --out FILE, such as --out plant.tar.zst")
    }
    if arguments.has("--database"), arguments.has("--no-database") {
      throw Misuse(message: "--database and --no-database exclude each other")
    }
    let loaded = ConfigurationLoader.load(
      directory: arguments.configuration, environment: ProcessInfo.processInfo.environment)
    for diagnostic in loaded.diagnostics { Console.report("\(diagnostic)") }
    guard loaded.isValid else { exit(ExitCode.failed) }
    var job = BackupJob(loaded, directory: arguments.configuration, program: Version.text)
    job.keyFile = arguments.text("--key-file")
    job.includesHistory = !arguments.has("--no-history")
    job.includesSecrets = arguments.has("--with-secrets")
    if arguments.has("--no-database") { job.database = .none }
    if let host = arguments.text("--database") { job.database = .at(host) }
    let (manifest, bytes) = try job.write(to: path)
    for line in BackupText(manifest).summary { Console.print(line) }
    Console.print("\(path): \(bytes >> 10) KiB\(job.keyFile == nil ? "" : ", encrypted")")
  }
}

/// A manifest in words.
struct BackupText {
  private let manifest: BackupManifest

  init(_ manifest: BackupManifest) { self.manifest = manifest }

  /// The content of the backup, in a few lines.
  var summary: [String] {
    let upTo = manifest.messages.upTo.map { "up to \($0)" } ?? "none"
    var lines = [
      "messages: \(upTo), offsets \(manifest.messages.start) to \(manifest.messages.end)",
      "state: \(manifest.messages.checkpoint.map { "at offset \($0)" } ?? "none yet")",
    ]
    for (words, folder) in [
      ("points that wait", "journal/spool"), ("dead letters", "journal/dead-letter"), ("configuration", "config"),
      ("database", "database"),
    ] {
      let files = manifest.files(in: folder)
      let bytes = files.reduce(0) { $0 + $1.bytes }
      lines.append("\(words): \(files.isEmpty ? "none" : "\(files.count.counted("file")), \(bytes >> 10) KiB")")
    }
    return lines + manifest.notes
  }

  /// The origin of the backup: by whom, when and where it was made.
  var origin: [String] {
    [
      "created \(manifest.created) by \(manifest.program)",
      "instance \(manifest.instance), journal \(manifest.journalPath)",
    ]
  }

  /// All files with their sizes and checksums.
  var files: [String] {
    manifest.files.map {
      "\($0.crc32c)  \(String(repeating: " ", count: max(0, 12 - "\($0.bytes)".count)))\($0.bytes)  \($0.path)"
    }
  }
}
