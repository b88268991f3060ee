import PlantModel
import StreamCore

/// The open and lately closed windows of a series, and what its sampling needs to know of the past.
struct SeriesWindows {
  /// A window that is open, or closed and still kept for late readings.
  struct Slot {
    var length: WindowLength
    var start: Timestamp
    var statistics = WindowStatistics()
    var isEmitted = false
    var isChanged = true
    var end: Timestamp { start + length.span }
  }

  /// How long a closed window is kept for late readings, in window lengths.
  static let keptLengths: Int64 = 2
  /// An interval or a counter's step longer than this is not spread over windows.
  static let longestSpread = TimeSpan.hours(2)

  /// Few, in the order in which they were opened.
  var slots: [Slot] = []
  /// Latest event time.
  var highest = Timestamp.distantPast
  /// Receive time of the last reading.
  var lastReceived = Timestamp.distantPast
  /// The usual distance of readings: the latest distance, held within twice the one before against single gaps.
  var interval: TimeSpan?
  /// Last reading of a counter [canonical unit].
  var counter: (time: Timestamp, value: Double)?
  /// Readings that came too late for any window that is kept.
  var tooLate: UInt64 = 0

  init() {}

  /// Takes in a reading that is used for statistics.
  mutating func add(_ value: Double, at time: Timestamp, isGood: Bool, _ profile: SensorProfile) {
    let previous = highest
    noteTime(time)
    switch profile.sampling {
    case .instant: addInstant(value, at: time, isGood: isGood)
    case .intervalStart: addInterval(value, from: time, previous: previous, isGood: isGood, profile)
    case .intervalEnd:
      let span = interval ?? .zero
      addInterval(value, from: time - span, previous: previous, isGood: isGood, profile)
    case .counter: addCounter(value, at: time, isGood: isGood)
    }
  }

  /// Counts a reading that is not used, so that the share of good ones is right.
  mutating func addUnused(at time: Timestamp) {
    for length in WindowLength.allCases { update(length, containing: time) { $0.addUnused() } }
  }

  /// Notes the time of a reading and learns the usual distance.
  mutating func noteTime(_ time: Timestamp) {
    guard time > highest else { return }
    if highest != .distantPast {
      let distance = time - highest
      if let known = interval, distance > known * 2 { interval = min(distance, known * 2) } else { interval = distance }
    }
    highest = time
  }

  private mutating func addInstant(_ value: Double, at time: Timestamp, isGood: Bool) {
    for length in WindowLength.allCases {
      let start = time.floored(to: length.span)
      update(length, containing: time) { $0.add(value, at: (time - start).inHours, isGood: isGood) }
    }
  }

  /// The mean of an interval holds in every window that the interval touches; windows shorter than a minute-long
  /// interval's own length would only repeat it and are left out.
  private mutating func addInterval(
    _ value: Double, from start: Timestamp, previous: Timestamp, isGood: Bool, _ profile: SensorProfile
  ) {
    let span = interval ?? .zero
    let isPower = profile.canonicalUnit?.quantity == .power
    for length in WindowLength.allCases where length != .minute || span <= .minute {
      guard span > length.span, span <= SeriesWindows.longestSpread else {
        let window = start.floored(to: length.span)
        let covered = span == .zero ? length.span : min(span, length.span)
        update(length, containing: start) {
          $0.add(value, at: (start - window).inHours, isGood: isGood)
          if isPower { $0.add(energy: value * covered.inHours) }
        }
        continue
      }
      var window = start.floored(to: length.span)
      while window < start + span {
        let overlap = min(window + length.span, start + span) - max(window, start)
        update(length, containing: window) {
          $0.add(value, at: 0, isGood: isGood)
          if isPower { $0.add(energy: value * overlap.inHours) }
        }
        window += length.span
      }
    }
  }

  /// The increase of a counter is spread evenly over the time in which it grew. A fall is a reset or a rollover: what
  /// the counter shows then has grown since.
  private mutating func addCounter(_ value: Double, at time: Timestamp, isGood: Bool) {
    guard let last = counter else {
      counter = (time, value)
      for length in WindowLength.allCases { update(length, containing: time) { $0.add(0, at: 0, isGood: isGood) } }
      return
    }
    guard time > last.time else { return }
    counter = (time, value)
    let increase = value >= last.value ? value - last.value : max(0, value)
    let span = time - last.time
    let rate = increase / span.inHours
    for length in WindowLength.allCases {
      if span > SeriesWindows.longestSpread {
        update(length, containing: time) {
          $0.add(rate, at: 0, isGood: isGood)
          $0.add(energy: increase)
        }
        continue
      }
      if length == .minute && span > .minutes(2) { continue }
      var window = last.time.floored(to: length.span)
      while window < time {
        let overlap = min(window + length.span, time) - max(window, last.time)
        update(length, containing: window) {
          $0.add(rate, at: 0, isGood: isGood)
          $0.add(energy: rate * overlap.inHours)
        }
        window += length.span
      }
    }
  }

  private mutating func update(
    _ length: WindowLength, containing time: Timestamp, _ body: (inout WindowStatistics) -> Void
  ) {
    let start = time.floored(to: length.span)
    var position = slots.firstIndex { $0.length == length && $0.start == start }
    if position == nil {
      guard start + length.span * (SeriesWindows.keptLengths + 1) > highest else {
        if length == .hour { tooLate += 1 }
        return
      }
      slots.append(Slot(length: length, start: start))
      position = slots.count - 1
    }
    if let position {
      body(&slots[position].statistics)
      slots[position].isChanged = true
    }
  }
}

extension SeriesWindows {
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(highest)
    writer.write(lastReceived)
    writer.write(interval ?? TimeSpan(nanoseconds: -1))
    writer.write(counter != nil)
    writer.write(counter?.time ?? .distantPast)
    writer.write(counter?.value ?? .nan)
    writer.write(tooLate)
    writer.write(slots) { writer, slot in
      writer.write(UInt8(WindowLength.allCases.firstIndex(of: slot.length) ?? 0))
      writer.write(slot.start)
      slot.statistics.snapshot(into: &writer)
      writer.write(slot.isEmitted)
      writer.write(slot.isChanged)
    }
  }

  init(restoring reader: inout SnapshotReader) throws(SnapshotError) {
    highest = try reader.readTimestamp()
    lastReceived = try reader.readTimestamp()
    let span = try reader.readTimeSpan()
    interval = span < .zero ? nil : span
    let hasCounter = try reader.readBool()
    let time = try reader.readTimestamp()
    let value = try reader.readDouble()
    counter = hasCounter ? (time, value) : nil
    tooLate = try reader.read()
    slots = try reader.readArray(elementSize: 100) { (reader) throws(SnapshotError) in
      let code = Int(try reader.read(UInt8.self))
      guard code < WindowLength.allCases.count else { throw .invalid("window length \(code)") }
      var slot = Slot(length: WindowLength.allCases[code], start: try reader.readTimestamp())
      slot.statistics = try WindowStatistics(restoring: &reader)
      slot.isEmitted = try reader.readBool()
      slot.isChanged = try reader.readBool()
      return slot
    }
  }
}
