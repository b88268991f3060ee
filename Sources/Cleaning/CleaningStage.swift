import PlantModel
import StreamCore

/// Gives every reading a quality and, where that is honest, a better value.
///
/// Tests, worst first: range (2), stuck (5), spike (4), rate (3), future (9), late (7), duplicate (6). A reading that
/// fails range, stuck, spike, rate or future gets the last good value as its estimate while that is younger than three
/// typical intervals (at least a minute), else none. Late and duplicate readings keep their own value: it is true.
/// Short gaps are filled on the line between their ends, as readings of quality 1.
///
/// Nothing depends on how readings are batched; a restart from the snapshot loses nothing.
public struct CleaningStage: Stage {
  /// `cleaning`.
  public static let name = "cleaning"

  /// Thresholds of the tests.
  public struct Parameters: Sendable {
    /// A reading further behind the series' latest is late.
    public var lateness = TimeSpan.seconds(10)
    /// A reading further ahead of its receive time is in the future.
    public var future = TimeSpan.minutes(5)
    /// Spike: distance from the median in robust standard deviations.
    public var spikeDeviations = 6.0
    /// Spike: readings in a row that make a departure a new level.
    public var newLevelCount = 3
    /// Stuck: least time that a value must stand.
    public var stuckAfter = TimeSpan.minutes(10)
    /// Stuck: least readings that a value must stand.
    public var stuckCount = 20
    /// Gap: longest that is filled, in typical intervals and in time.
    public var longestGap: (intervals: Double, span: TimeSpan) = (10, .hour)

    /// The defaults.
    public init() {}
  }

  struct Insertion {
    var position: Int
    var series: SeriesIndex
    var time: Timestamp
    var value: Double
  }

  let parameters: Parameters
  var states: [SensorState] = []
  var insertions: [Insertion] = []
  private var scratch = ReadingBatch()
  /// Readings by quality code since the start, imputed ones included; index is the code.
  public private(set) var qualityCounts = [UInt64](repeating: 0, count: 10)

  /// A stage that has seen nothing.
  public init(parameters: Parameters = Parameters()) { self.parameters = parameters }

  /// Settles time, quality and value of each reading, in order.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    guard frame.cause == .readings else { return }
    while states.count < register.series.count { states.append(SensorState()) }
    insertions.removeAll(keepingCapacity: true)
    for position in 0..<frame.readings.count {
      let series = frame.readings.series[position].position
      clean(position, &frame.readings, received: frame.received, register.series[series].profile)
      qualityCounts[Int(frame.readings.quality[position].rawValue)] += 1
    }
    if !insertions.isEmpty { insertImputed(&frame.readings) }
  }

  private mutating func clean(
    _ position: Int, _ readings: inout ReadingBatch, received: Timestamp, _ profile: SensorProfile
  ) {
    let index = readings.series[position]
    let series = index.position
    if !readings.hasSourceTime[position] {
      // The database keeps milliseconds: two readings of one must not become one point.
      let given = max(received, states[series].lastGiven + .milliseconds(1))
      states[series].lastGiven = given
      readings.time[position] = given
    }
    let time = readings.time[position]
    let value = readings.value[position]
    var flags: QualityFlags = []
    if !profile.range.contains(value) { flags.formUnion(QualityFlags(.outOfRange)) }
    if time > received + parameters.future && readings.hasSourceTime[position] {
      flags.formUnion(QualityFlags(.future))
    } else if states[series].noteTime(time) {
      flags.formUnion(QualityFlags(.duplicate))
    } else if states[series].highest != .distantPast && time < states[series].highest - parameters.lateness {
      flags.formUnion(QualityFlags(.late))
    } else if time > states[series].highest {
      testInOrder(position, index, time, value, profile, &flags)
    }
    settle(position, &readings, flags, states[series])
  }

  /// The tests that need the readings before this one, for a reading that is the latest of its series.
  private mutating func testInOrder(
    _ position: Int, _ index: SeriesIndex, _ time: Timestamp, _ value: Double, _ profile: SensorProfile,
    _ flags: inout QualityFlags
  ) {
    var state = states[index.position]
    let isCounter = profile.sampling == .counter
    let typical = state.typicalInterval
    if flags.isEmpty {
      if !isCounter, let good = state.good {
        let seconds = (time - good.time).inSeconds
        if abs(value - good.value) > profile.maximumRate * max(seconds, 0.001) { flags.formUnion(QualityFlags(.rate)) }
        if isSpike(value, &state, profile) { flags.formUnion(QualityFlags(.spike)) }
      }
      if !isCounter, isStuck(value, time, &state, profile) { flags.formUnion(QualityFlags(.stuck)) }
    }
    if flags.isEmpty {
      fillGap(before: position, index, time, value, state, typical, profile)
      state.good = (time, value)
      state.recent.append(value)
    }
    if state.highest != .distantPast { state.intervals.append((time - state.highest).inSeconds) }
    state.highest = time
    states[index.position] = state
  }

  private mutating func settle(
    _ position: Int, _ readings: inout ReadingBatch, _ flags: QualityFlags, _ state: SensorState
  ) {
    let worst = flags.worst
    readings.flags[position] = flags
    readings.quality[position] = worst
    switch worst {
    case .good, .late, .duplicate, .imputed: break
    case .outOfRange, .stuck, .spike, .rate, .future:
      readings.value[position] = CleaningStage.estimate(at: readings.time[position], state)
    }
  }

  /// The last good value while it is young enough to stand for the present, else NaN.
  static func estimate(at time: Timestamp, _ state: SensorState) -> Double {
    guard let good = state.good else { return .nan }
    let age = (time - good.time).inSeconds
    let limit = max(60, 3 * (state.typicalInterval ?? 0))
    return age >= 0 && age <= limit ? good.value : .nan
  }

  private mutating func insertImputed(_ readings: inout ReadingBatch) {
    scratch.removeAll()
    var next = insertions[...]
    for position in 0..<readings.count {
      while let first = next.first, first.position == position {
        scratch.appendImputed(series: first.series, time: first.time, value: first.value)
        qualityCounts[Int(Quality.imputed.rawValue)] += 1
        next.removeFirst()
      }
      scratch.append(
        series: readings.series[position], time: readings.time[position], raw: readings.raw[position],
        value: readings.value[position], hasSourceTime: readings.hasSourceTime[position])
      scratch.quality[scratch.count - 1] = readings.quality[position]
      scratch.flags[scratch.count - 1] = readings.flags[position]
    }
    swap(&readings, &scratch)
  }
}

extension CleaningStage {
  /// Writes the state of every series.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(UInt16(1))
    writer.write(states) { writer, state in state.snapshot(into: &writer) }
    writer.write(qualityCounts) { $0.write($1) }
  }

  /// Replaces the state.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: 1, of: CleaningStage.name)
    states = try reader.readArray { (reader) throws(SnapshotError) in try SensorState(restoring: &reader) }
    let counts = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.read(UInt64.self) }
    guard counts.count == qualityCounts.count else { throw .invalid("\(counts.count) quality counts") }
    qualityCounts = counts
  }
}
