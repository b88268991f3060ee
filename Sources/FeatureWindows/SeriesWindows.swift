import PlantModel

/// What the windows of a series need to know about it.
struct SeriesTraits {
  var series: SeriesIndex
  var sampling: Sampling
  var unit: Unit?
  var lateness: TimeSpan

  /// Whether the window's integral is an energy [kWh].
  var hasEnergy: Bool {
    unit?.quantity == .power || (sampling == .counter && unit?.quantity == .energy)
  }
}

/// The windows of one series: rings of accumulators, the newest few of which are still open.
struct SeriesWindows: BitwiseCopyable {
  /// Accumulators of 1 m, 15 m and 1 h; a 15 m ring of eight keeps the four quarters before those of an hourly interval.
  static let sizes = (minute: 4, quarter: 8, hour: 4)
  static let slotCount = 16
  /// Stretches longer than this are not spread over windows.
  static let longestStretch = TimeSpan.day
  /// Stretches longer than this do not enter windows of a minute.
  static let longestInMinutes = TimeSpan.seconds(90)

  var slots: InlineArray<16, WindowAccumulator> = .init(repeating: WindowAccumulator())
  var highest = Timestamp.distantPast
  var lastReceived = Timestamp.distantPast
  var interval = IntervalEstimator()
  /// The last value in the order of time from which stretches start.
  var baseTime = Timestamp.distantPast
  var baseValue = Double.nan
  /// Whether the base is an interval whose length is not known yet, and whether it was good.
  var isPending = false
  var baseIsGood = false
  var coveredUntil = Timestamp.distantPast
  /// Least end of the windows not yet emitted.
  var nextDue = Timestamp(nanoseconds: .max)
  var hasDirty = false

  /// Takes in one reading; `false` when it is too late for every window.
  mutating func add(
    _ value: Double, at time: Timestamp, quality: Quality, traits: SeriesTraits, into emitted: inout [FeatureWindow]
  ) -> Bool {
    // Near the ends of the representable range, window bounds would saturate.
    guard time.nanoseconds.magnitude < 9_000_000_000_000_000_000 else { return false }
    if quality != .imputed, quality != .late, time > highest {
      if highest != .distantPast { interval.observe(time - highest) }
      highest = time
    }
    let isUsed = (quality == .good || quality == .late || quality == .imputed) && value.isFinite
    let accepted: Bool
    switch traits.sampling {
    case .instant: accepted = addInstant(value, time, isUsed, quality == .good, traits, &emitted)
    case .counter: accepted = addCount(value, time, isUsed, quality == .good, traits, &emitted)
    case .intervalStart, .intervalEnd:
      accepted = addInterval(value, time, isUsed, quality == .good, traits, &emitted)
    }
    // Readings filled into a gap are followed by the one that ends it; windows are emitted then, once.
    if quality != .imputed { emitDue(traits, into: &emitted) }
    return accepted
  }

  private mutating func addInstant(
    _ value: Double, _ time: Timestamp, _ isUsed: Bool, _ isGood: Bool, _ traits: SeriesTraits,
    _ emitted: inout [FeatureWindow]
  ) -> Bool {
    if isUsed {
      let span = time - baseTime
      if baseTime != .distantPast, span > .zero, span <= max(.minute, interval.typical * 3) {
        stretch(baseTime, time, baseValue, value, traits, &emitted) { _, _, _ in }
      }
      if baseTime == .distantPast || time > baseTime { (baseTime, baseValue) = (time, value) }
    }
    var accepted = false
    for length in WindowLength.allCases {
      guard let slot = slot(length, at: time, traits, &emitted) else { continue }
      slots[slot].count(used: isUsed, good: isGood)
      if isUsed { slots[slot].add(value, at: (time - slots[slot].start).inHours, weight: 1) }
      accepted = true
    }
    return accepted
  }

  private mutating func addCount(
    _ value: Double, _ time: Timestamp, _ isUsed: Bool, _ isGood: Bool, _ traits: SeriesTraits,
    _ emitted: inout [FeatureWindow]
  ) -> Bool {
    guard isUsed, baseTime == .distantPast || time > baseTime else { return true }
    let (from, before) = (baseTime, baseValue)
    (baseTime, baseValue) = (time, value)
    guard from != .distantPast, time - from <= Self.longestStretch else { return true }
    let rate = CounterIncrease.between(before, value, unit: traits.unit) / (time - from).inHours
    addStretch(rate, from, time, true, isGood, traits, &emitted)
    return true
  }

  private mutating func addInterval(
    _ value: Double, _ time: Timestamp, _ isUsed: Bool, _ isGood: Bool, _ traits: SeriesTraits,
    _ emitted: inout [FeatureWindow]
  ) -> Bool {
    guard interval.count > 0 else {
      (baseTime, baseValue, isPending, baseIsGood) = (time, isUsed ? value : .nan, true, isGood)
      return true
    }
    if isPending {
      isPending = false
      addKnownInterval(baseValue, baseTime, baseValue.isFinite, baseIsGood, traits, &emitted)
    }
    return addKnownInterval(value, time, isUsed, isGood, traits, &emitted)
  }

  @discardableResult
  private mutating func addKnownInterval(
    _ value: Double, _ time: Timestamp, _ isUsed: Bool, _ isGood: Bool, _ traits: SeriesTraits,
    _ emitted: inout [FeatureWindow]
  ) -> Bool {
    let length = min(interval.typical, Self.longestStretch)
    var from = traits.sampling == .intervalStart ? time : time - length
    let to = from + length
    if time >= baseTime {
      baseTime = time
      from = max(from, coveredUntil)
    }
    coveredUntil = max(coveredUntil, to)
    return addStretch(value, from, to, isUsed, isGood, traits, &emitted)
  }

  /// Adds a value that held over a stretch to each window that it reaches into.
  @discardableResult
  private mutating func addStretch(
    _ value: Double, _ from: Timestamp, _ to: Timestamp, _ isUsed: Bool, _ isGood: Bool, _ traits: SeriesTraits,
    _ emitted: inout [FeatureWindow]
  ) -> Bool {
    stretch(from, to, isUsed ? value : .nan, value, traits, &emitted) { slot, middle, hours in
      slot.count(used: isUsed, good: isGood)
      if isUsed { slot.add(value, at: middle, weight: hours) }
    }
  }

  /// Walks through the windows between two moments, integrates the line between two values over each, and lets `body`
  /// add what else there is; a NaN is not integrated. `false` when every one of the windows is gone.
  @discardableResult
  private mutating func stretch(
    _ from: Timestamp, _ to: Timestamp, _ first: Double, _ second: Double, _ traits: SeriesTraits,
    _ emitted: inout [FeatureWindow],
    _ body: (inout WindowAccumulator, _ middle: Double, _ hours: Double) -> Void
  ) -> Bool {
    guard from < to, to - from <= Self.longestStretch else { return true }
    let span = (to - from).inHours
    var accepted = false
    for length in WindowLength.allCases where length != .minute || to - from <= Self.longestInMinutes {
      var begin = from
      while begin < to {
        let end = min(to, begin.floored(to: length.span) + length.span)
        guard end > begin else { break }
        if let index = slot(length, at: begin, traits, &emitted) {
          // A stretch that comes out of order may overlap others; a window is never covered twice.
          let hours = min((end - begin).inHours, max(0, length.span.inHours - slots[index].covered))
          body(&slots[index], (begin - slots[index].start).inHours + 0.5 * hours, hours)
          if first.isFinite && second.isFinite {
            let a = first + (second - first) * ((begin - from).inHours / span)
            let b = first + (second - first) * ((end - from).inHours / span)
            slots[index].integrate(a, b, hours: hours)
          }
          accepted = true
        }
        begin = end
      }
    }
    return accepted
  }

  /// The accumulator of the window that contains `time`; an older one in its place is emitted if it was not yet.
  private mutating func slot(
    _ length: WindowLength, at time: Timestamp, _ traits: SeriesTraits, _ emitted: inout [FeatureWindow]
  ) -> Int? {
    let start = time.floored(to: length.span)
    let (first, size) = Self.ring(length)
    let turn = start.nanoseconds / length.span.nanoseconds % Int64(size)
    let index = first + Int(turn < 0 ? turn + Int64(size) : turn)
    if slots[index].start == start {
      if slots[index].isEmitted {
        slots[index].isDirty = true
        hasDirty = true
      }
      return index
    }
    guard slots[index].start < start else { return nil }
    if slots[index].isUsed && !slots[index].isEmitted { emit(index, length, traits, &emitted) }
    slots[index] = WindowAccumulator()
    slots[index].start = start
    nextDue = min(nextDue, start + length.span)
    return index
  }

  static func ring(_ length: WindowLength) -> (first: Int, size: Int) {
    switch length {
    case .minute: (0, sizes.minute)
    case .quarterHour: (sizes.minute, sizes.quarter)
    case .hour: (sizes.minute + sizes.quarter, sizes.hour)
    }
  }

  static func length(ofSlot index: Int) -> WindowLength {
    index < sizes.minute ? .minute : index < sizes.minute + sizes.quarter ? .quarterHour : .hour
  }

  /// Emits what the watermark has passed and what changed after its emission.
  mutating func emitDue(_ traits: SeriesTraits, into emitted: inout [FeatureWindow]) {
    guard hasDirty || nextDue <= highest else { return }
    let watermark = highest - traits.lateness
    let isInterval = traits.sampling == .intervalStart || traits.sampling == .intervalEnd
    let now = highest
    emitOpen(traits, into: &emitted) { slot, end, length in
      // Intervals that cover a window whole leave nothing to wait for.
      end <= watermark || (isInterval && end <= now && slot.covered >= 0.999 * length.inHours)
    }
  }

  /// Emits the open windows of which `isDue` says so, and changed ones, in the order of their start for each length.
  mutating func emitOpen(
    _ traits: SeriesTraits, into emitted: inout [FeatureWindow],
    _ isDue: (borrowing WindowAccumulator, _ end: Timestamp, _ length: TimeSpan) -> Bool
  ) {
    nextDue = Timestamp(nanoseconds: .max)
    hasDirty = false
    for length in WindowLength.allCases {
      let (first, size) = Self.ring(length)
      var oldest = first
      for index in first..<first + size where slots[index].start < slots[oldest].start { oldest = index }
      for turn in 0..<size {
        let index = first + (oldest - first + turn) % size
        guard slots[index].isUsed else { continue }
        let end = slots[index].start + length.span
        if slots[index].isEmitted ? slots[index].isDirty : isDue(slots[index], end, length.span) {
          emit(index, length, traits, &emitted)
        } else if !slots[index].isEmitted {
          nextDue = min(nextDue, end)
        }
      }
    }
  }

  private mutating func emit(
    _ index: Int, _ length: WindowLength, _ traits: SeriesTraits, _ emitted: inout [FeatureWindow]
  ) {
    let slot = slots[index]
    slots[index].isEmitted = true
    slots[index].isDirty = false
    let isMeasured = slot.used > 0 && slot.weight > 0
    // Between samples that are further apart than the window, the line between them stands for it.
    let isBridged = length != .minute && slot.covered >= 0.5 * length.span.inHours
    guard isMeasured || isBridged else { return }
    emitted.append(
      FeatureWindow(
        series: traits.series, length: length, start: slot.start,
        mean: isMeasured ? slot.mean : slot.integral / slot.covered,
        minimum: isMeasured ? slot.minimum : slot.lowest, maximum: isMeasured ? slot.maximum : slot.highest,
        standardDeviation: isMeasured ? max(0, slot.squares / slot.weight).squareRoot() : .nan,
        slope: slot.timeSquares > 1e-15 ? slot.products / slot.timeSquares : .nan, count: Int(slot.used),
        energyKilowattHours: traits.hasEnergy ? slot.energy(of: length.span, interval: interval.typical) : .nan,
        goodShare: slot.total > 0 ? Double(slot.good) / Double(slot.total) : 0, isUpdate: slot.isEmitted))
  }
}
