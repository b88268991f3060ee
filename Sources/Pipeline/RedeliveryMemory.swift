import Journal
import MQTTSource
import StreamCore
import SystemCore

/// Identifiers of appended messages whose acknowledgements may not have reached the broker.
///
/// The broker sends such messages again, however long ago they were processed, and also to the next process. The
/// journal usually still holds them. If it is trimmed early because it is small or full, their identifiers and hashes
/// are kept in a file beside it.
final class RedeliveryMemory: Sendable {
  /// Packet identifier, connection and hash by which a repeated message is recognized.
  struct Entry: Equatable {
    var packetID: UInt16
    var connection: UInt16
    var hash: UInt64
  }

  private struct State {
    /// Entries of messages in the journal below ``end``, oldest first.
    var entries: [Entry] = []
    var end: UInt64 = 0
  }

  /// Bytes of the journal that are searched. Some brokers (Mosquitto 2.0.11) keep more messages in flight than their
  /// window allows, and send them again window by window over several connections.
  private static let window: UInt64 = 8 << 20
  /// Maximum number of entries in the file; about 400 kB.
  private static let most = 32_768
  private static let version: UInt16 = 1

  private let journal: any RecordLog
  private let store: CheckpointStore
  private let state: Locked<State>

  /// Opens the memory of a journal.
  ///
  /// - Parameters:
  ///   - journal: Journal that holds the messages.
  ///   - directory: Dedicated folder for the file.
  ///   - position: Journal offset at which processing resumes.
  init(journal: any RecordLog, directory: String, position: UInt64) throws(JournalError) {
    self.journal = journal
    store = try CheckpointStore(directory: directory)
    let found = RedeliveryMemory.read(store.load().checkpoint)
    let start = max(position - min(position, RedeliveryMemory.window), journal.startOffset)
    state = Locked(found.end >= start && found.end <= journal.endOffset ? found : State(end: start))
  }

  /// Entries of all messages that the broker may send again, oldest first.
  var entries: [Entry] { state.with { $0.entries + read(from: $0.end, to: .max) } }

  /// Returns the offset below which the journal can be trimmed without saving message identifiers first.
  ///
  /// - Parameter position: Journal offset that processing has reached.
  func start(before position: UInt64) -> UInt64 {
    position - min(position, RedeliveryMemory.window, UInt64(journal.maximumBytes / 2))
  }

  /// Saves the entries below an offset before the journal is trimmed to it.
  ///
  /// - Parameters:
  ///   - offset: Offset below which the journal is about to be trimmed.
  ///   - position: Journal offset that processing has reached.
  func keep(below offset: UInt64, position: UInt64) throws(JournalError) {
    let oldest = position - min(position, RedeliveryMemory.window)
    if offset <= oldest { return }
    try state.with { (state) throws(JournalError) in
      if offset <= state.end { return }
      let start = max(oldest, journal.startOffset)
      if state.end < start { state = State(end: start) }
      state.entries = Array((state.entries + read(from: state.end, to: offset)).suffix(RedeliveryMemory.most))
      state.end = offset
      try store.save(Checkpoint(offset: offset, state: RedeliveryMemory.bytes(of: state.entries)))
    }
  }

  private func read(from start: UInt64, to end: UInt64) -> [Entry] {
    var entries: [Entry] = []
    let reader = journal.reader(from: start)
    while let record = try? reader.next(), record.endOffset <= end {
      guard record.kind == .messages else { continue }
      record.withBody { body in
        var cursor = MessageFrameCursor(body)
        while let message = cursor.next() {
          if message.packetID == 0 { continue }
          let hash = MessageHash.of(topic: message.topic, payload: message.payload)
          entries.append(Entry(packetID: message.packetID, connection: UInt16(message.connection), hash: hash))
        }
      }
    }
    return entries
  }

  private static func bytes(of entries: [Entry]) -> [UInt8] {
    var writer = SnapshotWriter()
    writer.write(version)
    writer.write(entries) { writer, entry in
      writer.write(entry.packetID)
      writer.write(entry.connection)
      writer.write(entry.hash)
    }
    return writer.bytes
  }

  private static func read(_ checkpoint: Checkpoint?) -> State {
    guard let checkpoint else { return State() }
    // An unreadable file allows duplicates, as a missing file would.
    return (try? entries(in: checkpoint.state)).map { State(entries: $0, end: checkpoint.offset) } ?? State()
  }

  private static func entries(in state: [UInt8]) throws(SnapshotError) -> [Entry] {
    var reader = SnapshotReader(state)
    try reader.expect(version: version, of: "the memory of messages")
    return try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
      Entry(
        packetID: try reader.read(UInt16.self), connection: try reader.read(UInt16.self),
        hash: try reader.read(UInt64.self))
    }
  }

  /// Returns why the file of a folder cannot be read, and what that means. Changes nothing.
  static func mistakes(inFolder directory: String) throws(JournalError) -> [String] {
    let found = try CheckpointStore(directory: directory).load()
    var reasons = found.damage
    if let state = found.checkpoint?.state {
      do throws(SnapshotError) {
        _ = try entries(in: state)
      } catch { reasons.append("\(directory)/checkpoint: \(error)") }
    }
    return reasons.map { "\($0): messages that the broker sends again may be taken in twice" }
  }
}
