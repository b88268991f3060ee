import Glibc
import PlantModel
import SystemCore
package import WattlineTime

/// A checkpoint, and the segments from its offset to a record's end, held open so that they stay readable.
///
/// The journal may belong to another process that appends, seals and trims meanwhile. The checkpoint is read first.
/// All that it covers was accepted before, and all that it needs stays until later checkpoints are kept. Then the
/// segments are listed and opened, which takes milliseconds. Where one was sealed or trimmed in between, all begins
/// anew. Once open, a file is readable though its name is gone.
///
/// The last segment ends at its last complete record. Everything appended before the pin began is below that end.
package struct JournalPin: Sendable {
  /// Files named as in the folder: the checkpoint as `checkpoint` if there is one, then the segments by offset.
  package let files: [PinnedFile]
  /// Offset of the checkpoint; `nil` without one.
  package let checkpoint: UInt64?
  /// Offset of the first pinned byte.
  package let start: UInt64
  /// Offset after the last pinned record.
  package let end: UInt64
  /// Latest receive time of the pinned records; `nil` without records.
  package let newest: Timestamp?
  /// Offsets between ``start`` and ``end`` that no file has, because the journal lost them before.
  package let missing: JournalDamage

  private static let attempts = 20

  /// Pins the journal in a folder.
  ///
  /// - Parameters:
  ///   - directory: folder of the journal.
  ///   - withHistory: whether segments below the checkpoint are included.
  /// - Throws: `JournalError` if the folder or a file cannot be read.
  package init(directory: String, withHistory: Bool) throws(JournalError) {
    for attempt in 1... {
      let isLast = attempt >= Self.attempts
      do throws(JournalError) {
        let pin = try JournalPin(once: directory, withHistory: withHistory)
        let isWhole = pin.missing.places == 0 && pin.start <= pin.checkpoint ?? pin.start
        if isWhole || isLast {
          self = pin
          return
        }
      } catch .system(let error) where error.code == ENOENT && !isLast {
        // Sealed, trimmed or replaced between the listing and the opening.
      }
      usleep(20_000)
    }
    throw .system("listing \(directory)")
  }

  private init(once directory: String, withHistory: Bool) throws(JournalError) {
    let parts = Self.checkpoint(in: directory)
    checkpoint = parts?.offset
    let list = try SegmentList(directory: directory)
    let from = withHistory ? 0 : parts?.offset ?? 0
    var segments = list.segments.filter { $0.end > from }
    if segments.isEmpty, let last = list.segments.last { segments = [last] }
    var files: [PinnedFile] = []
    if let parts { files.append(try PinnedFile("checkpoint", file: parts.file, size: try parts.file.size())) }
    for position in segments.indices {
      let segment = segments[position]
      let file = try OpenFile("\(directory)/\(segment.name)", flags: O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
      if position == segments.count - 1, segment.form == .plain {
        segments[position] = try Self.wholeRecords(of: segment, in: directory, from: parts?.offset ?? 0)
      }
      let size = segment.form == .plain ? segments[position].size : segment.diskBytes
      files.append(try PinnedFile(segment.name, file: file, size: size))
    }
    self.files = files
    start = segments.first?.base ?? 0
    end = segments.last?.end ?? 0
    newest = segments.compactMap(\.newest).max() ?? Self.newest(of: segments, in: directory)
    var missing = JournalDamage()
    for (before, after) in zip(segments, segments.dropFirst()) where before.end < after.base {
      missing.add(before.end..<after.base)
    }
    self.missing = missing
  }

  /// Opens the latest intact checkpoint; `nil` if there is none.
  private static func checkpoint(in directory: String) -> CheckpointParts? {
    for name in ["checkpoint", "checkpoint.previous"] {
      if let parts = try? CheckpointParts("\(directory)/\(name)") { return parts }
    }
    return nil
  }

  /// Returns a segment that is being written, up to its last complete record.
  private static func wholeRecords(
    of segment: Segment, in directory: String, from offset: UInt64
  ) throws(JournalError) -> Segment {
    var whole = segment
    let cursor = try RecordCursor(segment, in: directory, from: min(offset, segment.end))
    whole.end = min(cursor.position, segment.end)
    while let record = try cursor.next() {
      whole.end = record.endOffset
      whole.newest = max(whole.newest ?? record.received, record.received)
    }
    return whole
  }

  /// Returns the latest receive time in the last uncompressed segment that has records.
  private static func newest(of segments: [Segment], in directory: String) -> Timestamp? {
    for segment in segments.reversed() {
      var newest: Timestamp?
      guard let cursor = try? RecordCursor(segment, in: directory) else { continue }
      while let record = try? cursor.next() { newest = max(newest ?? record.received, record.received) }
      if let newest { return newest }
    }
    return nil
  }
}
