import PlantModel
import StreamCore
import WattlineTime

/// A timestamp at which an input has a reading, and whose value is not yet computed.
struct WaitingTimestamp: BitwiseCopyable {
  var time: Timestamp
  /// Receive time of its first reading.
  var since: Timestamp
  /// Bit mask of the inputs with a reading, by position in the expression.
  var heard: UInt64
  /// Whether it is older than an input's latest reading, or in the future, so that other inputs may still have readings
  /// for it.
  var isBehind: Bool
}

/// The timestamps of one derived sensor: those waiting, and the last ones computed.
struct Timestamps {
  /// Maximum number of waiting timestamps; each input's history is twice as long.
  static let mostWaiting = 16

  /// Waiting timestamps in order of time.
  private var waiting: [WaitingTimestamp] = []
  private var given: InlineArray<16, Timestamp> = .init(repeating: .distantPast)
  private var nextGiven: UInt8 = 0
  /// Bit mask of the entries in ``given`` that gave no value, which a correction of an input may change.
  private var valueless: UInt16 = 0

  init() { waiting.reserveCapacity(Self.mostWaiting) }

  /// Number of waiting timestamps.
  var count: Int { waiting.count }

  /// Returns a waiting timestamp, the earliest at position 0.
  subscript(position: Int) -> WaitingTimestamp { waiting[position] }

  func contains(where isWanted: (WaitingTimestamp) -> Bool) -> Bool { waiting.contains(where: isWanted) }

  func allSatisfy(_ isWanted: (WaitingTimestamp) -> Bool) -> Bool { waiting.allSatisfy(isWanted) }

  /// Returns whether a timestamp is among the last that gave a value.
  func wasGiven(_ time: Timestamp) -> Bool {
    for i in 0..<16 where given[i] == time { return time != .distantPast && valueless & 1 << UInt16(i) == 0 }
    return false
  }

  /// Records that a timestamp was computed, with or without a value.
  mutating func recordEmitted(_ time: Timestamp, hasValue: Bool) {
    var place = Int(nextGiven)
    for i in 0..<16 where given[i] == time { place = i }
    if place == Int(nextGiven) { nextGiven = nextGiven == 15 ? 0 : nextGiven + 1 }
    given[place] = time
    valueless = hasValue ? valueless & ~(1 << UInt16(place)) : valueless | 1 << UInt16(place)
  }

  /// Returns the earliest recently computed timestamp within a span, with or without a value.
  func firstGiven(in span: Range<Timestamp>) -> Timestamp? {
    var first: Timestamp?
    for i in 0..<16 where given[i] != .distantPast && span.contains(given[i]) {
      first = min(first ?? given[i], given[i])
    }
    return first
  }

  /// Returns whether another timestamp must be removed before this one can wait.
  func isFull(for time: Timestamp) -> Bool {
    waiting.count >= Self.mostWaiting && !waiting.contains { $0.time == time }
  }

  /// Records that an input has a reading at a timestamp. Returns `true` if that was not waiting yet. There must be
  /// room.
  ///
  /// - Parameters:
  ///   - time: the timestamp.
  ///   - slot: the input's position in the expression, 0...63.
  ///   - since: receive time of the reading.
  ///   - isBehind: see ``WaitingTimestamp/isBehind``.
  mutating func insert(_ time: Timestamp, slot: UInt64, since: Timestamp, isBehind: Bool) -> Bool {
    var position = waiting.count
    while position > 0, waiting[position - 1].time > time { position -= 1 }
    if position > 0, waiting[position - 1].time == time {
      waiting[position - 1].heard |= 1 << slot
      if isBehind { waiting[position - 1].isBehind = true }
      return false
    }
    waiting.insert(WaitingTimestamp(time: time, since: since, heard: 1 << slot, isBehind: isBehind), at: position)
    return true
  }

  mutating func remove(at position: Int) -> WaitingTimestamp { waiting.remove(at: position) }

  /// Removes and returns the earliest timestamp that satisfies a condition.
  mutating func removeFirst(_ isWanted: (WaitingTimestamp) -> Bool) -> WaitingTimestamp? {
    waiting.firstIndex(where: isWanted).map { waiting.remove(at: $0) }
  }

  /// Removes and returns the timestamp received first; among several, the earliest.
  mutating func removeLongestWaiting() -> WaitingTimestamp? {
    guard let since = waiting.map(\.since).min() else { return nil }
    return removeFirst { $0.since == since }
  }

  mutating func forgetWaiting() { waiting.removeAll(keepingCapacity: true) }

  func write(to writer: inout SnapshotWriter) {
    writer.write(waiting) { writer, timestamp in
      writer.write(timestamp.time)
      writer.write(timestamp.since)
      writer.write(timestamp.heard)
      writer.write(timestamp.isBehind)
    }
    for i in 0..<16 { writer.write(given[i]) }
    writer.write(nextGiven)
    writer.write(valueless)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    waiting += try reader.readArray(elementSize: 25) { (reader) throws(SnapshotError) in
      WaitingTimestamp(
        time: try reader.readTimestamp(), since: try reader.readTimestamp(), heard: try reader.read(UInt64.self),
        isBehind: try reader.readBool())
    }
    let isOrdered = zip(waiting, waiting.dropFirst()).allSatisfy { $0.time < $1.time }
    guard waiting.count <= Self.mostWaiting, isOrdered else { throw .invalid("timestamps that cannot wait") }
    for i in 0..<16 { given[i] = try reader.readTimestamp() }
    nextGiven = try reader.read(UInt8.self)
    guard nextGiven < 16 else { throw .invalid("a position outside a ring") }
    valueless = try reader.read(UInt16.self)
  }
}
