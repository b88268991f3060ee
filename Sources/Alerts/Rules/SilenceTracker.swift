import PlantModel
import StreamCore
import WattlineTime

/// Time of last receipt and typical interval of each series.
struct SilenceTracker {
  /// Shortest threshold; shorter gaps are normal on any network.
  static let shortest = TimeSpan.seconds(30)
  /// Threshold as a multiple of the series' typical interval.
  static let intervals = 5.0
  /// Number of intervals between receipts before a series is evaluated.
  static let learned = 3

  struct SeriesState {
    var last = Timestamp.distantPast
    /// Typical interval between receipts [s]; NaN before the first.
    var interval = Double.nan
    var intervals: Int32 = 0
  }

  private(set) var states: [SeriesState] = []
  /// Whether each series sends on change. For such a series `longest` is the threshold.
  var holding: [Bool] = []
  private var longest: [TimeSpan] = []
  private var lastTick = Timestamp.distantPast
  private var resumed = Timestamp.distantPast

  mutating func follow(_ register: PlantRegister) {
    states.grow(to: register.series.count, element: SeriesState())
    guard longest.count < register.series.count else { return }
    for series in register.series[longest.count...] { longest.append(series.profile.longestSilence ?? .day) }
  }

  /// Records the receipt of a reading.
  ///
  /// - Parameters:
  ///   - series: the series of the reading.
  ///   - received: receive time.
  ///   - isCatchingUp: whether the plant is processing a backlog; the interval is then not updated.
  mutating func observe(_ series: SeriesIndex, received: Timestamp, isCatchingUp: Bool) {
    let gap = (received - states[series.position].last).inSeconds
    let isFirst = states[series.position].last == .distantPast
    states[series.position].last = received
    guard !isFirst, !isCatchingUp, gap > 0 else { return }
    let known = states[series.position].interval
    // A gap counts as at most four intervals, so that a pause does not raise the typical interval much.
    states[series.position].interval = known.isNaN ? gap : known + 0.1 * (min(gap, 4 * known) - known)
    if states[series.position].intervals < 1_000 { states[series.position].intervals += 1 }
  }

  /// Records a tick. After more than 15 s without ticks, silence is counted from the next tick, because nothing could
  /// be received.
  mutating func tick(_ now: Timestamp) {
    if now - lastTick > .seconds(15) { resumed = now }
    lastTick = now
  }

  /// Returns the time since the last receipt of a series, or since ticks resumed if that is later.
  func silence(of series: SeriesIndex, at now: Timestamp) -> TimeSpan {
    now - max(states[series.position].last, resumed)
  }

  /// Returns the silence above which a series is silent; `nil` while its interval is unknown.
  func threshold(of series: SeriesIndex) -> TimeSpan? {
    let state = states[series.position]
    if holding.indices.contains(series.position), holding[series.position], state.last != .distantPast {
      return max(Self.shortest, longest[series.position])
    }
    guard Int(state.intervals) >= Self.learned else { return nil }
    let learned = min(Self.intervals * state.interval, 1e9)
    return max(Self.shortest, .milliseconds(Int64(learned * 1_000)))
  }

  func snapshot(into writer: inout SnapshotWriter) {
    for timestamp in [lastTick, resumed] { writer.write(timestamp) }
    writer.write(states) { writer, state in
      writer.write(state.last)
      writer.write(state.interval)
      writer.write(state.intervals)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    lastTick = try reader.readTimestamp()
    resumed = try reader.readTimestamp()
    states = try reader.readArray(elementSize: 20) { (reader) throws(SnapshotError) in
      let last = try reader.readTimestamp()
      let interval = try reader.readDouble()
      guard interval.isNaN || (interval >= 0 && interval.isFinite) else { throw .invalid("an impossible interval") }
      return SeriesState(last: last, interval: interval, intervals: try reader.read(Int32.self))
    }
  }
}
