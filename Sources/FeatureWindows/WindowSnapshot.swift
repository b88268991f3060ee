import EnergyAccounting
import PlantModel
public import StreamCore

extension FeatureWindowStage {
  private static let layout: UInt16 = 4

  /// Writes the open windows, windows that may still change, rollups and held values of every series.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Self.layout)
    writer.write(tooLate)
    states.snapshot(into: &writer) { $1.write(into: &$0) }
    meters.snapshot(into: &writer) { $1.write(into: &$0) }
    writer.write(quiet.sorted { $0.key < $1.key }) { writer, series in
      writer.write(series.key)
      writer.write(series.value)
    }
    writer.write(hours) { $1.write(into: &$0) }
    writer.write(days) { $1.write(into: &$0) }
    indicators.write(into: &writer)
    account.write(into: &writer)
  }

  /// Replaces the state by that of a snapshot.
  ///
  /// - Throws: ``SnapshotError`` if the snapshot has another version, ends early or holds invalid values.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Self.layout, of: "windows")
    look = ScanSchedule()
    tooLate = try reader.read(UInt64.self)
    states = try SeriesStates(from: &reader) { (reader) throws(SnapshotError) in try SeriesWindows(from: &reader) }
    meters = try SeriesStates(from: &reader) { (reader) throws(SnapshotError) in try MeteredSeries(from: &reader) }
    let times = try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
      (try reader.read(Int32.self), try reader.readTimestamp())
    }
    quiet = Dictionary(times) { $1 }
    hours = try reader.readArray(elementSize: 50) { (reader) throws(SnapshotError) in try LocalRollup(from: &reader) }
    days = try reader.readArray(elementSize: 50) { (reader) throws(SnapshotError) in try LocalRollup(from: &reader) }
    indicators = try PlantIndicators(from: &reader)
    account = try PlantAccount(from: &reader)
    guard days.count == states.count, meters.count == 0 || meters.count == states.count,
      hours.isEmpty || hours.count == states.count
    else {
      throw .invalid("columns of unequal length")
    }
  }
}

extension SeriesWindows {
  func write(into writer: inout SnapshotWriter) {
    for i in 0..<Self.slotCount { slots[i].write(into: &writer) }
    chain.write(into: &writer)
    writer.write(highest)
    writer.write(lastReceived)
    writer.write(interval.remembered) { $0.write($1) }
    writer.write(baseTime)
    writer.write(baseValue)
    writer.write(coveredUntil)
    writer.write(due)
    for flag in [isPending, baseIsGood, hasDirty, isSlow, isHeld] { writer.write(flag) }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    for i in 0..<Self.slotCount { slots[i] = try WindowAccumulator(from: &reader) }
    chain = try QuantileChain(from: &reader)
    highest = try reader.readTimestamp()
    lastReceived = try reader.readTimestamp()
    interval = try IntervalEstimator(from: &reader)
    baseTime = try reader.readTimestamp()
    baseValue = try reader.readDouble()
    coveredUntil = try reader.readTimestamp()
    due = try reader.read(Int32.self)
    guard due == .max || due.magnitude <= WindowAccumulator.latestMinute else {
      throw .invalid("a window outside all time")
    }
    isPending = try reader.readBool()
    baseIsGood = try reader.readBool()
    hasDirty = try reader.readBool()
    isSlow = try reader.readBool()
    isHeld = try reader.readBool()
  }
}

extension IntervalEstimator {
  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init(
      replaying: try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.readTimeSpan() })
  }
}

extension LocalRollup {
  func write(into writer: inout SnapshotWriter) {
    for minute in [start, newest] { writer.write(minute) }
    for number in [settled.mean, settled.minimum, settled.maximum, settled.energy] { writer.write(number) }
    for number in [settled.goodShare, settled.weight] { writer.write(number.bitPattern) }
    writer.write(isTold)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    start = try reader.read(Int32.self)
    let newest = try reader.read(Int32.self)
    for minute in [start, newest] where minute != .min && minute.magnitude > WindowAccumulator.latestMinute {
      throw .invalid("a period outside all time")
    }
    settled.mean = try reader.readDouble()
    settled.minimum = try reader.readDouble()
    settled.maximum = try reader.readDouble()
    settled.energy = try reader.readDouble()
    settled.goodShare = Float(bitPattern: try reader.read(UInt32.self))
    settled.weight = Float(bitPattern: try reader.read(UInt32.self))
    let isTold = try reader.readBool()
    if newest != .min { setNewest(newest, isTold: isTold) }
  }
}

extension PlantIndicators {
  func write(into writer: inout SnapshotWriter) {
    writer.write(lastNewest)
    writer.write(members) { $0.write($1) }
    writer.write(held) { writer, values in
      for i in 0..<4 {
        writer.write(values.times[i])
        writer.write(values.values[i])
      }
      writer.write(values.interval.remembered) { $0.write($1) }
    }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let newest = try reader.readTimestamp()
    let members = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in try reader.read(Int32.self) }
    let held = try reader.readArray(elementSize: 68) { (reader) throws(SnapshotError) in
      var values = HeldValues()
      for i in 0..<4 {
        values.times[i] = try reader.readTimestamp()
        values.values[i] = try reader.readDouble()
      }
      values.interval = try IntervalEstimator(from: &reader)
      return values
    }
    guard members.count == held.count else { throw .invalid("columns of unequal length") }
    self.init(members: members, held: held)
    lastNewest = newest
  }
}
