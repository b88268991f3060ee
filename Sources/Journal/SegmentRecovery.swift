import Glibc

/// Lists the segments of a folder, removes leftovers of an interrupted sealing, and repairs the last segment.
struct SegmentRecovery {
  let directory: String
  var segments: [Segment]
  var report = RecoveryReport()

  init(directory: String) throws(JournalError) {
    self.directory = directory
    let list = try SegmentList(directory: directory)
    segments = list.segments
    report.damagedSegments = list.damagedSegments
    for name in list.leftovers {
      unlink("\(directory)/\(name)")
      report.removedLeftovers += 1
    }
    for segment in segments where segment.form == .plain {
      if try !hasHeader(segment) { report.damagedSegments += 1 }
    }
    while try removeEmptyTail() {}
    try mendTail()
    report.missing = list.missing
    report.segments = segments.count
    report.sealedSegments = segments.count { $0.form == .sealed }
    report.endOffset = segments.last?.end ?? 0
  }

  private func open(_ segment: Segment, flags: Int32) throws(JournalError) -> OpenFile {
    try OpenFile("\(directory)/\(segment.name)", flags: flags)
  }

  private func hasHeader(_ segment: Segment) throws(JournalError) -> Bool {
    let file = try open(segment, flags: O_RDONLY)
    let bytes = try file.bytes(at: 0, count: JournalFormat.segmentHeaderSize)
    let version = bytes.withUnsafeBytes { JournalFormat.segmentVersion($0, base: segment.base) }
    guard let version else { return false }
    if version != JournalFormat.version { throw .unsupportedVersion(file: file.path, version: version) }
    return true
  }

  /// Removes a last segment without an intact header or record. It was being created or is not a segment.
  private mutating func removeEmptyTail() throws(JournalError) -> Bool {
    guard let last = segments.last, last.form == .plain, try !hasHeader(last),
      try RecordCursor(last, in: directory).next() == nil
    else { return false }
    unlink("\(directory)/\(last.name)")
    segments.removeLast()
    report.removedSegments += 1
    report.damagedSegments -= 1
    return true
  }

  /// Truncates the last segment after its last complete record, because the next was being written at the crash.
  private mutating func mendTail() throws(JournalError) {
    guard var last = segments.last, last.form == .plain else { return }
    let file = try open(last, flags: O_RDWR)
    let cursor = try RecordCursor(last, in: directory)
    var end = cursor.position
    while let record = try cursor.next() {
      end = record.endOffset
      last.newest = max(last.newest ?? record.received, record.received)
      report.damage = cursor.damage
    }
    if end < last.end {
      report.truncatedBytes = Int(last.end - end)
      try file.truncate(to: Int(end - last.base))
      try file.sync()
      last.end = end
      last.diskBytes = last.size
    }
    segments[segments.count - 1] = last
  }
}
