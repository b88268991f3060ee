import Journal
import MQTTSource
import PlantConfig
import PlantModel
import StreamCore

/// What writes the journal: bursts from the broker's session, ticks and configuration changes. The journal's own lock
/// puts them in order; it is taken once a burst.
///
/// A burst is accepted, and so acknowledged, when its record is in the journal.
final class Ingest: BurstSink {
  private let journal: Journal
  private let note: @Sendable (String) -> Void
  /// Messages appended since the process started.
  let appended = Counter()

  init(journal: Journal, note: @escaping @Sendable (String) -> Void) {
    self.journal = journal
    self.note = note
  }

  var hasRoom: Bool { journal.hasRoom }

  func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
    do throws(JournalError) {
      try journal.append(kind: .messages, received: received, body: burst.bytes)
      appended.add(burst.count)
      return .accepted
    } catch {
      if error == .full { return .full }
      return .failed("\(error)")
    }
  }

  /// Appends a tick of the receive clock. A full journal needs none: nothing goes on until there is room.
  func tick(_ moment: Timestamp) { append(.tick, moment, []) }

  /// Appends the configuration by which later records are read.
  func configuration(_ sources: PlantSources, at moment: Timestamp) {
    var writer = SnapshotWriter()
    ConfigurationRecord.write(sources, to: &writer)
    append(.configuration, moment, writer.bytes)
  }

  private func append(_ kind: RecordKind, _ moment: Timestamp, _ body: [UInt8]) {
    do throws(JournalError) {
      try journal.append(kind: kind, received: moment, body: body)
    } catch {
      if error != .full { note("the journal cannot be written: \(error)") }
    }
  }
}
