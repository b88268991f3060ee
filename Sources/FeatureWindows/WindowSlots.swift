import EnergyAccounting
import PlantModel
import WattlineTime

/// The windows of one series without energy: for each length the newest one and the one before it, which late readings
/// can still change.
///
/// When a window closes, it is emitted and merged into the next longer one. Later values are added to the closed
/// window, which is emitted again, and to the longer one as well.
///
/// A series whose values hold for longer than ``longestInMinutes`` has no windows of a minute. Their slots then hold
/// two more quarter-hours, since an hourly value reaches into four at once.
struct WindowSlots: BitwiseCopyable {
  static let count = 6
  /// Longest stretch that is spread over windows.
  static let longestStretch = TimeSpan.days(7)
  /// Longest stretch that enters windows of a minute.
  static let longestInMinutes = TimeSpan.seconds(90)

  struct State: OptionSet, BitwiseCopyable {
    let rawValue: UInt8
    /// A window has changed after its emission.
    static let hasDirty = State(rawValue: 1)
    /// The slots of a minute hold quarter-hours.
    static let isSlow = State(rawValue: 2)
  }

  /// Slots: two of 15 m, two of 1 m (or 15 m), two of 1 h; for each length the newest first.
  var slots: InlineArray<6, WindowAccumulator> = .init(repeating: WindowAccumulator())
  var chain = QuantileChain()
  // The order leaves no byte unused, also for the flags that follow in ``SeriesWindows``.
  var state: State = []
  /// Earliest end of the windows not yet emitted [min since the epoch].
  var due = Int32.max
  /// Gaps between the readings; a sample stands for its typical gap.
  var interval = IntervalEstimator()

  /// Whether the slots of a minute hold quarter-hours.
  var isSlow: Bool { state.contains(.isSlow) }
  /// Earliest end of the windows not yet emitted.
  var nextDue: Timestamp { due == .max ? Timestamp(nanoseconds: .max) : Timestamp(minute: due) }

  /// Removes all windows without emitting them.
  mutating func removeAll() {
    for index in 0..<Self.count { slots[index] = WindowAccumulator() }
    due = .max
    state.remove(.isSlow)
  }

  /// Returns the length of the shortest windows that a stretch enters. A slow series keeps the quarter-hour, so its
  /// windows of a minute do not come and go.
  func stretchesFrom(_ span: TimeSpan) -> WindowLength {
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
  mutating func stretch(
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
  mutating func put(
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
        state.insert(.hasDirty)
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
    if slow { state.insert(.isSlow) } else { state.remove(.isSlow) }
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
    state.remove(.hasDirty)
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
      state.insert(.hasDirty)
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
