import PlantModel
import StreamCore

/// What the rules that look at single readings remember of a series, in 64 bytes: there are as many as sensors.
struct SeriesWatch: BitwiseCopyable {
  /// Whether its values have become thousandths.
  var thousandths = ThousandthWatch()
  /// Consecutive readings that were, or were not, out of range; positive and negative.
  var range: Int16 = 0
  /// The same for stuck.
  var stuck: Int16 = 0
  /// Whether the last value was odd.
  var wasOdd = false
  /// Odd values that came one at a time, fading, and when they were counted.
  var oddCount = 0.0
  var oddTime = Timestamp.distantPast
  /// Latest value of good quality, but for 0 [canonical unit].
  var lastGood = 0.0

  /// Counts up while `holds`, and down while it does not, starting anew at each change.
  static func count<Counter: FixedWidthInteger & SignedInteger>(_ counter: inout Counter, _ holds: Bool) {
    counter = holds ? min(max(counter, 0) + 1, 1_000) : max(min(counter, 0) - 1, -1_000)
  }

  func write(to writer: inout SnapshotWriter) {
    for value in [thousandths.level, thousandths.least] { writer.write(value) }
    for moment in [thousandths.time, thousandths.first, oddTime] { writer.write(moment) }
    for counter in [thousandths.run, range, stuck] { writer.write(counter) }
    writer.write(wasOdd)
    for value in [oddCount, lastGood] { writer.write(value) }
  }

  static func read(from reader: inout SnapshotReader) throws(SnapshotError) -> SeriesWatch {
    var watch = SeriesWatch()
    watch.thousandths.level = try reader.readDouble()
    watch.thousandths.least = try reader.readDouble()
    watch.thousandths.time = try reader.readTimestamp()
    watch.thousandths.first = try reader.readTimestamp()
    watch.oddTime = try reader.readTimestamp()
    watch.thousandths.run = try reader.read(Int16.self)
    watch.range = try reader.read(Int16.self)
    watch.stuck = try reader.read(Int16.self)
    watch.wasOdd = try reader.readBool()
    watch.oddCount = try reader.readDouble()
    watch.lastGood = try reader.readDouble()
    return watch
  }
}

/// What the rules for an asset's electric power remember beside it.
struct PowerWatch: BitwiseCopyable {
  /// Consecutive readings above a limit, and below where it clears.
  var limit: Int32 = 0
  /// Consecutive readings standing after a fall, then of running again.
  var trip: Int32 = 0
  /// The last two values, the later one first [kW].
  var earlier = (Double.nan, Double.nan)
  /// When they were.
  var earlierTime = (Timestamp.distantPast, Timestamp.distantPast)
  /// Greatest value in about the last day, where the size is not known [kW].
  var recentMaximum = 0.0
  /// When it last stood in the ordinary way.
  var lastStood = Timestamp.distantPast
  /// When it was first seen.
  var first = Timestamp.distantPast

  func write(to writer: inout SnapshotWriter) {
    for counter in [limit, trip] { writer.write(counter) }
    for value in [earlier.0, earlier.1, recentMaximum] { writer.write(value) }
    for moment in [earlierTime.0, earlierTime.1, lastStood, first] { writer.write(moment) }
  }

  static func read(from reader: inout SnapshotReader) throws(SnapshotError) -> PowerWatch {
    var watch = PowerWatch()
    watch.limit = try reader.read(Int32.self)
    watch.trip = try reader.read(Int32.self)
    watch.earlier = (try reader.readDouble(), try reader.readDouble())
    watch.recentMaximum = try reader.readDouble()
    watch.earlierTime = (try reader.readTimestamp(), try reader.readTimestamp())
    watch.lastStood = try reader.readTimestamp()
    watch.first = try reader.readTimestamp()
    return watch
  }
}
