import Glibc

extension Journal {
  /// Creates the file of a new segment, with its header, and syncs the folder.
  ///
  /// - Parameters:
  ///   - directory: folder of the journal.
  ///   - base: offset of the segment's first byte.
  ///   - synchronize: brings the file's content to the disk.
  static func createSegment(
    in directory: String, base: UInt64, synchronize: @escaping OpenFile.Synchronize
  ) throws(JournalError) -> OpenFile {
    let path = "\(directory)/\(Segment.name(base: base))"
    let file = try OpenFile(path, flags: O_RDWR | O_CREAT | O_TRUNC, synchronize: synchronize)
    let result = withUnsafeTemporaryAllocation(byteCount: JournalFormat.segmentHeaderSize, alignment: 8) { header in
      JournalFormat.writeSegmentHeader(base: base, to: header)
      return Result { () throws(JournalError) in
        try file.write(UnsafeRawBufferPointer(header), body: UnsafeRawBufferPointer(start: nil, count: 0), at: 0)
      }
    }
    do throws(JournalError) {
      try result.get()
      try Folder.sync(directory)
    } catch {
      // An incomplete segment must not stay, because the previous segment continues to grow over its offset.
      unlink(file.path)
      throw error
    }
    return file
  }
}
