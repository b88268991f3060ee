import PlantModel
import StreamCore

/// What the rules that look at single readings remember of a series.
struct SeriesWatch {
  /// Consecutive readings that were, or were not, out of range; positive and negative.
  var range: Int32 = 0
  /// The same for stuck.
  var stuck: Int32 = 0
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
  /// Latest value of good quality, but for 0 [canonical unit].
  var lastGood = 0.0
  /// Whether its values have become thousandths.
  var thousandths = ThousandthWatch()

  /// Counts up while `holds`, and down while it does not, starting anew at each change.
  static func count(_ counter: inout Int32, _ holds: Bool) {
    counter = holds ? min(max(counter, 0) + 1, 1_000) : max(min(counter, 0) - 1, -1_000)
  }

  func write(to writer: inout SnapshotWriter) {
    for counter in [range, stuck, limit, trip] { writer.write(counter) }
    for value in [earlier.0, earlier.1, recentMaximum, lastGood] { writer.write(value) }
    for moment in [earlierTime.0, earlierTime.1, lastStood, first] { writer.write(moment) }
    writer.write(thousandths.run)
    for value in [thousandths.level, thousandths.least] { writer.write(value) }
    for moment in [thousandths.time, thousandths.first] { writer.write(moment) }
  }

  static func read(from reader: inout SnapshotReader) throws(SnapshotError) -> SeriesWatch {
    var watch = SeriesWatch()
    watch.range = try reader.read(Int32.self)
    watch.stuck = try reader.read(Int32.self)
    watch.limit = try reader.read(Int32.self)
    watch.trip = try reader.read(Int32.self)
    watch.earlier = (try reader.readDouble(), try reader.readDouble())
    watch.recentMaximum = try reader.readDouble()
    watch.lastGood = try reader.readDouble()
    watch.earlierTime = (try reader.readTimestamp(), try reader.readTimestamp())
    watch.lastStood = try reader.readTimestamp()
    watch.first = try reader.readTimestamp()
    watch.thousandths.run = try reader.read(Int32.self)
    watch.thousandths.level = try reader.readDouble()
    watch.thousandths.least = try reader.readDouble()
    watch.thousandths.time = try reader.readTimestamp()
    watch.thousandths.first = try reader.readTimestamp()
    return watch
  }
}
