import Journal
import PlantModel
import Synchronization
import WattlineTime

/// A log in memory: the least that a pipeline needs of one.
final class MemoryLog: RecordLog {
  fileprivate struct Entry {
    var offset: UInt64
    var kind: RecordKind
    var received: Timestamp
    var body: [UInt8]
    var end: UInt64 { offset + UInt64(body.count) + 1 }
  }

  private struct State {
    var entries: [Entry] = []
    var start: UInt64 = 0
    var end: UInt64 = 0
    var isClosed = false
  }

  let maximumBytes: Int
  private let state = Mutex(State())

  init(maximumBytes: Int = 1 << 20) { self.maximumBytes = maximumBytes }

  var startOffset: UInt64 { state.withLock { $0.start } }
  var endOffset: UInt64 { state.withLock { $0.end } }
  var hasRoom: Bool { state.withLock { Int($0.end - $0.start) < maximumBytes } }

  func append(kind: RecordKind, received: Timestamp, body: UnsafeRawBufferPointer) throws(JournalError) -> UInt64 {
    let copy = Array(body)
    return try state.withLock { (state) throws(JournalError) -> UInt64 in
      if state.isClosed { throw .closed }
      let entry = Entry(offset: state.end, kind: kind, received: received, body: copy)
      guard Int(entry.end - state.start) <= maximumBytes else { throw .full }
      state.entries.append(entry)
      state.end = entry.end
      return entry.end
    }
  }

  func reader(from offset: UInt64) -> MemoryReader { MemoryReader(self, from: offset) }

  func trim(below offset: UInt64) throws(JournalError) -> Int {
    state.withLock { state in
      let before = state.start
      state.entries.removeAll { $0.end <= offset }
      state.start = max(before, state.entries.first?.offset ?? min(offset, state.end))
      return Int(state.start - before)
    }
  }

  func leaveFree(bytes: Int) {}
  func bringToDisk() throws(JournalError) {}
  func close() throws(JournalError) { state.withLock { $0.isClosed = true } }

  fileprivate func entry(at offset: UInt64) -> Entry? {
    state.withLock { state in state.entries.first { $0.offset >= offset } }
  }
}

final class MemoryReader: RecordReader {
  private let log: MemoryLog
  private var position: UInt64
  private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 1)

  init(_ log: MemoryLog, from offset: UInt64) { (self.log, position) = (log, offset) }

  deinit { buffer.deallocate() }

  let damage = JournalDamage()

  func next() throws(JournalError) -> JournalRecord? {
    guard let entry = log.entry(at: position) else { return nil }
    position = entry.end
    buffer.deallocate()
    buffer = .allocate(byteCount: entry.body.count, alignment: 8)
    buffer.copyBytes(from: entry.body)
    return JournalRecord(
      offset: entry.offset, endOffset: entry.end, kind: entry.kind, received: entry.received,
      body: UnsafeRawBufferPointer(buffer))
  }

  func waitForMore(timeout: TimeSpan) -> Bool { log.endOffset > position }
}
