import Accounts
import Foundation
import Journal
import PlantModel
import Settings
import SystemCore
import WattlineTime

/// The opened files of a backup with their names in the archive, and its manifest.
struct BackupContent {
  var manifest: BackupManifest
  private(set) var files: [(name: String, file: PinnedFile)] = []

  /// Opens everything but the dump, in the order that ``BackupJob`` explains.
  init(_ job: BackupJob) throws(BackupError) {
    let folder = job.settings.journal.path
    let created = SystemClock.now()
    let journal: JournalPin
    do throws(JournalError) { journal = try JournalPin(directory: folder, withHistory: job.includesHistory) } catch {
      throw BackupError("the journal in \(folder) cannot be read: \(error)")
    }
    manifest = BackupManifest(
      program: job.program, created: created.description, instance: job.settings.mqtt.clientID, journalPath: folder,
      configurationPath: job.configuration,
      messages: BackupManifest.Messages(
        checkpoint: journal.checkpoint, start: journal.start, end: journal.end, upTo: journal.newest?.description))
    if journal.missing.places > 0 {
      manifest.notes.append("the journal had lost \(journal.missing.places.counted("range")) of offsets before")
    }
    if !job.includesHistory { manifest.notes.append("left out: messages from before the last checkpoint") }
    add(journal.files, below: "journal")
    for part in StoredFiles.Part.allCases where part != .journal { try add(part, of: folder) }
    try addUnknown(of: folder)
    try addConfiguration(job)
    if job.database == .none { manifest.notes.append("left out: the database, by choice") }
  }

  /// Adds a copy of the accounts as they are now. Nobody who uses them waits.
  ///
  /// - Parameters:
  ///   - folder: folder of the journal.
  ///   - copies: empty folder that the copy is made in.
  mutating func addAccounts(of folder: String, through copies: String) throws(BackupError) {
    let (name, path) = (AccountStore.fileName, "\(folder)/\(AccountStore.fileName)")
    guard FileManager.default.fileExists(atPath: path) else { return }
    guard AccountStore.isAvailable else {
      manifest.notes.append("left out: \(name); this program was built without the trait HTTP")
      return
    }
    do throws(AccountError) { try AccountStore.copy(path, to: "\(copies)/\(name)") } catch {
      throw BackupError("the accounts cannot be copied: \(error)")
    }
    try add(name, of: copies, below: "journal")
  }

  /// Adds the files of a dump.
  mutating func add(dump folder: String, host: String, database: String) throws(BackupError) {
    for name in StoredFiles.paths(below: folder) { try add(name, of: folder, below: "database") }
    manifest.database = BackupManifest.Dump(name: database, host: host)
  }

  private mutating func add(_ part: StoredFiles.Part, of folder: String) throws(BackupError) {
    let own = "\(folder)/\(part.rawValue)"
    guard FileManager.default.fileExists(atPath: own) else { return }
    switch part {
    case .journal, .spool:
      do throws(JournalError) {
        let pin = try JournalPin(directory: own, withHistory: false)
        add(pin.files, below: "journal/\(part.rawValue)")
      } catch { throw BackupError("\(own) cannot be read: \(error)") }
    case .redelivery, .deadLetters, .alerts, .sessions, .savings, .statements:
      // A file that is renamed while the folder is listed is found by its new name.
      for _ in 0..<5 {
        var opened: [PinnedFile] = []
        var isWhole = true
        for name in StoredFiles.paths(below: own, depth: 0)
        where StoredFiles.treatment(of: "\(part.rawValue)/\(name)") == .taken(part) {
          if let file = try open(name, of: own) { opened.append(file) } else { isWhole = false }
        }
        if isWhole { return add(opened, below: "journal/\(part.rawValue)") }
      }
      throw BackupError("\(own) changes too fast to be copied; try again")
    }
  }

  private mutating func addUnknown(of folder: String) throws(BackupError) {
    for path in StoredFiles.paths(below: folder) where StoredFiles.treatment(of: path) == .unknown {
      guard let file = try open(path, of: folder) else { continue }
      files.append(("journal/\(path)", file))
      manifest.notes.append("\(path) is no file that this version knows; it was copied as it was")
    }
  }

  private mutating func addConfiguration(_ job: BackupJob) throws(BackupError) {
    let root = Self.absolute(job.configuration)
    var names: Set<String> = []
    for part in job.parts {
      let path = Self.absolute(part.path, in: root)
      guard path.hasPrefix(root + "/") else {
        manifest.notes.append("left out: \(path), outside of the folder of the configuration")
        continue
      }
      if part.isSecret && !job.includesSecrets {
        manifest.notes.append("left out: \(path), a secret; --with-secrets takes it")
        continue
      }
      let name = String(path.dropFirst(root.count + 1))
      if names.insert(name).inserted { try add(name, of: root, below: "config", followsLinks: true) }
    }
  }

  private mutating func add(_ pinned: [PinnedFile], below folder: String) {
    files += pinned.map { ("\(folder)/\($0.name)", $0) }
  }

  private mutating func add(
    _ name: String, of folder: String, below target: String, followsLinks: Bool = false
  ) throws(BackupError) {
    guard let file = try open(name, of: folder, followsLinks: followsLinks) else {
      throw BackupError("\(folder)/\(name) cannot be found or is no regular file")
    }
    add([file], below: target)
  }

  private func open(_ name: String, of folder: String, followsLinks: Bool = false) throws(BackupError) -> PinnedFile? {
    do throws(JournalError) {
      return try PinnedFile(in: folder, name: name, followsLinks: followsLinks)
    } catch { throw BackupError("\(folder)/\(name) cannot be read: \(error)") }
  }

  /// Returns a path without `.` and `..`; a relative one is below `folder`, or below the current one.
  private static func absolute(_ path: String, in folder: String? = nil) -> String {
    let full = path.hasPrefix("/") ? path : (folder ?? FileManager.default.currentDirectoryPath) + "/" + path
    return URL(fileURLWithPath: full).standardizedFileURL.path
  }
}
