import Glibc
import PlantModel

/// Reads a journal from an offset to its tail and onwards while it grows. Each reader has its own place and buffer; it
/// belongs to one thread at a time.
public final class JournalReader {
  private let journal: Journal
  private var cursor: RecordCursor?
  private var earlierDamage = JournalDamage()
  private var place: UInt64

  init(journal: Journal, from offset: UInt64) {
    self.journal = journal
    place = offset
  }

  /// Offset of the next record to read.
  public var position: UInt64 { cursor?.position ?? place }

  /// What was stepped over so far: damaged records, and offsets that are no longer there.
  public var damage: JournalDamage {
    var sum = earlierDamage
    sum.places += cursor?.damage.places ?? 0
    sum.bytes += cursor?.damage.bytes ?? 0
    return sum
  }

  /// The next record, or `nil` at the tail. Its body is valid until the next call.
  ///
  /// Damage does not end the reading: it goes on at the next whole record, and ``damage`` tells.
  public func next() throws(JournalError) -> JournalRecord? {
    while true {
      if let record = try cursor?.next() { return record }
      guard position < journal.endOffset, let segment = journal.segment(at: position) else { return nil }
      if let cursor, cursor.base == segment.base {
        cursor.limit = segment.end
      } else {
        try enter(segment)
      }
    }
  }

  /// Waits until there may be a further record. `false` after the timeout, or once the journal is closed.
  public func waitForMore(timeout: TimeSpan) -> Bool { journal.waitForMore(than: position, timeout: timeout) }

  private func enter(_ segment: Segment) throws(JournalError) {
    let from = position
    earlierDamage = damage
    cursor = nil
    place = max(from, segment.base)
    // An offset of zero asks for whatever is the oldest; nothing is missed by that.
    if from > 0 && segment.base > from { earlierDamage.add(bytes: segment.base - from) }
    do {
      let file = try OpenFile("\(journal.directory)/\(Segment.name(base: segment.base))", O_RDONLY)
      cursor = RecordCursor(file: file, base: segment.base, position: place, limit: segment.end)
    } catch .system(let error) where error.code == ENOENT {
      // Trimmed a moment ago: the next round finds its successor. Removed by someone else: nothing to read in it.
      guard journal.segment(at: from)?.base == segment.base else { return }
      earlierDamage.add(bytes: segment.end - place)
      place = segment.end
    }
  }
}
