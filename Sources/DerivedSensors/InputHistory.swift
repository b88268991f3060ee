import PlantModel
import WattlineTime

/// A cleaned reading as stored for derivation.
struct InputSample: BitwiseCopyable, Equatable {
  var time = Timestamp.distantPast
  var value = Double.nan
  var flags: QualityFlags = []
  /// Whether the reading belongs to an unexplained fall of a counter.
  var isOpen = false

  var isFuture: Bool { flags.contains(QualityFlags(.future)) }
}

/// The last readings of one input, and its typical reporting interval.
struct InputHistory: BitwiseCopyable {
  /// Number of readings kept: enough for the timestamps that may wait, and for as many late ones.
  static let length = 32
  /// Minimum time for which a reading holds.
  static let shortestHold = TimeSpan.minute
  /// Number of typical intervals for which a reading holds.
  static let holdIntervals: Int64 = 4

  /// Readings in order of arrival.
  private var samples: InlineArray<32, InputSample> = .init(repeating: InputSample())
  private var next: UInt8 = 0
  /// Whether a reading from the future is or was among ``samples``.
  private var hasFuture = false
  /// The latest reading that is not from the future; kept independently of the number of late ones.
  private(set) var newest = InputSample()
  private(set) var interval = IntervalEstimator()
  /// Counter only: the last value outside an unexplained fall; NaN before the first.
  var level = Double.nan
  /// Counter only: time and value of an unexplained fall; `.distantPast` if there is none.
  var fall = (time: Timestamp.distantPast, value: Double.nan)

  /// Time for which a reading holds for the input.
  var hold: TimeSpan { max(Self.shortestHold, interval.typical * Self.holdIntervals) }

  /// Adds a reading. Returns `false` if there is one with the same timestamp, which stays.
  mutating func observe(_ sample: InputSample) -> Bool {
    if (sample.time <= newest.time || hasFuture), index(of: sample.time) != nil { return false }
    samples[Int(next)] = sample
    next = Int(next) == Self.length - 1 ? 0 : next + 1
    if sample.isFuture {
      hasFuture = true
    } else if sample.time > newest.time {
      if newest.time != .distantPast { interval.observe(sample.time - newest.time) }
      newest = sample
    }
    return true
  }

  /// Returns whether there is a reading with a timestamp.
  func has(_ time: Timestamp) -> Bool {
    newest.time == time || (time < newest.time || hasFuture) && index(of: time) != nil
  }

  /// Replaces the reading with the same timestamp by a corrected one.
  ///
  /// - Returns: the end of the time in which the input's value changes; `nil` if it does not change.
  mutating func correct(_ sample: InputSample) -> Timestamp? {
    guard has(sample.time) else { return nil }
    var end = Timestamp(nanoseconds: .max)
    var isOther = false
    let isFall = sample.time == fall.time
    func isMeant(_ other: InputSample) -> Bool { other.time == sample.time || isFall && other.isOpen }
    for i in 0..<Self.length where samples[i].time != .distantPast {
      if isMeant(samples[i]) {
        isOther = isOther || !isSame(stated(samples[i]), other: sample)
        (samples[i].value, samples[i].flags, samples[i].isOpen) = (sample.value, sample.flags, false)
      } else if samples[i].time > sample.time, !samples[i].isFuture {
        end = min(end, samples[i].time)
      }
    }
    if isMeant(newest) {
      isOther = isOther || !isSame(stated(newest), other: sample)
      (newest.value, newest.flags, newest.isOpen) = (sample.value, sample.flags, false)
    }
    if isFall { fall.time = .distantPast }
    return isOther ? end : nil
  }

  private func isSame(_ one: InputSample, other: InputSample) -> Bool {
    one.value.bitPattern == other.value.bitPattern && one.flags == other.flags
  }

  /// Evaluates a counter's reading before it is added, by the rules of cleaning. A fall of the latest reading is
  /// unexplained until another value arrives, or ``CounterChange/longestGlitch`` has passed.
  ///
  /// - Returns: the start of a fall that this reading proves to be no glitch.
  mutating func judgeFall(_ sample: inout InputSample) -> Timestamp? {
    if sample.isFuture || sample.time <= newest.time || sample.flags.contains(QualityFlags(.outOfRange)) { return nil }
    var start: Timestamp?
    if fall.time != .distantPast {
      sample.isOpen =
        sample.flags.isEmpty && sample.value == fall.value && sample.time - fall.time < CounterChange.longestGlitch
      if sample.isOpen { return nil }
      (start, level, fall.time) = (fall.time, fall.value, .distantPast)
      for i in 0..<Self.length { samples[i].isOpen = false }
      newest.isOpen = false
    }
    guard sample.flags.isEmpty else { return start }
    if sample.value < level, !CounterChange.isDip(sample.value, from: level) {
      sample.isOpen = true
      fall = (sample.time, sample.value)
    } else {
      level = sample.value
    }
    return start
  }

  /// Returns a reading with the value that it contributes.
  private func stated(_ sample: InputSample) -> InputSample {
    guard sample.isOpen else { return sample }
    return InputSample(time: sample.time, value: level, flags: sample.flags.union(QualityFlags(.spike)))
  }

  /// Returns the input's value at a time: the reading with that timestamp, else the last earlier one while it holds. A
  /// reading from the future counts only at its own timestamp.
  func sample(at time: Timestamp) -> InputSample? {
    if newest.time == time { return stated(newest) }
    if hasFuture || time < newest.time, let own = index(of: time) { return stated(samples[own]) }
    var best = newest.time < time ? newest : InputSample()
    if time < newest.time {
      for i in 0..<Self.length where samples[i].time < time && samples[i].time > best.time && !samples[i].isFuture {
        best = samples[i]
      }
    }
    return best.time != .distantPast && time - best.time <= hold ? stated(best) : nil
  }

  private func index(of time: Timestamp) -> Int? {
    for i in 0..<Self.length where samples[i].time == time { return time == .distantPast ? nil : i }
    return nil
  }

  /// The readings, oldest first, for ``init(samples:newest:gaps:)``.
  var remembered: [InputSample] {
    (0..<Self.length).map { samples[(Int(next) + $0) % Self.length] }.filter { $0.time != .distantPast }
  }

  init() {}

  /// Restores a history from a snapshot.
  ///
  /// - Parameters:
  ///   - kept: readings, oldest first; only the last ``length`` are used.
  ///   - newest: the latest reading that is not from the future.
  ///   - gaps: intervals for the interval estimator.
  init(samples kept: [InputSample], newest: InputSample, gaps: [TimeSpan]) {
    for sample in kept.suffix(Self.length) {
      samples[Int(next)] = sample
      next = Int(next) == Self.length - 1 ? 0 : next + 1
      if sample.isFuture { hasFuture = true }
    }
    self.newest = newest
    interval = IntervalEstimator(replaying: gaps)
  }
}
