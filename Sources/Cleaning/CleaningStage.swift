import PlantModel
import StreamCore

/// Settles the quality and the best estimate of every reading, in place, and fills short gaps.
///
/// | code | test |
/// |---|---|
/// | 2 out of range | not finite, or outside the sensor's range |
/// | 5 stuck | exactly unchanged for more than 10 minutes and 20 samples, unless the quantity may stand still |
/// | 4 spike | causal Hampel test, see the stage's source |
/// | 3 rate | faster than the sensor's maximum rate since the last good value |
/// | 9 future | more than 5 minutes ahead of the receive time; does not move the watermark |
/// | 7 late | behind the series' highest time by more than the lateness |
/// | 6 duplicate | a time that the series had among its last six readings |
///
/// Rate, spike and stuck need the order of time and are not asked of readings behind the highest time. Of counters they
/// are asked otherwise, since resets are not errors: a fall that the next reading takes back was a spike, and the reading
/// is given again with that quality; so is a fall by less than a tenth, for an hour at most; a rise beyond what the asset
/// can take has the quality of a rate. Late readings and duplicates keep their value, which is true. A
/// value under any other code is replaced by the last good one while that is younger than a minute or three typical
/// intervals, else by NaN. A gap of 2.5 to 10 typical intervals and at most an hour between two good readings of a
/// regular series is filled at the typical interval: on the straight line, or with the last value where the quantity
/// may stand still. Filled readings precede the one that ends the gap in the batch.
///
/// A series that has been silent for more than a day keeps its highest time and its last good value alone: what is usual
/// is learned again from its first readings when it speaks. What it held would not be asked by then.
///
/// A value that stands in for a reading has its method and its standard deviation in ``ReadingBatch/estimates``: that of a
/// random walk with the changes of the last good readings, held at one end or at both.
///
/// Where no size is declared, powers and currents have a learned range: 50 times what a series has reached in three days.
///
/// Readings are judged one after the other, so how they are batched makes no difference.
public struct CleaningStage: Stage {
  /// The stage's name.
  public static let name = "cleaning"

  /// How far behind a series' highest time a reading may be without being late.
  public let lateness: TimeSpan
  /// How many readings got each quality since the start, by its code; readings filled into gaps under 1.
  public private(set) var qualityCounts = [UInt64](repeating: 0, count: 10)
  /// A series that has been silent for longer than this is dropped but for its last value.
  static let quietAfter = TimeSpan.hours(25)

  var states = SeriesStates<SeriesCleaner>()
  var quiet: [Int32: QuietSeries] = [:]
  /// What judging needs of profiles, each once, and which of them a series has.
  private var profiles: [CleaningProfile] = []
  private var kinds: [UInt16] = []
  /// Whether values hold until the next, by series.
  private(set) var holding: [Bool] = []
  private var additions: [(row: Int, addition: Addition)] = []
  private var scratch = ReadingBatch()

  /// A stage that has seen nothing.
  public init(lateness: TimeSpan = .seconds(10)) {
    self.lateness = max(.zero, lateness)
  }

  /// Judges the frame's readings; on the hour, drops what has fallen silent; other frames pass.
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
        frame.points.field("reports", text: (holds ? Reporting.onChange : .interval).rawValue)
      }
      if verdict.flags.contains(QualityFlags(.stuck)), frame.limits[register.series[series].asset] != nil {
        // What was told to give no more stands still there.
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

  /// Learns of series that came into the register, and takes no more memory than they need.
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

  /// Rebuilds the batch with what is added in front of the readings that add it.
  private mutating func add(to readings: inout ReadingBatch) {
    scratch.removeAll()
    var next = 0
    var nextEstimate = 0
    for i in 0..<readings.count {
      if next < additions.count, additions[next].row == i {
        switch additions[next].addition {
        case .gap(let gap): append(gap, of: readings.series[i])
        case .glitch(let time, let standIn): append(glitchAt: time, standIn, of: readings.series[i])
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
    // The last step is left out when it would fall next to the reading itself.
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

  /// Gives a reading again, which was taken for good; its raw value stands as it was.
  private mutating func append(glitchAt time: Timestamp, _ standIn: Double, of series: SeriesIndex) {
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
