import PlantModel
import PointSchema
import StreamCore
import WattlineTime

/// Alert load of a plant's operators by EEMUA 191. Counts the alerts raised in each ten minutes, with average and peak
/// over the last day, and the standing alerts.
///
/// The limits are those of EEMUA Publication 191, which ISA-18.2 and IEC 62682 follow:
/// - An average of less than 1 in 10 minutes is very likely acceptable, of more than 10 very likely unacceptable.
/// - More than 10 in the 10 minutes after an upset are hard to cope with.
/// - 10 and more standing alerts are too many.
/// - An alert that stands for more than a day is stale.
struct AlertRates {
  /// Period over which raisings are counted.
  static let slot = TimeSpan.minutes(10)
  /// Number of slots in a day, over which average and peak are computed.
  static let slots = 144
  /// Time after which a standing alert is stale.
  static let stale = TimeSpan.day

  private var counts = SlotHistory(capacity: AlertRates.slots)

  /// Writes the alert rates at the end of a slot of ten minutes; does nothing at other times.
  mutating func close(_ book: inout AlertRegistry, into frame: inout Frame) {
    guard frame.clock.nanoseconds % AlertRates.slot.nanoseconds == 0 else { return }
    let number = Int(frame.clock.nanoseconds / AlertRates.slot.nanoseconds)
    counts.set(number, to: Double(book.raisedCount))
    let day = counts.summary(of: (number - AlertRates.slots + 1)..<(number + 1))
    let standing = book.alerts.filter { $0.value.isActive && book.shelves[$0.key] == nil }
    frame.points.begin(PointKey(.alertRate, .plant), at: frame.clock)
    frame.points.field(.raised, integer: Int64(book.raisedCount))
    frame.points.field(.average, day?.mean)
    frame.points.field(.peak, day?.maximum)
    frame.points.field(.standing, integer: Int64(standing.count))
    frame.points.field(.stale, integer: Int64(standing.count { frame.clock - $0.value.raised > AlertRates.stale }))
    frame.points.field(.unacknowledged, integer: Int64(book.alerts.count { !$0.value.isAcknowledged }))
    frame.points.field(.shelved, integer: Int64(book.shelves.count))
    frame.points.field(.chattering, integer: Int64(standing.count { book.chatters($0.key) }))
    book.raisedCount = 0
  }

  func snapshot(into writer: inout SnapshotWriter) { counts.snapshot(into: &writer) }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) { try counts.restore(from: &reader) }
}
