import PlantModel
import StreamCore

/// A timestamp at which an input has spoken, and of which there is no value yet.
struct WaitingTimestamp: BitwiseCopyable {
  var time: Timestamp
  /// When the first reading of it was received.
  var since: Timestamp
  /// A bit for each input that has spoken, by its position in the expression.
  var heard: UInt64
  /// Whether it is behind what an input has said already, or ahead of the present: others may still speak at it.
  var isBehind: Bool
}

/// The timestamps of one derived sensor: those that wait, and the last of those that gave a value.
struct Timestamps {
  /// Most that wait; each input's history is twice as long.
  static let mostWaiting = 16

  /// In the order of time.
  private var waiting: [WaitingTimestamp] = []
  private var given: InlineArray<16, Timestamp> = .init(repeating: .distantPast)
  private var nextGiven: UInt8 = 0
  /// A bit for each of ``given`` whose inputs gave no value, which another value of one of them may change.
  private var valueless: UInt16 = 0

  init() { waiting.reserveCapacity(Self.mostWaiting) }

  /// How many wait.
  var count: Int { waiting.count }

  /// One that waits, the earliest first.
  subscript(position: Int) -> WaitingTimestamp { waiting[position] }

  func contains(where isWanted: (WaitingTimestamp) -> Bool) -> Bool { waiting.contains(where: isWanted) }

  func allSatisfy(_ isWanted: (WaitingTimestamp) -> Bool) -> Bool { waiting.allSatisfy(isWanted) }

  /// Whether a timestamp is among the last that gave a value.
  func wasGiven(_ time: Timestamp) -> Bool {
    for i in 0..<16 where given[i] == time { return time != .distantPast && valueless & 1 << UInt16(i) == 0 }
    return false
  }

  /// Keeps in mind that a timestamp gave its value, or that its inputs gave none.
  mutating func noteGiven(_ time: Timestamp, hasValue: Bool) {
    var place = Int(nextGiven)
    for i in 0..<16 where given[i] == time { place = i }
    if place == Int(nextGiven) { nextGiven = nextGiven == 15 ? 0 : nextGiven + 1 }
    given[place] = time
    valueless = hasValue ? valueless & ~(1 << UInt16(place)) : valueless | 1 << UInt16(place)
  }

  /// The earliest of the last timestamps that were given, or gave no value, within a span.
  func firstGiven(in span: Range<Timestamp>) -> Timestamp? {
    var first: Timestamp?
    for i in 0..<16 where given[i] != .distantPast && span.contains(given[i]) {
      first = min(first ?? given[i], given[i])
    }
    return first
  }

  /// Whether another must go before a timestamp can wait.
  func isFull(for time: Timestamp) -> Bool {
    waiting.count >= Self.mostWaiting && !waiting.contains { $0.time == time }
  }

  /// Notes that an input has spoken at a timestamp; `true` where that did not wait yet. There must be room.
  mutating func note(_ time: Timestamp, slot: UInt64, since: Timestamp, isBehind: Bool) -> Bool {
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

  mutating func take(at position: Int) -> WaitingTimestamp { waiting.remove(at: position) }

  /// Takes out the earliest that fits.
  mutating func takeFirst(_ isWanted: (WaitingTimestamp) -> Bool) -> WaitingTimestamp? {
    waiting.firstIndex(where: isWanted).map { waiting.remove(at: $0) }
  }

  /// Takes out the one that has waited longest, the earliest of those.
  mutating func takeLongestWaiting() -> WaitingTimestamp? {
    guard let since = waiting.map(\.since).min() else { return nil }
    return takeFirst { $0.since == since }
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
