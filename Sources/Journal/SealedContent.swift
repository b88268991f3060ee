import Compression
import PlantModel
import WattlineTime

/// The content of a sealed segment: its block list and the bytes of its blocks.
struct SealedContent {
  private let file: OpenFile
  private let header: SealedFormat.Header
  /// The known blocks, by offset. Gaps between them are lost.
  let blocks: [SealedFormat.Block]
  /// Whether every block is known and the file has its full size.
  let isComplete: Bool

  /// Reads the block list. Entries missing at the head are taken from the tail. `nil` if neither has a header.
  init?(file: OpenFile, base: UInt64) throws(JournalError) {
    let size = try file.size()
    var header: SealedFormat.Header?
    for place in [SealedFormat.frameHeaderSize, size - SealedFormat.headerSize] where header == nil && place >= 0 {
      header = SealedFormat.header(try file.bytes(at: place, count: SealedFormat.headerSize), base: base)
    }
    // A list larger than the file is invalid, and reading it would only cost memory.
    guard let header, header.blocks <= size / SealedFormat.entrySize else { return nil }
    guard header.version == SealedFormat.version else {
      throw .unsupportedVersion(file: file.path, version: header.version)
    }
    self.file = file
    self.header = header
    blocks = try SealedContent.blocks(file, header: header)
    isComplete = size == header.fileBytes && blocks.count == header.blocks
  }

  /// Offset after the last block.
  var end: UInt64 { header.end }

  /// Latest receive time.
  var newest: Timestamp { blocks.map(\.newest).max() ?? .distantPast }

  /// Returns the index of the block that contains `offset`; `nil` if that block is lost.
  func index(at offset: UInt64) -> Int? {
    let next = firstIndex(after: offset)
    return next > 0 && offset < blocks[next - 1].end ? next - 1 : nil
  }

  /// Returns the start of the first block after `offset`.
  func nextStart(after offset: UInt64) -> UInt64? {
    let next = firstIndex(after: offset)
    return next < blocks.count ? blocks[next].start : nil
  }

  /// Reads and decompresses a block into `target`, which is at least as long. Returns `false` if the block is damaged.
  func read(_ block: SealedFormat.Block, into target: UnsafeMutableRawBufferPointer) throws(JournalError) -> Bool {
    let frame = try file.bytes(at: block.position, count: block.frameLength)
    return frame.withUnsafeBytes { frame in
      frame.count == block.frameLength && CRC32C.checksum(frame) == block.frameChecksum
        && Zstandard.decompress(frame, into: UnsafeMutableRawBufferPointer(rebasing: target[..<block.length]))
    }
  }

  /// Returns whether every block is readable. Reads the whole file.
  func isReadable() throws(JournalError) -> Bool {
    let target = UnsafeMutableRawBufferPointer.allocate(
      byteCount: blocks.map(\.length).max() ?? 0, alignment: 16)
    defer { target.deallocate() }
    for block in blocks { if try !read(block, into: target) { return false } }
    return isComplete
  }

  private func firstIndex(after offset: UInt64) -> Int {
    var (low, high) = (0, blocks.count)
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].start <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func blocks(_ file: OpenFile, header: SealedFormat.Header) throws(JournalError)
    -> [SealedFormat.Block]
  {
    let length = header.blocks * SealedFormat.entrySize
    let head = try file.bytes(at: SealedFormat.frameHeaderSize + SealedFormat.headerSize, count: length)
    let tail = try file.bytes(at: header.tailEntries, count: length)
    var blocks: [SealedFormat.Block] = []
    var end = header.base
    for place in stride(from: 0, to: length, by: SealedFormat.entrySize) {
      let found = [head, tail].lazy.compactMap { SealedFormat.block($0, at: place, base: header.base) }.first
      guard let block = found, block.start >= end, block.end <= header.end, block.length <= longestBlock,
        block.position <= header.fileBytes, block.frameLength <= header.fileBytes
      else { continue }
      blocks.append(block)
      end = block.end
    }
    return blocks
  }

  /// Maximum accepted length of a block's content [bytes]: a largest record and the bytes that may precede it.
  static let longestBlock = JournalFormat.maximumBodyBytes + 16 << 20
}
