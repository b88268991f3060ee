import PlantModel
import StreamCore

// The tests that look back at the series' own past, and the filling of gaps.
extension CleaningStage {
  /// Causal Hampel test (Hampel 1974): the value lies further from the median of the last good values than
  /// ``Parameters/spikeDeviations`` times 1.4826 × their median absolute deviation.
  ///
  /// The deviation has a floor, so that a quiet series does not make a spike of its first honest change: 5 % of the
  /// median's magnitude and 0.2 % of the plausible range (at most 1), and for powers, which switch, half of the median's
  /// magnitude and 2 % of the range. After
  /// ``Parameters/newLevelCount`` departures in a row on one side the new level is accepted.
  ///
  /// Worked value: after 50.0, 50.1, 49.9, 50.0, 50.1 a value of 80 is a spike: |80 − 50| > 6 × max(0.148, 2.5).
  func isSpike(_ value: Double, _ state: inout SensorState, _ profile: SensorProfile) -> Bool {
    guard state.recent.count >= 5, !profile.mayStandStill else { return false }
    let (median, deviation) = state.recent.medianAndDeviation
    let span = profile.range.upperBound - profile.range.lowerBound
    let switches = profile.mayRestAtZero
    let ofRange = span.isFinite ? (switches ? 0.02 * span : min(0.002 * span, 1)) : 0
    let floor = max(abs(median) * (switches ? 0.5 : 0.05), ofRange, 1e-9)
    guard abs(value - median) > parameters.spikeDeviations * max(1.4826 * deviation, floor) else {
      state.departed = (.nan, 0)
      return false
    }
    // What switches may leave zero for any value within its range.
    if switches, abs(median) <= floor, profile.range.upperBound.isFinite { return false }
    let sameSide = state.departed.count > 0 && (state.departed.value > median) == (value > median)
    state.departed = (value, sameSide ? state.departed.count + 1 : 1)
    guard state.departed.count < parameters.newLevelCount else {
      state.departed = (.nan, 0)
      state.recent.removeAll()
      return false
    }
    return true
  }

  /// Whether exactly this value has stood for long and often enough, where that is not ordinary.
  func isStuck(_ value: Double, _ time: Timestamp, _ state: inout SensorState, _ profile: SensorProfile) -> Bool {
    if value == state.standing.value {
      state.standing.count += 1
    } else {
      state.standing = (value, time, 1)
    }
    if profile.mayStandStill || (profile.mayRestAtZero && abs(value) < 1e-6) { return false }
    return state.standing.count > parameters.stuckCount
      && time - state.standing.since >= parameters.stuckAfter
  }

  /// Fills a short gap between two good readings with values on the line between them (held for what stands still).
  mutating func fillGap(
    before position: Int, _ index: SeriesIndex, _ time: Timestamp, _ value: Double, _ state: SensorState,
    _ typical: Double?, _ profile: SensorProfile
  ) {
    guard let good = state.good, good.time == state.highest, let typical, profile.sampling != .counter else { return }
    let gap = (time - good.time).inSeconds
    guard gap >= 2.5 * typical, gap <= parameters.longestGap.intervals * typical,
      gap <= parameters.longestGap.span.inSeconds
    else { return }
    var elapsed = typical
    while elapsed < gap - typical / 2 {
      let estimate = profile.mayStandStill ? good.value : good.value + (value - good.value) * elapsed / gap
      let moment = good.time + TimeSpan(nanoseconds: Int64(elapsed * 1e9))
      insertions.append(Insertion(position: position, series: index, time: moment, value: estimate))
      elapsed += typical
    }
  }
}
