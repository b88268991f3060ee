import Foundation
import Journal
import PlantConfig
import PlantModel
import StreamCore
import SystemCore
import WattlineTime

/// Writer of the journal: appends bursts of the broker's sessions, ticks and configuration changes.
///
/// The journal's lock orders them and is taken once a burst. A burst is accepted, and so acknowledged, once its record
/// is in the journal.
final class Ingest: BurstSink {
  private struct Change: Sendable {
    var timestamp: Timestamp
    var body: [UInt8]
  }

  private let journal: any RecordLog
  private let note: @Sendable (LogEntry) -> Void
  /// A configuration change that did not fit into the journal. It is appended before any other record, because later
  /// records are read by it.
  private let waiting = Locked<Change?>(nil)
  /// Number of messages appended since the process started.
  let appended = Counter()
  /// Number of messages that came over HTTP or WebSocket and were appended since the process started.
  let posted = Counter()
  /// Number of posted readings that were appended since the process started.
  let postedReadings = Counter()

  init(journal: any RecordLog, note: @escaping @Sendable (LogEntry) -> Void) {
    self.journal = journal
    self.note = note
  }

  /// Whether a person has stopped the sources; their messages then wait at the broker.
  let isHeld = Locked(false)

  var hasRoom: Bool { journal.hasRoom && !isHeld.value }
  /// Maximum burst size [bytes]: one eighth of the journal, so that a burst plus the largest payload fits into half of
  /// it.
  var burstBytes: Int { min(4 << 20, journal.maximumBytes / 8) }

  func accept(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
    isHeld.value ? .failed("a person has stopped the source") : accept(burst, received: received, counter: appended)
  }

  /// Stores messages that came over HTTP or WebSocket, completely or not at all.
  func acceptPosted(_ burst: borrowing MessageFrameBuilder, received: Timestamp) -> BurstOutcome {
    // The broker's messages have precedence for the last of the room.
    if !journal.hasRoom { return .full }
    return accept(burst, received: received, counter: posted)
  }

  /// Stores instructions to plants, as if they had come over HTTP.
  ///
  /// - Parameters:
  ///   - orders: Plants, each with the members of its instruction.
  ///   - subject: Subject of the instructions.
  ///   - timestamp: Receive time.
  /// - Returns: Why some were not stored; `nil` if all were.
  func post(
    _ orders: [(plant: String, members: [String: String])], subject: String, at timestamp: Timestamp
  ) -> String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var burst = MessageFrameBuilder()
    func store() -> String? {
      defer { burst = MessageFrameBuilder() }
      switch acceptPosted(burst, received: timestamp) {
      case .accepted: return nil
      case .full: return "the journal is full"
      case .failed(let words): return words
      }
    }
    for (plant, members) in orders {
      guard let payload = try? encoder.encode(members) else { continue }
      let topic = TopicName.join(["wattline", plant, subject, "set"])
      Array(topic.utf8).withUnsafeBytes { topic in
        Array(payload).withUnsafeBytes { payload in
          burst.append(topic: topic, payload: payload, packetID: 0, retained: false)
        }
      }
      if burst.bytes.count >= burstBytes, let words = store() { return words }
    }
    return burst.count > 0 ? store() : nil
  }

  private func accept(
    _ burst: borrowing MessageFrameBuilder, received: Timestamp, counter: Counter
  ) -> BurstOutcome {
    do throws(JournalError) {
      try appendWaiting()
      try journal.append(kind: .messages, received: received, body: burst.bytes)
      counter.add(burst.count)
      return .accepted
    } catch {
      if error == .full { return .full }
      return .failed("\(error)")
    }
  }

  /// Appends a tick of the receive clock. A tick that does not fit is lost without harm, because processing is waiting
  /// anyway.
  func tick(_ timestamp: Timestamp) { append(.tick, at: timestamp, body: []) }

  /// Appends counts of messages that are not in the journal.
  ///
  /// - Returns: `false` if the journal is full or cannot be written.
  func passedOver(_ messages: SkippedMessages, at timestamp: Timestamp) -> Bool {
    append(.passedOver, at: timestamp, body: messages.bytes)
  }

  /// Appends the state of the database.
  ///
  /// - Returns: `false` if the journal is full or cannot be written.
  func database(_ trouble: DatabaseTrouble, at timestamp: Timestamp) -> Bool {
    append(.database, at: timestamp, body: trouble.bytes)
  }

  /// Appends a fault of the process, or its end.
  ///
  /// - Returns: `false` if the journal is full or cannot be written.
  func process(_ fault: ProcessFault, at timestamp: Timestamp) -> Bool {
    append(.process, at: timestamp, body: fault.bytes)
  }

  /// Appends news of a meter whose savings are verified.
  ///
  /// - Returns: `false` if the journal is full or cannot be written.
  func savings(_ news: SavingsNews, at timestamp: Timestamp) -> Bool {
    append(.savings, at: timestamp, body: news.bytes)
  }

  /// Appends the configuration by which later records are read, before any of them.
  func configuration(_ sources: PlantSources, at timestamp: Timestamp) {
    var writer = SnapshotWriter()
    ConfigurationRecord.write(sources, to: &writer)
    waiting.set(Change(timestamp: timestamp, body: writer.bytes))
    report { () throws(JournalError) in try appendWaiting() }
  }

  private func appendWaiting() throws(JournalError) {
    try waiting.with { (change) throws(JournalError) in
      guard let next = change else { return }
      try journal.append(kind: .configuration, received: next.timestamp, body: next.body)
      change = nil
    }
  }

  @discardableResult
  private func append(_ kind: RecordKind, at timestamp: Timestamp, body: [UInt8]) -> Bool {
    report { () throws(JournalError) in
      try appendWaiting()
      try journal.append(kind: kind, received: timestamp, body: body)
    }
  }

  /// Runs `body` and logs its error, except a full journal, which the session reports.
  ///
  /// - Returns: Whether `body` succeeded.
  @discardableResult
  private func report(_ body: () throws(JournalError) -> Void) -> Bool {
    do throws(JournalError) {
      try body()
      return true
    } catch {
      if error != .full { note(.error("the journal cannot be written: \(error)")) }
      return false
    }
  }
}
