import Foundation
import Glibc
import Journal

/// The way back: reads a backup completely, and only then puts it into an empty folder.
///
/// 1. All of the file is read: decryption, checksum of the stream, names, sizes and checksums of every file.
/// 2. The folder of the journal must be empty and free, and there must be room.
/// 3. Everything is written below `.restoring` in the folder, compared again and brought to the disk.
/// 4. The database is restored, if asked for. Until here a failure leaves all as it was.
/// 5. The files get their places. A process refuses to start while `.restoring` is there.
public struct RestoreJob: Sendable {
  /// Folder of files that have no places yet, below the folder of the journal.
  public static let staging = ".restoring"

  /// The backup.
  public var path: String
  /// Identity file with the private key; `nil` for a backup that is not encrypted.
  public var keyFile: String?

  /// Creates the job of a backup.
  ///
  /// - Parameters:
  ///   - path: the backup.
  ///   - keyFile: identity file with the private key; `nil` for a backup that is not encrypted.
  public init(path: String, keyFile: String? = nil) {
    self.path = path
    self.keyFile = keyFile
  }

  /// Where a backup goes.
  public struct Target: Sendable {
    /// Folder of the journal.
    public var journal: String
    /// Folder of the configuration; `nil` leaves that of the backup out.
    public var configuration: String?
    /// Address of the database's backup port and the database's new name; `nil` does not restore it.
    public var database: (host: String, name: String)?

    /// Creates a target.
    ///
    /// - Parameters:
    ///   - journal: folder of the journal.
    ///   - configuration: folder of the configuration; `nil` leaves that of the backup out.
    ///   - database: address of the database's backup port and the database's new name; `nil` does not restore it.
    public init(journal: String, configuration: String?, database: (host: String, name: String)? = nil) {
      self.journal = journal
      self.configuration = configuration
      self.database = database
    }
  }

  /// Reads all of the backup and returns what it has. Changes nothing.
  ///
  /// - Throws: ``BackupError`` if it is damaged, cannot be decrypted, or is no backup.
  public func verified() throws(BackupError) -> BackupManifest {
    let archive = try ArchiveReader(path, keyFile: keyFile)
    var found: [BackupManifest.File] = []
    var names: Set<String> = []
    var manifest: BackupManifest?
    while let member = try archive.next() {
      guard manifest == nil else { throw damaged("'\(member.name)' follows the manifest") }
      if member.name == BackupManifest.name {
        manifest = try BackupManifest.decoded(try archive.content(most: BackupManifest.longest))
        continue
      }
      try check(member.name)
      guard names.insert(member.name).inserted else { throw damaged("'\(member.name)' is in it twice") }
      var checksum = CRC32C()
      try Self.read(archive) { (bytes) throws(BackupError) in checksum.update(bytes) }
      found.append(
        BackupManifest.File(path: member.name, bytes: member.size, crc32c: BackupManifest.crcText(checksum.value)))
    }
    guard let manifest else { throw damaged("it has no \(BackupManifest.name)") }
    guard manifest.files == found else { throw damaged("its files are not those of its \(BackupManifest.name)") }
    return manifest
  }

  /// Puts a verified backup into its places.
  ///
  /// - Parameters:
  ///   - manifest: what ``verified()`` returned.
  ///   - target: where it goes.
  /// - Throws: ``BackupError`` with the reason and the remedy; unless it says otherwise, nothing was changed.
  public func restore(_ manifest: BackupManifest, to target: Target) throws(BackupError) {
    if target.database != nil, manifest.database == nil { throw BackupError("the backup has no dump of a database") }
    let folder = try RestoreFolder(target.journal, needed: manifest.bytes)
    var isWhole = true
    defer { if isWhole { folder.discard() } }
    if let configuration = target.configuration { try checkFree(manifest, in: configuration) }
    try stage(manifest, in: folder)
    if let database = target.database, let dump = manifest.database {
      try DatabaseDump.restore(
        (dump.name, database.name), host: database.host, from: "\(folder.staging)/database")
    }
    if let configuration = target.configuration {
      try folder.place(
        manifest.files(in: "config").map { String($0.path.dropFirst(7)) }, of: "config", in: configuration)
    }
    // From here on the folder is not complete, and the staging folder stays as the sign of it until the end.
    isWhole = false
    try folder.place(manifest.files(in: "journal").map { String($0.path.dropFirst(8)) }, of: "journal", in: folder.path)
    try folder.finish()
  }

  private func checkFree(_ manifest: BackupManifest, in folder: String) throws(BackupError) {
    for file in manifest.files(in: "config") {
      let path = "\(folder)/\(file.path.dropFirst(7))"
      if access(path, F_OK) == 0 { throw BackupError("\(path) is there already, and a restore overwrites nothing") }
    }
  }

  private func stage(_ manifest: BackupManifest, in folder: RestoreFolder) throws(BackupError) {
    let archive = try ArchiveReader(path, keyFile: keyFile)
    var position = 0
    while let member = try archive.next() {
      if member.name == BackupManifest.name { continue }
      guard position < manifest.files.count, manifest.files[position].path == member.name else {
        throw damaged("it has changed since it was verified")
      }
      let file = try folder.create(member.name)
      defer { close(file) }
      var checksum = CRC32C()
      try Self.read(archive) { (bytes) throws(BackupError) in
        checksum.update(bytes)
        try writeAll(bytes, to: file, name: member.name)
      }
      guard BackupManifest.crcText(checksum.value) == manifest.files[position].crc32c, fsync(file) == 0 else {
        throw damaged("'\(member.name)' could not be written as it is in the backup")
      }
      position += 1
    }
    guard position == manifest.files.count else { throw damaged("it has changed since it was verified") }
  }

  private func check(_ name: String) throws(BackupError) {
    let isPlaced = ["journal/", "config/", "database/"].contains { name.hasPrefix($0) }
    guard isPlaced, MemberName.isSafe(name) else {
      throw damaged("it has the file '\(name.prefix(100))', which no backup has")
    }
  }

  private static func read(
    _ archive: ArchiveReader, take: (UnsafeRawBufferPointer) throws(BackupError) -> Void
  ) throws(BackupError) {
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { room.deallocate() }
    while true {
      let count = try archive.read(into: room)
      if count == 0 { return }
      try take(UnsafeRawBufferPointer(rebasing: room[..<count]))
    }
  }

  private func damaged(_ words: String) -> BackupError { BackupError("\(path) is damaged: \(words)") }
}
