import PlantModel
import WattlineTime

/// Type of a record. Unknown codes are preserved.
public struct RecordKind: RawRepresentable, Hashable, Sendable {
  /// Code on disk.
  public var rawValue: UInt8

  /// Creates the kind of a code.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A burst of messages, as encoded by `MessageFrameBuilder`.
  public static let messages = RecordKind(rawValue: 1)
  /// A tick of the receive clock, without a body.
  public static let tick = RecordKind(rawValue: 2)
  /// A change of the configuration.
  public static let configuration = RecordKind(rawValue: 3)
  /// A trained model.
  public static let model = RecordKind(rawValue: 4)
  /// Counts of skipped messages: duplicates or oversized ones.
  public static let passedOver = RecordKind(rawValue: 5)
  /// A change of whether the database accepts points.
  public static let database = RecordKind(rawValue: 6)
  /// A fault of the process, or its end.
  public static let process = RecordKind(rawValue: 7)
  /// News of a meter whose savings are verified.
  public static let savings = RecordKind(rawValue: 8)
}

/// The layout of segments and records, little-endian.
///
/// Segment header, 32 bytes: magic `WATTJRNL`, version `UInt16`, flags `UInt16`, 4 bytes zero, base offset `UInt64`, 4
/// bytes zero, CRC-32C of the 28 bytes before.
///
/// Record, 24 bytes and the body: marker `UInt16`, kind `UInt8`, flags `UInt8`, body length `UInt32`, receive time
/// `Int64` [ns], CRC-32C of the record's offset and the 16 bytes before, CRC-32C of the body.
///
/// The header has a separate checksum, so that a damaged body costs only one record. The checksum includes the offset,
/// so that a copy of a record elsewhere, in a body or a misplaced block, is not valid.
public enum JournalFormat {
  /// Version of the layout.
  public static let version: UInt16 = 1
  /// Maximum size of a body [bytes]; above MQTT's largest message.
  public static let maximumBodyBytes = 512 << 20
  /// Size of a segment's header [bytes].
  public static let segmentHeaderSize = 32
  /// Size of a record without its body [bytes].
  public static let recordHeaderSize = 24

  static let magic: UInt64 = 0x4C4E_524A_5454_4157
  static let marker: UInt16 = 0x4C57
  /// Largest offset accepted as valid, so that sums of offsets cannot overflow.
  static let maximumOffset: UInt64 = 1 << 62

  /// An intact record header.
  struct RecordHeader {
    var kind: RecordKind
    var received: Timestamp
    var length: Int
    var bodyChecksum: UInt32
  }

  static func writeSegmentHeader(base: UInt64, to target: UnsafeMutableRawBufferPointer) {
    target.initializeMemory(as: UInt8.self, repeating: 0)
    target.storeBytes(of: magic.littleEndian, toByteOffset: 0, as: UInt64.self)
    target.storeBytes(of: version.littleEndian, toByteOffset: 8, as: UInt16.self)
    target.storeBytes(of: base.littleEndian, toByteOffset: 16, as: UInt64.self)
    let checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: target[0..<28]))
    target.storeBytes(of: checksum.littleEndian, toByteOffset: 28, as: UInt32.self)
  }

  /// Returns the version in a segment's header; `nil` if the header is damaged or has another base.
  static func segmentVersion(_ bytes: UnsafeRawBufferPointer, base: UInt64) -> UInt16? {
    guard bytes.count >= segmentHeaderSize, load(bytes, at: 0, as: UInt64.self) == magic,
      load(bytes, at: 28, as: UInt32.self) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<28])),
      load(bytes, at: 16, as: UInt64.self) == base
    else { return nil }
    return load(bytes, at: 8, as: UInt16.self)
  }

  static func writeRecordHeader(
    kind: RecordKind, received: Timestamp, body: UnsafeRawBufferPointer, offset: UInt64,
    to target: UnsafeMutableRawBufferPointer
  ) {
    target.storeBytes(of: marker.littleEndian, toByteOffset: 0, as: UInt16.self)
    target.storeBytes(of: kind.rawValue, toByteOffset: 2, as: UInt8.self)
    target.storeBytes(of: 0, toByteOffset: 3, as: UInt8.self)
    target.storeBytes(of: UInt32(body.count).littleEndian, toByteOffset: 4, as: UInt32.self)
    target.storeBytes(of: received.nanoseconds.littleEndian, toByteOffset: 8, as: Int64.self)
    let own = headerChecksum(UnsafeRawBufferPointer(target), offset: offset)
    target.storeBytes(of: own.littleEndian, toByteOffset: 16, as: UInt32.self)
    target.storeBytes(of: CRC32C.checksum(body).littleEndian, toByteOffset: 20, as: UInt32.self)
  }

  /// Returns the header at the start of `bytes`, or `nil` if there is no intact one.
  static func recordHeader(_ bytes: UnsafeRawBufferPointer, offset: UInt64) -> RecordHeader? {
    guard bytes.count >= recordHeaderSize, load(bytes, at: 0, as: UInt16.self) == marker,
      load(bytes, at: 16, as: UInt32.self) == headerChecksum(bytes, offset: offset)
    else { return nil }
    let length = Int(load(bytes, at: 4, as: UInt32.self))
    guard length <= maximumBodyBytes else { return nil }
    return RecordHeader(
      kind: RecordKind(rawValue: bytes[2]), received: Timestamp(nanoseconds: load(bytes, at: 8, as: Int64.self)),
      length: length, bodyChecksum: load(bytes, at: 20, as: UInt32.self))
  }

  static func load<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, at position: Int, as type: T.Type
  ) -> T {
    T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
  }

  private static func headerChecksum(_ bytes: UnsafeRawBufferPointer, offset: UInt64) -> UInt32 {
    var crc = CRC32C()
    crc.update(offset)
    crc.update(UnsafeRawBufferPointer(rebasing: bytes[0..<16]))
    return crc.value
  }
}
