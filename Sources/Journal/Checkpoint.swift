import Glibc
import StreamCore

/// From where a restart goes on: everything below ``offset`` is in the database or in the spool.
public struct Checkpoint: Equatable, Sendable {
  /// Offset of the first record that has to be read again.
  public var offset: UInt64
  /// Snapshots of the stages at that offset.
  public var state: [UInt8]

  /// A checkpoint.
  public init(offset: UInt64, state: [UInt8]) {
    self.offset = offset
    self.state = state
  }
}

/// Keeps the latest checkpoint and the one before it, each in a file that is there whole or not at all.
///
/// Layout, little-endian: magic `WATTCKPT`, version `UInt16`, flags `UInt16`, 4 bytes zero, offset `UInt64`, length of
/// the state `UInt64`, state, CRC-32C of all before it.
public struct CheckpointStore: Sendable {
  /// What was found.
  public struct Found: Equatable, Sendable {
    /// The latest whole checkpoint, if any.
    public var checkpoint: Checkpoint?
    /// What is wrong with those that were passed over, for the log.
    public var damage: [String] = []
  }

  static let magic: UInt64 = 0x5450_4B43_5454_4157
  static let version: UInt16 = 1
  private static let headerSize = 32

  private let directory: String
  private var latest: String { "\(directory)/checkpoint" }
  private var previous: String { "\(directory)/checkpoint.previous" }

  /// The store in a folder, made if missing.
  public init(directory: String) throws(JournalError) {
    self.directory = directory
    try Folder.make(directory)
  }

  /// The latest checkpoint, or the one before it where the latest is damaged.
  public func load() -> Found {
    var found = Found()
    for path in [latest, previous] where found.checkpoint == nil {
      do { found.checkpoint = try read(path) } catch { found.damage.append("\(path): \(error)") }
    }
    return found
  }

  /// Writes a checkpoint; on return it is on the disk. Returns the offset below which the journal may be trimmed: that
  /// of the older of the two checkpoints kept, from which a restart goes on should the newer one be damaged.
  @discardableResult
  public func save(_ checkpoint: Checkpoint) throws(JournalError) -> UInt64 {
    let temporary = "\(directory)/checkpoint.new"
    let bytes = CheckpointStore.encode(checkpoint)
    do {
      let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_TRUNC)
      try file.write(bytes, at: 0)
      try file.sync()
    } catch {
      unlink(temporary)
      throw error
    }
    // A damaged file must not push the whole one out of its place.
    let before = ((try? read(latest)) ?? nil)
    if before != nil, rename(latest, previous) != 0 { throw .system("renaming \(latest)") }
    guard rename(temporary, latest) == 0 else { throw .system("renaming \(temporary)") }
    try Folder.sync(directory)
    let older = before ?? ((try? read(previous)) ?? nil)
    return min(older?.offset ?? 0, checkpoint.offset)
  }

  private func read(_ path: String) throws -> Checkpoint? {
    if access(path, F_OK) != 0 && errno == ENOENT { return nil }
    let file = try OpenFile(path, O_RDONLY)
    return try CheckpointStore.decode(try file.bytes(at: 0, count: try file.size()))
  }

  static func encode(_ checkpoint: Checkpoint) -> [UInt8] {
    var writer = SnapshotWriter()
    writer.write(magic)
    writer.write(version)
    writer.write(UInt16(0))
    writer.write(UInt32(0))
    writer.write(checkpoint.offset)
    writer.write(UInt64(checkpoint.state.count))
    var bytes = writer.bytes + checkpoint.state
    let checksum = bytes.withUnsafeBytes { CRC32C.checksum($0) }
    withUnsafeBytes(of: checksum.littleEndian) { bytes.append(contentsOf: $0) }
    return bytes
  }

  static func decode(_ bytes: [UInt8]) throws(SnapshotError) -> Checkpoint {
    var reader = SnapshotReader(bytes)
    guard try reader.read(UInt64.self) == magic else { throw .invalid("no checkpoint's magic") }
    try reader.expect(version: version, of: "the checkpoint")
    _ = try reader.read(UInt16.self)
    _ = try reader.read(UInt32.self)
    let offset = try reader.read(UInt64.self)
    let length = try reader.read(UInt64.self)
    guard bytes.count >= headerSize + 4, length == UInt64(bytes.count - headerSize - 4) else {
      throw .truncated(at: bytes.count)
    }
    let end = bytes.count - 4
    let checksum = bytes[..<end].withUnsafeBytes { CRC32C.checksum($0) }
    let stored = bytes[end...].withUnsafeBytes { JournalFormat.load($0, 0, UInt32.self) }
    guard checksum == stored else { throw .invalid("a checksum that does not fit") }
    guard offset <= JournalFormat.maximumOffset else { throw .invalid("an offset beyond any journal") }
    return Checkpoint(offset: offset, state: Array(bytes[headerSize..<end]))
  }
}
