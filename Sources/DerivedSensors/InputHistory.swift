import PlantModel

/// A cleaned reading as derivation keeps it.
struct InputSample: BitwiseCopyable, Equatable {
  var time = Timestamp.distantPast
  var value = Double.nan
  var flags: QualityFlags = []
  /// Whether it is of a counter that has fallen, of which is not known why.
  var isOpen = false

  var isFuture: Bool { flags.contains(QualityFlags(.future)) }
}

/// The last readings of one input, and how often it speaks.
struct InputHistory: BitwiseCopyable {
  /// Readings that are kept: enough for the timestamps that may wait, and for as many that come late.
  static let length = 32
  /// An input holds for at least as long.
  static let shortestHold = TimeSpan.minute
  /// An input holds for so many of its typical intervals.
  static let holdIntervals: Int64 = 4

  /// In the order in which they came.
  private var samples: InlineArray<32, InputSample> = .init(repeating: InputSample())
  private var next: UInt8 = 0
  /// Whether a reading from the future is, or was, among them.
  private var hasFuture = false
  /// The latest reading that is not from the future; it outlasts any number of late ones.
  private(set) var newest = InputSample()
  private(set) var interval = IntervalEstimator()
  /// Of a counter: its last value that is no fall of unknown cause; NaN before the first.
  var level = Double.nan
  /// Of a counter: when and where to it fell, while it is not known why; `.distantPast` while nothing is open.
  var fall = (time: Timestamp.distantPast, value: Double.nan)

  /// How long a reading stands for the input.
  var hold: TimeSpan { max(Self.shortestHold, interval.typical * Self.holdIntervals) }

  /// Takes in a reading. `false` where there is one of the same time, which stays.
  mutating func take(_ sample: InputSample) -> Bool {
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

  /// Whether there is a reading of a time.
  func has(_ time: Timestamp) -> Bool {
    newest.time == time || (time < newest.time || hasFuture) && index(of: time) != nil
  }

  /// Puts a corrected reading in the place of that of the same time. Gives the end of the time in which another value
  /// stands for the input now; `nil` where none does.
  mutating func correct(_ sample: InputSample) -> Timestamp? {
    guard has(sample.time) else { return nil }
    var end = Timestamp(nanoseconds: .max)
    var isOther = false
    let isFall = sample.time == fall.time
    func isMeant(_ other: InputSample) -> Bool { other.time == sample.time || isFall && other.isOpen }
    for i in 0..<Self.length where samples[i].time != .distantPast {
      if isMeant(samples[i]) {
        isOther = isOther || !isSame(stated(samples[i]), sample)
        (samples[i].value, samples[i].flags, samples[i].isOpen) = (sample.value, sample.flags, false)
      } else if samples[i].time > sample.time, !samples[i].isFuture {
        end = min(end, samples[i].time)
      }
    }
    if isMeant(newest) {
      isOther = isOther || !isSame(stated(newest), sample)
      (newest.value, newest.flags, newest.isOpen) = (sample.value, sample.flags, false)
    }
    if isFall { fall.time = .distantPast }
    return isOther ? end : nil
  }

  private func isSame(_ one: InputSample, _ other: InputSample) -> Bool {
    one.value.bitPattern == other.value.bitPattern && one.flags == other.flags
  }

  /// Judges a counter's reading before it is taken in, by the rules of cleaning: one that is later than all others and has
  /// fallen is open until another value comes, or ``CounterChange/longestGlitch`` has passed. Gives the start of a fall that
  /// this reading shows to be no glitch.
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

  /// A reading as it stands for the input.
  private func stated(_ sample: InputSample) -> InputSample {
    guard sample.isOpen else { return sample }
    return InputSample(time: sample.time, value: level, flags: sample.flags.union(QualityFlags(.spike)))
  }

  /// What stands for the input at a time: the reading of that time, else the last one before it while it holds. A reading
  /// from the future stands for its own time alone.
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

  /// The readings, oldest first, that ``init(samples:newest:gaps:)`` takes in again.
  var remembered: [InputSample] {
    (0..<Self.length).map { samples[(Int(next) + $0) % Self.length] }.filter { $0.time != .distantPast }
  }

  init() {}

  /// The history that a snapshot kept; more readings than are kept are left out.
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
