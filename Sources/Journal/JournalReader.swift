import Glibc
import PlantModel
import SystemCore
public import WattlineTime

/// Source of segments for a reader: a journal of this process or an archive.
protocol SegmentCatalogue: AnyObject {
  var directory: String { get }
  /// Offset after the last complete record.
  var endOffset: UInt64 { get }
  /// Returns the first segment with bytes at or after `offset`.
  func segment(at offset: UInt64) -> Segment?
  /// Does the same after the file of the previously returned segment was missing.
  func segmentNow(at offset: UInt64) throws(JournalError) -> Segment?
  func waitForMore(than offset: UInt64, timeout: TimeSpan) -> Bool
}

/// Reads a journal from an offset to its tail, and onwards while it grows. Each reader has a separate position and
/// buffer. It must be used by one thread at a time.
public final class JournalReader: RecordReader {
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

  /// Ranges skipped so far: damaged records, and offsets that no longer exist.
  public var damage: JournalDamage { cursor?.damage ?? earlierDamage }

  /// Returns the next record, or `nil` at the tail. Its body is valid until the next call.
  ///
  /// Damage does not end reading: the next intact record follows, and ``damage`` records the gap.
  public func next() throws(JournalError) -> JournalRecord? {
    while true {
      if let record = try cursor?.next() { return record }
      guard try enterNext() else { return nil }
    }
  }

  /// Moves forward to the first record received at or after `timestamp`, which is then the next one. Returns `false` if
  /// there is none yet.
  ///
  /// Sealed segments are skipped by their block lists, without decompression.
  public func skip(before timestamp: Timestamp) throws(JournalError) -> Bool {
    while true {
      cursor?.skipBlocks(before: timestamp)
      // Records within a block, or in a segment without a block list, are checked one by one.
      if let cursor, let record = try cursor.next() {
        guard record.received >= timestamp else { continue }
        cursor.goBack(to: record)
        return true
      }
      guard try enterNext() else { return false }
    }
  }

  /// Waits until there may be another record. Returns `false` after the timeout, or once the journal is closed.
  public func waitForMore(timeout: TimeSpan) -> Bool { catalogue.waitForMore(than: position, timeout: timeout) }

  /// Opens the segment with the next bytes, or extends the limit of the current one. Returns `false` at the tail.
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
      // Just trimmed or sealed: the next round finds the replacement. Removed externally: nothing is left to read.
      guard try catalogue.segmentNow(at: from) == segment else { return }
      earlierDamage = earlier(from..<start)
      earlierDamage.add(start..<segment.end)
      cursor = nil
      place = segment.end
    }
  }

  /// Returns the damage so far plus the range missing before a segment. Offset 0 requests the oldest existing record,
  /// so nothing is missing then.
  private func earlier(_ missing: Range<UInt64>) -> JournalDamage {
    var damage = damage
    if missing.lowerBound > 0 { damage.add(missing) }
    return damage
  }
}
