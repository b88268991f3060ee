import EnergyAccounting
import PlantModel
import WattlineTime

/// The windows of one series without energy: for each length the newest one and the one before it, which late readings
/// can still change.
///
/// A reading is counted only in its minute. When a window closes, it is emitted and merged into the next longer one.
/// Later readings are added to the closed window, which is emitted again, and to the longer one as well.
///
/// A series whose values hold for longer than ``longestInMinutes`` has no windows of a minute. Their slots then hold
/// two more quarter-hours, since an hourly value reaches into four at once.
struct SeriesWindows: BitwiseCopyable {
  static let slotCount = 6
  /// Longest stretch that is spread over windows.
  static let longestStretch = TimeSpan.days(7)
  /// Longest stretch that enters windows of a minute.
  static let longestInMinutes = TimeSpan.seconds(90)

  /// Slots: two of 15 m, two of 1 m (or 15 m), two of 1 h; for each length the newest first.
  var slots: InlineArray<6, WindowAccumulator> = .init(repeating: WindowAccumulator())
  var chain = QuantileChain()
  private var flags: UInt8 = 0
  var interval = IntervalEstimator()
  /// Earliest end of the windows not yet emitted [min since the epoch].
  var due = Int32.max
  var highest = Timestamp.distantPast
  /// Receive time of the last reading.
  var lastReceived = Timestamp.distantPast
  /// Last value in chronological order, from which the next stretch starts.
  var baseTime = Timestamp.distantPast
  var baseValue = Double.nan
  /// Depends on the sampling: end of the last interval; bit pattern of the value to which a counter fell; start of a
  /// held value.
  private var edge = Timestamp.distantPast

  /// End of the last interval.
  var coveredUntil: Timestamp {
    get { edge }
    set { edge = newValue }
  }
  /// Value to which a counter fell, while ``isPending``.
  var fallen: Double {
    get { Double(bitPattern: UInt64(bitPattern: edge.nanoseconds)) }
    set { edge = Timestamp(nanoseconds: Int64(bitPattern: newValue.bitPattern)) }
  }

  /// Whether the base is an interval of unknown length, or a counter has fallen for a reason not yet known.
  var isPending: Bool {
    get { has(1) }
    set { set(1, isSet: newValue) }
  }
  /// Whether the base reading was good.
  var baseIsGood: Bool {
    get { has(2) }
    set { set(2, isSet: newValue) }
  }
  var hasDirty: Bool {
    get { has(4) }
    set { set(4, isSet: newValue) }
  }
  var isSlow: Bool {
    get { has(8) }
    set { set(8, isSet: newValue) }
  }

  /// Whether values hold until the next.
  var isHeld: Bool {
    get { has(16) }
    set { set(16, isSet: newValue) }
  }

  private func has(_ flag: UInt8) -> Bool { flags & flag != 0 }
  private mutating func set(_ flag: UInt8, isSet: Bool) { flags = isSet ? flags | flag : flags & ~flag }

  /// Earliest end of the windows not yet emitted.
  var nextDue: Timestamp { due == .max ? Timestamp(nanoseconds: .max) : Timestamp(minute: due) }

  /// Adds one reading.
  ///
  /// - Parameters:
  ///   - value: The reading [canonical unit].
  ///   - time: Time of the reading.
  ///   - quality: Quality assigned by cleaning.
  ///   - traits: Traits of the series.
  ///   - output: Receives emitted windows.
  /// - Returns: `false` if the reading is too late for every window.
  mutating func add(
    _ value: Double, at time: Timestamp, quality: Quality, traits: SeriesTraits, into output: inout WindowOutput
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
    case .instant where traits.holds:
      accepted = addHeld(value, at: time, isUsed: isUsed, isGood: quality == .good, traits: traits, output: &output)
    case .instant:
      accepted = addInstant(value, at: time, isUsed: isUsed, isGood: quality == .good, traits: traits, output: &output)
    case .counter:
      accepted = addCount(value, at: time, isUsed: isUsed, isGood: quality == .good, traits: traits, output: &output)
    case .intervalStart, .intervalEnd:
      accepted = addInterval(value, at: time, isUsed: isUsed, isGood: quality == .good, traits: traits, output: &output)
    }
    // Readings filled into a gap precede the one that ends it; windows are emitted once, with the latter.
    if quality != .imputed { emitDue(traits, into: &output) }
    return accepted
  }

  private mutating func addInstant(
    _ value: Double, at time: Timestamp, isUsed: Bool, isGood: Bool, traits: SeriesTraits,
    output: inout WindowOutput
  ) -> Bool {
    if isUsed {
      let span = time - baseTime
      if baseTime != .distantPast, span > .zero, span <= max(.minute, interval.typical * 3) {
        let (from, first) = (baseTime, baseValue)
        stretch(from, to: time, traits: traits, output: &output) { slot, begin, end, microseconds in
          let hours = begin == from && end == time ? 0 : span.inHours
          let a = begin == from ? first : first + (value - first) * ((begin - from).inHours / hours)
          let b = end == time ? value : first + (value - first) * ((end - from).inHours / hours)
          slot.integrate(a, second: b, microseconds: microseconds)
        }
      }
      if baseTime == .distantPast || time > baseTime { (baseTime, baseValue) = (time, value) }
    }
    let minute = time.minute
    if isUsed { chain.insert(value, minute: minute, shortest: .minute) }
    return put(minute, from: .minute, isLate: time < highest - traits.lateness, traits: traits, output: &output) {
      slot, _ in
      if isUsed {
        slot.add(value, at: (time - Timestamp(minute: slot.start)).inHours, holdingFor: nil, isGood: isGood)
      } else {
        slot.skip()
      }
    }
  }

  // MARK: Values that hold

  /// Start of the base value's hold.
  private var heldSince: Timestamp {
    get { edge }
    set { edge = newValue }
  }

  /// Switches whether values hold until the next. Windows so far are settled with the old weighting.
  mutating func setHolds(_ traits: SeriesTraits, into output: inout WindowOutput) {
    guard isHeld != traits.holds else { return }
    var before = traits
    before.holds = !traits.holds
    settleAll(before, into: &output)
    for index in 0..<Self.slotCount { slots[index] = WindowAccumulator() }
    (baseTime, baseValue, due) = (.distantPast, .nan, .max)
    isSlow = false
    isHeld = traits.holds
  }

  private mutating func addHeld(
    _ value: Double, at time: Timestamp, isUsed: Bool, isGood: Bool, traits: SeriesTraits,
    output: inout WindowOutput
  ) -> Bool {
    // A reading behind the newest would have to revert the hold since then.
    guard time > baseTime else { return false }
    guard isUsed else { return true }
    extendHold(to: time, traits: traits, output: &output)
    (baseTime, baseValue, heldSince, baseIsGood) = (time, value, time, isGood)
    return true
  }

  /// Extends the last value's hold up to a time, at most for the longest silence.
  ///
  /// - Parameters:
  ///   - timestamp: Time up to which the value holds.
  ///   - traits: Traits of the series.
  ///   - output: Receives emitted windows.
  mutating func extendHold(to timestamp: Timestamp, traits: SeriesTraits, output: inout WindowOutput) {
    guard baseTime != .distantPast, baseValue.isFinite else { return }
    let end = min(timestamp, heldSince + traits.rule.longestSilence)
    guard end > baseTime else { return }
    _ = hold(baseValue, from: baseTime, to: end, isUsed: true, isGood: baseIsGood, traits: traits, output: &output)
    baseTime = end
  }

  /// Ends the hold of the last value, because its device went offline.
  ///
  /// - Parameters:
  ///   - timestamp: Time at which it went offline.
  ///   - traits: Traits of the series.
  ///   - output: Receives emitted windows.
  mutating func endHold(at timestamp: Timestamp, traits: SeriesTraits, output: inout WindowOutput) {
    guard traits.holds else { return }
    extendHold(to: timestamp, traits: traits, output: &output)
    baseValue = .nan
  }

  private mutating func addCount(
    _ value: Double, at time: Timestamp, isUsed: Bool, isGood: Bool, traits: SeriesTraits,
    output: inout WindowOutput
  ) -> Bool {
    guard isUsed else {
      // Cleaning repeats a fall that was a glitch; any other fall shows again with the next reading.
      isPending = false
      return true
    }
    let isInOrder = baseTime == .distantPast || (time > baseTime && (!isPending || time == highest))
    guard isInOrder else { return true }
    if isPending {
      let mayBeGlitch = value == fallen && time - baseTime < CounterChange.longestGlitch
      if mayBeGlitch || value < fallen {
        fallen = value
        return true
      }
      isPending = false
      let increase = CounterIncrease.between(baseValue, value: fallen, scale: traits.rule.scale) + (value - fallen)
      return count(increase, to: value, at: time, isGood: isGood, traits: traits, output: &output)
    }
    if value < baseValue {
      (fallen, isPending) = (value, true)
      return true
    }
    return count(value - baseValue, to: value, at: time, isGood: isGood, traits: traits, output: &output)
  }

  /// Spreads a counter's increase since the base and advances the base.
  ///
  /// - Parameters:
  ///   - increase: The increase since the base [canonical unit].
  ///   - value: The counter's new value.
  ///   - time: Time of the new value.
  ///   - isGood: Whether the reading is good.
  ///   - traits: Traits of the series.
  ///   - output: Receives emitted windows.
  private mutating func count(
    _ increase: Double, to value: Double, at time: Timestamp, isGood: Bool, traits: SeriesTraits,
    output: inout WindowOutput
  ) -> Bool {
    let from = baseTime
    (baseTime, baseValue) = (time, value)
    guard from != .distantPast, time - from <= Self.longestStretch else { return true }
    // After an implausible jump the counter continues from the new level.
    guard CounterChange.isPlausible(rise: increase, over: time - from, maximumRate: traits.rule.maximumRate) else {
      return true
    }
    return hold(
      increase / (time - from).inHours, from: from, to: time, isUsed: true, isGood: isGood, traits: traits,
      output: &output)
  }

  private mutating func addInterval(
    _ value: Double, at time: Timestamp, isUsed: Bool, isGood: Bool, traits: SeriesTraits,
    output: inout WindowOutput
  ) -> Bool {
    guard interval.count > 0 else {
      (baseTime, baseValue, isPending, baseIsGood) = (time, isUsed ? value : .nan, true, isGood)
      return true
    }
    if isPending {
      isPending = false
      addKnownInterval(
        baseValue, at: baseTime, isUsed: baseValue.isFinite, isGood: baseIsGood, traits: traits, output: &output)
    }
    return addKnownInterval(value, at: time, isUsed: isUsed, isGood: isGood, traits: traits, output: &output)
  }

  @discardableResult
  private mutating func addKnownInterval(
    _ value: Double, at time: Timestamp, isUsed: Bool, isGood: Bool, traits: SeriesTraits,
    output: inout WindowOutput
  ) -> Bool {
    let length = min(interval.typical, Self.longestStretch)
    var from = traits.sampling == .intervalStart ? time : time - length
    let to = from + length
    if time >= baseTime {
      baseTime = time
      from = max(from, coveredUntil)
    }
    coveredUntil = max(coveredUntil, to)
    return hold(value, from: from, to: to, isUsed: isUsed, isGood: isGood, traits: traits, output: &output)
  }

  /// Adds a value that held over a stretch to each window that it reaches into.
  ///
  /// - Parameters:
  ///   - value: The value.
  ///   - from: Start of the stretch.
  ///   - to: End of the stretch.
  ///   - isUsed: Whether the reading enters the statistics.
  ///   - isGood: Whether the reading is good.
  ///   - traits: Traits of the series.
  ///   - output: Receives emitted windows.
  /// - Returns: `false` if none of the windows is kept any more.
  private mutating func hold(
    _ value: Double, from: Timestamp, to: Timestamp, isUsed: Bool, isGood: Bool, traits: SeriesTraits,
    output: inout WindowOutput
  ) -> Bool {
    let shortest = stretchesFrom(to - from)
    return stretch(from, to: to, traits: traits, output: &output) { slot, begin, _, microseconds in
      guard isUsed else { return slot.skip() }
      let middle = (begin - Timestamp(minute: slot.start)).inHours + 0.5 * Double(microseconds) / 3.6e9
      slot.add(value, at: middle, holdingFor: microseconds, isGood: isGood)
      if begin > from { slot.markContinued() }
      slot.integrate(value, second: value, microseconds: microseconds)
    } once: { chain, minute in
      if isUsed { chain.insert(value, minute: minute, shortest: shortest) }
    }
  }

  /// Returns the length of the shortest windows that a stretch enters. A slow series keeps the quarter-hour, so its
  /// windows of a minute do not come and go.
  private func stretchesFrom(_ span: TimeSpan) -> WindowLength {
    isSlow || span > Self.longestInMinutes ? .quarterHour : .minute
  }

  /// Calls `body` for each window between two times.
  ///
  /// - Parameters:
  ///   - from: Start of the stretch.
  ///   - to: End of the stretch.
  ///   - traits: Traits of the series.
  ///   - output: Receives emitted windows.
  ///   - body: Adds to a window the part of the stretch within it.
  ///   - once: Called once for each of the shortest windows.
  /// - Returns: `false` if none of the windows is kept any more.
  @discardableResult
  private mutating func stretch(
    _ from: Timestamp, to: Timestamp, traits: SeriesTraits, output: inout WindowOutput,
    body: (inout WindowAccumulator, _ begin: Timestamp, _ end: Timestamp, _ microseconds: UInt32) -> Void,
    once: (inout QuantileChain, _ minute: Int32) -> Void = { _, _ in }
  ) -> Bool {
    guard from < to, to - from <= Self.longestStretch else { return true }
    if traits.isTimed { setSlow(to - from > Self.longestInMinutes, traits: traits, output: &output) }
    let shortest = stretchesFrom(to - from)
    var accepted = false
    var begin = from
    while begin < to {
      let start = shortest.start(begin.minute)
      let end = min(to, Timestamp(minute: start + shortest.minutes))
      guard end > begin else { break }
      // Ends are cut to whole microseconds, so that no time is lost between stretches.
      let length = end.nanoseconds.microseconds - begin.nanoseconds.microseconds
      once(&chain, start)
      let isPut = put(start, from: shortest, isLate: false, traits: traits, output: &output) { slot, span in
        body(&slot, begin, end, slot.room(span, for: length))
      }
      accepted = accepted || isPut
      begin = end
    }
    return accepted
  }

  /// Lets `body` add to the shortest window that contains a minute. If that window is closed or gone, `body` also adds
  /// to the next longer one, into which it was merged before.
  ///
  /// - Parameters:
  ///   - minute: The minute [min since the epoch].
  ///   - shortest: Shortest length to be considered.
  ///   - isLate: Whether the reading is late; it then opens no window of a length that has none.
  ///   - traits: Traits of the series.
  ///   - output: Receives emitted windows.
  ///   - body: Adds to a window.
  /// - Returns: `false` if none of the windows is kept any more.
  private mutating func put(
    _ minute: Int32, from shortest: WindowLength, isLate: Bool, traits: SeriesTraits, output: inout WindowOutput,
    body: (inout WindowAccumulator, _ span: TimeSpan) -> Void
  ) -> Bool {
    var accepted = false
    var next: WindowLength? = shortest
    while let length = next {
      // A late reading changes existing windows and never opens the first one.
      let isOpen = !isLate || ring(length).contains { slots[$0].isInUse }
      if isOpen, let index = slot(length, containing: minute, traits: traits, output: &output) {
        accepted = true
        body(&slots[index], length.span)
        guard slots[index].isEmitted else { return true }
        slots[index].markDirty()
        hasDirty = true
      }
      next = length.longer
    }
    return accepted
  }

  // MARK: Places

  private func ring(_ length: WindowLength) -> Range<Int> {
    switch length {
    case .minute: isSlow ? 2..<2 : 2..<4
    case .quarterHour: isSlow ? 0..<4 : 0..<2
    case .hour: 4..<6
    }
  }

  /// Sets whether the series is slow, and closes the windows in the slots that thereby change their length.
  ///
  /// - Parameters:
  ///   - slow: Whether the series' values hold for longer than ``longestInMinutes``.
  ///   - traits: Traits of the series.
  ///   - output: Receives emitted windows.
  private mutating func setSlow(_ slow: Bool, traits: SeriesTraits, output: inout WindowOutput) {
    guard slow != isSlow else { return }
    let length: WindowLength = isSlow ? .quarterHour : .minute
    for index in stride(from: 3, through: 2, by: -1) where slots[index].isInUse {
      close(index, length: length, traits: traits, output: &output)
      slots[index] = WindowAccumulator()
    }
    isSlow = slow
  }

  /// Returns the slot of the window that contains a minute; `nil` if the window is too old.
  ///
  /// A missing window is created if it is newer than all others or among the few before the newest. The oldest window
  /// is then closed and removed.
  ///
  /// - Parameters:
  ///   - length: Length of the window.
  ///   - minute: The minute [min since the epoch].
  ///   - traits: Traits of the series.
  ///   - output: Receives emitted windows.
  private mutating func slot(
    _ length: WindowLength, containing minute: Int32, traits: SeriesTraits, output: inout WindowOutput
  ) -> Int? {
    let start = length.start(minute)
    let ring = ring(length)
    if ring.isEmpty { return nil }
    let newest = slots[ring.lowerBound]
    // A free slot must not be filled with a window that was emitted long ago.
    guard !newest.isInUse || start > newest.start - Int32(ring.count) * length.minutes else {
      return ring.first { slots[$0].start == start }
    }
    for index in ring {
      if slots[index].start == start { return index }
      if slots[index].start < start { return insert(start, at: index, length: length, traits: traits, output: &output) }
    }
    return nil
  }

  private mutating func insert(
    _ start: Int32, at place: Int, length: WindowLength, traits: SeriesTraits, output: inout WindowOutput
  ) -> Int? {
    let last = ring(length).upperBound - 1
    if slots[last].isInUse {
      close(last, length: length, traits: traits, output: &output)
      output.evict(slots[last], length: length, traits: traits, interval: interval.typical)
    }
    for index in stride(from: last, to: place, by: -1) { slots[index] = slots[index - 1] }
    slots[place] = WindowAccumulator(start: start)
    due = min(due, start + length.minutes)
    return place
  }

  // MARK: Emission

  /// Calls `body` with the closed windows of a length.
  ///
  /// - Parameters:
  ///   - length: Length of the windows.
  ///   - traits: Traits of the series.
  ///   - body: Receives the windows.
  func forEachClosed(_ length: WindowLength, traits: SeriesTraits, body: (FeatureWindow) -> Void) {
    for index in ring(length) where slots[index].isEmitted {
      if let window = slots[index].window(length, traits: traits, interval: interval.typical) { body(window) }
    }
  }

  /// Closes all windows and records them as settled.
  mutating func settleAll(_ traits: SeriesTraits, into output: inout WindowOutput) {
    for length in WindowLength.allCases {
      for index in ring(length).reversed() where slots[index].isInUse {
        close(index, length: length, traits: traits, output: &output)
        output.evict(slots[index], length: length, traits: traits, interval: interval.typical)
      }
    }
  }

  /// Emits windows that the watermark has passed and windows that changed after their emission.
  private mutating func emitDue(_ traits: SeriesTraits, into output: inout WindowOutput) {
    guard hasDirty || nextDue <= highest else { return }
    let watermark = highest - traits.lateness
    let now = highest
    emitOpen(traits, into: &output) { slot, end, span in
      // Windows that are completely covered by intervals need not wait.
      end <= watermark || (traits.isInterval && end <= now && slot.coveredHours >= 0.999 * span.inHours)
    }
  }

  /// Emits the open windows that are due and the changed ones, for each length in the order of their start.
  ///
  /// - Parameters:
  ///   - traits: Traits of the series.
  ///   - output: Receives emitted windows.
  ///   - isDue: Returns whether an open window is due.
  mutating func emitOpen(
    _ traits: SeriesTraits, into output: inout WindowOutput,
    isDue: (borrowing WindowAccumulator, _ end: Timestamp, _ span: TimeSpan) -> Bool
  ) {
    for length in WindowLength.allCases {
      for index in ring(length).reversed() where slots[index].isInUse {
        if slots[index].isEmitted {
          if slots[index].isDirty { emit(index, length: length, traits: traits, output: &output) }
        } else if isDue(slots[index], Timestamp(minute: slots[index].start + length.minutes), length.span) {
          close(index, length: length, traits: traits, output: &output)
        }
      }
    }
    hasDirty = false
    due = .max
    for length in WindowLength.allCases {
      for index in ring(length) where slots[index].isInUse && !slots[index].isEmitted {
        due = min(due, slots[index].start + length.minutes)
      }
    }
  }

  /// Closes a window: first the shorter ones within it; then it is emitted and merged into the next longer one.
  ///
  /// - Parameters:
  ///   - index: Slot of the window.
  ///   - length: Length of the window.
  ///   - traits: Traits of the series.
  ///   - output: Receives emitted windows.
  private mutating func close(
    _ index: Int, length: WindowLength, traits: SeriesTraits, output: inout WindowOutput
  ) {
    guard slots[index].isInUse, !slots[index].isEmitted else { return }
    if let shorter = WindowLength.allCases.last(where: { $0.minutes < length.minutes }) {
      let minutes = slots[index].start..<slots[index].start + length.minutes
      for inner in ring(shorter).reversed() where minutes.contains(slots[inner].start) {
        close(inner, length: shorter, traits: traits, output: &output)
      }
    }
    emit(index, length: length, traits: traits, output: &output)
    let closed = slots[index]
    guard let longer = length.longer,
      let outer = slot(longer, containing: closed.start, traits: traits, output: &output)
    else {
      return
    }
    slots[outer].merge(closed, isTimed: traits.isTimed, span: longer.span)
    if slots[outer].isEmitted {
      slots[outer].markDirty()
      hasDirty = true
    }
  }

  private mutating func emit(
    _ index: Int, length: WindowLength, traits: SeriesTraits, output: inout WindowOutput
  ) {
    let isUpdate = slots[index].isEmitted
    slots[index].markEmitted()
    guard var window = slots[index].window(length, traits: traits, interval: interval.typical) else { return }
    window.isUpdate = isUpdate
    if slots[index].used > 0 {
      (window.p10, window.p50, window.p90) = chain.quantiles(length, start: slots[index].start)
    }
    output.emit(window)
  }
}

extension Int64 {
  /// Nanoseconds as whole microseconds, rounded down.
  fileprivate var microseconds: Int64 { self >= 0 ? self / 1_000 : (self - 999) / 1_000 }
}
