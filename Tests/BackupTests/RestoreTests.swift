import Foundation
import Journal
import LocalServers
import PlantModel
import Settings
import Testing
import WattlineTime

@testable import Backup

@Suite("A restore")
struct RestoreTests {
  /// A folder with a journal, and a backup of it.
  private final class Installation {
    static let frozenModel = "/savings/0123456789abcdef-1.0.0.model"
    let folder: TemporaryFolder
    var path: String { folder.path + "/backup" }
    var settings = ProcessSettings()

    init(records: Int = 3) throws {
      folder = try TemporaryFolder(prefix: "wattline-restore")
      settings.journal.path = folder.path + "/journal"
      let journal = try Journal(directory: settings.journal.path)
      for number in 0..<records {
        try journal.append(
          kind: .tick, received: Timestamp(seconds: Int64(number)), body: [UInt8](repeating: 1, count: 99))
      }
      let store = try CheckpointStore(directory: settings.journal.path)
      try store.save(Checkpoint(offset: 32, state: [1, 2, 3]))
      try FileManager.default.createDirectory(
        atPath: settings.journal.path + "/savings", withIntermediateDirectories: true)
      try "frozen".write(
        toFile: settings.journal.path + Installation.frozenModel, atomically: true, encoding: .utf8)
      try FileManager.default.createDirectory(atPath: folder.path + "/plants", withIntermediateDirectories: true)
      for name in ["wattline.yaml", "secret"] {
        try name.write(toFile: "\(folder.path)/plants/\(name)", atomically: true, encoding: .utf8)
      }
    }

    var job: BackupJob {
      let parts = [
        ConfigurationPart(path: "wattline.yaml", isSecret: false), ConfigurationPart(path: "secret", isSecret: true),
      ]
      var job = BackupJob(settings: settings, configuration: folder.path + "/plants", parts: parts, program: "test")
      job.database = .none
      return job
    }

    deinit { folder.remove() }
  }

  @Test func `everything comes back as it was, with the time of the last message`() throws {
    let site = try Installation()
    let (manifest, _) = try site.job.write(to: site.path)
    #expect(manifest.messages.upTo == "1970-01-01T00:00:02Z")
    #expect(manifest.messages.checkpoint == 32)
    #expect(manifest.notes.contains { $0.hasSuffix("/plants/secret, a secret; --with-secrets takes it") })
    let restore = RestoreJob(path: site.path)
    let target = RestoreJob.Target(
      journal: site.folder.path + "/new/journal", configuration: site.folder.path + "/new/plants")
    #expect(try restore.verified() == manifest)
    try restore.restore(manifest, to: target)
    let text = try String(contentsOfFile: site.folder.path + "/new/plants/wattline.yaml", encoding: .utf8)
    #expect(text == "wattline.yaml")
    #expect(!FileManager.default.fileExists(atPath: site.folder.path + "/new/plants/secret"))
    #expect(try String(contentsOfFile: target.journal + Installation.frozenModel, encoding: .utf8) == "frozen")
    let journal = try Journal(directory: target.journal)
    #expect(journal.recovery.isClean)
    #expect(journal.endOffset == manifest.messages.end)
    #expect(
      try CheckpointStore(directory: target.journal).load().checkpoint == Checkpoint(offset: 32, state: [1, 2, 3]))
    #expect(try FileManager.default.contentsOfDirectory(atPath: target.journal).allSatisfy { !$0.hasPrefix(".") })
  }

  @Test func `secrets are taken only when asked for, and then only encrypted`() throws {
    let site = try Installation()
    var job = site.job
    job.includesSecrets = true
    let refusal = #expect(throws: BackupError.self) { _ = try job.write(to: site.path) }
    #expect(refusal?.description == "a backup with secrets must be encrypted; give --key-file FILE")
    let key = site.folder.path + "/key"
    try ChildProgram(["age-keygen", "-o", key], package: "age").wait()
    job.keyFile = key
    let (manifest, _) = try job.write(to: site.path)
    #expect(manifest.files(in: "config").map(\.path) == ["config/wattline.yaml", "config/secret"])
    #expect(try RestoreJob(path: site.path, keyFile: key).verified() == manifest)
  }

  @Test func `a folder that is in use or not empty is refused, and nothing is changed`() throws {
    let site = try Installation()
    let (manifest, _) = try site.job.write(to: site.path)
    let restore = RestoreJob(path: site.path)
    let target = RestoreJob.Target(journal: site.settings.journal.path, configuration: nil)
    let before = try FileManager.default.subpathsOfDirectory(atPath: target.journal).sorted()
    let full = #expect(throws: BackupError.self) { try restore.restore(manifest, to: target) }
    #expect(full?.description.contains("is not empty") == true)
    #expect(full?.description.contains("mv \(target.journal) \(target.journal).before") == true)
    let running = try Journal(directory: target.journal)
    let busy = #expect(throws: BackupError.self) { try restore.restore(manifest, to: target) }
    #expect(busy?.description == "\(target.journal) is in use by a wattline that runs; end it first")
    try running.close()
    #expect(try FileManager.default.subpathsOfDirectory(atPath: target.journal).sorted() == before)
  }

  @Test func `a damaged backup changes nothing, wherever it is damaged`() throws {
    let site = try Installation()
    _ = try site.job.write(to: site.path)
    let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: site.path)))
    let manifest = try RestoreJob(path: site.path).verified()
    var refusals = 0
    for position in stride(from: 6, to: whole.count, by: max(1, whole.count / 30)) {
      var spoilt = whole
      spoilt[position] ^= 4
      try Data(spoilt).write(to: URL(fileURLWithPath: site.path))
      // A compressed stream has a few bits that mean nothing; then every content and checksum is what it was.
      do throws(BackupError) {
        #expect(try RestoreJob(path: site.path).verified() == manifest, "byte \(position)")
      } catch { refusals += 1 }
    }
    #expect(refusals > 25)
  }

  @Test(arguments: ["../escaped", "journal/../../escaped", "/escaped", "other/escaped", "manifest.json/x"])
  func `an archive with a name that leads elsewhere is refused before anything is written`(name: String) throws {
    let site = try Installation()
    let path = try ArchiveTests.archive([(name, [1]), ("manifest.json", [])], in: site.folder.path)
    #expect(throws: BackupError.self) { _ = try RestoreJob(path: path).verified() }
  }

  @Test func `links, folders and devices in an archive of another program are refused`() throws {
    let site = try Installation()
    let folder = site.folder.path
    try FileManager.default.createDirectory(atPath: folder + "/journal-link", withIntermediateDirectories: true)
    symlink("/etc/passwd", folder + "/journal-link/link")
    for what in ["journal-link", "journal-link/link"] {
      try ChildProgram(["tar", "--zstd", "-cf", folder + "/bad", "-C", folder, what], package: "tar").wait()
      let refusal = #expect(throws: BackupError.self) { _ = try RestoreJob(path: folder + "/bad").verified() }
      #expect(refusal?.description == "the archive has a member that is no regular file, which no backup has")
    }
  }

  @Test func `a backup of a journal that is written, sealed and trimmed meanwhile is whole each time`() throws {
    let site = try Installation()
    let journal = try Journal(
      directory: site.settings.journal.path, maximumBytes: 4 << 20, segmentBytes: 16 << 10, keepBytes: 64 << 10)
    let store = try CheckpointStore(directory: site.settings.journal.path)
    let isOver = Flag()
    let writer = Thread {
      var number: Int64 = 1_000
      while !isOver.isSet {
        for _ in 0..<50 {
          _ = try? journal.append(
            kind: .tick, received: Timestamp(seconds: number), body: [UInt8](repeating: 5, count: 300))
          number += 1
        }
        if let unneeded = try? store.save(
          Checkpoint(offset: journal.endOffset, state: [UInt8(truncatingIfNeeded: number)]))
        {
          _ = try? journal.trim(below: unneeded)
        }
      }
      isOver.end()
    }
    writer.start()
    for round in 0..<20 {
      let acknowledged = journal.endOffset
      let (manifest, _) = try site.job.write(to: site.path)
      #expect(manifest.messages.end >= acknowledged)
      #expect(!manifest.notes.contains { $0.contains("had lost") }, "\(manifest.notes)")
      let target = RestoreJob.Target(journal: "\(site.folder.path)/new\(round)", configuration: nil)
      try RestoreJob(path: site.path).restore(manifest, to: target)
      let copy = try JournalArchive(directory: target.journal)
      #expect(copy.endOffset == manifest.messages.end)
      let checkpoint = try #require(manifest.messages.checkpoint)
      #expect(copy.startOffset <= checkpoint && checkpoint <= copy.endOffset)
      let reader = copy.reader(from: checkpoint)
      while try reader.next() != nil {}
      #expect(reader.damage.places == 0 && reader.position == copy.endOffset)
      try FileManager.default.removeItem(atPath: target.journal)
    }
    isOver.set()
    isOver.waitForEnd()
    try journal.close()
  }
}

/// Asks a thread to end and waits for it.
private final class Flag: @unchecked Sendable {
  // Sendable: accessed inside `lock` only.
  private let lock = NSCondition()
  private var isOver = false
  private var hasEnded = false

  var isSet: Bool { lock.withLock { isOver } }
  func set() { lock.withLock { isOver = true } }
  func end() {
    lock.withLock {
      hasEnded = true
      lock.broadcast()
    }
  }
  func waitForEnd() { lock.withLock { while !hasEnded, lock.wait(until: Date(timeIntervalSinceNow: 20)) {} } }
}
