import Alerts
import Cleaning
import DerivedSensors
import DispatchPolicy
import FeatureWindows
import Forecasting
import HealthIndex
import PlantModel
import StreamCore
import WattlineTime

/// All stages of one plant, with the plant's event-time clock, which makes frames of records.
///
/// Deterministic: the same records from the same state give the same frames. This type and its members read no clock,
/// no file and no random source.
struct PlantPipeline {
  /// Layout version of ``snapshot(into:)``.
  private static let version: UInt16 = 2

  private(set) var clock = EventClock()
  private var stages: StageChain
  /// The frame that the stages fill. ``PlantShard`` lends one frame to all of its lines, because it is empty between
  /// steps.
  var frame = Frame()

  /// Creates a line without history.
  init(plant: Plant) {
    stages = StageChain([
      CleaningStage(), DerivationStage(plant: plant), FeatureWindowStage(), ForecastStage(), HealthStage(),
      AlertStage(), DispatchStage(plant: plant),
    ])
  }

  /// Number of readings per quality code since the line was created, for the ledger.
  var qualityCounts: [UInt64] { stages.stage(CleaningStage.self)?.qualityCounts ?? [] }

  /// Alerts that are active or not acknowledged.
  var standingAlerts: [AlertTransition] { stages.stage(AlertStage.self)?.standing ?? [] }

  /// Returns a line with the same state under a changed configuration of the plant.
  ///
  /// - Returns: `nil` if the state does not fit the new configuration.
  func reconfigured(to plant: Plant) -> PlantPipeline? {
    var writer = SnapshotWriter()
    snapshot(into: &writer)
    var reader = SnapshotReader(writer.bytes)
    return try? PlantPipeline(plant: plant, restoring: &reader)
  }

  /// Steps the readings of one journal record, with a minute mark wherever the plant's clock passes one.
  ///
  /// - Parameters:
  ///   - readings: Decoded readings, in arrival order.
  ///   - availability: Availability changes of assets. They are stepped before the readings.
  ///   - received: Receive time of the record.
  ///   - register: The plant's assets and series.
  ///   - emit: Receives each frame after all stages.
  mutating func step(
    _ readings: borrowing ReadingBatch, availability: [AssetAvailability] = [], received: Timestamp,
    in register: PlantRegister, emit: (borrowing Frame) -> Void
  ) {
    if !availability.isEmpty {
      frame.reset(cause: .readings, received: received, clock: clock.mark)
      frame.availability = availability
      run(in: register, emit: emit)
    }
    var next = 0
    for position in 0..<readings.count {
      clock.observeReading(received: received)
      guard let target = clock.target(of: readings.time[position], received: received) else { continue }
      run(next..<position, of: readings, received: received, in: register, emit: emit)
      next = position
      walk(to: target, received: received, in: register, emit: emit)
    }
    run(next..<readings.count, of: readings, received: received, in: register, emit: emit)
  }

  private mutating func run(
    _ rows: Range<Int>, of readings: borrowing ReadingBatch, received: Timestamp, in register: PlantRegister,
    emit: (borrowing Frame) -> Void
  ) {
    if rows.isEmpty { return }
    frame.reset(cause: .readings, received: received, clock: clock.mark)
    frame.readings.append(rows, of: readings)
    run(in: register, emit: emit)
  }

  /// Steps a tick of the receive clock.
  ///
  /// - Parameters:
  ///   - timestamp: Time of the tick.
  ///   - register: The plant's assets and series.
  ///   - emit: Receives each frame after all stages.
  mutating func tick(_ timestamp: Timestamp, in register: PlantRegister, emit: (borrowing Frame) -> Void) {
    endWait(.tick(timestamp), received: timestamp, in: register, emit: emit)
    if let target = clock.target(ofTick: timestamp) { walk(to: target, received: timestamp, in: register, emit: emit) }
    frame.reset(cause: .tick, received: timestamp, clock: clock.mark)
    run(in: register, emit: emit)
  }

  /// Steps instructions to the plant.
  ///
  /// - Parameters:
  ///   - instructions: Instructions in arrival order; their outcomes are set in the emitted frame.
  ///   - received: Receive time of the record.
  ///   - register: The plant's assets and series.
  ///   - emit: Receives the frame after all stages.
  mutating func instruct(
    _ instructions: [Instruction], received: Timestamp, in register: PlantRegister, emit: (borrowing Frame) -> Void
  ) {
    frame.reset(cause: .readings, received: received, clock: clock.mark)
    frame.instructions = instructions
    run(in: register, emit: emit)
  }

  /// Steps news of the process.
  ///
  /// - Parameters:
  ///   - news: The news.
  ///   - received: Receive time of the record.
  ///   - register: The plant's assets and series.
  ///   - emit: Receives the frame.
  mutating func take(
    _ news: ProcessNews, received: Timestamp, in register: PlantRegister, emit: (borrowing Frame) -> Void
  ) {
    frame.reset(cause: .process, received: received, clock: clock.mark)
    frame.news = news
    run(in: register, emit: emit)
  }

  private mutating func walk(
    to target: Timestamp, received: Timestamp, in register: PlantRegister, emit: (borrowing Frame) -> Void
  ) {
    while true {
      let before = clock.mark
      guard let mark = clock.nextMark(towards: target) else { return }
      endWait(.minute(mark), received: received, at: before, in: register, emit: emit)
      frame.reset(cause: .minute, received: received, clock: mark)
      run(in: register, emit: emit)
    }
  }

  /// Steps values whose wait ends.
  ///
  /// - Parameters:
  ///   - end: The end of the wait.
  ///   - received: Receive time of the record.
  ///   - mark: Clock of the frame; the current mark if `nil`.
  ///   - register: The plant's assets and series.
  ///   - emit: Receives the frame after all stages, unless no value is due.
  private mutating func endWait(
    _ end: WaitEnd, received: Timestamp, at mark: Timestamp? = nil, in register: PlantRegister,
    emit: (borrowing Frame) -> Void
  ) {
    frame.reset(cause: .readings, received: received, clock: mark ?? clock.mark)
    frame.waitEnd = end
    run(in: register, emit: emit)
  }

  private mutating func run(in register: PlantRegister, emit: (borrowing Frame) -> Void) {
    if stages.step(&frame, in: register) { emit(frame) }
  }
}

extension PlantPipeline {
  /// Writes the clock and the state of every stage.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(PlantPipeline.version)
    writer.write(clock.mark)
    writer.write(clock.lastReceived)
    stages.snapshot(into: &writer)
  }

  /// Restores the line that ``snapshot(into:)`` wrote.
  init(plant: Plant, restoring reader: inout SnapshotReader) throws(SnapshotError) {
    self.init(plant: plant)
    try reader.expect(version: PlantPipeline.version, of: "a plant's stages")
    clock = EventClock(mark: try reader.readTimestamp(), lastReceived: try reader.readTimestamp())
    try stages.restore(from: &reader)
  }
}
