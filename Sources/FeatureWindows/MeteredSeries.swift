import EnergyAccounting
import PlantModel
import StreamCore
import WattlineTime

/// The windows of a series that carries energy: pure functions of its readings, which are kept for as long as late
/// readings count.
///
/// A window is emitted when its end is passed. It is emitted again at the next minute mark or tick after late readings
/// have changed it.
struct MeteredSeries: Sendable {
  var meter = Meter()
  /// Ends of the newest emitted windows, by length [min since the epoch]; `.min` before the first.
  private var closed: InlineArray<3, Int32> = .init(repeating: .min)
  /// Time range in which emitted windows have changed.
  private(set) var dirty: Range<Timestamp>?
  var highest = Timestamp.distantPast
  /// Receive time of the last reading.
  var lastReceived = Timestamp.distantPast
  /// Earliest end of the windows that may be emitted next [min since the epoch].
  private(set) var due = Int32.max

  /// Earliest end of the windows that may be emitted next.
  var nextDue: Timestamp { due == .max ? Timestamp(nanoseconds: .max) : Timestamp(minute: due) }

  /// Adds a reading.
  ///
  /// - Parameters:
  ///   - value: The reading [canonical unit].
  ///   - time: Time of the reading.
  ///   - quality: Quality assigned by cleaning.
  ///   - rule: Rule by which readings become values over time.
  ///   - late: Age up to which late readings count.
  /// - Returns: Whether the reading was accepted, and the time range whose values may have changed; `nil` if none.
  mutating func add(
    _ value: Double, at time: Timestamp, quality: Quality, rule: MeterRule, late: TimeSpan
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
    let changed = meter.observe(MeterSample(time: time, value: isUsable ? value : 0, standing: standing), rule: rule)
    if let changed { record(changed) }
    due = min(due, time.minute + 1)
    return (true, changed)
  }

  /// Ends a held value, because its device went offline, and returns the time range that changed.
  mutating func end(at timestamp: Timestamp, rule: MeterRule) -> Range<Timestamp>? {
    guard timestamp.nanoseconds.magnitude < 9_000_000_000_000_000_000, !meter.history.isEmpty else { return nil }
    let changed = meter.observe(MeterSample(time: timestamp, value: 0, standing: .offline), rule: rule)
    if let changed { record(changed) }
    return changed
  }

  /// Sets whether values hold until the next, and returns the time range that changed.
  mutating func setHolds(_ holds: Bool) -> Range<Timestamp>? {
    guard holds != meter.holds else { return nil }
    meter.holds = holds
    guard !meter.history.isEmpty else { return nil }
    let all = max(meter.settledUntil, meter.history[0].time)..<highest + .day
    record(all)
    due = min(due, highest.minute + 1)
    return all
  }

  private mutating func record(_ changed: Range<Timestamp>) {
    let last = max(closed[0], closed[1], closed[2])
    guard last != .min, changed.lowerBound.minute < last else { return }
    guard let known = dirty else {
      dirty = changed
      return
    }
    dirty = min(known.lowerBound, changed.lowerBound)..<max(known.upperBound, changed.upperBound)
  }

  /// Emits the windows that end by a time and marks the next ones due.
  ///
  /// - Parameters:
  ///   - limit: Windows that end by this time are emitted.
  ///   - wholeThrough: Windows that end by this time are emitted if they are completely known.
  ///   - traits: Traits of the series.
  ///   - output: Receives the windows.
  mutating func close(
    through limit: Timestamp, wholeThrough: Timestamp? = nil, traits: SeriesTraits, into output: inout WindowOutput
  ) {
    guard !meter.history.isEmpty else { return }
    due = .max
    for length in WindowLength.allCases {
      var start = closed[length.level] == .min ? length.start(meter.history[0].time.minute) : closed[length.level]
      if traits.rule.sampling == .intervalEnd, closed[length.level] == .min { start -= 26 * 60 }
      start = length.start(start)
      let last = max(limit, wholeThrough ?? limit)
      while Timestamp(minute: start + length.minutes) <= last {
        guard let (window, isWhole) = meter.window(length, start: start, traits: traits, scratch: &output.values) else {
          // No value is known from here to the next reading.
          let next = meter.history.place(notBefore: Timestamp(minute: start + length.minutes))
          guard next < meter.history.count else { break }
          start = max(start + length.minutes, jump(to: next, length: length, traits: traits))
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

  /// Returns the start of the first window that a reading may affect.
  ///
  /// - Parameters:
  ///   - place: Place of the reading.
  ///   - length: Length of the windows.
  ///   - traits: Traits of the series.
  private func jump(to place: Int, length: WindowLength, traits: SeriesTraits) -> Int32 {
    let timestamp = meter.history[place].time
    guard traits.rule.sampling == .intervalEnd else { return length.start(timestamp.minute) }
    // A mean refers to the time before it.
    let first = timestamp - SampleHistory.longestInterval
    return length.start(max(first, place > 0 ? meter.history[place - 1].time : first).minute)
  }

  /// Returns whether a window that begins at a minute may still receive values without another reading.
  private func isOpen(_ start: Int32) -> Bool {
    guard let last = meter.lastHeard else { return false }
    return meter.holds || last >= Timestamp(minute: start) || meter.history[meter.history.count - 1].time >= last
  }

  /// Emits the changed windows again, as updates.
  mutating func emitChanged(_ traits: SeriesTraits, into output: inout WindowOutput) {
    guard let changed = dirty else { return }
    dirty = nil
    for length in WindowLength.allCases where closed[length.level] != .min {
      let floor = meter.settledUntil == .distantPast ? Int32.min : meter.settledUntil.minute
      var start = max(length.start(changed.lowerBound.minute), floor)
      let end = min(closed[length.level], (changed.upperBound + .seconds(59)).minute + 1)
      while start < end {
        if var (window, _) = meter.window(length, start: start, traits: traits, scratch: &output.values) {
          window.isUpdate = true
          output.emit(window)
          start += length.minutes
        } else {
          let next = meter.history.place(notBefore: Timestamp(minute: start + length.minutes))
          guard next < meter.history.count else { break }
          start = max(start + length.minutes, jump(to: next, length: length, traits: traits))
        }
      }
    }
  }

  /// Calls `body` with the emitted windows of a length that begin within a period.
  ///
  /// - Parameters:
  ///   - length: Length of the windows.
  ///   - period: The period [min since the epoch].
  ///   - traits: Traits of the series.
  ///   - scratch: Buffer for the values.
  ///   - body: Receives the windows.
  func forEachClosed(
    _ length: WindowLength, in period: Range<Int32>, traits: SeriesTraits, scratch: inout [Double],
    body: (FeatureWindow) -> Void
  ) {
    guard closed[length.level] != .min, !meter.history.isEmpty else { return }
    let floor = meter.settledUntil == .distantPast ? meter.history[0].time.minute - 26 * 60 : meter.settledUntil.minute
    var start = max(length.start(period.lowerBound), length.start(floor))
    while start < min(period.upperBound, closed[length.level]) {
      if let (window, _) = meter.window(length, start: start, traits: traits, scratch: &scratch) {
        body(window)
        start += length.minutes
      } else {
        let next = meter.history.place(notBefore: Timestamp(minute: start + length.minutes))
        guard next < meter.history.count else { break }
        start = max(start + length.minutes, jump(to: next, length: length, traits: traits))
      }
    }
  }

  /// Discards readings that no late reading can change any more, and records the windows that are thereby settled.
  ///
  /// - Parameters:
  ///   - clock: The plant's clock.
  ///   - horizon: Time from which quarter-hours are kept for the account.
  ///   - late: Age up to which late readings count.
  ///   - traits: Traits of the series.
  ///   - output: Receives changed and settled windows.
  ///   - utcOffset: Returns the offset of local time from UTC at a time [s], positive east.
  mutating func settle(
    before clock: Timestamp, horizon: Timestamp, late: TimeSpan, traits: SeriesTraits,
    into output: inout WindowOutput, utcOffset: (Timestamp) -> Int64
  ) {
    guard let boundary = meter.boundary(horizon: min(clock, highest) - late) else { return }
    emitChanged(traits, into: &output)
    let from = max(meter.settledUntil, meter.history[0].time - SampleHistory.longestInterval)
    var settled: [FeatureWindow] = []
    forEachClosed(output.rollupLength, in: from.minute..<boundary.minute, traits: traits, scratch: &output.values) {
      settled.append($0)
    }
    for var window in settled {
      window.series = output.series
      output.settled.append((output.windows.count, window))
    }
    meter.settle(until: boundary, horizon: horizon, late: late, rule: traits.rule, utcOffset: utcOffset)
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
