import PlantModel

/// What cleaning found out about one reading.
struct Verdict {
  /// The reading's time, made strictly increasing where the source gave none.
  var time: Timestamp
  /// The best estimate; NaN where there is no basis.
  var value: Double
  var flags: QualityFlags = []
  /// What is given in front of this reading.
  var addition: Addition?
  /// Standard deviation of a value that stands in for the reading; `nil` where the value is the reading itself.
  var deviation: Double?
}

/// What a reading adds to those before it.
enum Addition {
  /// It ends a gap that is to be filled.
  case gap(Gap)
  /// It shows an earlier reading to be a glitch, for which another value stands in; NaN where there is no basis.
  case glitch(at: Timestamp, standIn: Double)
}

/// A gap between two good readings, short enough to be filled.
struct Gap {
  var start: Timestamp
  var startValue: Double
  var end: Timestamp
  var endValue: Double
  var step: TimeSpan
  /// Standard deviation of the change from one step to the next; NaN where too little is known.
  var roughness: Double
  /// Whether the first value is held, because the quantity may stand still.
  var isHeld: Bool

  /// Standard deviation of the filled value at a share of the gap, that of a random walk: known at both ends
  /// `σ √(n s (1 − s))` over n steps, known at the first alone `σ √(n s)`.
  func deviation(at share: Double) -> Double {
    let steps = (end - start).inSeconds / step.inSeconds
    return roughness * (steps * share * (isHeld ? 1 : 1 - share)).squareRoot()
  }
}

/// What cleaning remembers of a series that has been silent for long.
struct QuietSeries: BitwiseCopyable {
  var highest: Timestamp
  var lastGood: Double
  var lastGoodTime: Timestamp
  var learned: LearnedRange
}

/// What cleaning remembers of one series in 184 bytes, no references.
struct SeriesCleaner: BitwiseCopyable {
  /// Further ahead of the receive time than this is the future.
  static let futureSlack = TimeSpan.minutes(5)
  /// Unchanged for longer than both of these is stuck.
  static let stuckSpan = TimeSpan.minutes(10)
  static let stuckSamples: UInt16 = 20
  /// Times that are remembered.
  static let timeCount = 6
  /// Longest gap that is filled.
  static let longestGap = TimeSpan.hour

  /// Highest event time that was not in the future; the series' watermark is this less the lateness.
  var highest = Timestamp.distantPast
  /// Microseconds, of which 32 bits tell six readings apart; 0 where there is none.
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
  /// Whether it sends on change.
  var reporting = ReportingWatch()
  /// A level at which it stood still and which it has left since; NaN without one.
  var plateau = Float.nan

  /// What stays of it while the series is silent.
  var quiet: QuietSeries {
    QuietSeries(highest: highest, lastGood: lastGood, lastGoodTime: lastGoodTime, learned: learned)
  }

  /// Goes on from what stayed.
  mutating func wake(_ rest: QuietSeries) {
    (highest, lastGood, lastGoodTime) = (rest.highest, rest.lastGood, rest.lastGoodTime)
    learned = rest.learned
  }

  /// Judges one reading and takes it in.
  mutating func judge(
    time stamp: Timestamp, value: Double, hasSourceTime: Bool, received: Timestamp, profile: CleaningProfile,
    lateness: TimeSpan
  ) -> Verdict {
    var verdict = Verdict(time: hasSourceTime ? stamp : increasing(stamp), value: value)
    let isFuture = hasSourceTime && verdict.time - received > Self.futureSlack
    if !value.isFinite || value < profile.lowest || value > profile.highest || learned.excludes(value, profile) {
      verdict.flags.insert(QualityFlags(.outOfRange))
    }
    if isFuture {
      verdict.flags.insert(QualityFlags(.future))
    } else {
      if isRecent(verdict.time) { verdict.flags.insert(QualityFlags(.duplicate)) }
      if verdict.time < highest - lateness { verdict.flags.insert(QualityFlags(.late)) }
      if verdict.time > highest { judgeInOrder(&verdict, profile) }
      remember(verdict.time)
    }
    switch verdict.flags.worst {
    case .good, .late, .duplicate, .imputed: break
    default:
      verdict.value = held(at: verdict.time, holds(profile) ? profile.longestSilence : .zero)
      if verdict.value.isFinite { verdict.deviation = heldDeviation(at: verdict.time) }
    }
    return verdict
  }

  /// The tests that compare with what came before, for a reading that is later than all others.
  private mutating func judgeInOrder(_ verdict: inout Verdict, _ profile: CleaningProfile) {
    let (time, value) = (verdict.time, verdict.value)
    let isFirst = highest == .distantPast
    let elapsed = time - highest
    let isPlausible = !verdict.flags.contains(QualityFlags(.outOfRange))
    if !isFirst && interval.count >= 3 && elapsed > interval.typical * 10 { spike.forget() }
    if value.isFinite && profile.sampling != .counter {
      if isStuck(value, at: time, profile) { verdict.flags.insert(QualityFlags(.stuck)) }
      judgeChange(&verdict, isPlausible, profile)
    }
    if profile.sampling == .counter {
      if verdict.flags.isEmpty { judgeCount(&verdict, profile) }
    } else if verdict.flags.isEmpty {
      if profile.holds == nil, lastGoodTime != .distantPast {
        reporting.note(gap: elapsed, usual: interval.typical, isRepeat: value == lastGood)
      }
      verdict.addition = gap(before: time, value, profile).map(Addition.gap)
      learned.learn(value, after: lastGood, at: time)
      lastGood = value
      lastGoodTime = time
    }
    if !isFirst { interval.observe(elapsed) }
    highest = time
  }

  /// Over less than this a change is mostly the instrument's noise and resolution, and says nothing of a rate.
  static let shortestForRate = TimeSpan.seconds(10)

  /// Rate and spike, and the level that comes of several agreeing departures.
  private mutating func judgeChange(_ verdict: inout Verdict, _ isPlausible: Bool, _ profile: CleaningProfile) {
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

  private mutating func isStuck(_ value: Double, at time: Timestamp, _ profile: CleaningProfile) -> Bool {
    guard value == unchangedValue else {
      // Neighbours that stood still say nothing of the scatter once the sensor moves again.
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
    // A high level that it came back to after it had moved is a limit that holds, such as that of an inverter.
    if profile.mayRestAtZero && Float(value) == plateau && value > 0.3 * Double(spike.reach) { return false }
    return unchangedCount > Self.stuckSamples && time - unchangedSince > Self.stuckSpan
  }

  /// The gap that ends here, when both its ends are good and it spans 2.5 to 10 typical intervals and at most an hour.
  private func gap(before time: Timestamp, _ value: Double, _ profile: CleaningProfile) -> Gap? {
    // What holds until the next has no gaps.
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

  /// Whether a value holds until the next.
  func holds(_ profile: CleaningProfile) -> Bool {
    profile.holds ?? (profile.holdsByNature ? !reporting.isAtIntervals : reporting.isOnChange)
  }

  /// The last good value while it is young enough to stand in for a bad one, else NaN.
  ///
  /// - Parameter longest: For how long it may in any case.
  func held(at time: Timestamp, _ longest: TimeSpan = .zero) -> Double {
    guard lastGoodTime != .distantPast, time >= lastGoodTime else { return .nan }
    return time - lastGoodTime <= max(.minute, interval.typical * 3, longest) ? lastGood : .nan
  }

  /// Standard deviation of the last good value as an estimate of the present one: that of a random walk.
  private func heldDeviation(at time: Timestamp) -> Double {
    let steps = interval.typical > .zero ? (time - lastGoodTime).inSeconds / interval.typical.inSeconds : 1
    return spike.roughness * max(1, steps).squareRoot()
  }

  /// The receive time, at least a millisecond after the last reading: points are stored to the millisecond.
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
