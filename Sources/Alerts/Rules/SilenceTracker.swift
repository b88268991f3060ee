import PlantModel
import StreamCore

/// When each series was last received, and how often it usually is.
struct SilenceTracker {
  /// Shortest silence that is one; shorter gaps are ordinary on any network.
  static let shortest = TimeSpan.seconds(30)
  /// Silence in multiples of the series' typical interval that is one.
  static let intervals = 5.0
  /// Intervals between receipts to have seen before a series is judged.
  static let learned = 3

  struct SeriesState {
    var last = Timestamp.distantPast
    /// Typical interval between receipts [s]; NaN before the first.
    var interval = Double.nan
    var intervals: Int32 = 0
  }

  private(set) var states: [SeriesState] = []
  /// Series that send on change, and after what silence each is missed.
  var holding: [Bool] = []
  private var longest: [TimeSpan] = []
  private var lastTick = Timestamp.distantPast
  private var resumed = Timestamp.distantPast

  mutating func follow(_ register: PlantRegister) {
    states.grow(to: register.series.count, SeriesState())
    guard longest.count < register.series.count else { return }
    for series in register.series[longest.count...] { longest.append(series.profile.longestSilence ?? .day) }
  }

  /// Notes a reading. While catching up, receipts say nothing of the interval.
  mutating func note(_ series: SeriesIndex, received: Timestamp, isCatchingUp: Bool) {
    let gap = (received - states[series.position].last).inSeconds
    let isFirst = states[series.position].last == .distantPast
    states[series.position].last = received
    guard !isFirst, !isCatchingUp, gap > 0 else { return }
    let known = states[series.position].interval
    // A pause must not teach that pauses are ordinary: a gap counts as four intervals at the most.
    states[series.position].interval = known.isNaN ? gap : known + 0.1 * (min(gap, 4 * known) - known)
    if states[series.position].intervals < 1_000 { states[series.position].intervals += 1 }
  }

  /// Notes a tick. After a pause of the ticks nobody listened, so that silence counts from the first tick after it.
  mutating func tick(_ now: Timestamp) {
    if now - lastTick > .seconds(15) { resumed = now }
    lastTick = now
  }

  /// For how long a series has been silent.
  func silence(of series: SeriesIndex, at now: Timestamp) -> TimeSpan {
    now - max(states[series.position].last, resumed)
  }

  /// From which silence on a series is judged silent; `nil` while its interval is not known.
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
    for moment in [lastTick, resumed] { writer.write(moment) }
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
