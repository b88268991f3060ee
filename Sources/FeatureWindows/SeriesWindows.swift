import EnergyAccounting
import PlantModel
import WattlineTime

/// The readings of one series without energy on their way into its windows.
///
/// A reading is counted only in its minute; a value that holds over a stretch enters each window that it reaches into.
struct SeriesWindows: BitwiseCopyable {
  struct State: OptionSet, BitwiseCopyable {
    let rawValue: UInt8
    /// The base is an interval of unknown length, or a counter has fallen for a reason not yet known.
    static let isPending = State(rawValue: 1)
    /// The base reading was good.
    static let baseIsGood = State(rawValue: 2)
    /// Values hold until the next.
    static let isHeld = State(rawValue: 4)
  }

  var windows = WindowSlots()
  var state: State = []
  var highest = Timestamp.distantPast
  /// Receive time of the last reading.
  var lastReceived = Timestamp.distantPast
  /// Last value in chronological order, from which the next stretch starts.
  var baseTime = Timestamp.distantPast
  var baseValue = Double.nan
  /// Depends on the sampling: end of the last interval; bit pattern of the value to which a counter fell; start of a
  /// held value.
  private var edge = Timestamp.distantPast

  /// End of the last windows.interval.
  var coveredUntil: Timestamp {
    get { edge }
    set { edge = newValue }
  }
  /// Value to which a counter fell, while ``State/isPending``.
  private var fallen: Double {
    get { Double(bitPattern: UInt64(bitPattern: edge.nanoseconds)) }
    set { edge = Timestamp(nanoseconds: Int64(bitPattern: newValue.bitPattern)) }
  }
  /// Start of the base value's hold.
  private var heldSince: Timestamp {
    get { edge }
    set { edge = newValue }
  }

  /// Whether values hold until the next.
  var isHeld: Bool { state.contains(.isHeld) }

  /// Earliest end of the windows not yet emitted.
  var nextDue: Timestamp { windows.nextDue }

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
      if highest != .distantPast { windows.interval.observe(time - highest) }
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
      if baseTime != .distantPast, span > .zero, span <= max(.minute, windows.interval.typical * 3) {
        let (from, first) = (baseTime, baseValue)
        windows.stretch(from, to: time, traits: traits, output: &output) { slot, begin, end, microseconds in
          let hours = begin == from && end == time ? 0 : span.inHours
          let a = begin == from ? first : first + (value - first) * ((begin - from).inHours / hours)
          let b = end == time ? value : first + (value - first) * ((end - from).inHours / hours)
          slot.integrate(a, second: b, microseconds: microseconds)
        }
      }
      if baseTime == .distantPast || time > baseTime { (baseTime, baseValue) = (time, value) }
    }
    let minute = time.minute
    if isUsed { windows.chain.insert(value, minute: minute, shortest: .minute) }
    return windows.put(minute, from: .minute, isLate: time < highest - traits.lateness, traits: traits, output: &output)
    {
      slot, _ in
      if isUsed {
        slot.add(value, at: (time - Timestamp(minute: slot.start)).inHours, holdingFor: nil, isGood: isGood)
      } else {
        slot.skip()
      }
    }
  }

  // MARK: Values that hold

  /// Switches whether values hold until the next. Windows so far are settled with the old weighting.
  mutating func setHolds(_ traits: SeriesTraits, into output: inout WindowOutput) {
    guard isHeld != traits.holds else { return }
    var before = traits
    before.holds = !traits.holds
    windows.settleAll(before, into: &output)
    windows.removeAll()
    (baseTime, baseValue) = (.distantPast, .nan)
    state.set(.isHeld, to: traits.holds)
  }

  private mutating func addHeld(
    _ value: Double, at time: Timestamp, isUsed: Bool, isGood: Bool, traits: SeriesTraits,
    output: inout WindowOutput
  ) -> Bool {
    // A reading behind the newest would have to revert the hold since then.
    guard time > baseTime else { return false }
    guard isUsed else { return true }
    extendHold(to: time, traits: traits, output: &output)
    (baseTime, baseValue, heldSince) = (time, value, time)
    state.set(.baseIsGood, to: isGood)
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
    _ = hold(
      baseValue, from: baseTime, to: end, isUsed: true, isGood: state.contains(.baseIsGood), traits: traits,
      output: &output)
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
      state.remove(.isPending)
      return true
    }
    let isInOrder = baseTime == .distantPast || (time > baseTime && (!state.contains(.isPending) || time == highest))
    guard isInOrder else { return true }
    if state.contains(.isPending) {
      let mayBeGlitch = value == fallen && time - baseTime < CounterChange.longestGlitch
      if mayBeGlitch || value < fallen {
        fallen = value
        return true
      }
      state.remove(.isPending)
      let increase = CounterIncrease.between(baseValue, value: fallen, scale: traits.rule.scale) + (value - fallen)
      return count(increase, to: value, at: time, isGood: isGood, traits: traits, output: &output)
    }
    if value < baseValue {
      fallen = value
      state.insert(.isPending)
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
    guard from != .distantPast, time - from <= WindowSlots.longestStretch else { return true }
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
    guard windows.interval.count > 0 else {
      (baseTime, baseValue) = (time, isUsed ? value : .nan)
      state.insert(.isPending)
      state.set(.baseIsGood, to: isGood)
      return true
    }
    if state.contains(.isPending) {
      state.remove(.isPending)
      addKnownInterval(
        baseValue, at: baseTime, isUsed: baseValue.isFinite, isGood: state.contains(.baseIsGood), traits: traits,
        output: &output)
    }
    return addKnownInterval(value, at: time, isUsed: isUsed, isGood: isGood, traits: traits, output: &output)
  }

  @discardableResult
  private mutating func addKnownInterval(
    _ value: Double, at time: Timestamp, isUsed: Bool, isGood: Bool, traits: SeriesTraits,
    output: inout WindowOutput
  ) -> Bool {
    let length = min(windows.interval.typical, WindowSlots.longestStretch)
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
    let shortest = windows.stretchesFrom(to - from)
    return windows.stretch(from, to: to, traits: traits, output: &output) { slot, begin, _, microseconds in
      guard isUsed else { return slot.skip() }
      let middle = (begin - Timestamp(minute: slot.start)).inHours + 0.5 * Double(microseconds) / 3.6e9
      slot.add(value, at: middle, holdingFor: microseconds, isGood: isGood)
      if begin > from { slot.markContinued() }
      slot.integrate(value, second: value, microseconds: microseconds)
    } once: { chain, minute in
      if isUsed { chain.insert(value, minute: minute, shortest: shortest) }
    }
  }

  /// Emits windows that the watermark has passed and windows that changed after their emission.
  private mutating func emitDue(_ traits: SeriesTraits, into output: inout WindowOutput) {
    guard windows.state.contains(.hasDirty) || nextDue <= highest else { return }
    let watermark = highest - traits.lateness
    let now = highest
    windows.emitOpen(traits, into: &output) { slot, end, span in
      // Windows that are completely covered by intervals need not wait.
      end <= watermark || (traits.isInterval && end <= now && slot.coveredHours >= 0.999 * span.inHours)
    }
  }
}

extension SeriesWindows.State {
  /// Inserts or removes a flag.
  fileprivate mutating func set(_ flag: Self, to isSet: Bool) {
    if isSet { insert(flag) } else { remove(flag) }
  }
}
