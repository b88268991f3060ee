import PlantModel
import StreamCore

extension FeatureWindowStage {
  private static let layout: UInt16 = 1

  /// Writes the open windows, those that may still change, rollups and held values of every series.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Self.layout)
    writer.write(tooLate)
    writer.write(states) { $1.write(into: &$0) }
    writer.write(hours) { $1.write(into: &$0) }
    writer.write(days) { $1.write(into: &$0) }
    indicators.write(into: &writer)
  }

  /// Replaces what is remembered by what a snapshot holds.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Self.layout, of: "windows")
    tooLate = try reader.read(UInt64.self)
    states = try reader.readArray(elementSize: 100) { (reader) throws(SnapshotError) in
      try SeriesWindows(from: &reader)
    }
    hours = try reader.readArray(elementSize: 34) { (reader) throws(SnapshotError) in try LocalRollup(from: &reader) }
    days = try reader.readArray(elementSize: 34) { (reader) throws(SnapshotError) in try LocalRollup(from: &reader) }
    indicators = try PlantIndicators(from: &reader)
    guard hours.count == states.count, days.count == states.count else { throw .invalid("columns of unequal length") }
  }
}

extension SeriesWindows {
  func write(into writer: inout SnapshotWriter) {
    for i in 0..<Self.slotCount { slots[i].write(into: &writer) }
    writer.write(highest)
    writer.write(lastReceived)
    writer.write(interval.remembered) { $0.write($1) }
    writer.write(baseTime)
    writer.write(baseValue)
    writer.write(isPending)
    writer.write(baseIsGood)
    writer.write(coveredUntil)
    writer.write(nextDue)
    writer.write(hasDirty)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    for i in 0..<Self.slotCount { slots[i] = try WindowAccumulator(from: &reader) }
    highest = try reader.readTimestamp()
    lastReceived = try reader.readTimestamp()
    interval = try IntervalEstimator(from: &reader)
    baseTime = try reader.readTimestamp()
    baseValue = try reader.readDouble()
    isPending = try reader.readBool()
    baseIsGood = try reader.readBool()
    coveredUntil = try reader.readTimestamp()
    nextDue = try reader.readTimestamp()
    hasDirty = try reader.readBool()
  }
}

extension IntervalEstimator {
  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init(
      replaying: try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.readTimeSpan() })
  }
}

extension WindowAccumulator {
  func write(into writer: inout SnapshotWriter) {
    writer.write(isUsed)
    guard isUsed else { return }
    writer.write(start)
    for number in [weight, mean, squares, minimum, maximum, timeMean, timeSquares, products] { writer.write(number) }
    for number in [used, total, good] { writer.write(number) }
    for number in [integral, covered, lowest, highest] { writer.write(number) }
    writer.write(isEmitted)
    writer.write(isDirty)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    guard try reader.readBool() else { return }
    start = try reader.readTimestamp()
    weight = try reader.readDouble()
    mean = try reader.readDouble()
    squares = try reader.readDouble()
    minimum = try reader.readDouble()
    maximum = try reader.readDouble()
    timeMean = try reader.readDouble()
    timeSquares = try reader.readDouble()
    products = try reader.readDouble()
    used = try reader.read(Int32.self)
    total = try reader.read(Int32.self)
    good = try reader.read(Int32.self)
    integral = try reader.readDouble()
    covered = try reader.readDouble()
    lowest = try reader.readDouble()
    highest = try reader.readDouble()
    isEmitted = try reader.readBool()
    isDirty = try reader.readBool()
  }
}

extension LocalRollup {
  func write(into writer: inout SnapshotWriter) {
    current.write(into: &writer)
    previous.write(into: &writer)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    current = try LocalPeriod(from: &reader)
    previous = try LocalPeriod(from: &reader)
  }
}

extension LocalPeriod {
  func write(into writer: inout SnapshotWriter) {
    writer.write(start)
    writer.write(end)
    writer.write(isEmitted)
    for i in 0..<25 { parts[i].write(into: &writer) }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    start = try reader.readTimestamp()
    end = try reader.readTimestamp()
    isEmitted = try reader.readBool()
    for i in 0..<25 { parts[i] = try Contribution(from: &reader) }
  }
}

extension Contribution {
  func write(into writer: inout SnapshotWriter) {
    writer.write(weight)
    guard weight > 0 else { return }
    for number in [mean, minimum, maximum, energy, goodShare] { writer.write(number) }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    weight = try reader.readDouble()
    guard weight > 0 else { return }
    mean = try reader.readDouble()
    minimum = try reader.readDouble()
    maximum = try reader.readDouble()
    energy = try reader.readDouble()
    goodShare = try reader.readDouble()
  }
}

extension PlantIndicators {
  func write(into writer: inout SnapshotWriter) {
    writer.write(lastMoment)
    writer.write(lastNewest)
    writer.write(held) { writer, values in
      for i in 0..<4 {
        writer.write(values.times[i])
        writer.write(values.values[i])
      }
      writer.write(values.interval.remembered) { $0.write($1) }
    }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    lastMoment = try reader.readTimestamp()
    lastNewest = try reader.readTimestamp()
    held = try reader.readArray(elementSize: 68) { (reader) throws(SnapshotError) in
      var values = HeldValues()
      for i in 0..<4 {
        values.times[i] = try reader.readTimestamp()
        values.values[i] = try reader.readDouble()
      }
      values.interval = try IntervalEstimator(from: &reader)
      return values
    }
  }
}
