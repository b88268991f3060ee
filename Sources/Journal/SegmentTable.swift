import PlantModel

/// Which segments a journal has, what they take on disk, and which of them may go.
///
/// Released is what lies below the offset that nobody needs any more. Of that, the newest ``keepBytes`` stay as history
/// for as long as they are not older than ``maximumAge`` and the room is not needed for new records. What was not
/// released never goes.
struct SegmentTable {
  /// By offset; the last one is being written.
  private(set) var segments: [Segment]
  /// Bytes of all files, the one included into which a segment is being compressed.
  var diskBytes: Int { fileBytes + compressingBytes }
  /// Bytes of the file into which a segment is being compressed.
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

  /// The segment that is being written.
  var active: Segment { segments.last ?? Segment(base: 0, end: 0) }

  /// The first segment with bytes at or after `offset`.
  func segment(at offset: UInt64) -> Segment? {
    var (low, high) = (0, segments.count)
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    return low < segments.count ? segments[low] : nil
  }

  /// The oldest segment that is worth to be sealed.
  var oldestPlain: Segment? { segments.dropLast().first { $0.form == .plain && !$0.isIncompressible } }

  /// Bytes that new records may take from released segments.
  var reclaimableBytes: Int { releasedSegments.reduce(0) { $0 + $1.diskBytes } }

  /// The oldest released segment.
  var oldestReleased: Segment? { releasedSegments.first }

  /// The oldest released segment if it is beyond what is kept as history.
  var oldestExpired: Segment? {
    guard let oldest = oldestReleased else { return nil }
    let isOld = isAged(oldest)
    return isOld || reclaimableBytes > keepBytes ? oldest : nil
  }

  mutating func append(_ segment: Segment) {
    segments.append(segment)
    fileBytes += segment.diskBytes
  }

  /// Says that a record was written to the active segment.
  mutating func grow(by bytes: Int, received: Timestamp) {
    let last = segments.count - 1
    segments[last].end += UInt64(bytes)
    segments[last].diskBytes += bytes
    segments[last].newest = max(segments[last].newest ?? received, received)
    fileBytes += bytes
  }

  /// Says that nobody needs what was appended below `offset`.
  mutating func release(below offset: UInt64) { released = max(released, min(offset, active.end)) }

  /// Takes the oldest segment out.
  mutating func removeOldest() {
    if !segments.isEmpty { fileBytes -= segments.removeFirst().diskBytes }
  }

  /// Puts another form in the place of a segment. `false` when that one is gone.
  mutating func replace(with segment: Segment) -> Bool {
    guard let index = segments.firstIndex(where: { $0.base == segment.base }) else { return false }
    fileBytes += segment.diskBytes - segments[index].diskBytes
    segments[index] = segment
    return true
  }

  private var releasedSegments: ArraySlice<Segment> { segments.dropLast().prefix { $0.end <= released } }

  /// Measured by receive times alone, so that it does not depend on when it is asked.
  private func isAged(_ segment: Segment) -> Bool {
    guard let maximumAge, let newest = segment.newest, let latest = segments.lazy.compactMap(\.newest).max() else {
      return false
    }
    return latest - newest > maximumAge
  }
}
