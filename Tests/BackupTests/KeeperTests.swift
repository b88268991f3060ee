import Foundation
import Journal
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Synchronization
import SystemCore
import Testing
import WattlineTime

@testable import Backup

@Suite("Backups that a process makes by itself")
struct KeeperTests {
  private static func keeper(
    in folder: String, keep: Int = 2, every: TimeSpan = .days(1), path: String? = nil,
    note: @escaping @Sendable (LogEntry) -> Void = { _ in }
  ) throws -> BackupKeeper {
    var process = ProcessSettings()
    process.journal.path = folder + "/journal"
    let journal = try Journal(directory: process.journal.path)
    try journal.close()
    var settings = BackupSettings(path: path ?? folder + "/backups")
    (settings.keep, settings.every, settings.database) = (keep, every, .none)
    let made = process
    return BackupKeeper(
      settings: settings, instance: "wattline",
      job: { BackupJob(settings: made, configuration: folder, parts: [], program: "test") }, note: note)
  }

  @Test func `the newest are kept, other files stay, and the time of the last is known to the next process`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-keeper")
    defer { folder.remove() }
    let keeper = try Self.keeper(in: folder.path)
    #expect(keeper.status == BackupKeeper.Status())
    try FileManager.default.createDirectory(atPath: folder.path + "/backups", withIntermediateDirectories: true)
    let others = ["notes.txt", "wattline-2-20260101T000000Z.tar.zst", "wattline-today.tar.zst"]
    let begun = "wattline-20260101T000000Z.tar.zst.partial"
    for name in others + [begun] {
      _ = FileManager.default.createFile(atPath: "\(folder.path)/backups/\(name)", contents: nil)
    }
    for hour in 0..<4 { #expect(keeper.take(at: Timestamp(seconds: 1_780_000_000 + Int64(hour) * 3600))) }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/backups").sorted()
    #expect(
      names == ["notes.txt", "wattline-2-20260101T000000Z.tar.zst"]
        + ["wattline-20260528T222640Z.tar.zst", "wattline-20260528T232640Z.tar.zst", "wattline-today.tar.zst"])
    #expect(try Self.keeper(in: folder.path).status == keeper.status)
    #expect(keeper.status.last == Timestamp(seconds: 1_780_000_000 + 3 * 3600) && keeper.status.bytes > 0)
  }

  @Test func `a failure is noted, keeps the time of the last, and leaves no file`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-keeper")
    defer { folder.remove() }
    let notes = Mutex<[String]>([])
    let keeper = try Self.keeper(in: folder.path, path: folder.path + "/no/such") { line in
      notes.withLock { $0.append(line.message) }
    }
    #expect(!keeper.take(at: Timestamp(seconds: 0)))
    #expect(keeper.status == BackupKeeper.Status(last: nil, bytes: 0, isOK: false))
    let place = folder.path + "/no/such"
    #expect(notes.withLock { $0 } == ["backup: failed: making \(place): No such file or directory"])
  }

  @Test func `one that is due is made soon after the start, and the next after the interval`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-keeper")
    defer { folder.remove() }
    let keeper = try Self.keeper(in: folder.path, keep: 9, every: .seconds(1))
    try keeper.start()
    let names = BackupNames(instance: "wattline", isEncrypted: false)
    #expect(Waiting.until(seconds: 15, pause: 50) { names.list(in: folder.path + "/backups").count >= 2 })
    keeper.stop()
    let count = names.list(in: folder.path + "/backups").count
    let next = try Self.keeper(in: folder.path, keep: 9)
    try next.start()
    usleep(700_000)
    next.stop()
    #expect(names.list(in: folder.path + "/backups").count == count)
  }

  @Test(arguments: ["wattline", "site.7/a"])
  func `the name of a backup tells its time`(instance: String) {
    let names = BackupNames(instance: instance, isEncrypted: true)
    let time = Timestamp(seconds: 1_780_000_000)
    #expect(names.name(at: time).hasSuffix("-20260528T202640Z.tar.zst.age"))
    #expect(!names.name(at: time).contains("/"))
    #expect(names.time(of: names.name(at: time)) == time)
    #expect(names.time(of: "x" + names.name(at: time)) == nil)
  }

  @Test(arguments: [
    ("checkpoint", StoredFiles.Treatment.taken(.journal)), ("00000000000000000032.journal", .taken(.journal)),
    ("00000000000000000032.journal.zst", .taken(.journal)), ("00000000000000000032.journal.zst.new", .leftOut),
    ("lock", .leftOut), ("spool/checkpoint", .taken(.spool)), ("spool/lock", .leftOut),
    ("dead-letter/refused-1-1.lp.zst", .taken(.deadLetters)), ("alerts/outbox", .taken(.alerts)),
    ("alerts/.dat.nosync1", .leftOut), ("sessions/wattline.filters", .taken(.sessions)),
    ("savings/0123456789abcdef-1.0.0.model", .taken(.savings)), ("savings/.x-1.0.0.model.7.new", .leftOut),
    ("statements/village.2026-10.json", .taken(.statements)), ("communities/village/checkpoint", .leftOut),
    ("redelivery/checkpoint", .taken(.redelivery)), ("accounts.sqlite", .taken(.journal)),
    ("accounts.sqlite-wal", .leftOut), ("accounts.sqlite-shm", .leftOut), ("spool/accounts.sqlite", .unknown),
    ("later.sqlite", .unknown), ("spool/a/b", .unknown),
    ("other/checkpoint", .unknown),
  ])
  func `every kind of file has its treatment`(path: String, treatment: StoredFiles.Treatment) {
    #expect(StoredFiles.treatment(of: path) == treatment)
  }

  @Test func `a file of a later version is copied as it was, and noted`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-keeper")
    defer { folder.remove() }
    _ = try Self.keeper(in: folder.path)
    _ = FileManager.default.createFile(atPath: folder.path + "/journal/later.db", contents: Data("x".utf8))
    var settings = ProcessSettings()
    settings.journal.path = folder.path + "/journal"
    var job = BackupJob(settings: settings, configuration: folder.path, parts: [], program: "test")
    job.database = .none
    let (manifest, _) = try job.write(to: folder.path + "/backup")
    #expect(manifest.files.contains { $0.path == "journal/later.db" && $0.bytes == 1 })
    #expect(manifest.notes.first == "later.db is no file that this version knows; it was copied as it was")
  }
}
