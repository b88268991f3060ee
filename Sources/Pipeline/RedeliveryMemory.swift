import Journal
import MQTTSource
import StreamCore

/// Which messages were appended whose acknowledgements the broker may not have heard: it sends them again, however long
/// ago they were processed, and also to the next process.
///
/// The journal has them, as a rule. Where it is small or full, it gives them up for the room: then their identifiers and
/// hashes stay in a file beside it.
final class RedeliveryMemory: Sendable {
  /// What a message is recognised by.
  struct Entry: Equatable {
    var packetID: UInt16
    var connection: UInt16
    var hash: UInt64
  }

  private struct State {
    /// Entries of the journal below ``end``, oldest first.
    var entries: [Entry] = []
    var end: UInt64 = 0
  }

  /// So much of the journal is looked through. Some brokers (Mosquitto 2.0.11) let more messages be on their way than
  /// their window says, and send them again window by window, over several connections.
  private static let window: UInt64 = 8 << 20
  /// Entries that are kept in the file; some 400 kB.
  private static let most = 32_768
  private static let version: UInt16 = 1

  private let journal: Journal
  private let store: CheckpointStore
  private let state: Guarded<State>

  /// The memory of a journal, in a folder of its own, as it is when work goes on at `position`.
  init(journal: Journal, directory: String, position: UInt64) throws(JournalError) {
    self.journal = journal
    store = try CheckpointStore(directory: directory)
    let found = RedeliveryMemory.read(store.load().checkpoint)
    let start = max(position - min(position, RedeliveryMemory.window), journal.startOffset)
    state = Guarded(found.end >= start && found.end <= journal.endOffset ? found : State(end: start))
  }

  /// All that the broker may send again, oldest first.
  var entries: [Entry] { state.with { $0.entries + read(from: $0.end, to: .max) } }

  /// Up to where the journal may be trimmed without a thought, while work goes on at `position`.
  func start(before position: UInt64) -> UInt64 {
    position - min(position, RedeliveryMemory.window, UInt64(journal.maximumBytes / 2))
  }

  /// Keeps what the journal is about to give up below an offset, while work goes on at `position`.
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
    var reader = SnapshotReader(checkpoint.state)
    do throws(SnapshotError) {
      try reader.expect(version: version, of: "the memory of messages")
      let entries = try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
        Entry(
          packetID: try reader.read(UInt16.self), connection: try reader.read(UInt16.self),
          hash: try reader.read(UInt64.self))
      }
      return State(entries: entries, end: checkpoint.offset)
    } catch {
      // Messages may come twice, as they would without the file.
      return State()
    }
  }
}
