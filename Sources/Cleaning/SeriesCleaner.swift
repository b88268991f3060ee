import PlantModel
import WattlineTime

/// The result of judging one reading.
struct Verdict {
  /// Time of the reading; made strictly increasing if the source gave none.
  var time: Timestamp
  /// Best estimate; NaN without any basis.
  var value: Double
  var flags: QualityFlags = []
  /// Rows to be inserted before this reading.
  var addition: Addition?
  /// Standard deviation of a replacement value; `nil` if the value is the reading itself.
  var deviation: Double?
}

/// Rows that a reading adds in front of itself.
enum Addition {
  /// A gap, ended by the reading, that is to be filled.
  case gap(Gap)
  /// An earlier reading that turned out to be a glitch, and its replacement; NaN without any basis.
  case glitch(at: Timestamp, standIn: Double)
}

/// A gap between two good readings, short enough to be filled.
struct Gap {
  var start: Timestamp
  var startValue: Double
  var end: Timestamp
  var endValue: Double
  var step: TimeSpan
  /// Standard deviation of the change from one step to the next; NaN if too few values are known.
  var roughness: Double
  /// Whether the first value is held, because the quantity may stand still.
  var isHeld: Bool

  /// Returns the standard deviation of the filled value at a share of the gap, that of a random walk over n steps.
  ///
  /// It is `σ √(n s (1 − s))` if both ends are fixed, and `σ √(n s)` if only the first is.
  func deviation(at share: Double) -> Double {
    let steps = (end - start).inSeconds / step.inSeconds
    return roughness * (steps * share * (isHeld ? 1 : 1 - share)).squareRoot()
  }
}

/// The state of a series that has been silent for long.
struct QuietSeries: BitwiseCopyable {
  var highest: Timestamp
  var lastGood: Double
  var lastGoodTime: Timestamp
  var learned: LearnedRange
}

/// The state of one series: 184 bytes, no references.
struct SeriesCleaner: BitwiseCopyable {
  /// Time ahead of the receive time above which a reading is in the future.
  static let futureSlack = TimeSpan.minutes(5)
  /// Limits for stuck values: unchanged for longer than this time and for more than this number of samples.
  static let stuckSpan = TimeSpan.minutes(10)
  static let stuckSamples: UInt16 = 20
  /// Number of remembered times.
  static let timeCount = 6
  /// Longest gap that is filled.
  static let longestGap = TimeSpan.hour

  /// Highest event time that was not in the future; the series' watermark is this minus the lateness.
  var highest = Timestamp.distantPast
  /// Times in microseconds modulo 2³², which is enough to distinguish six readings; 0 without one.
  var recentTimes: InlineArray<6, UInt32> = .init(repeating: 0)
  var lastGood = Double.nan
  var lastGoodTime = Timestamp.distantPast
  var unchangedValue = Double.nan
  var unchangedSince = Timestamp.distantPast
  var interval = IntervalEstimator()
  var spike = SpikeTest()
  var nextTime: UInt8 = 0
  var unchangedCount: UInt16 = 0
  var learned = LearnedRange()
  /// Whether the series is reported on change.
  var reporting = ReportingWatch()
  /// Level of an earlier standstill that the series has left; NaN without one.
  var plateau = Float.nan

  /// Part of the state that is kept while the series is silent.
  var quiet: QuietSeries {
    QuietSeries(highest: highest, lastGood: lastGood, lastGoodTime: lastGoodTime, learned: learned)
  }

  /// Resumes from the kept part of the state.
  mutating func wake(_ rest: QuietSeries) {
    (highest, lastGood, lastGoodTime) = (rest.highest, rest.lastGood, rest.lastGoodTime)
    learned = rest.learned
  }

  /// Judges one reading and updates the state.
  ///
  /// - Parameters:
  ///   - stamp: Time of the reading; the receive time if the source gave none.
  ///   - value: The reading [canonical unit].
  ///   - hasSourceTime: Whether the source gave the time.
  ///   - received: Receive time.
  ///   - profile: Profile of the sensor.
  ///   - lateness: Time behind the highest time from which a reading is late.
  mutating func judge(
    time stamp: Timestamp, value: Double, hasSourceTime: Bool, received: Timestamp, profile: CleaningProfile,
    lateness: TimeSpan
  ) -> Verdict {
    var verdict = Verdict(time: hasSourceTime ? stamp : increasing(stamp), value: value)
    let isFuture = hasSourceTime && verdict.time - received > Self.futureSlack
    if !value.isFinite || value < profile.lowest || value > profile.highest || learned.excludes(value, profile: profile)
    {
      verdict.flags.insert(QualityFlags(.outOfRange))
    }
    if isFuture {
      verdict.flags.insert(QualityFlags(.future))
    } else {
      if isRecent(verdict.time) { verdict.flags.insert(QualityFlags(.duplicate)) }
      if verdict.time < highest - lateness { verdict.flags.insert(QualityFlags(.late)) }
      if verdict.time > highest { judgeInOrder(&verdict, profile: profile) }
      remember(verdict.time)
    }
    switch verdict.flags.worst {
    case .good, .late, .duplicate, .imputed: break
    default:
      verdict.value = held(at: verdict.time, longest: holds(profile) ? profile.longestSilence : .zero)
      if verdict.value.isFinite { verdict.deviation = heldDeviation(at: verdict.time) }
    }
    return verdict
  }

  /// Applies the tests that compare with earlier values, for a reading later than all others.
  private mutating func judgeInOrder(_ verdict: inout Verdict, profile: CleaningProfile) {
    let (time, value) = (verdict.time, verdict.value)
    let isFirst = highest == .distantPast
    let elapsed = time - highest
    let isPlausible = !verdict.flags.contains(QualityFlags(.outOfRange))
    if !isFirst && interval.count >= 3 && elapsed > interval.typical * 10 { spike.forget() }
    if value.isFinite && profile.sampling != .counter {
      if isStuck(value, at: time, profile: profile) { verdict.flags.insert(QualityFlags(.stuck)) }
      judgeChange(&verdict, isPlausible: isPlausible, profile: profile)
    }
    if profile.sampling == .counter {
      if verdict.flags.isEmpty { judgeCount(&verdict, profile: profile) }
    } else if verdict.flags.isEmpty {
      if profile.holds == nil, lastGoodTime != .distantPast {
        reporting.observe(gap: elapsed, usual: interval.typical, isRepeat: value == lastGood)
      }
      verdict.addition = gap(before: time, value: value, profile: profile).map(Addition.gap)
      learned.learn(value, after: lastGood, at: time)
      lastGood = value
      lastGoodTime = time
    }
    if !isFirst { interval.observe(elapsed) }
    highest = time
  }

  /// Shortest time for a rate. Over less, a change is mostly the instrument's noise and resolution.
  static let shortestForRate = TimeSpan.seconds(10)

  /// Applies the rate and spike tests, and accepts a new level after several agreeing departures.
  ///
  /// - Parameters:
  ///   - verdict: The reading; receives the flags.
  ///   - isPlausible: Whether the value is within its range; others cannot make a new level.
  ///   - profile: Profile of the sensor.
  private mutating func judgeChange(_ verdict: inout Verdict, isPlausible: Bool, profile: CleaningProfile) {
    let value = verdict.value
    var departure: QualityFlags = []
    if lastGoodTime != .distantPast {
      let elapsed = max(verdict.time - lastGoodTime, Self.shortestForRate).inSeconds
      if abs(value - lastGood) > profile.maximumRate * elapsed { departure.insert(QualityFlags(.rate)) }
    }
    if spike.departs(value, profile: profile) { departure.insert(QualityFlags(.spike)) }
    guard isPlausible, verdict.flags.isEmpty else {
      verdict.flags.formUnion(departure)
      return
    }
    if departure.isEmpty {
      spike.accept(value)
    } else if !spike.reject(value, lastGood: lastGood) {
      verdict.flags.formUnion(departure)
    }
  }

  private mutating func isStuck(_ value: Double, at time: Timestamp, profile: CleaningProfile) -> Bool {
    guard value == unchangedValue else {
      // Neighbours from a standstill do not show the scatter of a moving sensor.
      if unchangedCount > Self.stuckSamples && highest - unchangedSince > Self.stuckSpan {
        spike.forget()
        plateau = Float(unchangedValue)
      }
      unchangedValue = value
      unchangedSince = time
      unchangedCount = 1
      return false
    }
    if unchangedCount < .max { unchangedCount += 1 }
    if profile.mayStandStill { return false }
    if profile.mayRestAtZero && abs(value) <= max(1e-6, 0.01 * Double(spike.reach)) { return false }
    // A high level to which the series returned after moving is a persisting limit, such as an inverter's.
    if profile.mayRestAtZero && Float(value) == plateau && value > 0.3 * Double(spike.reach) { return false }
    return unchangedCount > Self.stuckSamples && time - unchangedSince > Self.stuckSpan
  }

  /// Returns the gap that ends here if both ends are good and it spans 2.5 to 10 typical intervals and at most an hour.
  ///
  /// - Parameters:
  ///   - time: Time of the reading that ends the gap.
  ///   - value: Value of that reading.
  ///   - profile: Profile of the sensor.
  private func gap(before time: Timestamp, value: Double, profile: CleaningProfile) -> Gap? {
    // Values that hold until the next have no gaps.
    guard !holds(profile), interval.isRegular, lastGoodTime == highest, highest != .distantPast else {
      return nil
    }
    let span = time - highest
    let step = interval.typical
    guard step >= .milliseconds(1), span * 2 >= step * 5, span <= step * 10, span <= Self.longestGap else { return nil }
    return Gap(
      start: highest, startValue: lastGood, end: time, endValue: profile.mayStandStill ? lastGood : value, step: step,
      roughness: spike.roughness, isHeld: profile.mayStandStill)
  }

  /// Returns whether a value holds until the next.
  func holds(_ profile: CleaningProfile) -> Bool {
    profile.holds ?? (profile.holdsByNature ? !reporting.isAtIntervals : reporting.isOnChange)
  }

  /// Returns the last good value if it is recent enough to replace a bad one, otherwise NaN.
  ///
  /// - Parameters:
  ///   - time: Time of the bad value.
  ///   - longest: Age that is accepted in any case.
  func held(at time: Timestamp, longest: TimeSpan = .zero) -> Double {
    guard lastGoodTime != .distantPast, time >= lastGoodTime else { return .nan }
    return time - lastGoodTime <= max(.minute, interval.typical * 3, longest) ? lastGood : .nan
  }

  /// Returns the standard deviation of the last good value as an estimate of the present one: that of a random walk.
  private func heldDeviation(at time: Timestamp) -> Double {
    let steps = interval.typical > .zero ? (time - lastGoodTime).inSeconds / interval.typical.inSeconds : 1
    return spike.roughness * max(1, steps).squareRoot()
  }

  /// Returns the receive time, or at least a millisecond after the last reading, since points are stored to the
  /// millisecond.
  private func increasing(_ stamp: Timestamp) -> Timestamp {
    highest == .distantPast ? stamp : max(stamp, highest + .milliseconds(1))
  }

  private func isRecent(_ time: Timestamp) -> Bool {
    if time == highest { return time != .distantPast }
    let code = Self.code(time)
    for i in 0..<Self.timeCount where recentTimes[i] == code { return true }
    return false
  }

  private static func code(_ time: Timestamp) -> UInt32 { max(1, UInt32(truncatingIfNeeded: time.nanoseconds / 1_000)) }

  private mutating func remember(_ time: Timestamp) {
    recentTimes[Int(nextTime)] = Self.code(time)
    nextTime = Int(nextTime) == Self.timeCount - 1 ? 0 : nextTime + 1
  }
}
