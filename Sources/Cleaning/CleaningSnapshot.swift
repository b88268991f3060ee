import PlantModel
public import StreamCore

extension CleaningStage {
  private static let layout: UInt16 = 5

  /// Writes the state of every series and the quality counts.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Self.layout)
    writer.write(qualityCounts) { $0.write($1) }
    states.snapshot(into: &writer) { $1.write(into: &$0) }
    writer.write(quiet.sorted { $0.key < $1.key }) { writer, series in
      writer.write(series.key)
      writer.write(series.value.highest)
      writer.write(series.value.lastGood)
      writer.write(series.value.lastGoodTime)
      series.value.learned.write(into: &writer)
    }
  }

  /// Replaces the state by that of a snapshot.
  ///
  /// - Throws: ``SnapshotError`` if the snapshot has another version, ends early or holds invalid values.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Self.layout, of: "cleaning")
    let counts = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.read(UInt64.self) }
    states = try SeriesStates(from: &reader) { (reader) throws(SnapshotError) in try SeriesCleaner(from: &reader) }
    let rests = try reader.readArray(elementSize: 42) { (reader) throws(SnapshotError) in
      (
        try reader.read(Int32.self),
        QuietSeries(
          highest: try reader.readTimestamp(), lastGood: try reader.readDouble(),
          lastGoodTime: try reader.readTimestamp(), learned: try LearnedRange(from: &reader))
      )
    }
    quiet = Dictionary(rests) { $1 }
    resume(counts)
  }
}

extension SeriesCleaner {
  func write(into writer: inout SnapshotWriter) {
    writer.write(highest)
    for i in 0..<Self.timeCount { writer.write(recentTimes[i]) }
    writer.write(nextTime)
    writer.write(interval.remembered) { $0.write($1) }
    writer.write(lastGood)
    writer.write(lastGoodTime)
    writer.write(unchangedValue)
    writer.write(unchangedSince)
    writer.write(unchangedCount)
    spike.write(into: &writer)
    learned.write(into: &writer)
    writer.write(plateau.bitPattern)
    writer.write(reporting.remembered)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    highest = try reader.readTimestamp()
    for i in 0..<Self.timeCount { recentTimes[i] = try reader.read(UInt32.self) }
    nextTime = try reader.read(UInt8.self)
    guard nextTime < UInt8(Self.timeCount) else { throw .invalid("a position outside a ring") }
    let gaps = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.readTimeSpan() }
    interval = IntervalEstimator(replaying: gaps)
    lastGood = try reader.readDouble()
    lastGoodTime = try reader.readTimestamp()
    unchangedValue = try reader.readDouble()
    unchangedSince = try reader.readTimestamp()
    unchangedCount = try reader.read(UInt16.self)
    spike = try SpikeTest(from: &reader)
    learned = try LearnedRange(from: &reader)
    plateau = Float(bitPattern: try reader.read(UInt32.self))
    reporting = ReportingWatch(remembered: try reader.read(UInt64.self))
  }
}

extension SpikeTest {
  func write(into writer: inout SnapshotWriter) {
    for i in 0..<Self.window { writer.write(recent[i].bitPattern) }
    writer.write(next)
    writer.write(filled)
    writer.write(seen)
    for number in [reach, largestStep, stepFrom, candidate] { writer.write(number.bitPattern) }
    writer.write(candidateCount)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    for i in 0..<Self.window { recent[i] = Float(bitPattern: try reader.read(UInt32.self)) }
    next = try reader.read(UInt8.self)
    filled = try reader.read(UInt8.self)
    guard next < UInt8(Self.window), filled <= UInt8(Self.window) else { throw .invalid("a position outside a ring") }
    seen = try reader.read(UInt16.self)
    reach = Float(bitPattern: try reader.read(UInt32.self))
    largestStep = Float(bitPattern: try reader.read(UInt32.self))
    stepFrom = Float(bitPattern: try reader.read(UInt32.self))
    candidate = Float(bitPattern: try reader.read(UInt32.self))
    candidateCount = try reader.read(UInt8.self)
    guard candidateCount < Self.levelCount else { throw .invalid("a level that should have been accepted") }
  }
}

extension LearnedRange {
  func write(into writer: inout SnapshotWriter) {
    for value in [reach, limit] { writer.write(value.bitPattern) }
    writer.write(days)
    writer.write(today)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    reach = Float(bitPattern: try reader.read(UInt32.self))
    limit = Float(bitPattern: try reader.read(UInt32.self))
    days = try reader.read(UInt16.self)
    today = try reader.read(Int32.self)
  }
}
