import Compression
import Glibc
import Journal

/// A tar archive in one zstd frame, encrypted by `age` if a key is given, that appears under its name only once it is
/// whole and on the disk.
///
/// It is written to `NAME.partial`, which its owner alone can read, and is removed again after a failure.
final class ArchiveWriter {
  /// How often free space is looked at [bytes].
  private static let lookInterval = 16 << 20
  private let path: String
  private let partial: String
  private let file: Int32
  private let encoder: ZstandardEncoder
  private let cipher: Cipher?
  private let hasRoom: () -> Bool
  private var sinceLook = 0
  private var isKept = false

  /// Starts an archive.
  ///
  /// - Parameters:
  ///   - path: final name of the file.
  ///   - keyFile: file with the keys of those who may read it; `nil` does not encrypt.
  ///   - hasRoom: asked regularly; `false` ends the archive, so that others on the same disk keep room.
  /// - Throws: ``BackupError`` if the file or the encryption cannot be started.
  init(_ path: String, keyFile: String?, hasRoom: @escaping () -> Bool = { true }) throws(BackupError) {
    guard let encoder = ZstandardEncoder(level: 1) else { throw BackupError("there is no memory for compression") }
    self.path = path
    partial = path + ".partial"
    self.encoder = encoder
    self.hasRoom = hasRoom
    file = try Self.start(partial)
    do throws(BackupError) {
      if let keyFile { cipher = try Cipher(keyFile, to: file) } else { cipher = nil }
    } catch {
      unlink(partial)
      close(file)
      throw error
    }
  }

  private static func start(_ partial: String) throws(BackupError) -> Int32 {
    let file = open(partial, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .system("making \(partial)") }
    var failure: BackupError?
    if flock(file, LOCK_EX | LOCK_NB) != 0 {
      failure = BackupError("\(partial) is being written by another backup; wait for it")
    } else if ftruncate(file, 0) != 0 || fchmod(file, 0o600) != 0 {
      failure = .system("emptying \(partial)")
    }
    guard let failure else { return file }
    close(file)
    throw failure
  }

  deinit {
    if !isKept { unlink(partial) }
    close(file)
  }

  /// Adds a file.
  ///
  /// - Parameters:
  ///   - name: name in the archive.
  ///   - source: the file.
  /// - Returns: the checksum of its content.
  /// - Throws: ``BackupError`` if it cannot be read or the archive cannot be written.
  func add(_ name: String, from source: PinnedFile) throws(BackupError) -> UInt32 {
    try write(TarFormat.headers(name, size: source.size, modified: source.changed))
    var checksum = CRC32C()
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { room.deallocate() }
    var done = 0
    while done < source.size {
      let count: Int
      do { count = try source.read(into: room, at: done) } catch { throw BackupError("\(name): \(error)") }
      guard count > 0 else { throw BackupError("\(name) was truncated while it was read") }
      let bytes = UnsafeRawBufferPointer(rebasing: room[..<count])
      checksum.update(bytes)
      try write(bytes)
      done += count
    }
    try write([UInt8](repeating: 0, count: TarFormat.padding(after: source.size)))
    return checksum.value
  }

  /// Adds a file whose content is in memory.
  func add(_ name: String, content: [UInt8], modified: Int) throws(BackupError) {
    try write(TarFormat.headers(name, size: content.count, modified: modified))
    try write(content)
    try write([UInt8](repeating: 0, count: TarFormat.padding(after: content.count)))
  }

  /// Completes the archive, brings it to the disk and gives it its name.
  ///
  /// - Returns: the size of the file [bytes].
  func finish() throws(BackupError) -> Int {
    try write([UInt8](repeating: 0, count: 2 * TarFormat.blockSize), isLast: true)
    try cipher?.finish()
    guard fsync(file) == 0 else { throw .system("writing \(partial)") }
    var status = stat()
    guard fstat(file, &status) == 0, rename(partial, path) == 0 else { throw .system("renaming \(partial)") }
    isKept = true
    try syncFolder(of: path)
    return Int(status.st_size)
  }

  private func write(_ bytes: [UInt8], isLast: Bool = false) throws(BackupError) {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(BackupError) in try write(bytes, isLast: isLast) }
    }
    try result.get()
  }

  private func write(_ bytes: UnsafeRawBufferPointer, isLast: Bool = false) throws(BackupError) {
    sinceLook += bytes.count
    if sinceLook >= Self.lookInterval {
      sinceLook = 0
      if !hasRoom() {
        throw BackupError("\(partial): the disk is nearly full; the backup was given up so that the journal keeps room")
      }
    }
    let isWritten = try encoder.encode(bytes, isLast: isLast) { (piece) throws(BackupError) in
      if let cipher { try cipher.write(piece) } else { try writeAll(piece, to: file, name: partial) }
    }
    guard isWritten else { throw BackupError("there is no memory for compression") }
  }
}

/// Writes all bytes to a file.
///
/// - Parameters:
///   - bytes: the bytes.
///   - descriptor: the open file.
///   - name: its name, for messages.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, name: String) throws(BackupError) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
    if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { throw .system("writing \(name)") }
  }
}

/// Makes a new, renamed or removed name durable.
func syncFolder(of path: String) throws(BackupError) {
  let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .system("opening \(folder)") }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw .system("syncing \(folder)") }
}
