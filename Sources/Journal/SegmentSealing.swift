import Compression
import Glibc
import PlantModel
import WattlineTime

/// Compresses one complete segment into a new file, which is renamed atomically once it is on the disk.
struct SegmentSealing {
  /// Progress of a sealing. The folder is a readable journal after each step.
  enum Step: CaseIterable, Sendable { case writing, written, renamed, listed, done }

  /// Result of a sealing.
  enum Outcome {
    case sealed(Segment)
    /// Compression does not reduce the size; carries the segment with its known properties.
    case incompressible(Segment)
    case stopped
  }

  let directory: String
  let segment: Segment
  /// Size at which a block is complete [bytes]. Starting in the middle requires decompressing one block, and damage
  /// costs one.
  let blockBytes: Int

  /// Writes the sealed file.
  ///
  /// - Parameters:
  ///   - progress: receives the file's size so far [bytes]; returns whether to continue.
  ///   - reached: called after each step.
  func run(progress: (Int) -> Bool, reached: (Step) -> Void) throws(JournalError) -> Outcome {
    let plain = try OpenFile("\(directory)/\(segment.name)", flags: O_RDONLY)
    var blocks = try plan()
    let temporary = "\(directory)/\(Segment.temporaryName(base: segment.base))"
    let file = try OpenFile(temporary, flags: O_RDWR | O_CREAT | O_TRUNC)
    var isKept = false
    defer { if !isKept { unlink(temporary) } }

    var header = SealedFormat.Header(blocks: blocks.count, base: segment.base, end: segment.end, fileBytes: 0)
    var position = header.framesStart
    for index in blocks.indices {
      guard let frame = try frame(of: &blocks[index], at: position, from: plain),
        // The first block shows whether the segment is compressible.
        index > 0 || frame.count < blocks[0].length - blocks[0].length / 8
      else { return .incompressible(known(blocks)) }
      try file.write(frame, at: position)
      position += frame.count
      if index == 0 { reached(.writing) }
      guard progress(position) else { return .stopped }
    }
    header.fileBytes = position + header.framesStart
    guard header.fileBytes < segment.size else { return .incompressible(known(blocks)) }
    try file.write(SealedFormat.tailFrame(header, blocks: blocks), at: position)
    try file.write(SealedFormat.headFrame(header, blocks: blocks), at: 0)
    try file.sync()
    reached(.written)
    guard rename(temporary, "\(directory)/\(Segment.name(base: segment.base, form: .sealed))") == 0 else {
      throw .system("renaming \(temporary)")
    }
    isKept = true
    try Folder.sync(directory)
    reached(.renamed)
    var sealed = known(blocks)
    sealed.form = .sealed
    sealed.diskBytes = header.fileBytes
    return .sealed(sealed)
  }

  /// Divides the segment into blocks at record ends. Damaged bytes stay in them unchanged.
  private func plan() throws(JournalError) -> [SealedFormat.Block] {
    var blocks: [SealedFormat.Block] = []
    var block = emptyBlock(at: segment.base)
    let cursor = try RecordCursor(segment, in: directory)
    while let record = try cursor.next() {
      block.length = Int(record.endOffset - block.start)
      block.oldest = min(block.oldest, record.received)
      block.newest = max(block.newest, record.received)
      if block.length >= blockBytes {
        blocks.append(block)
        block = emptyBlock(at: block.end)
      }
    }
    block.length = Int(segment.end - block.start)
    if block.length > 0 { blocks.append(block) }
    return blocks
  }

  private func emptyBlock(at start: UInt64) -> SealedFormat.Block {
    SealedFormat.Block(start: start, length: 0, oldest: Timestamp(nanoseconds: .max), newest: .distantPast)
  }

  /// Compresses a block into a frame; `nil` if the block is too large or compression fails.
  ///
  /// - Parameters:
  ///   - block: the block; its frame's position, length and checksum are set.
  ///   - position: file position of the frame in the sealed file.
  ///   - plain: the uncompressed segment.
  private func frame(
    of block: inout SealedFormat.Block, at position: Int, from plain: OpenFile
  ) throws(JournalError) -> [UInt8]? {
    guard block.length <= SealedContent.longestBlock else { return nil }
    let content = try plain.bytes(at: Int(block.start - segment.base), count: block.length)
    guard content.count == block.length, let frame = content.withUnsafeBytes({ Zstandard.compressed($0) })
    else { return nil }
    block.position = position
    block.frameLength = frame.count
    block.frameChecksum = frame.withUnsafeBytes { CRC32C.checksum($0) }
    return frame
  }

  private func known(_ blocks: [SealedFormat.Block]) -> Segment {
    var segment = segment
    segment.newest = blocks.map(\.newest).max() ?? .distantPast
    return segment
  }
}
