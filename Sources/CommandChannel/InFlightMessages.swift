/// The messages that libmosquitto holds, by packet identifier, and the number of those that it has finished.
struct InFlightMessages {
  private enum Kind: UInt8 {
    case none, written, confirmed
  }

  private var kinds = [Kind](repeating: .none, count: 65_536)
  private var unwritten = 0
  private var finished = 0

  /// Records a message that was handed over. It is finished once it is written at QoS 0, else once it is confirmed.
  mutating func add(_ identifier: Int32, qos: Int32) {
    kinds[InFlightMessages.slot(identifier)] = qos == 0 ? .written : .confirmed
    if qos == 0 { unwritten += 1 }
  }

  /// Finishes a message; one that is not in flight is ignored.
  mutating func finish(_ identifier: Int32) {
    let slot = InFlightMessages.slot(identifier)
    if kinds[slot] == .none { return }
    if kinds[slot] == .written { unwritten -= 1 }
    kinds[slot] = .none
    finished += 1
  }

  /// Returns the number of messages that were finished since the last call.
  mutating func takeFinished() -> Int {
    defer { finished = 0 }
    return finished
  }

  /// Drops the messages of QoS 0, which are lost with the connection; the library sends the others again.
  ///
  /// - Returns: the number of messages dropped.
  mutating func dropUnwritten() -> Int {
    for slot in kinds.indices where kinds[slot] == .written { kinds[slot] = .none }
    defer { unwritten = 0 }
    return unwritten
  }

  private static func slot(_ identifier: Int32) -> Int { Int(identifier) & 0xFFFF }
}
