import PlantModel
import StreamCore

/// What cleaning remembers of a series; a few hundred bytes.
struct SensorState {
  /// Latest event time that was not in the future.
  var highest = Timestamp.distantPast
  /// Latest time given to a reading without one of its own.
  var lastGiven = Timestamp.distantPast
  /// The last reading that counted as good.
  var good: (time: Timestamp, value: Double)?
  /// Times of the last readings, for duplicates.
  var times = InlineArray<8, Int64>(repeating: .min)
  var nextTime = 0
  /// Values that counted as good, for the spike test.
  var recent = RecentValues()
  /// Distances between readings in order [s], for the typical interval.
  var intervals = RecentValues()
  /// The value that stands, since when, and for how many readings.
  var standing: (value: Double, since: Timestamp, count: Int) = (.nan, .distantPast, 0)
  /// Values that departed in a row, and the first of them.
  var departed: (value: Double, count: Int) = (.nan, 0)

  /// The usual distance of readings [s]; `nil` until a few are known.
  var typicalInterval: Double? {
    guard intervals.count >= 3 else { return nil }
    let median = intervals.medianAndDeviation.median
    return median > 0 ? median : nil
  }

  /// Whether a reading of this time was seen lately; notes the time.
  mutating func noteTime(_ time: Timestamp) -> Bool {
    for position in 0..<8 where times[position] == time.nanoseconds { return true }
    times[nextTime] = time.nanoseconds
    nextTime = (nextTime + 1) % 8
    return false
  }

  init() {}

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(highest)
    writer.write(lastGiven)
    writer.write(good != nil)
    writer.write(good?.time ?? .distantPast)
    writer.write(good?.value ?? .nan)
    for position in 0..<8 { writer.write(times[position]) }
    writer.write(UInt8(nextTime))
    recent.snapshot(into: &writer)
    intervals.snapshot(into: &writer)
    writer.write(standing.value)
    writer.write(standing.since)
    writer.write(Int64(standing.count))
    writer.write(departed.value)
    writer.write(Int64(departed.count))
  }

  init(restoring reader: inout SnapshotReader) throws(SnapshotError) {
    highest = try reader.readTimestamp()
    lastGiven = try reader.readTimestamp()
    let hasGood = try reader.readBool()
    let goodTime = try reader.readTimestamp()
    let goodValue = try reader.readDouble()
    good = hasGood ? (goodTime, goodValue) : nil
    for position in 0..<8 { times[position] = try reader.read() }
    nextTime = Int(try reader.read(UInt8.self)) % 8
    recent = try RecentValues(restoring: &reader)
    intervals = try RecentValues(restoring: &reader)
    standing = (try reader.readDouble(), try reader.readTimestamp(), Int(try reader.read(Int64.self)))
    departed = (try reader.readDouble(), Int(try reader.read(Int64.self)))
  }
}
