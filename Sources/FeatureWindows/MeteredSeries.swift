import EnergyAccounting
import PlantModel
import StreamCore

/// The windows of a series that carries energy: pure functions of its readings, which are kept for as far back as late
/// ones count.
///
/// A window is emitted when its end is passed, and again, at the next minute mark or tick, when readings behind it came
/// late.
struct MeteredSeries: Sendable {
  var meter = Meter()
  /// Ends of the newest emitted windows, by length [min since the epoch]; `.min` before the first.
  private var closed: InlineArray<3, Int32> = .init(repeating: .min)
  /// What of the emitted windows has changed.
  private(set) var dirty: Range<Timestamp>?
  var highest = Timestamp.distantPast
  /// When it was last heard of.
  var lastReceived = Timestamp.distantPast
  /// Least end of the windows that may be emitted next [min since the epoch].
  private(set) var due = Int32.max

  /// Least end of the windows that may be emitted next.
  var nextDue: Timestamp { due == .max ? Timestamp(nanoseconds: .max) : Timestamp(minute: due) }

  /// Takes in a reading.
  ///
  /// - Returns: Whether it counts, and what of the past may have changed; too late is `nil` and not accepted.
  mutating func add(
    _ value: Double, at time: Timestamp, quality: Quality, _ rule: MeterRule, late: TimeSpan
  ) -> (isAccepted: Bool, changed: Range<Timestamp>?) {
    // Near the ends of the representable range, window bounds would saturate.
    guard time.nanoseconds.magnitude < 9_000_000_000_000_000_000 else { return (false, nil) }
    if highest != .distantPast, time < max(meter.settledUntil, highest - late) { return (false, nil) }
    if quality != .imputed, quality != .late, time > highest { highest = time }
    let isUsable = value.isFinite && value.magnitude < 1e30
    let standing: MeterSample.Standing =
      switch quality {
      case .good where isUsable: .good
      case .late where isUsable, .imputed where isUsable: .imperfect
      default: .unused
      }
    let changed = meter.take(MeterSample(time: time, value: isUsable ? value : 0, standing: standing), rule)
    if let changed { note(changed) }
    due = min(due, time.minute + 1)
    return (true, changed)
  }

  /// Ends what a value holds, because its device went.
  mutating func end(at moment: Timestamp, _ rule: MeterRule) -> Range<Timestamp>? {
    guard moment.nanoseconds.magnitude < 9_000_000_000_000_000_000, !meter.history.isEmpty else { return nil }
    let changed = meter.take(MeterSample(time: moment, value: 0, standing: .offline), rule)
    if let changed { note(changed) }
    return changed
  }

  /// Takes over whether values hold; what was told under the other rule changes.
  mutating func setHolds(_ holds: Bool) -> Range<Timestamp>? {
    guard holds != meter.holds else { return nil }
    meter.holds = holds
    guard !meter.history.isEmpty else { return nil }
    let all = max(meter.settledUntil, meter.history[0].time)..<highest + .day
    note(all)
    due = min(due, highest.minute + 1)
    return all
  }

  private mutating func note(_ changed: Range<Timestamp>) {
    let last = max(closed[0], closed[1], closed[2])
    guard last != .min, changed.lowerBound.minute < last else { return }
    guard let known = dirty else {
      dirty = changed
      return
    }
    dirty = min(known.lowerBound, changed.lowerBound)..<max(known.upperBound, changed.upperBound)
  }

  /// Emits the windows that end by a moment, those that are whole by another, and changed ones.
  mutating func close(
    through limit: Timestamp, wholeThrough: Timestamp? = nil, _ traits: SeriesTraits, into output: inout WindowOutput
  ) {
    guard !meter.history.isEmpty else { return }
    due = .max
    for length in WindowLength.allCases {
      var start = closed[length.level] == .min ? length.start(meter.history[0].time.minute) : closed[length.level]
      if traits.rule.sampling == .intervalEnd, closed[length.level] == .min { start -= 26 * 60 }
      start = length.start(start)
      let last = max(limit, wholeThrough ?? limit)
      while Timestamp(minute: start + length.minutes) <= last {
        guard let (window, isWhole) = meter.window(length, start: start, traits, &output.values) else {
          // Nothing is known from here to the next reading.
          let next = meter.history.place(notBefore: Timestamp(minute: start + length.minutes))
          guard next < meter.history.count else { break }
          start = max(start + length.minutes, jump(to: next, length, traits))
          continue
        }
        guard isWhole || Timestamp(minute: start + length.minutes) <= limit else { break }
        output.emit(window)
        start += length.minutes
        closed[length.level] = start
      }
      if isOpen(start) { due = min(due, max(start + length.minutes, closed[length.level])) }
    }
  }

  /// The first window that a reading may reach into.
  private func jump(to place: Int, _ length: WindowLength, _ traits: SeriesTraits) -> Int32 {
    let moment = meter.history[place].time
    guard traits.rule.sampling == .intervalEnd else { return length.start(moment.minute) }
    // A mean speaks for the time before it.
    let first = moment - SampleHistory.longestInterval
    return length.start(max(first, place > 0 ? meter.history[place - 1].time : first).minute)
  }

  /// Whether a window that begins at a minute may still get something without another reading.
  private func isOpen(_ start: Int32) -> Bool {
    guard let last = meter.lastHeard else { return false }
    return meter.holds || last >= Timestamp(minute: start) || meter.history[meter.history.count - 1].time >= last
  }

  /// Emits again what has changed of the emitted windows.
  mutating func emitChanged(_ traits: SeriesTraits, into output: inout WindowOutput) {
    guard let changed = dirty else { return }
    dirty = nil
    for length in WindowLength.allCases where closed[length.level] != .min {
      let floor = meter.settledUntil == .distantPast ? Int32.min : meter.settledUntil.minute
      var start = max(length.start(changed.lowerBound.minute), floor)
      let end = min(closed[length.level], (changed.upperBound + .seconds(59)).minute + 1)
      while start < end {
        if var (window, _) = meter.window(length, start: start, traits, &output.values) {
          window.isUpdate = true
          output.emit(window)
          start += length.minutes
        } else {
          let next = meter.history.place(notBefore: Timestamp(minute: start + length.minutes))
          guard next < meter.history.count else { break }
          start = max(start + length.minutes, jump(to: next, length, traits))
        }
      }
    }
  }

  /// Shows the emitted windows of a length that begin within a period.
  func forEachClosed(
    _ length: WindowLength, in period: Range<Int32>, _ traits: SeriesTraits, _ scratch: inout [Double],
    _ body: (FeatureWindow) -> Void
  ) {
    guard closed[length.level] != .min, !meter.history.isEmpty else { return }
    let floor = meter.settledUntil == .distantPast ? meter.history[0].time.minute - 26 * 60 : meter.settledUntil.minute
    var start = max(length.start(period.lowerBound), length.start(floor))
    while start < min(period.upperBound, closed[length.level]) {
      if let (window, _) = meter.window(length, start: start, traits, &scratch) {
        body(window)
        start += length.minutes
      } else {
        let next = meter.history.place(notBefore: Timestamp(minute: start + length.minutes))
        guard next < meter.history.count else { break }
        start = max(start + length.minutes, jump(to: next, length, traits))
      }
    }
  }

  /// Forgets what no late reading changes any more, and says which windows are settled thereby.
  ///
  /// - Parameters:
  ///   - horizon: Quarters of an hour from here on are kept for the account.
  ///   - late: How far back late readings count.
  mutating func settle(
    before clock: Timestamp, horizon: Timestamp, late: TimeSpan, _ traits: SeriesTraits,
    into output: inout WindowOutput, utcOffset: (Timestamp) -> Int64
  ) {
    guard let boundary = meter.boundary(horizon: min(clock, highest) - late) else { return }
    emitChanged(traits, into: &output)
    let from = max(meter.settledUntil, meter.history[0].time - SampleHistory.longestInterval)
    var settled: [FeatureWindow] = []
    forEachClosed(output.rollupLength, in: from.minute..<boundary.minute, traits, &output.values) { settled.append($0) }
    for var window in settled {
      window.series = output.series
      output.settled.append((output.windows.count, window))
    }
    meter.settle(until: boundary, horizon: horizon, late: late, traits.rule, utcOffset: utcOffset)
  }
}

extension MeteredSeries {
  func write(into writer: inout SnapshotWriter) {
    meter.write(into: &writer)
    for level in 0..<3 { writer.write(closed[level]) }
    writer.write(dirty != nil)
    if let dirty {
      writer.write(dirty.lowerBound)
      writer.write(dirty.upperBound)
    }
    writer.write(highest)
    writer.write(lastReceived)
    writer.write(due)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    meter = try Meter(from: &reader)
    for level in 0..<3 { closed[level] = try reader.read(Int32.self) }
    if try reader.readBool() {
      let (lower, upper) = (try reader.readTimestamp(), try reader.readTimestamp())
      guard lower <= upper else { throw .invalid("a stretch that ends before it begins") }
      dirty = lower..<upper
    }
    highest = try reader.readTimestamp()
    lastReceived = try reader.readTimestamp()
    due = try reader.read(Int32.self)
    for minute in [closed[0], closed[1], closed[2], due] where minute != .min && minute != .max {
      guard minute.magnitude <= WindowAccumulator.latestMinute else { throw .invalid("a window outside all time") }
    }
  }
}
