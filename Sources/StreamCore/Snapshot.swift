import PlantModel
public import WattlineTime

/// Reason why a snapshot cannot be read. Callers then rebuild the state from the journal and never crash.
public enum SnapshotError: Error, Equatable, CustomStringConvertible {
  /// The data ends before the requested value.
  case truncated(at: Int)
  /// A length, code or version that this program does not write.
  case invalid(String)

  /// Description of the problem.
  public var description: String {
    switch self {
    case .truncated(let offset): "the snapshot ends at byte \(offset), before it is complete"
    case .invalid(let what): "the snapshot has \(what), which this version does not read"
    }
  }
}

/// Writes the state of stages as little-endian binary data. The enclosing file provides checksums and atomicity.
public struct SnapshotWriter: Sendable {
  @usableFromInline var written: [UInt8] = []
  /// All bytes written so far.
  @inlinable public var bytes: [UInt8] { written }

  /// Creates an empty snapshot.
  public init() {}

  /// Restarts in the same memory.
  public mutating func reset() { written.removeAll(keepingCapacity: true) }

  /// Writes a fixed-width integer.
  @inlinable
  public mutating func write<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    // Written in place for speed: there are hundreds of numbers per sensor, and the stream waits meanwhile.
    written.append(addingCapacity: MemoryLayout<T>.size) { span in
      span.withUnsafeMutableBufferPointer { buffer, used in
        guard let base = buffer.baseAddress else { return }
        UnsafeMutableRawPointer(base + used).storeBytes(of: value.littleEndian, as: T.self)
        used += MemoryLayout<T>.size
      }
    }
  }
  /// Writes a double by its bit pattern, which preserves NaN.
  @inlinable public mutating func write(_ value: Double) { write(value.bitPattern) }
  /// Writes a boolean as one byte.
  @inlinable public mutating func write(_ value: Bool) { write(value ? 1 as UInt8 : 0) }
  /// Writes a timestamp.
  @inlinable public mutating func write(_ value: Timestamp) { write(value.nanoseconds) }
  /// Writes a time span.
  @inlinable public mutating func write(_ value: TimeSpan) { write(value.nanoseconds) }
  /// Writes UTF-8 text with its length.
  public mutating func write(_ value: String) {
    write(UInt32(value.utf8.count))
    written.append(contentsOf: value.utf8)
  }
  /// Writes bytes with their count.
  public mutating func write(bytes values: [UInt8]) {
    write(UInt32(values.count))
    written.append(contentsOf: values)
  }
  /// Writes an array with its length, each element by `body`.
  @inlinable
  public mutating func write<T>(_ values: [T], body: (inout SnapshotWriter, T) -> Void) {
    write(UInt32(values.count))
    for value in values { body(&self, value) }
  }
  /// Writes doubles with their count.
  public mutating func write(_ values: [Double]) { write(values) { $0.write($1) } }
}

/// Reads data written by ``SnapshotWriter``, with bounds checks on every read.
public struct SnapshotReader: Sendable {
  @usableFromInline let bytes: [UInt8]
  @usableFromInline var position = 0
  /// Position of the next byte to read.
  @inlinable public var offset: Int { position }

  /// Creates a reader at the start of `bytes`.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether everything was read.
  public var isAtEnd: Bool { offset == bytes.count }

  /// Reads a fixed-width integer.
  @inlinable
  public mutating func read<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type = T.self) throws(SnapshotError) -> T
  {
    let size = MemoryLayout<T>.size
    guard bytes.count - offset >= size else { throw .truncated(at: bytes.count) }
    defer { position += size }
    return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
  }
  /// Reads a double.
  @inlinable
  public mutating func readDouble() throws(SnapshotError) -> Double { Double(bitPattern: try read(UInt64.self)) }
  /// Reads a boolean.
  @inlinable
  public mutating func readBool() throws(SnapshotError) -> Bool {
    switch try read(UInt8.self) {
    case 0: false
    case 1: true
    default: throw .invalid("a boolean that is neither 0 nor 1")
    }
  }
  /// Reads a timestamp.
  @inlinable
  public mutating func readTimestamp() throws(SnapshotError) -> Timestamp {
    Timestamp(nanoseconds: try read(Int64.self))
  }
  /// Reads a time span.
  public mutating func readTimeSpan() throws(SnapshotError) -> TimeSpan { TimeSpan(nanoseconds: try read(Int64.self)) }
  /// Reads a text.
  public mutating func readString() throws(SnapshotError) -> String {
    let count = try readCount(elementSize: 1)
    defer { position += count }
    return String(decoding: bytes[offset..<offset + count], as: UTF8.self)
  }
  /// Reads an array, each element with `body`. `elementSize` is the minimum size of an element [bytes] and limits the
  /// length.
  @inlinable
  public mutating func readArray<T>(
    elementSize: Int = 1, body: (inout SnapshotReader) throws(SnapshotError) -> T
  ) throws(SnapshotError) -> [T] {
    let count = try readCount(elementSize: elementSize)
    var values: [T] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try body(&self)) }
    return values
  }
  /// Reads a byte array.
  public mutating func readBytes() throws(SnapshotError) -> [UInt8] {
    let count = try readCount(elementSize: 1)
    defer { position += count }
    return Array(bytes[offset..<offset + count])
  }
  /// Reads an array of doubles.
  public mutating func readDoubles() throws(SnapshotError) -> [Double] {
    try readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.readDouble() }
  }
  /// Reads a layout version.
  ///
  /// - Throws: `SnapshotError.invalid` if it differs from `version`.
  public mutating func expect(version: UInt16, of what: String) throws(SnapshotError) {
    let found = try read(UInt16.self)
    if found != version { throw .invalid("version \(found) of \(what) instead of \(version)") }
  }

  @usableFromInline
  mutating func readCount(elementSize: Int) throws(SnapshotError) -> Int {
    let count = Int(try read(UInt32.self))
    guard count <= (bytes.count - offset) / max(1, elementSize) else { throw .truncated(at: bytes.count) }
    return count
  }
}
