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

/// All stages of one plant in processing order, with the plant's event-time clock.
///
/// Deterministic: the same records from the same state give the same frames. This type and its members read no clock,
/// no file and no random source.
struct PlantPipeline {
  /// Layout version of ``snapshot(into:)``.
  private static let version: UInt16 = 2

  private(set) var clock = EventClock()
  private var cleaning = CleaningStage()
  private var derivation: DerivationStage
  private var windows = FeatureWindowStage()
  private var forecast = ForecastStage()
  private var health = HealthStage()
  private var alerts = AlertStage()
  private var dispatch: DispatchStage
  /// The frame that the stages fill. ``PlantShard`` lends one frame to all of its lines, because it is empty between
  /// steps.
  var frame = Frame()

  /// Creates a line without history.
  init(plant: Plant) {
    derivation = DerivationStage(plant: plant)
    dispatch = DispatchStage(plant: plant)
  }

  /// Number of readings per quality code since the line was created, for the ledger.
  var qualityCounts: [UInt64] { cleaning.qualityCounts }

  /// Alerts that are active or not acknowledged.
  var standingAlerts: [AlertTransition] { alerts.standing }

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
    if derivation.isDue(at: timestamp) {
      settle(received: timestamp, in: register, emit: emit) { $0.settle(dueAt: timestamp, into: &$1, in: register) }
    }
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

  /// Raises or clears the alert about a database that accepts no points.
  ///
  /// - Parameters:
  ///   - trouble: State of the database; an empty reason clears the alert.
  ///   - received: Receive time of the record.
  ///   - register: The plant's assets and series.
  ///   - emit: Receives the frame.
  mutating func observe(
    _ trouble: DatabaseTrouble, received: Timestamp, in register: PlantRegister, emit: (borrowing Frame) -> Void
  ) {
    frame.reset(cause: .tick, received: received, clock: clock.mark)
    alerts.observe(
      databaseTrouble: trouble.reason.isEmpty ? nil : (trouble.reason, trouble.words), into: &frame, in: register)
    emit(frame)
  }

  /// Clears every alert at the end of the line.
  ///
  /// - Parameters:
  ///   - received: Receive time of the record that ends the line.
  ///   - register: The plant's assets and series.
  ///   - emit: Receives the frame.
  mutating func retire(_ received: Timestamp, in register: PlantRegister, emit: (borrowing Frame) -> Void) {
    frame.reset(cause: .tick, received: received, clock: clock.mark)
    alerts.clearAll("The plant's configuration has changed, and it is watched anew.", into: &frame)
    emit(frame)
  }

  private mutating func walk(
    to target: Timestamp, received: Timestamp, in register: PlantRegister, emit: (borrowing Frame) -> Void
  ) {
    while true {
      let before = clock.mark
      guard let mark = clock.nextMark(towards: target) else { return }
      if derivation.isWaiting(through: mark) {
        settle(received: received, at: before, in: register, emit: emit) {
          $0.settle(through: mark, into: &$1, in: register)
        }
      }
      frame.reset(cause: .minute, received: received, clock: mark)
      run(in: register, emit: emit)
    }
  }

  /// Steps derived values that are due, as readings that need no cleaning.
  ///
  /// - Parameters:
  ///   - received: Receive time of the record.
  ///   - mark: Clock of the frame; the current mark if `nil`.
  ///   - register: The plant's assets and series.
  ///   - emit: Receives the frame after all stages, unless no value is due.
  ///   - give: Appends the due values to the frame.
  private mutating func settle(
    received: Timestamp, at mark: Timestamp? = nil, in register: PlantRegister, emit: (borrowing Frame) -> Void,
    give: (inout DerivationStage, inout Frame) -> Void
  ) {
    frame.reset(cause: .readings, received: received, clock: mark ?? clock.mark)
    give(&derivation, &frame)
    if !frame.readings.isEmpty { runCleaned(in: register, emit: emit) }
  }

  private mutating func run(in register: PlantRegister, emit: (borrowing Frame) -> Void) {
    frame.limits = dispatch.limits(in: register)
    cleaning.step(&frame, in: register)
    if !derivation.isIdle { derivation.step(&frame, in: register) }
    runCleaned(in: register, emit: emit)
  }

  /// Runs the stages after cleaning and derivation.
  private mutating func runCleaned(in register: PlantRegister, emit: (borrowing Frame) -> Void) {
    frame.limits = dispatch.limits(in: register)
    if frame.cause == .minute { frame.faults = alerts.faults }
    windows.step(&frame, in: register)
    forecast.step(&frame, in: register)
    health.step(&frame, in: register)
    alerts.step(&frame, in: register)
    dispatch.step(&frame, in: register)
    alerts.afterDispatch(&frame, in: register)
    emit(frame)
  }
}

extension PlantPipeline {
  /// Writes the clock and the state of every stage.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(PlantPipeline.version)
    writer.write(clock.mark)
    writer.write(clock.lastReceived)
    cleaning.snapshot(into: &writer)
    derivation.snapshot(into: &writer)
    windows.snapshot(into: &writer)
    forecast.snapshot(into: &writer)
    health.snapshot(into: &writer)
    alerts.snapshot(into: &writer)
    dispatch.snapshot(into: &writer)
  }

  /// Restores the line that ``snapshot(into:)`` wrote.
  init(plant: Plant, restoring reader: inout SnapshotReader) throws(SnapshotError) {
    self.init(plant: plant)
    try reader.expect(version: PlantPipeline.version, of: "a plant's stages")
    clock = EventClock(mark: try reader.readTimestamp(), lastReceived: try reader.readTimestamp())
    try cleaning.restore(from: &reader)
    try derivation.restore(from: &reader)
    try windows.restore(from: &reader)
    try forecast.restore(from: &reader)
    try health.restore(from: &reader)
    try alerts.restore(from: &reader)
    try dispatch.restore(from: &reader)
  }
}
