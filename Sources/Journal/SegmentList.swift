import Glibc

/// A segment: offsets `base..<end`, its header included.
struct Segment: Equatable, Sendable {
  var base: UInt64
  var end: UInt64

  var size: Int { Int(end - base) }

  /// The file's name: the base offset in 20 digits, so that names sort as offsets do.
  static func name(base: UInt64) -> String {
    let digits = String(base)
    return String(repeating: "0", count: max(0, 20 - digits.count)) + digits + ".journal"
  }

  /// The base offset in a file's name; `nil` for other files.
  static func base(ofName name: String) -> UInt64? {
    guard name.hasSuffix(".journal"), name.utf8.count == 28, let base = UInt64(name.dropLast(8)) else { return nil }
    return base <= JournalFormat.maximumOffset ? base : nil
  }
}

/// Finds the segments of a folder and mends the last one.
struct SegmentRecovery {
  let directory: String
  var segments: [Segment] = []
  var report = RecoveryReport()

  init(directory: String) throws(JournalError) {
    self.directory = directory
    try list()
    for segment in segments { try checkHeader(of: segment) }
    try mendTail()
    report.segments = segments.count
    report.endOffset = segments.last?.end ?? 0
  }

  private func open(_ segment: Segment, _ flags: Int32) throws(JournalError) -> OpenFile {
    try OpenFile("\(directory)/\(Segment.name(base: segment.base))", flags)
  }

  private mutating func list() throws(JournalError) {
    let bases = try Folder.names(in: directory).compactMap { Segment.base(ofName: $0) }.sorted()
    for base in bases {
      let size = try open(Segment(base: base, end: base), O_RDONLY).size()
      // A segment never reaches into the next one; a file that does was not written by this program.
      if let last = segments.indices.last { segments[last].end = min(segments[last].end, base) }
      segments.append(Segment(base: base, end: base + UInt64(size)))
    }
    while let last = segments.last, last.size < JournalFormat.segmentHeaderSize {
      unlink("\(directory)/\(Segment.name(base: last.base))")
      segments.removeLast()
      report.removedSegments += 1
    }
  }

  private mutating func checkHeader(of segment: Segment) throws(JournalError) {
    let file = try open(segment, O_RDONLY)
    var bytes = [UInt8](repeating: 0, count: JournalFormat.segmentHeaderSize)
    let result = bytes.withUnsafeMutableBytes { target in
      Result { () throws(JournalError) in try file.read(into: target, at: 0) }
    }
    let count = try result.get()
    let version = bytes.withUnsafeBytes {
      JournalFormat.segmentVersion(UnsafeRawBufferPointer(rebasing: $0[0..<count]), base: segment.base)
    }
    guard let version else {
      report.damagedSegments += 1
      return
    }
    if version != JournalFormat.version { throw .unsupportedVersion(file: file.path, version: version) }
  }

  /// Cuts what follows the last whole record of the last segment: it was being written when the process ended.
  private mutating func mendTail() throws(JournalError) {
    guard let last = segments.last else { return }
    let file = try open(last, O_RDWR)
    let cursor = RecordCursor(file: file, base: last.base, position: last.base, limit: last.end)
    var end = cursor.position
    while let record = try cursor.next() {
      end = record.endOffset
      report.damage = cursor.damage
    }
    guard end < last.end else { return }
    report.truncatedBytes = Int(last.end - end)
    try file.truncate(to: Int(end - last.base))
    try file.sync()
    segments[segments.count - 1].end = end
  }
}
