import Glibc
import PlantModel

/// A journal that is only read: one that was copied, is closed, or that another process is writing right now. Changes
/// nothing in its folder and takes no lock.
public final class JournalArchive: SegmentCatalogue {
  /// The folder.
  public let directory: String
  private var segments: [Segment] = []

  /// Looks at the journal in `directory`. Belongs to one thread at a time, and its readers with it.
  public init(directory: String) throws(JournalError) {
    self.directory = directory
    try refresh()
  }

  /// Offset of the first byte that is kept.
  public var startOffset: UInt64 { segments.first?.base ?? 0 }

  /// Offset after the last record that was whole when the folder was last looked at.
  public var endOffset: UInt64 { segments.last?.end ?? 0 }

  /// Bytes of the files.
  public var bytes: Int { segments.reduce(0) { $0 + $1.diskBytes } }

  /// A reader that starts at the first record at or after `offset`, an offset that this journal gave out. It ends where
  /// the journal ended when the folder was last looked at.
  public func reader(from offset: UInt64 = 0) -> JournalReader { JournalReader(self, from: offset) }

  /// Looks at the folder again.
  public func refresh() throws(JournalError) {
    var list = try SegmentList(directory: directory).segments
    if let last = list.last, last.form == .plain {
      list[list.count - 1].end = max(last.base, try wholeEnd(of: last))
    }
    segments = list
  }

  /// Looks at the folder every tenth of a second until the journal has grown beyond `offset`; `false` after the
  /// timeout.
  public func waitForMore(than offset: UInt64, timeout: TimeSpan) -> Bool {
    var left = timeout
    while endOffset <= offset && left > .zero {
      let nap = min(left, .milliseconds(100))
      usleep(useconds_t(nap.nanoseconds / 1_000))
      left = left - nap
      // A folder that cannot be listed at the moment has not grown.
      try? refresh()
    }
    return endOffset > offset
  }

  func segment(at offset: UInt64) -> Segment? { segments.first { $0.end > offset } }

  func segmentNow(at offset: UInt64) throws(JournalError) -> Segment? {
    try refresh()
    return segment(at: offset)
  }

  /// End of the last whole record; behind it may be one that is just being written.
  private func wholeEnd(of segment: Segment) throws(JournalError) -> UInt64 {
    let known = segments.last.flatMap { $0.base == segment.base && $0.form == .plain ? $0.end : nil }
    var end = max(known ?? 0, min(segment.end, segment.base + UInt64(JournalFormat.segmentHeaderSize)))
    do {
      let cursor = try RecordCursor(segment, in: directory, from: end)
      while let record = try cursor.next() { end = record.endOffset }
    } catch .system(let error) where error.code == ENOENT {
      // Sealed or trimmed since it was listed: the next look tells.
    }
    return end
  }
}
