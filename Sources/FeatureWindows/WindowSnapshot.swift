import EnergyAccounting
import PlantModel
public import StreamCore

extension FeatureWindowStage {
  private static let layout: UInt16 = 4

  /// Writes the open windows, windows that may still change, rollups and held values of every series.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Self.layout)
    writer.write(tooLate)
    store.states.snapshot(into: &writer) { $1.write(into: &$0) }
    store.meters.snapshot(into: &writer) { $1.write(into: &$0) }
    writer.write(store.quiet.sorted { $0.key < $1.key }) { writer, series in
      writer.write(series.key)
      writer.write(series.value)
    }
    writer.write(rollups.hours) { $1.write(into: &$0) }
    writer.write(rollups.days) { $1.write(into: &$0) }
    indicators.write(into: &writer)
    account.write(into: &writer)
  }

  /// Replaces the state by that of a snapshot.
  ///
  /// - Throws: ``SnapshotError`` if the snapshot has another version, ends early or holds invalid values.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Self.layout, of: "windows")
    store.look = ScanSchedule()
    tooLate = try reader.read(UInt64.self)
    store.states = try SeriesStates(from: &reader) { (reader) throws(SnapshotError) in try SeriesWindows(from: &reader)
    }
    store.meters = try SeriesStates(from: &reader) { (reader) throws(SnapshotError) in try MeteredSeries(from: &reader)
    }
    let times = try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
      (try reader.read(Int32.self), try reader.readTimestamp())
    }
    store.quiet = Dictionary(times) { $1 }
    rollups.hours = try reader.readArray(elementSize: 50) { (reader) throws(SnapshotError) in
      try LocalRollup(from: &reader)
    }
    rollups.days = try reader.readArray(elementSize: 50) { (reader) throws(SnapshotError) in
      try LocalRollup(from: &reader)
    }
    indicators = try PlantIndicators(from: &reader)
    account = try PlantAccount(from: &reader)
    let count = store.states.count
    guard rollups.days.count == count, store.meters.count == 0 || store.meters.count == count,
      rollups.hours.isEmpty || rollups.hours.count == count
    else {
      throw .invalid("columns of unequal length")
    }
  }
}

extension SeriesWindows {
  func write(into writer: inout SnapshotWriter) {
    for i in 0..<WindowSlots.count { windows.slots[i].write(into: &writer) }
    windows.chain.write(into: &writer)
    writer.write(highest)
    writer.write(lastReceived)
    writer.write(windows.interval.remembered) { $0.write($1) }
    writer.write(baseTime)
    writer.write(baseValue)
    writer.write(coveredUntil)
    writer.write(windows.due)
    for flag in [State.isPending, .baseIsGood] { writer.write(state.contains(flag)) }
    for flag in [WindowSlots.State.hasDirty, .isSlow] { writer.write(windows.state.contains(flag)) }
    writer.write(isHeld)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    for i in 0..<WindowSlots.count { windows.slots[i] = try WindowAccumulator(from: &reader) }
    windows.chain = try QuantileChain(from: &reader)
    highest = try reader.readTimestamp()
    lastReceived = try reader.readTimestamp()
    windows.interval = try IntervalEstimator(from: &reader)
    baseTime = try reader.readTimestamp()
    baseValue = try reader.readDouble()
    coveredUntil = try reader.readTimestamp()
    windows.due = try reader.read(Int32.self)
    guard windows.due == .max || windows.due.magnitude <= WindowAccumulator.latestMinute else {
      throw .invalid("a window outside all time")
    }
    for flag in [State.isPending, .baseIsGood] where try reader.readBool() { state.insert(flag) }
    for flag in [WindowSlots.State.hasDirty, .isSlow] where try reader.readBool() { windows.state.insert(flag) }
    if try reader.readBool() { state.insert(.isHeld) }
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
