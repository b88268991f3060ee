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
  private struct Change: Sendable {
    var moment: Timestamp
    var body: [UInt8]
  }

  private let journal: Journal
  private let note: @Sendable (String) -> Void
  /// A change of configuration for which there was no room: it goes before all else, since what follows is read by it.
  private let waiting = Guarded<Change?>(nil)
  /// Messages appended since the process started.
  let appended = Counter()

  init(journal: Journal, note: @escaping @Sendable (String) -> Void) {
    self.journal = journal
    self.note = note
  }

  var hasRoom: Bool { journal.hasRoom }
  /// With a payload as long as may be, at most half the journal: so much finds room in it once it is worked off.
  var burstBytes: Int { min(4 << 20, journal.maximumBytes / 8) }

  func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
    do throws(JournalError) {
      try appendWaiting()
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

  /// Appends counts of messages that came and are not in the journal; `false` where there is no room.
  func passedOver(_ messages: PassedOver, at moment: Timestamp) -> Bool {
    append(.passedOver, moment, messages.bytes)
  }

  /// Appends how the database stands; `false` where there is no room.
  func database(_ trouble: DatabaseTrouble, at moment: Timestamp) -> Bool { append(.database, moment, trouble.bytes) }

  /// Appends the configuration by which later records are read, before any of them.
  func configuration(_ sources: PlantSources, at moment: Timestamp) {
    var writer = SnapshotWriter()
    ConfigurationRecord.write(sources, to: &writer)
    waiting.set(Change(moment: moment, body: writer.bytes))
    report { () throws(JournalError) in try appendWaiting() }
  }

  private func appendWaiting() throws(JournalError) {
    try waiting.with { (change) throws(JournalError) in
      guard let next = change else { return }
      try journal.append(kind: .configuration, received: next.moment, body: next.body)
      change = nil
    }
  }

  @discardableResult
  private func append(_ kind: RecordKind, _ moment: Timestamp, _ body: [UInt8]) -> Bool {
    report { () throws(JournalError) in
      try appendWaiting()
      try journal.append(kind: kind, received: moment, body: body)
    }
  }

  /// Whether `body` went well; says what went wrong unless it is that the journal is full, which the session tells.
  @discardableResult
  private func report(_ body: () throws(JournalError) -> Void) -> Bool {
    do throws(JournalError) {
      try body()
      return true
    } catch {
      if error != .full { note("the journal cannot be written: \(error)") }
      return false
    }
  }
}
