import PlantModel

/// A cleaned reading as derivation keeps it.
struct InputSample: BitwiseCopyable, Equatable {
  var time = Timestamp.distantPast
  var value = Double.nan
  var flags: QualityFlags = []

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

  /// What stands for the input at a time: the reading of that time, else the last one before it while it holds. A reading
  /// from the future stands for its own time alone.
  func sample(at time: Timestamp) -> InputSample? {
    if newest.time == time { return newest }
    if hasFuture || time < newest.time, let own = index(of: time) { return samples[own] }
    var best = newest.time < time ? newest : InputSample()
    if time < newest.time {
      for i in 0..<Self.length where samples[i].time < time && samples[i].time > best.time && !samples[i].isFuture {
        best = samples[i]
      }
    }
    return best.time != .distantPast && time - best.time <= hold ? best : nil
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
