import Foundation
import Glibc
import Journal
public import Settings
import SystemCore
import WattlineTime

/// A file that the configuration names, or one of its YAML files.
public struct ConfigurationPart: Sendable, Equatable {
  /// Path as the process opens it.
  public var path: String
  /// Whether it has a secret or a private key.
  public var isSecret: Bool

  /// Creates a part.
  ///
  /// - Parameters:
  ///   - path: path as the process opens it.
  ///   - isSecret: whether it has a secret or a private key.
  public init(path: String, isSecret: Bool) {
    self.path = path
    self.isSecret = isSecret
  }
}

/// A backup of an installation, taken beside a process that runs under load, or of one that does not run.
///
/// **What holds of it.** Put back elsewhere, it is an installation of which nothing is lost that was acknowledged
/// before the backup began: each message's data is in the dump of the database, in the journal, in the spool or in a
/// dead-letter file of the backup. It is what a process finds after it was killed, and is started from in the same way.
///
/// **Why the order matters.** Data moves on while it is copied: from the journal to the spool or the database, from the
/// spool to the database or the dead letters, from the dead letters to the database when they are retried. Each place
/// is therefore taken before those to which its data may move. What has left a place before it was copied is found in a
/// later one. What is found in two places is written twice after a restore, and the second replaces the first.
///
/// 1. The checkpoint. All below its offset was accepted before: by the database, the synced spool or a dead letter.
/// 2. The journal from that offset to its last complete record; see ``JournalPin``. All that was acknowledged before is
///    below that end, because a message is acknowledged after it was appended.
/// 3. What the broker may send again, which is saved before the journal is trimmed.
/// 4. The spool, in the same way as the journal: its own checkpoint first.
/// 5. The dead letters.
/// 6. The alerts that wait, saved before a checkpoint is kept. An alert that was delivered meanwhile is delivered
///    again.
/// 7. The filters that the broker may have, frozen models and statements, which never change, and the configuration.
/// 8. A copy of the accounts, which are of use by themselves.
/// 9. The dump of the database.
///
/// Steps 1 to 7 open files and note their sizes, within milliseconds. Afterwards they are read at leisure: removed or
/// replaced files stay readable, and what grew is read up to the size noted. No thread of the running process waits.
public struct BackupJob: Sendable {
  /// Whether the database's own dump is taken.
  public enum DatabaseChoice: Sendable, Hashable {
    /// For version 1.x, from the default port of the database's host.
    case automatic
    /// From this address.
    case at(String)
    /// Left out.
    case none
  }

  /// Settings of the process.
  public var settings: ProcessSettings
  /// Folder of the configuration.
  public var configuration: String
  /// YAML files and the files that they name.
  public var parts: [ConfigurationPart]
  /// Version and commit of the program.
  public var program: String
  /// File with the keys of those who may read the backup; `nil` does not encrypt.
  public var keyFile: String?
  /// Whether the dump of the database is taken.
  public var database = DatabaseChoice.automatic
  /// Whether messages that were processed long ago are taken.
  public var includesHistory = true
  /// Whether files of secrets in the folder of the configuration are taken; needs ``keyFile``.
  public var includesSecrets = false

  /// Creates the job of an installation.
  ///
  /// - Parameters:
  ///   - settings: settings of the process.
  ///   - configuration: folder of the configuration.
  ///   - parts: YAML files and the files that they name.
  ///   - program: version and commit of the program.
  public init(settings: ProcessSettings, configuration: String, parts: [ConfigurationPart], program: String) {
    self.settings = settings
    self.configuration = configuration
    self.parts = parts
    self.program = program
  }

  /// Writes the backup. After a failure there is no file under its name, or the earlier one.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - shouldStop: asked regularly; `true` ends the work with an error.
  /// - Returns: what the backup has, and the size of the file [bytes].
  /// - Throws: ``BackupError`` with the reason.
  public func write(
    to path: String, shouldStop: @escaping () -> Bool = { false }
  ) throws(BackupError) -> (manifest: BackupManifest, bytes: Int) {
    if includesSecrets, keyFile == nil {
      throw BackupError("a backup with secrets must be encrypted; give --key-file FILE")
    }
    let dumpHost = try self.dumpHost()
    let room = DiskRoomWatch(output: path, journal: settings.journal.path)
    let archive = try ArchiveWriter(path, keyFile: keyFile) { room.hasRoom && !shouldStop() }
    var content = try BackupContent(self)
    let (dump, copies) = (path + ".database.partial", path + ".accounts.partial")
    defer { for folder in [dump, copies] { try? FileManager.default.removeItem(atPath: folder) } }
    try? FileManager.default.removeItem(atPath: copies)
    guard mkdir(copies, 0o700) == 0 else { throw .system("making the folder \(copies)") }
    try content.addAccounts(of: settings.journal.path, through: copies)
    if let dumpHost {
      try? FileManager.default.removeItem(atPath: dump)
      guard mkdir(dump, 0o700) == 0 else { throw .system("making the folder \(dump)") }
      try DatabaseDump.take(settings.influxdb.database, host: dumpHost, into: dump) { () throws(BackupError) in
        if !room.hasRoom { throw BackupError("the disk is nearly full, and the journal needs room") }
        return shouldStop()
      }
      try content.add(dump: dump, host: dumpHost, database: settings.influxdb.database)
    } else if database == .automatic {
      content.manifest.notes.append("left out: the database, which is not InfluxDB 1.x; back it up by its own tool")
    }
    for (name, file) in content.files {
      if shouldStop() { throw BackupError("stopped") }
      let checksum = try archive.add(name, from: file)
      content.manifest.files.append(
        BackupManifest.File(path: name, bytes: file.size, crc32c: BackupManifest.crcText(checksum)))
    }
    try archive.add(
      BackupManifest.name, content: content.manifest.encoded(), modified: Int(SystemClock.now().seconds))
    return (content.manifest, try archive.finish())
  }

  /// Returns the address of the database's backup port; `nil` if no dump is taken.
  private func dumpHost() throws(BackupError) -> String? {
    switch database {
    case .none: nil
    case .at(let host): host
    case .automatic:
      try DatabaseDump.isVersion1(settings.influxdb) ? DatabaseDump.address(of: settings.influxdb) : nil
    }
  }
}

/// The free space that a backup leaves to the journal on the same disk.
private struct DiskRoomWatch {
  private static let reserve: UInt64 = 64 << 20
  private let folder: String
  private let needed: UInt64

  /// Watches the disk of `output`, if the journal is on it too.
  init(output: String, journal: String) {
    folder = output.lastIndex(of: "/").map { $0 == output.startIndex ? "/" : String(output[..<$0]) } ?? "."
    var (own, other, checkpoint, disk) = (stat(), stat(), stat(), statvfs())
    guard stat(folder, &own) == 0, stat(journal, &other) == 0, own.st_dev == other.st_dev, statvfs(folder, &disk) == 0
    else {
      needed = 0
      return
    }
    let state = stat(journal + "/checkpoint", &checkpoint) == 0 ? UInt64(clamping: checkpoint.st_size) : 0
    needed = min(Self.reserve + 2 * state, UInt64(disk.f_blocks) * UInt64(disk.f_frsize) / 16)
  }

  var hasRoom: Bool {
    var disk = statvfs()
    guard needed > 0, statvfs(folder, &disk) == 0 else { return true }
    return UInt64(disk.f_bavail) * UInt64(disk.f_frsize) > needed
  }
}
