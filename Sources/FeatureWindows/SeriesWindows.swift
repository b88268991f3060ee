import EnergyAccounting
import PlantModel

/// The windows of one series: for each length the newest one and the one before it, which late readings still change.
///
/// A reading is counted in its minute alone. When a window closes, it is emitted and merged into the next longer one.
/// What comes after that is added to the closed window, which is emitted again, and to the longer one as well.
///
/// A series whose values hold for longer than ``longestInMinutes`` has no windows of a minute; their places then belong
/// to two more quarters, since an hourly value reaches into four at once.
struct SeriesWindows: BitwiseCopyable {
  static let slotCount = 6
  /// Stretches longer than this are not spread over windows.
  static let longestStretch = TimeSpan.days(7)
  /// Stretches longer than this do not enter windows of a minute.
  static let longestInMinutes = TimeSpan.seconds(90)

  /// Two of 15 m, two of 1 m (or 15 m), two of 1 h; of each length the newest first.
  var slots: InlineArray<6, WindowAccumulator> = .init(repeating: WindowAccumulator())
  var chain = QuantileChain()
  private var flags: UInt8 = 0
  var interval = IntervalEstimator()
  /// Least end of the windows not yet emitted [min since the epoch].
  var due = Int32.max
  var highest = Timestamp.distantPast
  /// When it was last heard of.
  var lastReceived = Timestamp.distantPast
  /// The last value in the order of time from which stretches start.
  var baseTime = Timestamp.distantPast
  var baseValue = Double.nan
  /// Of intervals, where the last one ended; of a counter, the bits of where it fell to; of a value that holds, since when.
  private var edge = Timestamp.distantPast

  /// Where the last interval ended.
  var coveredUntil: Timestamp {
    get { edge }
    set { edge = newValue }
  }
  /// Where a counter fell to, while ``isPending``.
  var fallen: Double {
    get { Double(bitPattern: UInt64(bitPattern: edge.nanoseconds)) }
    set { edge = Timestamp(nanoseconds: Int64(bitPattern: newValue.bitPattern)) }
  }

  /// Whether the base is an interval whose length is not known yet, or a counter has fallen and it is not known why; and
  /// whether the base was good.
  var isPending: Bool {
    get { has(1) }
    set { set(1, newValue) }
  }
  var baseIsGood: Bool {
    get { has(2) }
    set { set(2, newValue) }
  }
  var hasDirty: Bool {
    get { has(4) }
    set { set(4, newValue) }
  }
  var isSlow: Bool {
    get { has(8) }
    set { set(8, newValue) }
  }

  /// Whether values hold until the next.
  var isHeld: Bool {
    get { has(16) }
    set { set(16, newValue) }
  }

  private func has(_ flag: UInt8) -> Bool { flags & flag != 0 }
  private mutating func set(_ flag: UInt8, _ isSet: Bool) { flags = isSet ? flags | flag : flags & ~flag }

  /// Least end of the windows not yet emitted.
  var nextDue: Timestamp { due == .max ? Timestamp(nanoseconds: .max) : Timestamp(minute: due) }

  /// Takes in one reading; `false` when it is too late for every window.
  mutating func add(
    _ value: Double, at time: Timestamp, quality: Quality, _ traits: SeriesTraits, into output: inout WindowOutput
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
    case .instant where traits.holds: accepted = addHeld(value, time, isUsed, quality == .good, traits, &output)
    case .instant: accepted = addInstant(value, time, isUsed, quality == .good, traits, &output)
    case .counter: accepted = addCount(value, time, isUsed, quality == .good, traits, &output)
    case .intervalStart, .intervalEnd:
      accepted = addInterval(value, time, isUsed, quality == .good, traits, &output)
    }
    // Readings filled into a gap are followed by the one that ends it; windows are emitted then, once.
    if quality != .imputed { emitDue(traits, into: &output) }
    return accepted
  }

  private mutating func addInstant(
    _ value: Double, _ time: Timestamp, _ isUsed: Bool, _ isGood: Bool, _ traits: SeriesTraits,
    _ output: inout WindowOutput
  ) -> Bool {
    if isUsed {
      let span = time - baseTime
      if baseTime != .distantPast, span > .zero, span <= max(.minute, interval.typical * 3) {
        let (from, first) = (baseTime, baseValue)
        stretch(from, time, traits, &output) { slot, begin, end, microseconds in
          let hours = begin == from && end == time ? 0 : span.inHours
          let a = begin == from ? first : first + (value - first) * ((begin - from).inHours / hours)
          let b = end == time ? value : first + (value - first) * ((end - from).inHours / hours)
          slot.integrate(a, b, microseconds: microseconds)
        }
      }
      if baseTime == .distantPast || time > baseTime { (baseTime, baseValue) = (time, value) }
    }
    let minute = time.minute
    if isUsed { chain.insert(value, minute: minute, shortest: .minute) }
    return put(minute, from: .minute, isLate: time < highest - traits.lateness, traits, &output) { slot, _ in
      if isUsed {
        slot.add(value, at: (time - Timestamp(minute: slot.start)).inHours, holdingFor: nil, isGood: isGood)
      } else {
        slot.skip()
      }
    }
  }

  // MARK: Values that hold

  /// Since when the base has held.
  private var heldSince: Timestamp {
    get { edge }
    set { edge = newValue }
  }

  /// Begins anew where values hold from now on, or no longer do: what was weighed otherwise is told as it is.
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
    _ value: Double, _ time: Timestamp, _ isUsed: Bool, _ isGood: Bool, _ traits: SeriesTraits,
    _ output: inout WindowOutput
  ) -> Bool {
    // What comes behind the newest would have to take back what has held since.
    guard time > baseTime else { return false }
    guard isUsed else { return true }
    extendHold(to: time, traits, &output)
    (baseTime, baseValue, heldSince, baseIsGood) = (time, value, time, isGood)
    return true
  }

  /// Lets the last value hold up to a moment, and no longer than it may.
  mutating func extendHold(to moment: Timestamp, _ traits: SeriesTraits, _ output: inout WindowOutput) {
    guard baseTime != .distantPast, baseValue.isFinite else { return }
    let end = min(moment, heldSince + traits.rule.longestSilence)
    guard end > baseTime else { return }
    _ = hold(baseValue, baseTime, end, true, baseIsGood, traits, &output)
    baseTime = end
  }

  /// Ends what the last value holds, because its device went.
  mutating func endHold(at moment: Timestamp, _ traits: SeriesTraits, _ output: inout WindowOutput) {
    guard traits.holds else { return }
    extendHold(to: moment, traits, &output)
    baseValue = .nan
  }

  private mutating func addCount(
    _ value: Double, _ time: Timestamp, _ isUsed: Bool, _ isGood: Bool, _ traits: SeriesTraits,
    _ output: inout WindowOutput
  ) -> Bool {
    guard isUsed else {
      // Cleaning gives a fall again that was a glitch; any other fall is seen again with the next reading.
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
      let increase = CounterIncrease.between(baseValue, fallen, scale: traits.rule.scale) + (value - fallen)
      return count(increase, to: value, time, isGood, traits, &output)
    }
    if value < baseValue {
      (fallen, isPending) = (value, true)
      return true
    }
    return count(value - baseValue, to: value, time, isGood, traits, &output)
  }

  /// Spreads what a counter moved on since the base, which moves on too.
  private mutating func count(
    _ increase: Double, to value: Double, _ time: Timestamp, _ isGood: Bool, _ traits: SeriesTraits,
    _ output: inout WindowOutput
  ) -> Bool {
    let from = baseTime
    (baseTime, baseValue) = (time, value)
    guard from != .distantPast, time - from <= Self.longestStretch else { return true }
    // After a jump that the asset cannot have made, the count goes on from there.
    guard CounterChange.isPlausible(rise: increase, over: time - from, maximumRate: traits.rule.maximumRate) else {
      return true
    }
    return hold(increase / (time - from).inHours, from, time, true, isGood, traits, &output)
  }

  private mutating func addInterval(
    _ value: Double, _ time: Timestamp, _ isUsed: Bool, _ isGood: Bool, _ traits: SeriesTraits,
    _ output: inout WindowOutput
  ) -> Bool {
    guard interval.count > 0 else {
      (baseTime, baseValue, isPending, baseIsGood) = (time, isUsed ? value : .nan, true, isGood)
      return true
    }
    if isPending {
      isPending = false
      addKnownInterval(baseValue, baseTime, baseValue.isFinite, baseIsGood, traits, &output)
    }
    return addKnownInterval(value, time, isUsed, isGood, traits, &output)
  }

  @discardableResult
  private mutating func addKnownInterval(
    _ value: Double, _ time: Timestamp, _ isUsed: Bool, _ isGood: Bool, _ traits: SeriesTraits,
    _ output: inout WindowOutput
  ) -> Bool {
    let length = min(interval.typical, Self.longestStretch)
    var from = traits.sampling == .intervalStart ? time : time - length
    let to = from + length
    if time >= baseTime {
      baseTime = time
      from = max(from, coveredUntil)
    }
    coveredUntil = max(coveredUntil, to)
    return hold(value, from, to, isUsed, isGood, traits, &output)
  }

  /// Adds a value that held over a stretch to each window that it reaches into.
  private mutating func hold(
    _ value: Double, _ from: Timestamp, _ to: Timestamp, _ isUsed: Bool, _ isGood: Bool, _ traits: SeriesTraits,
    _ output: inout WindowOutput
  ) -> Bool {
    let shortest = stretchesFrom(to - from)
    return stretch(from, to, traits, &output) { slot, begin, _, microseconds in
      guard isUsed else { return slot.skip() }
      let middle = (begin - Timestamp(minute: slot.start)).inHours + 0.5 * Double(microseconds) / 3.6e9
      slot.add(value, at: middle, holdingFor: microseconds, isGood: isGood)
      if begin > from { slot.markContinued() }
      slot.integrate(value, value, microseconds: microseconds)
    } once: { chain, minute in
      if isUsed { chain.insert(value, minute: minute, shortest: shortest) }
    }
  }

  /// The shortest windows that a stretch enters. A series of intervals stays with it, so that its minutes do not come
  /// and go.
  private func stretchesFrom(_ span: TimeSpan) -> WindowLength {
    isSlow || span > Self.longestInMinutes ? .quarterHour : .minute
  }

  /// Walks through the windows between two moments and lets `body` add to each; `once` sees each of the shortest.
  /// `false` when every one of the windows is gone.
  @discardableResult
  private mutating func stretch(
    _ from: Timestamp, _ to: Timestamp, _ traits: SeriesTraits, _ output: inout WindowOutput,
    _ body: (inout WindowAccumulator, _ begin: Timestamp, _ end: Timestamp, _ microseconds: UInt32) -> Void,
    once: (inout QuantileChain, _ minute: Int32) -> Void = { _, _ in }
  ) -> Bool {
    guard from < to, to - from <= Self.longestStretch else { return true }
    if traits.isTimed { setSlow(to - from > Self.longestInMinutes, traits, &output) }
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
      let isPut = put(start, from: shortest, isLate: false, traits, &output) { slot, span in
        body(&slot, begin, end, slot.room(span, for: length))
      }
      accepted = accepted || isPut
      begin = end
    }
    return accepted
  }

  /// Lets `body` add to the shortest window that contains a minute, and, where that is closed or gone, to the next
  /// longer one as well, into which it was merged before. `false` when all are gone.
  private mutating func put(
    _ minute: Int32, from shortest: WindowLength, isLate: Bool, _ traits: SeriesTraits, _ output: inout WindowOutput,
    _ body: (inout WindowAccumulator, _ span: TimeSpan) -> Void
  ) -> Bool {
    var accepted = false
    var next: WindowLength? = shortest
    while let length = next {
      // A late reading changes windows, and is never the first of them.
      let isOpen = !isLate || ring(length).contains { slots[$0].isInUse }
      if isOpen, let index = slot(length, containing: minute, traits, &output) {
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

  /// Closes what stands in the places that change hands.
  private mutating func setSlow(_ slow: Bool, _ traits: SeriesTraits, _ output: inout WindowOutput) {
    guard slow != isSlow else { return }
    let length: WindowLength = isSlow ? .quarterHour : .minute
    for index in stride(from: 3, through: 2, by: -1) where slots[index].isInUse {
      close(index, length, traits, &output)
      slots[index] = WindowAccumulator()
    }
    isSlow = slow
  }

  /// The place of the window that contains a minute, made where it is newer than all others, or one of the few before
  /// the newest; the oldest goes.
  private mutating func slot(
    _ length: WindowLength, containing minute: Int32, _ traits: SeriesTraits, _ output: inout WindowOutput
  ) -> Int? {
    let start = length.start(minute)
    let ring = ring(length)
    if ring.isEmpty { return nil }
    let newest = slots[ring.lowerBound]
    // A place that happens to be free must not let a window in that was told long ago.
    guard !newest.isInUse || start > newest.start - Int32(ring.count) * length.minutes else {
      return ring.first { slots[$0].start == start }
    }
    for index in ring {
      if slots[index].start == start { return index }
      if slots[index].start < start { return insert(start, at: index, length, traits, &output) }
    }
    return nil
  }

  private mutating func insert(
    _ start: Int32, at place: Int, _ length: WindowLength, _ traits: SeriesTraits, _ output: inout WindowOutput
  ) -> Int? {
    let last = ring(length).upperBound - 1
    if slots[last].isInUse {
      close(last, length, traits, &output)
      output.evict(slots[last], length, traits, interval.typical)
    }
    for index in stride(from: last, to: place, by: -1) { slots[index] = slots[index - 1] }
    slots[place] = WindowAccumulator(start: start)
    due = min(due, start + length.minutes)
    return place
  }

  // MARK: Emission

  /// Shows the closed windows of a length.
  func forEachClosed(_ length: WindowLength, _ traits: SeriesTraits, _ body: (FeatureWindow) -> Void) {
    for index in ring(length) where slots[index].isEmitted {
      if let window = slots[index].window(length, traits, interval.typical) { body(window) }
    }
  }

  /// Closes all windows and says that nothing will change them any more.
  mutating func settleAll(_ traits: SeriesTraits, into output: inout WindowOutput) {
    for length in WindowLength.allCases {
      for index in ring(length).reversed() where slots[index].isInUse {
        close(index, length, traits, &output)
        output.evict(slots[index], length, traits, interval.typical)
      }
    }
  }

  /// Emits what the watermark has passed and what changed after its emission.
  private mutating func emitDue(_ traits: SeriesTraits, into output: inout WindowOutput) {
    guard hasDirty || nextDue <= highest else { return }
    let watermark = highest - traits.lateness
    let now = highest
    emitOpen(traits, into: &output) { slot, end, span in
      // Intervals that cover a window whole leave nothing to wait for.
      end <= watermark || (traits.isInterval && end <= now && slot.coveredHours >= 0.999 * span.inHours)
    }
  }

  /// Emits the open windows of which `isDue` says so, and changed ones, in the order of their start for each length.
  mutating func emitOpen(
    _ traits: SeriesTraits, into output: inout WindowOutput,
    _ isDue: (borrowing WindowAccumulator, _ end: Timestamp, _ span: TimeSpan) -> Bool
  ) {
    for length in WindowLength.allCases {
      for index in ring(length).reversed() where slots[index].isInUse {
        if slots[index].isEmitted {
          if slots[index].isDirty { emit(index, length, traits, &output) }
        } else if isDue(slots[index], Timestamp(minute: slots[index].start + length.minutes), length.span) {
          close(index, length, traits, &output)
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

  /// Closes a window: those within it first; then it is emitted and merged into the next longer one.
  private mutating func close(
    _ index: Int, _ length: WindowLength, _ traits: SeriesTraits, _ output: inout WindowOutput
  ) {
    guard slots[index].isInUse, !slots[index].isEmitted else { return }
    if let shorter = WindowLength.allCases.last(where: { $0.minutes < length.minutes }) {
      let minutes = slots[index].start..<slots[index].start + length.minutes
      for inner in ring(shorter).reversed() where minutes.contains(slots[inner].start) {
        close(inner, shorter, traits, &output)
      }
    }
    emit(index, length, traits, &output)
    let closed = slots[index]
    guard let longer = length.longer, let outer = slot(longer, containing: closed.start, traits, &output) else {
      return
    }
    slots[outer].merge(closed, isTimed: traits.isTimed, span: longer.span)
    if slots[outer].isEmitted {
      slots[outer].markDirty()
      hasDirty = true
    }
  }

  private mutating func emit(
    _ index: Int, _ length: WindowLength, _ traits: SeriesTraits, _ output: inout WindowOutput
  ) {
    let isUpdate = slots[index].isEmitted
    slots[index].markEmitted()
    guard var window = slots[index].window(length, traits, interval.typical) else { return }
    window.isUpdate = isUpdate
    if slots[index].used > 0 {
      (window.p10, window.p50, window.p90) = chain.quantiles(length, start: slots[index].start)
    }
    output.emit(window)
  }
}

extension Int64 {
  /// Nanoseconds in whole microseconds, rounded towards the past.
  fileprivate var microseconds: Int64 { self >= 0 ? self / 1_000 : (self - 999) / 1_000 }
}
