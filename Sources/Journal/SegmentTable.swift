import PlantModel
import WattlineTime

/// The segments of a journal, their size on disk, and the rules for removing them.
///
/// Everything below the trim offset is released. Of the released segments, the newest ``keepBytes`` remain as history.
/// They remain as long as they are not older than ``maximumAge`` and new records do not need the room. Unreleased
/// segments are never removed.
struct SegmentTable {
  /// Segments by offset; the last one is being written.
  private(set) var segments: [Segment]
  /// Size of all files, including the one being compressed into [bytes].
  var diskBytes: Int { fileBytes + compressingBytes }
  /// Size of the file being compressed into [bytes].
  var compressingBytes = 0
  private let keepBytes: Int
  private let maximumAge: TimeSpan?
  private var fileBytes: Int
  private var released: UInt64 = 0

  init(_ segments: [Segment], keepBytes: Int, maximumAge: TimeSpan?) {
    self.segments = segments
    self.keepBytes = keepBytes
    self.maximumAge = maximumAge
    fileBytes = segments.reduce(0) { $0 + $1.diskBytes }
  }

  /// The segment being written.
  var active: Segment { segments.last ?? Segment(base: 0, end: 0) }

  /// Returns the first segment with bytes at or after `offset`.
  func segment(at offset: UInt64) -> Segment? {
    var (low, high) = (0, segments.count)
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    return low < segments.count ? segments[low] : nil
  }

  /// The oldest segment that is worth sealing.
  var oldestPlain: Segment? { segments.dropLast().first { $0.form == .plain && !$0.isIncompressible } }

  /// Size of released segments, available to new records [bytes].
  var reclaimableBytes: Int { releasedSegments.reduce(0) { $0 + $1.diskBytes } }

  /// The oldest released segment.
  var oldestReleased: Segment? { releasedSegments.first }

  /// The oldest released segment if it exceeds the size or age of the history.
  var oldestExpired: Segment? {
    guard let oldest = oldestReleased else { return nil }
    let isOld = isAged(oldest)
    return isOld || reclaimableBytes > keepBytes ? oldest : nil
  }

  mutating func append(_ segment: Segment) {
    segments.append(segment)
    fileBytes += segment.diskBytes
  }

  /// Accounts for a record written to the active segment.
  mutating func grow(by bytes: Int, received: Timestamp) {
    let last = segments.count - 1
    segments[last].end += UInt64(bytes)
    segments[last].diskBytes += bytes
    segments[last].newest = max(segments[last].newest ?? received, received)
    fileBytes += bytes
  }

  /// Releases everything appended below `offset`.
  mutating func release(below offset: UInt64) { released = max(released, min(offset, active.end)) }

  /// Removes the oldest segment from the table.
  mutating func removeOldest() {
    if !segments.isEmpty { fileBytes -= segments.removeFirst().diskBytes }
  }

  /// Replaces a segment by its other form. Returns `false` if it is no longer in the table.
  mutating func replace(with segment: Segment) -> Bool {
    guard let index = segments.firstIndex(where: { $0.base == segment.base }) else { return false }
    fileBytes += segment.diskBytes - segments[index].diskBytes
    segments[index] = segment
    return true
  }

  private var releasedSegments: ArraySlice<Segment> { segments.dropLast().prefix { $0.end <= released } }

  /// Measures age by receive times alone, so that the result does not depend on the time of the call.
  private func isAged(_ segment: Segment) -> Bool {
    guard let maximumAge, let newest = segment.newest, let latest = segments.lazy.compactMap(\.newest).max() else {
      return false
    }
    return latest - newest > maximumAge
  }
}
