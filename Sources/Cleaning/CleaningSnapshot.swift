import PlantModel
import StreamCore

extension CleaningStage {
  private static let layout: UInt16 = 2

  /// Writes what is remembered of every series.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Self.layout)
    writer.write(qualityCounts) { $0.write($1) }
    writer.write(states) { $1.write(into: &$0) }
  }

  /// Replaces what is remembered by what a snapshot holds.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Self.layout, of: "cleaning")
    let counts = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.read(UInt64.self) }
    let states = try reader.readArray(elementSize: 150) { (reader) throws(SnapshotError) in
      try SeriesCleaner(from: &reader)
    }
    resume(states, counts)
  }
}

extension SeriesCleaner {
  func write(into writer: inout SnapshotWriter) {
    writer.write(highest)
    for i in 0..<8 { writer.write(recentTimes[i]) }
    writer.write(nextTime)
    writer.write(interval.remembered) { $0.write($1) }
    writer.write(lastGood)
    writer.write(lastGoodTime)
    writer.write(unchangedValue)
    writer.write(unchangedSince)
    writer.write(unchangedCount)
    spike.write(into: &writer)
    for value in [learned.reach, learned.limit] { writer.write(value.bitPattern) }
    writer.write(learned.days)
    writer.write(learned.tomorrow)
    writer.write(plateau)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    highest = try reader.readTimestamp()
    for i in 0..<8 { recentTimes[i] = try reader.read(Int64.self) }
    nextTime = try reader.read(UInt8.self)
    guard nextTime < 8 else { throw .invalid("a position outside a ring") }
    let gaps = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.readTimeSpan() }
    interval = IntervalEstimator(replaying: gaps)
    lastGood = try reader.readDouble()
    lastGoodTime = try reader.readTimestamp()
    unchangedValue = try reader.readDouble()
    unchangedSince = try reader.readTimestamp()
    unchangedCount = try reader.read(UInt32.self)
    spike = try SpikeTest(from: &reader)
    learned.reach = Float(bitPattern: try reader.read(UInt32.self))
    learned.limit = Float(bitPattern: try reader.read(UInt32.self))
    learned.days = try reader.read(UInt16.self)
    learned.tomorrow = try reader.readTimestamp()
    plateau = try reader.readDouble()
  }
}

extension SpikeTest {
  func write(into writer: inout SnapshotWriter) {
    for i in 0..<Self.window { writer.write(recent[i]) }
    writer.write(next)
    writer.write(filled)
    writer.write(seen)
    writer.write(reach)
    writer.write(largestStep)
    writer.write(stepFrom)
    writer.write(candidate)
    writer.write(candidateCount)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    for i in 0..<Self.window { recent[i] = try reader.readDouble() }
    next = try reader.read(UInt8.self)
    filled = try reader.read(UInt8.self)
    guard next < UInt8(Self.window), filled <= UInt8(Self.window) else { throw .invalid("a position outside a ring") }
    seen = try reader.read(UInt16.self)
    reach = try reader.readDouble()
    largestStep = try reader.readDouble()
    stepFrom = try reader.readDouble()
    candidate = try reader.readDouble()
    candidateCount = try reader.read(UInt8.self)
    guard candidateCount < Self.levelCount else { throw .invalid("a level that should have been accepted") }
  }
}
