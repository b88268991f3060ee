import Glibc
import PlantModel
import SystemCore
public import WattlineTime

/// A read-only view of a journal: a copy, a closed one, or one that another process is writing. It changes nothing in
/// the folder and takes no lock.
public final class JournalArchive: SegmentCatalogue {
  /// Folder of the journal.
  public let directory: String
  private var segments: [Segment] = []

  /// Lists the segments in `directory`. The archive and its readers must be used by one thread at a time.
  ///
  /// - Throws: `JournalError` if the folder cannot be listed or a segment cannot be read.
  public init(directory: String) throws(JournalError) {
    self.directory = directory
    try refresh()
  }

  /// Offset of the first byte kept.
  public var startOffset: UInt64 { segments.first?.base ?? 0 }

  /// Offset after the last complete record at the time of the last refresh.
  public var endOffset: UInt64 { segments.last?.end ?? 0 }

  /// Size of the files [bytes].
  public var bytes: Int { segments.reduce(0) { $0 + $1.diskBytes } }

  /// Creates a reader at the first record at or after `offset`, which must be an offset issued by this journal. It ends
  /// at the journal's end as of the last refresh.
  public func reader(from offset: UInt64 = 0) -> JournalReader { JournalReader(self, from: offset) }

  /// Lists the folder again.
  public func refresh() throws(JournalError) {
    var list = try SegmentList(directory: directory).segments
    if let last = list.last, last.form == .plain {
      list[list.count - 1].end = max(last.base, try wholeEnd(of: last))
    }
    segments = list
  }

  /// Refreshes every 0.1 s until the journal has grown beyond `offset`; `false` after the timeout.
  public func waitForMore(than offset: UInt64, timeout: TimeSpan) -> Bool {
    var left = timeout
    while endOffset <= offset && left > .zero {
      let nap = min(left, .milliseconds(100))
      usleep(useconds_t(nap.nanoseconds / 1_000))
      left = left - nap
      // A folder that currently cannot be listed counts as unchanged.
      try? refresh()
    }
    return endOffset > offset
  }

  func segment(at offset: UInt64) -> Segment? { segments.first { $0.end > offset } }

  func segmentNow(at offset: UInt64) throws(JournalError) -> Segment? {
    try refresh()
    return segment(at: offset)
  }

  /// Returns the end of the last complete record. An incomplete one may follow while it is being written.
  private func wholeEnd(of segment: Segment) throws(JournalError) -> UInt64 {
    let known = segments.last.flatMap { $0.base == segment.base && $0.form == .plain ? $0.end : nil }
    var end = max(known ?? 0, min(segment.end, segment.base + UInt64(JournalFormat.segmentHeaderSize)))
    do {
      let cursor = try RecordCursor(segment, in: directory, from: end)
      while let record = try cursor.next() { end = record.endOffset }
    } catch .system(let error) where error.code == ENOENT {
      // Sealed or trimmed since the listing; the next refresh finds the replacement.
    }
    return end
  }
}
