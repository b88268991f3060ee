import Glibc
import PlantModel
import WattlineTime

/// Iterates over the records of one segment, with a separate buffer. Invalid bytes are skipped and counted.
final class RecordCursor {
  private static let chunk = 1 << 20

  private enum Bytes {
    case plain(OpenFile)
    case sealed(SealedContent?)
  }

  private let bytes: Bytes
  /// Offset of the segment's first byte.
  let base: UInt64
  /// Offset up to which the segment may be read. It grows while the segment is written.
  var limit: UInt64
  /// Offset of the next record.
  private(set) var position: UInt64
  /// Damage so far; a reader carries it from segment to segment.
  var damage = JournalDamage()
  private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: RecordCursor.chunk, alignment: 16)
  private var bufferStart: UInt64 = 0
  private var bufferCount = 0

  /// Opens the segment's file for reading from `position`, the offset of a record.
  ///
  /// - Parameters:
  ///   - segment: the segment.
  ///   - directory: folder of the journal.
  ///   - position: offset at which to start; clamped to the first record.
  /// - Throws: `.system` with `ENOENT` if the file was trimmed or sealed.
  init(_ segment: Segment, in directory: String, from position: UInt64 = 0) throws(JournalError) {
    let file = try OpenFile("\(directory)/\(segment.name)", flags: O_RDONLY)
    switch segment.form {
    case .plain: bytes = .plain(file)
    case .sealed: bytes = .sealed(try SealedContent(file: file, base: segment.base))
    }
    base = segment.base
    limit = segment.end
    self.position = min(max(position, base + UInt64(JournalFormat.segmentHeaderSize)), max(limit, position))
  }

  deinit { buffer.deallocate() }

  /// Returns the next intact record below the limit, or `nil`.
  func next() throws(JournalError) -> JournalRecord? {
    while position < limit {
      guard let header = try header(at: position) else {
        try findNextHeader()
        continue
      }
      let start = position
      let size = JournalFormat.recordHeaderSize + header.length
      let record = try view(at: start, count: size)
      position = min(limit, start + UInt64(size))
      if let record {
        let body = UnsafeRawBufferPointer(rebasing: record[JournalFormat.recordHeaderSize..<size])
        if CRC32C.checksum(body) == header.bodyChecksum {
          return JournalRecord(
            offset: start, endOffset: position, kind: header.kind, received: header.received, body: body)
        }
      }
      damage.add(start..<position)
    }
    return nil
  }

  /// Moves back to the last returned record, which becomes the next one again.
  func goBack(to record: JournalRecord) { position = record.offset }

  /// Skips blocks that end before `timestamp`, if the segment has a block list.
  func skipBlocks(before timestamp: Timestamp) {
    guard case .sealed(let content?) = bytes else { return }
    while let index = content.index(at: position), content.blocks[index].newest < timestamp {
      position = content.blocks[index].end
    }
  }

  private func findNextHeader() throws(JournalError) {
    let start = position
    repeat {
      position = afterHole(at: position) ?? position + 1
      if position >= limit { break }
    } while try header(at: position) == nil
    damage.add(start..<position)
  }

  /// Returns where readable bytes may continue if the block just requested at `offset` is unreadable.
  private func afterHole(at offset: UInt64) -> UInt64? {
    guard case .sealed(let content) = bytes, offset < bufferStart || offset >= bufferStart + UInt64(bufferCount) else {
      return nil
    }
    return min(content?.nextStart(after: offset) ?? limit, limit)
  }

  private func header(at offset: UInt64) throws(JournalError) -> JournalFormat.RecordHeader? {
    guard let bytes = try view(at: offset, count: JournalFormat.recordHeaderSize) else { return nil }
    return JournalFormat.recordHeader(bytes, offset: offset)
  }

  /// Returns bytes of the segment, read into the buffer if necessary; `nil` if the segment ends before.
  private func view(at offset: UInt64, count: Int) throws(JournalError) -> UnsafeRawBufferPointer? {
    guard limit >= offset, limit - offset >= UInt64(count) else { return nil }
    if !isBuffered(offset, count: count) {
      switch bytes {
      case .plain(let file): try fill(from: file, at: offset, count: count)
      case .sealed(let content): try content.map { content throws(JournalError) in try fill(from: content, at: offset) }
      }
      guard isBuffered(offset, count: count) else { return nil }
    }
    let first = Int(offset - bufferStart)
    return UnsafeRawBufferPointer(rebasing: buffer[first..<first + count])
  }

  private func isBuffered(_ offset: UInt64, count: Int) -> Bool {
    offset >= bufferStart && offset + UInt64(count) <= bufferStart + UInt64(bufferCount)
  }

  private func fill(from file: OpenFile, at offset: UInt64, count: Int) throws(JournalError) {
    makeBuffer(count)
    bufferStart = offset
    let wanted = Int(min(limit - offset, UInt64(buffer.count)))
    bufferCount = try file.read(
      into: UnsafeMutableRawBufferPointer(rebasing: buffer[0..<wanted]), at: Int(offset - base))
  }

  /// Reads whole blocks of a sealed segment; no record crosses a block's end.
  private func fill(from content: SealedContent, at offset: UInt64) throws(JournalError) {
    guard let index = content.index(at: offset) else {
      bufferCount = 0
      return
    }
    let block = content.blocks[index]
    if block.start == bufferStart && block.length == bufferCount { return }
    makeBuffer(block.length)
    bufferStart = block.start
    bufferCount = 0
    if try content.read(block, into: buffer) { bufferCount = block.length }
  }

  private func makeBuffer(_ count: Int) {
    bufferCount = 0
    guard buffer.count < count else { return }
    buffer.deallocate()
    buffer = .allocate(byteCount: count, alignment: 16)
  }
}
