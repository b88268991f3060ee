import Glibc
import PlantModel

/// What a reader reads: the segments of a journal, its own or another process's.
protocol SegmentCatalogue: AnyObject {
  var directory: String { get }
  /// Offset after the last whole record.
  var endOffset: UInt64 { get }
  /// The first segment with bytes at or after `offset`.
  func segment(at offset: UInt64) -> Segment?
  /// The same, after the file that it named before was not there.
  func segmentNow(at offset: UInt64) throws(JournalError) -> Segment?
  func waitForMore(than offset: UInt64, timeout: TimeSpan) -> Bool
}

/// Reads a journal from an offset to its tail and onwards while it grows. Each reader has its own place and buffer; it
/// belongs to one thread at a time.
public final class JournalReader {
  private let catalogue: any SegmentCatalogue
  private var cursor: RecordCursor?
  private var earlierDamage = JournalDamage()
  private var place: UInt64

  init(_ catalogue: any SegmentCatalogue, from offset: UInt64) {
    self.catalogue = catalogue
    place = offset
  }

  /// Offset of the next record to read.
  public var position: UInt64 { cursor?.position ?? place }

  /// What was stepped over so far, and where: damaged records, and offsets that are no longer there.
  public var damage: JournalDamage { cursor?.damage ?? earlierDamage }

  /// The next record, or `nil` at the tail. Its body is valid until the next call.
  ///
  /// Damage does not end the reading: it goes on at the next whole record, and ``damage`` tells.
  public func next() throws(JournalError) -> JournalRecord? {
    while true {
      if let record = try cursor?.next() { return record }
      guard try enterNext() else { return nil }
    }
  }

  /// Moves forward to the first record that was received at or after `moment`, which is the next one then. `false` when
  /// there is none yet.
  ///
  /// Sealed segments are passed over by their lists of blocks, without being decompressed.
  public func skip(before moment: Timestamp) throws(JournalError) -> Bool {
    while true {
      cursor?.skipBlocks(before: moment)
      // Within a block, and within a segment that has no list of them, records are looked at one by one.
      if let cursor, let record = try cursor.next() {
        guard record.received >= moment else { continue }
        cursor.goBack(to: record)
        return true
      }
      guard try enterNext() else { return false }
    }
  }

  /// Waits until there may be a further record. `false` after the timeout, or once the journal is closed.
  public func waitForMore(timeout: TimeSpan) -> Bool { catalogue.waitForMore(than: position, timeout: timeout) }

  /// Goes on to the segment with the next bytes, or learns that the present one has grown. `false` at the tail.
  private func enterNext() throws(JournalError) -> Bool {
    guard position < catalogue.endOffset, let segment = catalogue.segment(at: position) else { return false }
    if let cursor, cursor.base == segment.base {
      cursor.limit = segment.end
    } else {
      try enter(segment)
    }
    return true
  }

  private func enter(_ segment: Segment) throws(JournalError) {
    let from = position
    let start = max(from, segment.base)
    do {
      let next = try RecordCursor(segment, in: catalogue.directory, from: start)
      let missing = earlier(from..<start)
      cursor = next
      next.damage = missing
    } catch .system(let error) where error.code == ENOENT {
      // Trimmed or sealed a moment ago: the next round finds what is in its place. Removed by someone else: nothing to
      // read in it.
      guard try catalogue.segmentNow(at: from) == segment else { return }
      earlierDamage = earlier(from..<start)
      earlierDamage.add(start..<segment.end)
      cursor = nil
      place = segment.end
    }
  }

  /// The damage so far, with what is missing before a segment. An offset of zero asks for whatever is the oldest;
  /// nothing is missed by that.
  private func earlier(_ missing: Range<UInt64>) -> JournalDamage {
    var damage = damage
    if missing.lowerBound > 0 { damage.add(missing) }
    return damage
  }
}
