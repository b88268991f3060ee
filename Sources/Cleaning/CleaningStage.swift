public import PlantModel
import PointSchema
public import StreamCore
public import WattlineTime

/// Assigns quality flags and a best estimate to every reading, in place, and fills short gaps.
///
/// | code | test |
/// |---|---|
/// | 2 out of range | not finite, or outside the sensor's range |
/// | 5 stuck | exactly unchanged for more than 10 minutes and 20 samples, unless the quantity may stand still |
/// | 4 spike | causal Hampel test, see ``SpikeTest`` |
/// | 3 rate | faster than the sensor's maximum rate since the last good value |
/// | 9 future | more than 5 minutes ahead of the receive time; does not move the watermark |
/// | 7 late | behind the series' highest time by more than the lateness |
/// | 6 duplicate | a time that the series had among its last six readings |
///
/// Rate, spike and stuck need chronological order and are not applied to readings behind the highest time. Counters
/// have their own tests, since resets are not errors:
///
/// - A fall that the next reading reverts was a spike; the earlier reading is repeated with that quality.
/// - A fall by at most a tenth is a spike for at most an hour.
/// - A rise beyond the asset's limits has the quality "rate".
///
/// Late readings and duplicates keep their value, which is valid. A value under any other code is replaced by the last
/// good one, or by NaN if that is too old. The limit is the longest of a minute, three typical intervals and, if values
/// hold until the next, the longest silence.
///
/// A gap in a regular series between two good readings is filled if it spans 2.5 to 10 typical intervals and at most an
/// hour. Filled readings lie at the typical interval on the straight line. If the quantity may stand still they repeat
/// the last value. They precede the reading that ends the gap in the batch.
///
/// A series that has been silent for more than 25 hours keeps only its highest time, last good value and learned range.
/// Its usual behaviour is learned again from its next readings. Older state would not affect results by then.
///
/// Each replaced or filled value has its method and standard deviation in ``ReadingBatch/estimates``. The deviation is
/// that of a random walk with the changes of the last good readings, fixed at one end or at both.
///
/// Powers and currents without a declared size have a learned range: 50 times the level that the series reached in
/// three days.
///
/// Readings are judged one after the other, so the division into batches makes no difference.
public struct CleaningStage: Stage {
  /// Name of the stage.
  public static let name = "cleaning"

  /// Time behind a series' highest time from which a reading is late.
  public let lateness: TimeSpan
  /// Number of readings by quality code since the start; readings filled into gaps count under 1.
  public private(set) var qualityCounts = [UInt64](repeating: 0, count: 10)
  /// Silence after which a series' state is reduced to a ``QuietSeries``.
  static let quietAfter = TimeSpan.hours(25)

  var states = SeriesStates<SeriesCleaner>()
  var quiet: [Int32: QuietSeries] = [:]
  /// Each distinct profile once, and the index of each series' profile.
  private var profiles: [CleaningProfile] = []
  private var kinds: [UInt16] = []
  /// Whether values hold until the next, by series.
  private(set) var holding: [Bool] = []
  private var additions: [(row: Int, addition: Addition)] = []
  private var scratch = ReadingBatch()

  /// Creates a stage without state.
  public init(lateness: TimeSpan = .seconds(10)) {
    self.lateness = max(.zero, lateness)
  }

  /// Judges the frame's readings. On the hour, it also reduces the state of silent series.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    if frame.cause == .minute, frame.clock == frame.clock.floored(to: .hour) { dropQuiet(before: frame.clock) }
    if kinds.count < register.series.count { follow(register) }
    defer { frame.holding = holding }
    guard frame.cause == .readings, !frame.readings.isEmpty else { return }
    additions.removeAll(keepingCapacity: true)
    for i in 0..<frame.readings.count {
      let series = frame.readings.series[i].position
      guard series >= 0, series < kinds.count else { continue }
      let profile = profiles[Int(kinds[series])]
      if profile.isForecast {
        qualityCounts[Int(Quality.good.rawValue)] &+= 1
        continue
      }
      let place = states.place(of: series) ?? wake(series)
      var verdict = states[place].judge(
        time: frame.readings.time[i], value: frame.readings.value[i], hasSourceTime: frame.readings.hasSourceTime[i],
        received: frame.received, profile: profile, lateness: lateness)
      let holds = states[place].holds(profile)
      if holds != holding[series] {
        holding[series] = holds
        frame.points.begin(PointKey(.reporting, .series(SeriesIndex(series))), at: verdict.time)
        frame.points.field(.reports, text: (holds ? Reporting.onChange : .interval).rawValue)
      }
      if verdict.flags.contains(QualityFlags(.stuck)), frame.limits[register.series[series].asset] != nil {
        // An asset under a power limit may legitimately stand still there.
        verdict.flags.remove(QualityFlags(.stuck))
        (verdict.value, verdict.deviation) = (frame.readings.value[i], nil)
      }
      frame.readings.time[i] = verdict.time
      frame.readings.value[i] = verdict.value
      frame.readings.flags[i] = verdict.flags
      frame.readings.quality[i] = verdict.flags.worst
      if let deviation = verdict.deviation {
        frame.readings.estimates.append(Estimate(row: i, method: .hold, deviation: deviation))
      }
      qualityCounts[Int(verdict.flags.worst.rawValue)] &+= 1
      if let addition = verdict.addition { additions.append((i, addition)) }
    }
    if !additions.isEmpty { add(to: &frame.readings) }
  }

  /// Adds series that are new in the register, and reserves no more memory than they need.
  private mutating func follow(_ register: PlantRegister) {
    let count = register.series.count
    states.grow(to: count)
    kinds.reserveCapacity(count)
    for series in register.series[kinds.count...] {
      let own = CleaningProfile(series.profile)
      let known = profiles.firstIndex(of: own)
      if known == nil, profiles.count <= Int(UInt16.max) { profiles.append(own) }
      let position = kinds.count
      kinds.append(UInt16(clamping: known ?? profiles.count - 1))
      holding.append(states.place(of: position).map { states[$0].holds(own) } ?? own.holds ?? own.holdsByNature)
    }
  }

  private mutating func wake(_ series: Int) -> Int {
    var state = SeriesCleaner()
    if let rest = quiet.removeValue(forKey: Int32(truncatingIfNeeded: series)) { state.wake(rest) }
    return states.add(state, to: series)
  }

  private mutating func dropQuiet(before clock: Timestamp) {
    for series in 0..<states.count {
      guard let place = states.place(of: series), clock - states[place].highest > Self.quietAfter else { continue }
      quiet[Int32(truncatingIfNeeded: series)] = states[place].quiet
      states.drop(series)
    }
  }

  /// Rebuilds the batch with each addition in front of the reading that caused it.
  private mutating func add(to readings: inout ReadingBatch) {
    scratch.removeAll()
    var next = 0
    var nextEstimate = 0
    for i in 0..<readings.count {
      if next < additions.count, additions[next].row == i {
        switch additions[next].addition {
        case .gap(let gap): append(gap, of: readings.series[i])
        case .glitch(let time, let standIn): append(glitchAt: time, standIn: standIn, of: readings.series[i])
        }
        next += 1
      }
      scratch.append(
        series: readings.series[i], time: readings.time[i], raw: readings.raw[i], value: readings.value[i],
        hasSourceTime: readings.hasSourceTime[i])
      scratch.quality[scratch.count - 1] = readings.quality[i]
      scratch.flags[scratch.count - 1] = readings.flags[i]
      if nextEstimate < readings.estimates.count, readings.estimates[nextEstimate].row == i {
        var estimate = readings.estimates[nextEstimate]
        estimate.row = scratch.count - 1
        scratch.estimates.append(estimate)
        nextEstimate += 1
      }
    }
    swap(&readings, &scratch)
  }

  private mutating func append(_ gap: Gap, of series: SeriesIndex) {
    let span = (gap.end - gap.start).inSeconds
    var time = gap.start + gap.step
    // A last step right before the ending reading is left out.
    let last = gap.end - TimeSpan(nanoseconds: gap.step.nanoseconds / 2)
    while time < last {
      let share = (time - gap.start).inSeconds / span
      let value = gap.startValue + (gap.endValue - gap.startValue) * share
      scratch.appendImputed(series: series, time: time, value: value)
      scratch.estimates.append(
        Estimate(row: scratch.count - 1, method: gap.isHeld ? .hold : .line, deviation: gap.deviation(at: share)))
      qualityCounts[Int(Quality.imputed.rawValue)] &+= 1
      time += gap.step
    }
  }

  /// Repeats a reading that had been accepted as good, now as a spike; its stored raw value stays.
  ///
  /// - Parameters:
  ///   - time: Time of the reading.
  ///   - standIn: Its replacement; NaN without any basis.
  ///   - series: Series of the reading.
  private mutating func append(glitchAt time: Timestamp, standIn: Double, of series: SeriesIndex) {
    scratch.append(series: series, time: time, raw: .nan, value: standIn, hasSourceTime: true)
    let row = scratch.count - 1
    (scratch.quality[row], scratch.flags[row]) = (.spike, QualityFlags(.spike))
    if standIn.isFinite { scratch.estimates.append(Estimate(row: row, method: .hold, deviation: .nan)) }
    qualityCounts[Int(Quality.good.rawValue)] &-= 1
    qualityCounts[Int(Quality.spike.rawValue)] &+= 1
  }

  mutating func resume(_ counts: [UInt64]) {
    for i in qualityCounts.indices { qualityCounts[i] = i < counts.count ? counts[i] : 0 }
  }
}
