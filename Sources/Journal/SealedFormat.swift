import PlantModel
import WattlineTime

/// The layout of sealed segments, little-endian.
///
/// The plain segment's bytes are cut between records into blocks, each of which is one zstd frame (RFC 8878). The block
/// list is stored twice in skippable frames, which decompressors ignore: header and entries at the head, entries and
/// header at the tail. `zstd -dc` therefore restores the plain segment byte for byte. An offset or a time is found by
/// reading the list alone. Damage at one place costs one block at most.
///
/// Header, 48 bytes: magic `WATTSEAL`, version `UInt16`, flags `UInt16`, number of blocks `UInt32`, base offset
/// `UInt64`, end offset `UInt64`, size of the file `UInt64`, 4 bytes zero, CRC-32C of the 44 bytes before.
///
/// Entry, 48 bytes: start offset `UInt64`, length of the content `UInt32` and of the frame `UInt32`, position of the
/// frame in the file `UInt64`, earliest and latest receive time `Int64` [ns], CRC-32C of the frame, CRC-32C of the
/// segment's base and the 44 bytes before.
enum SealedFormat {
  static let version: UInt16 = 1
  static let headerSize = 48
  static let entrySize = 48
  /// Size of a skippable frame's magic and length [bytes].
  static let frameHeaderSize = 8

  private static let magic: UInt64 = 0x4C41_4553_5454_4157
  private static let skippable: UInt32 = 0x184D_2A50

  /// Content of the header.
  struct Header: Equatable {
    var version = SealedFormat.version
    var blocks: Int
    var base: UInt64
    var end: UInt64
    var fileBytes: Int

    /// File position of the first frame.
    var framesStart: Int { frameHeaderSize + headerSize + blocks * entrySize }
    /// File position of the entries at the tail.
    var tailEntries: Int { fileBytes - headerSize - blocks * entrySize }
  }

  /// A sequence of whole records in one frame.
  struct Block: Equatable, Sendable {
    var start: UInt64
    var length: Int
    var position = 0
    var frameLength = 0
    var frameChecksum: UInt32 = 0
    /// Earliest and latest receive time. `oldest` is above `newest` if there is no intact record.
    var oldest: Timestamp
    var newest: Timestamp

    var end: UInt64 { start + UInt64(length) }
  }

  static func headFrame(_ header: Header, blocks: [Block]) -> [UInt8] {
    skippableFrame(encode(header) + entries(blocks, base: header.base))
  }

  static func tailFrame(_ header: Header, blocks: [Block]) -> [UInt8] {
    skippableFrame(entries(blocks, base: header.base) + encode(header))
  }

  /// Returns the header, or `nil` if it is damaged or belongs to another segment.
  static func header(_ bytes: [UInt8], base: UInt64) -> Header? {
    guard bytes.count == headerSize else { return nil }
    return bytes.withUnsafeBytes { bytes -> Header? in
      guard load(bytes, at: 0, as: UInt64.self) == magic, load(bytes, at: 16, as: UInt64.self) == base,
        load(bytes, at: 44, as: UInt32.self) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<44]))
      else { return nil }
      let end = load(bytes, at: 24, as: UInt64.self)
      guard end >= base, end <= JournalFormat.maximumOffset,
        let size = Int(exactly: load(bytes, at: 32, as: UInt64.self))
      else { return nil }
      let header = Header(
        version: load(bytes, at: 8, as: UInt16.self), blocks: Int(load(bytes, at: 12, as: UInt32.self)), base: base,
        end: end,
        fileBytes: size)
      return header.framesStart <= header.tailEntries ? header : nil
    }
  }

  /// Returns the entry at position `place` of `bytes`, or `nil` if it is damaged.
  ///
  /// - Parameters:
  ///   - bytes: the block list.
  ///   - place: position of the entry in `bytes`.
  ///   - base: base offset of the segment, which the checksum includes.
  static func block(_ bytes: [UInt8], at place: Int, base: UInt64) -> Block? {
    guard place >= 0, bytes.count - place >= entrySize else { return nil }
    return bytes.withUnsafeBytes { all -> Block? in
      let bytes = UnsafeRawBufferPointer(rebasing: all[place..<place + entrySize])
      guard load(bytes, at: 44, as: UInt32.self) == checksum(bytes, base: base) else { return nil }
      let start = load(bytes, at: 0, as: UInt64.self)
      guard start >= base, start <= JournalFormat.maximumOffset,
        let position = Int(exactly: load(bytes, at: 16, as: UInt64.self))
      else { return nil }
      return Block(
        start: start, length: Int(load(bytes, at: 8, as: UInt32.self)), position: position,
        frameLength: Int(load(bytes, at: 12, as: UInt32.self)), frameChecksum: load(bytes, at: 40, as: UInt32.self),
        oldest: Timestamp(nanoseconds: load(bytes, at: 24, as: Int64.self)),
        newest: Timestamp(nanoseconds: load(bytes, at: 32, as: Int64.self)))
    }
  }

  private static func load<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, at position: Int, as type: T.Type
  ) -> T { JournalFormat.load(bytes, at: position, as: type) }

  private static func encode(_ header: Header) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(magic)
    bytes.append(header.version)
    bytes.append(UInt16(0))
    bytes.append(UInt32(header.blocks))
    bytes.append(header.base)
    bytes.append(header.end)
    bytes.append(UInt64(header.fileBytes))
    bytes.append(UInt32(0))
    bytes.append(bytes.withUnsafeBytes { CRC32C.checksum($0) })
    return bytes
  }

  private static func entries(_ blocks: [Block], base: UInt64) -> [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(blocks.count * entrySize)
    for block in blocks {
      var bytes: [UInt8] = []
      bytes.append(block.start)
      bytes.append(UInt32(block.length))
      bytes.append(UInt32(block.frameLength))
      bytes.append(UInt64(block.position))
      bytes.append(block.oldest.nanoseconds)
      bytes.append(block.newest.nanoseconds)
      bytes.append(block.frameChecksum)
      bytes.append(bytes.withUnsafeBytes { checksum($0, base: base) })
      all += bytes
    }
    return all
  }

  private static func checksum(_ entry: UnsafeRawBufferPointer, base: UInt64) -> UInt32 {
    var crc = CRC32C()
    crc.update(base)
    crc.update(UnsafeRawBufferPointer(rebasing: entry[..<44]))
    return crc.value
  }

  private static func skippableFrame(_ content: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(skippable)
    bytes.append(UInt32(content.count))
    return bytes + content
  }
}

extension [UInt8] {
  /// Appends a number as its little-endian bytes.
  fileprivate mutating func append<T: FixedWidthInteger>(_ number: T) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }
}
