import PlantModel
import StreamCore
import WattlineTime

/// Results of the current message of a plant's edge nodes. The memory is reused.
struct SparkplugResults {
  /// A value. A range in it refers to the payload, as in ``SparkplugValue``.
  struct MetricValue: Equatable {
    /// Position in ``SparkplugRegistry/metrics``.
    var metric: Int
    var value: SparkplugValue
    /// The metric's time, else the message's, else the receive time.
    var time: Timestamp
    var hasSourceTime: Bool
    /// Whether it is a past value that the node had stored.
    var isHistorical: Bool
  }

  /// A change of an owner's availability.
  struct Change: Equatable {
    /// Position in ``SparkplugRegistry/owners``.
    var owner: Int
    var isOnline: Bool
  }

  /// Values, in the order of the message.
  var readings: [MetricValue] = []
  /// Changes of availability.
  var changes: [Change] = []
  /// Metrics that gave no reading.
  var leftOut: [SparkplugLeftOut] = []
  /// Position of the node to which a rebirth request is due.
  var rebirth: Int?

  /// Prepares for the next message.
  mutating func removeAll() {
    readings.removeAll(keepingCapacity: true)
    changes.removeAll(keepingCapacity: true)
    leftOut.removeAll(keepingCapacity: true)
    rebirth = nil
  }

  /// Returns the metrics that gave no reading since the last call, by reason.
  mutating func drainLeftOut() -> [SparkplugLeftOut: UInt64] {
    defer { leftOut.removeAll(keepingCapacity: true) }
    return leftOut.reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }
}

/// Counts of a plant's edge nodes since the start.
struct SparkplugCounts: Equatable {
  var births: UInt64 = 0
  var deaths: UInt64 = 0
  /// Sequence numbers out of order.
  var gaps: UInt64 = 0
  /// Rebirth requests.
  var rebirths: UInt64 = 0
  /// Commands, `STATE`, and deaths of past sessions.
  var passedOver: UInt64 = 0
  /// Metrics without a reading.
  private(set) var leftOutInAll: UInt64 = 0
  /// The same, by raw value of ``SparkplugLeftOut``.
  private var leftOut = [UInt64](repeating: 0, count: SparkplugLeftOut.allCases.count)

  /// Creates counts of zero.
  init() {}

  /// Metrics without a reading for a reason.
  subscript(reason: SparkplugLeftOut) -> UInt64 { leftOut[reason.rawValue] }

  /// Counts a metric without a reading.
  mutating func leaveOut(_ reason: SparkplugLeftOut) {
    leftOut[reason.rawValue] += 1
    leftOutInAll += 1
  }

  /// Writes the counts.
  func snapshot(into writer: inout SnapshotWriter) {
    for count in [births, deaths, gaps, rebirths, passedOver] { writer.write(count) }
    writer.write(leftOut) { $0.write($1) }
  }

  /// Restores the counts written by ``snapshot(into:)``.
  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    births = try reader.read()
    deaths = try reader.read()
    gaps = try reader.read()
    rebirths = try reader.read()
    passedOver = try reader.read()
    let stored = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.read(UInt64.self) }
    guard stored.count == leftOut.count else { throw .invalid("other reasons for metrics that are left out") }
    leftOut = stored
    leftOutInAll = stored.reduce(0, &+)
  }
}
