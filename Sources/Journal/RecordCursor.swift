import Glibc
import PlantModel

/// Walks through the records of one segment in a buffer of its own. What does not parse is stepped over and counted.
final class RecordCursor {
  private static let chunk = 1 << 20

  private let file: OpenFile
  /// Offset of the segment's first byte.
  let base: UInt64
  /// Offset up to which the segment may be read; it grows while the segment is written.
  var limit: UInt64
  /// Offset of the next record.
  private(set) var position: UInt64
  private(set) var damage = JournalDamage()
  private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: RecordCursor.chunk, alignment: 16)
  private var bufferStart: UInt64 = 0
  private var bufferCount = 0

  init(file: OpenFile, base: UInt64, position: UInt64, limit: UInt64) {
    self.file = file
    self.base = base
    self.position = max(position, base + UInt64(JournalFormat.segmentHeaderSize))
    self.limit = limit
  }

  deinit { buffer.deallocate() }

  /// The next whole record below the limit, or `nil`.
  func next() throws(JournalError) -> JournalRecord? {
    while position < limit {
      guard let header = try header(at: position) else {
        try findNextHeader()
        continue
      }
      let start = position
      let size = JournalFormat.recordHeaderSize + header.length
      let bytes = limit - start >= UInt64(size) ? try view(at: start, count: size) : nil
      position = min(limit, start + UInt64(size))
      if let bytes {
        let body = UnsafeRawBufferPointer(rebasing: bytes[JournalFormat.recordHeaderSize..<size])
        if CRC32C.checksum(body) == header.bodyChecksum {
          return JournalRecord(
            offset: start, endOffset: position, kind: header.kind, received: header.received, body: body)
        }
      }
      damage.add(bytes: position - start)
    }
    return nil
  }

  private func findNextHeader() throws(JournalError) {
    let start = position
    position += 1
    while position < limit {
      if try header(at: position) != nil { break }
      position += 1
    }
    damage.add(bytes: position - start)
  }

  private func header(at offset: UInt64) throws(JournalError) -> JournalFormat.RecordHeader? {
    guard let bytes = try view(at: offset, count: JournalFormat.recordHeaderSize) else { return nil }
    return JournalFormat.recordHeader(bytes, offset: offset)
  }

  /// Bytes of the segment, read into the buffer if they are not there yet; `nil` when it ends before.
  private func view(at offset: UInt64, count: Int) throws(JournalError) -> UnsafeRawBufferPointer? {
    guard limit >= offset, limit - offset >= UInt64(count) else { return nil }
    if offset < bufferStart || offset + UInt64(count) > bufferStart + UInt64(bufferCount) {
      if buffer.count < count {
        buffer.deallocate()
        buffer = .allocate(byteCount: count, alignment: 16)
      }
      bufferStart = offset
      bufferCount = 0
      let wanted = Int(min(limit - offset, UInt64(buffer.count)))
      bufferCount = try file.read(
        into: UnsafeMutableRawBufferPointer(rebasing: buffer[0..<wanted]), at: Int(offset - base))
      guard bufferCount >= count else { return nil }
    }
    let first = Int(offset - bufferStart)
    return UnsafeRawBufferPointer(rebasing: buffer[first..<first + count])
  }
}
