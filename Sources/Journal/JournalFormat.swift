import PlantModel

/// What a record holds. Codes that this version does not know are carried along.
public struct RecordKind: RawRepresentable, Hashable, Sendable {
  /// The code on disk.
  public var rawValue: UInt8

  /// The kind with a code.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A burst of messages; the body is a `MessageFrameBuilder`'s.
  public static let messages = RecordKind(rawValue: 1)
  /// The receive clock ticked; no body.
  public static let tick = RecordKind(rawValue: 2)
  /// The configuration changed.
  public static let configuration = RecordKind(rawValue: 3)
  /// A model was trained.
  public static let model = RecordKind(rawValue: 4)
  /// Counts of messages that came and were passed over: sent again, or too long.
  public static let passedOver = RecordKind(rawValue: 5)
  /// The database began or ceased to take nothing.
  public static let database = RecordKind(rawValue: 6)
}

/// The layout of segments and records, little-endian.
///
/// Segment header, 32 bytes: magic `WATTJRNL`, version `UInt16`, flags `UInt16`, 4 bytes zero, base offset `UInt64`,
/// 4 bytes zero, CRC-32C of the 28 bytes before.
///
/// Record, 24 bytes and the body: marker `UInt16`, kind `UInt8`, flags `UInt8`, body length `UInt32`, receive time
/// `Int64` [ns], CRC-32C of the record's offset and the 16 bytes before, CRC-32C of the body. The header has a checksum
/// of its own so that a damaged body costs one record; the offset is in it so that a copy of a record elsewhere, in a
/// body or by a misplaced block, is none.
public enum JournalFormat {
  /// Version of the layout.
  public static let version: UInt16 = 1
  /// Largest body [bytes]; above MQTT's largest message.
  public static let maximumBodyBytes = 512 << 20
  /// Size of a segment's header [bytes].
  public static let segmentHeaderSize = 32
  /// Size of a record without its body [bytes].
  public static let recordHeaderSize = 24

  static let magic: UInt64 = 0x4C4E_524A_5454_4157
  static let marker: UInt16 = 0x4C57
  /// Offsets above this are not believed, so that sums of offsets cannot overflow.
  static let maximumOffset: UInt64 = 1 << 62

  /// A record's header that was read and is whole.
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

  /// The version in a segment's header; `nil` when the header is damaged or of another base.
  static func segmentVersion(_ bytes: UnsafeRawBufferPointer, base: UInt64) -> UInt16? {
    guard bytes.count >= segmentHeaderSize, load(bytes, 0, UInt64.self) == magic,
      load(bytes, 28, UInt32.self) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<28])),
      load(bytes, 16, UInt64.self) == base
    else { return nil }
    return load(bytes, 8, UInt16.self)
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

  /// The header at the start of `bytes`, or `nil` when there is no whole one.
  static func recordHeader(_ bytes: UnsafeRawBufferPointer, offset: UInt64) -> RecordHeader? {
    guard bytes.count >= recordHeaderSize, load(bytes, 0, UInt16.self) == marker,
      load(bytes, 16, UInt32.self) == headerChecksum(bytes, offset: offset)
    else { return nil }
    let length = Int(load(bytes, 4, UInt32.self))
    guard length <= maximumBodyBytes else { return nil }
    return RecordHeader(
      kind: RecordKind(rawValue: bytes[2]), received: Timestamp(nanoseconds: load(bytes, 8, Int64.self)),
      length: length, bodyChecksum: load(bytes, 20, UInt32.self))
  }

  static func load<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ position: Int, _ type: T.Type
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
