import Journal
import MQTTSource
import PlantModel
import StreamCore

/// The only writer of the journal: bursts from the broker's session, ticks and configuration changes, one at a time.
///
/// The lock is taken once a burst. A burst is accepted, and so acknowledged, when its record is in the journal.
final class Ingest: BurstSink {
  private let journal: Guarded<Journal>
  private let note: @Sendable (String) -> Void
  /// Messages and bursts that were appended since the process started.
  let appended = Counter()

  init(journal: Journal, note: @escaping @Sendable (String) -> Void) {
    self.journal = Guarded(journal)
    self.note = note
  }

  var hasRoom: Bool { journal.with { $0.hasRoom } }

  func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
    let count = burst.count
    return burst.bytes.withUnsafeBytes { body in
      do throws(JournalError) {
        try journal.with { (journal) throws(JournalError) in
          _ = try journal.append(kind: .messages, received: received, body: body)
        }
        appended.add(UInt64(count))
        return .accepted
      } catch {
        if case .full = error { return .full }
        note("the journal cannot be written: \(error)")
        return .failed("\(error)")
      }
    }
  }

  /// Appends a tick of the receive clock; a full journal needs none.
  func tick(_ moment: Timestamp) { append(.tick, moment, []) }

  /// Appends the fingerprint of a configuration from which later records are read.
  func configuration(_ fingerprint: UInt64, at moment: Timestamp) {
    append(.configuration, moment, withUnsafeBytes(of: fingerprint.littleEndian) { Array($0) })
  }

  private func append(_ kind: RecordKind, _ moment: Timestamp, _ body: [UInt8]) {
    body.withUnsafeBytes { body in
      _ = try? journal.with { (journal) throws(JournalError) in
        try journal.append(kind: kind, received: moment, body: body)
      }
    }
  }
}
