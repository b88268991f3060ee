import Foundation
import Glibc

/// The empty folder of a journal that a backup is put into, locked against processes meanwhile.
struct RestoreFolder {
  let path: String
  /// Folder of files that have no places yet.
  var staging: String { "\(path)/\(RestoreJob.staging)" }
  private let lock: Int32
  private let isNew: Bool
  /// Owner of the files: that of a folder that was there, if this process may give files away.
  private let owner: (user: uid_t, group: gid_t)?

  /// Locks a folder, made if missing, and makes its place for files without places.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - needed: size of what it is to take [bytes].
  /// - Throws: ``BackupError`` if it is in use or not empty, or has no room.
  init(_ path: String, needed: Int) throws(BackupError) {
    self.path = path
    var status = stat()
    isNew = stat(path, &status) != 0
    owner = !isNew && geteuid() == 0 ? (status.st_uid, status.st_gid) : nil
    if isNew { try Self.makeFolders(path) }
    lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0 else { throw .system("opening \(path)/lock") }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw BackupError("\(path) is in use by a wattline that runs; end it first")
    }
    do throws(BackupError) {
      try Self.checkEmpty(path)
      try Self.checkRoom(path, needed: needed)
      try? FileManager.default.removeItem(atPath: staging)
      guard mkdir(staging, 0o700) == 0 else { throw .system("making \(path)/\(RestoreJob.staging)") }
      if let owner { chown("\(path)/lock", owner.user, owner.group) }
    } catch {
      close(lock)
      throw error
    }
  }

  /// Removes what has no place yet, after a failure.
  func discard() {
    try? FileManager.default.removeItem(atPath: staging)
    if isNew {
      unlink("\(path)/lock")
      rmdir(path)
    }
    close(lock)
  }

  /// Makes all places durable and releases the folder.
  func finish() throws(BackupError) {
    try? FileManager.default.removeItem(atPath: staging)
    try syncFolder(of: staging)
    close(lock)
  }

  /// Creates a file without a place, and its folders.
  func create(_ name: String) throws(BackupError) -> Int32 {
    var folder = staging
    for part in name.split(separator: "/").dropLast() {
      folder += "/" + part
      if mkdir(folder, 0o700) == 0 { give(folder) } else if errno != EEXIST { throw .system("making \(folder)") }
    }
    let file = open("\(staging)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .system("making \(staging)/\(name)") }
    if let owner { fchown(file, owner.user, owner.group) }
    return file
  }

  /// Moves files from below a part of ``staging`` to their places.
  ///
  /// - Parameters:
  ///   - names: names below the part.
  ///   - part: `journal` or `config`.
  ///   - folder: folder of the places; made if missing.
  func place(_ names: [String], of part: String, in folder: String) throws(BackupError) {
    let isConfiguration = part == "config"
    if isConfiguration { try Self.makeFolders(folder) }
    for name in names {
      let (source, target) = ("\(staging)/\(part)/\(name)", "\(folder)/\(name)")
      let above = name.split(separator: "/").dropLast().joined(separator: "/")
      if !above.isEmpty {
        try Self.makeFolders("\(folder)/\(above)")
        give("\(folder)/\(above)")
      }
      if isConfiguration {
        try Self.copy(source, to: target)
      } else if rename(source, target) != 0 {
        throw .system("moving \(source) to its place (what is in \(path) now is not complete: empty it)")
      }
    }
    for below in Set(names.map { $0.split(separator: "/").dropLast().joined(separator: "/") }) {
      try syncFolder(of: "\(folder)/\(below)/x")
    }
    try syncFolder(of: "\(folder)/x")
  }

  private func give(_ path: String) { if let owner { chown(path, owner.user, owner.group) } }

  /// Copies a file of the configuration, which may be on another disk. Its group is that of the folder, as for files
  /// that are made there by hand.
  private static func copy(_ source: String, to target: String) throws(BackupError) {
    guard let data = FileManager.default.contents(atPath: source) else { throw .system("reading \(source)") }
    let file = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
    guard file >= 0 else { throw .system("making \(target)") }
    defer { close(file) }
    let result = data.withUnsafeBytes { bytes in
      Result { () throws(BackupError) in try writeAll(bytes, to: file, name: target) }
    }
    try result.get()
    guard fsync(file) == 0 else { throw .system("writing \(target)") }
  }

  private static func makeFolders(_ path: String) throws(BackupError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
      if mkdir(made, 0o700) != 0, errno != EEXIST { throw .system("making the folder \(made)") }
    }
  }

  private static func checkEmpty(_ path: String) throws(BackupError) {
    let passing: Set<String> = ["lock", "lost+found", RestoreJob.staging]
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let others = names.filter { !passing.contains($0) }.sorted()
    if others.isEmpty { return }
    let examples = others.prefix(3).joined(separator: ", ")
    throw BackupError(
      "\(path) is not empty (\(examples)), and a restore overwrites nothing; move it away, such as: mv \(path) "
        + "\(path).before")
  }

  private static func checkRoom(_ path: String, needed: Int) throws(BackupError) {
    var disk = statvfs()
    guard statvfs(path, &disk) == 0 else { throw .system("asking about the disk of \(path)") }
    let free = UInt64(disk.f_bavail) * UInt64(disk.f_frsize)
    if free < UInt64(needed) {
      throw BackupError("\(path) has \(free >> 20) MiB free, and the backup needs \(needed >> 20) MiB")
    }
  }
}
