import Glibc
import StreamCore
import SystemCore

/// The layout of a checkpoint file, little-endian.
///
/// Header: magic `WATTCKPT`, version `UInt16`, 6 bytes zero, offset `UInt64`, size of the file `UInt64`, CRC-32C of all
/// preceding bytes `UInt32`.
///
/// Each part: length `UInt32`, CRC-32C of the length and the content `UInt32`, content.
enum CheckpointFile {
  static let headerSize = 36
  static let partHeaderSize = 8
  private static let magic: UInt64 = 0x5450_4B43_5454_4157
  private static let version: UInt16 = 2

  static func header(offset: UInt64, size: Int) -> [UInt8] {
    var writer = SnapshotWriter()
    writer.write(magic)
    writer.write(version)
    writer.write(UInt16(0))
    writer.write(UInt32(0))
    writer.write(offset)
    writer.write(UInt64(size))
    writer.write(writer.bytes.withUnsafeBytes { CRC32C.checksum($0) })
    return writer.bytes
  }

  static func partHeader(_ part: [UInt8]) -> [UInt8] {
    var writer = SnapshotWriter()
    writer.write(UInt32(part.count))
    writer.write(checksum(of: part))
    return writer.bytes
  }

  /// Returns the journal offset in a header, checked against a file size of `size` bytes.
  static func offset(in header: [UInt8], size: Int) throws(SnapshotError) -> UInt64 {
    var reader = SnapshotReader(header)
    guard try reader.read(UInt64.self) == magic else { throw .invalid("no checkpoint's magic") }
    try reader.expect(version: version, of: "the checkpoint")
    _ = try reader.read(UInt16.self)
    _ = try reader.read(UInt32.self)
    let offset = try reader.read(UInt64.self)
    let stated = try reader.read(UInt64.self)
    let checksum = header.prefix(headerSize - 4).withUnsafeBytes { CRC32C.checksum($0) }
    guard try reader.read(UInt32.self) == checksum else { throw .invalid("a checksum that does not fit") }
    guard stated == UInt64(size) else { throw .truncated(at: size) }
    guard offset <= JournalFormat.maximumOffset else { throw .invalid("an offset beyond any journal") }
    return offset
  }

  static func checksum(of part: [UInt8]) -> UInt32 {
    var crc = CRC32C()
    crc.update(UInt64(part.count))
    part.withUnsafeBytes { crc.update($0) }
    return crc.value
  }
}

/// A checkpoint being written, part by part and from any thread, so that the whole state is never in memory twice. It
/// takes effect only with ``CheckpointStore/keep(_:)``.
public final class CheckpointDraft: @unchecked Sendable {
  // Sendable: `size` is accessed inside `monitor.locked` only; the rest is constant and Sendable.

  /// Journal offset of the state that the parts describe.
  public let offset: UInt64
  private let file: OpenFile
  private let monitor = Monitor()
  private var size = CheckpointFile.headerSize

  init(_ path: String, offset: UInt64) throws(JournalError) {
    // A discarded draft may still be written to, so this one gets a separate file.
    unlink(path)
    file = try OpenFile(path, flags: O_WRONLY | O_CREAT | O_EXCL)
    self.offset = offset
  }

  /// Appends a part.
  ///
  /// - Throws: `.full` if the disk is full, else `.system`.
  public func append(_ part: [UInt8]) throws(JournalError) {
    let head = CheckpointFile.partHeader(part)
    try monitor.locked { () throws(JournalError) in
      try file.write(head, at: size)
      try file.write(part, at: size + head.count)
      size += head.count + part.count
    }
  }

  /// Writes the header and syncs the file to the disk.
  func seal() throws(JournalError) {
    try monitor.locked { () throws(JournalError) in
      try file.write(CheckpointFile.header(offset: offset, size: size), at: 0)
    }
    try file.sync()
  }
}

/// An intact checkpoint on disk. Its parts can be read one by one, from any thread.
public struct CheckpointParts: Sendable {
  /// Offset of the first record that must be read again.
  public let offset: UInt64
  let file: OpenFile
  private var places: [Range<Int>] = []

  /// Opens a file and verifies all of its checksums.
  init(_ path: String) throws {
    file = try OpenFile(path, flags: O_RDONLY)
    let size = try file.size()
    offset = try CheckpointFile.offset(in: try file.bytes(at: 0, count: CheckpointFile.headerSize), size: size)
    var position = CheckpointFile.headerSize
    while position < size {
      var head = SnapshotReader(try file.bytes(at: position, count: CheckpointFile.partHeaderSize))
      let (length, checksum) = (Int(try head.read(UInt32.self)), try head.read(UInt32.self))
      let start = position + CheckpointFile.partHeaderSize
      guard length <= size - start else { throw SnapshotError.truncated(at: size) }
      places.append(start..<start + length)
      guard CheckpointFile.checksum(of: try read(places.count - 1)) == checksum else {
        throw SnapshotError.invalid("a checksum that does not fit")
      }
      position = start + length
    }
  }

  /// Number of parts.
  public var count: Int { places.count }

  /// Reads a part by its number in the order of writing.
  public func read(_ number: Int) throws(JournalError) -> [UInt8] {
    try file.bytes(at: places[number].lowerBound, count: places[number].count)
  }
}
