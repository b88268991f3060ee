import Alerts
import Cleaning
import DerivedSensors
import DispatchPolicy
import FeatureWindows
import Forecasting
import HealthIndex
import PlantModel
import StreamCore

/// All stages of one plant in the order of the flow, with the register and the clock that they share.
///
/// The same records from the same state give the same frames: this type and everything in it read no clock, no file and
/// no random source.
struct PlantLine {
  /// Layout of ``snapshot(into:)``.
  private static let version: UInt16 = 2

  private(set) var clock = EventClock()
  private var cleaning = CleaningStage()
  private var derivation: DerivationStage
  private var windows = FeatureWindowStage()
  private var forecast = ForecastStage()
  private var health = HealthStage()
  private var alerts = AlertStage()
  private var dispatch: DispatchStage
  /// Lent by whoever has several lines: it is empty between steps, and its memory need be there once.
  var frame = Frame()

  /// A line that has seen nothing.
  init(plant: Plant) {
    derivation = DerivationStage(plant: plant)
    dispatch = DispatchStage(plant: plant)
  }

  /// Readings by quality since the line was made, for the reading ledger.
  var qualityCounts: [UInt64] { cleaning.qualityCounts }

  /// The alerts that are active or not acknowledged.
  var standingAlerts: [AlertTransition] { alerts.standing }

  /// The same state under a changed configuration of the plant.
  func reconfigured(to plant: Plant) -> PlantLine? {
    var writer = SnapshotWriter()
    snapshot(into: &writer)
    var reader = SnapshotReader(writer.bytes)
    return try? PlantLine(plant: plant, restoring: &reader)
  }

  /// Steps readings of one journal record, with a minute mark between them wherever the plant's clock passes one.
  /// `emit` sees each frame after all stages. Who came and went is stepped before them.
  mutating func step(
    _ readings: borrowing ReadingBatch, _ availability: [AssetAvailability] = [], received: Timestamp,
    in register: PlantRegister, emit: (borrowing Frame) -> Void
  ) {
    if !availability.isEmpty {
      frame.reset(cause: .readings, received: received, clock: clock.mark)
      frame.availability = availability
      run(in: register, emit: emit)
    }
    var next = 0
    for position in 0..<readings.count {
      clock.noteReading(received: received)
      guard let target = clock.target(of: readings.time[position], received: received) else { continue }
      run(next..<position, of: readings, received, in: register, emit: emit)
      next = position
      walk(to: target, received: received, in: register, emit: emit)
    }
    run(next..<readings.count, of: readings, received, in: register, emit: emit)
  }

  private mutating func run(
    _ rows: Range<Int>, of readings: borrowing ReadingBatch, _ received: Timestamp, in register: PlantRegister,
    emit: (borrowing Frame) -> Void
  ) {
    if rows.isEmpty { return }
    frame.reset(cause: .readings, received: received, clock: clock.mark)
    frame.readings.append(rows, of: readings)
    run(in: register, emit: emit)
  }

  /// Steps a tick of the receive clock.
  mutating func tick(_ moment: Timestamp, in register: PlantRegister, emit: (borrowing Frame) -> Void) {
    if derivation.isDue(at: moment) {
      settle(received: moment, in: register, emit: emit) { $0.settle(dueAt: moment, &$1, in: register) }
    }
    if let target = clock.target(ofTick: moment) { walk(to: target, received: moment, in: register, emit: emit) }
    frame.reset(cause: .tick, received: moment, clock: clock.mark)
    run(in: register, emit: emit)
  }

  /// Steps what is asked of the plant.
  mutating func instruct(
    _ instructions: [Instruction], received: Timestamp, in register: PlantRegister, emit: (borrowing Frame) -> Void
  ) {
    frame.reset(cause: .readings, received: received, clock: clock.mark)
    frame.instructions = instructions
    run(in: register, emit: emit)
  }

  /// Raises or clears the alert that the database takes nothing.
  mutating func note(
    _ trouble: DatabaseTrouble, _ received: Timestamp, in register: PlantRegister, emit: (borrowing Frame) -> Void
  ) {
    frame.reset(cause: .tick, received: received, clock: clock.mark)
    alerts.note(databaseTrouble: trouble.reason.isEmpty ? nil : (trouble.reason, trouble.words), &frame, register)
    emit(frame)
  }

  /// Clears every alert, because the line ends.
  mutating func retire(_ received: Timestamp, in register: PlantRegister, emit: (borrowing Frame) -> Void) {
    frame.reset(cause: .tick, received: received, clock: clock.mark)
    alerts.clearAll("The plant's configuration has changed, and it is watched anew.", &frame)
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
          $0.settle(through: mark, &$1, in: register)
        }
      }
      frame.reset(cause: .minute, received: received, clock: mark)
      run(in: register, emit: emit)
    }
  }

  /// Steps derived values that wait no longer, as readings that need no cleaning.
  private mutating func settle(
    received: Timestamp, at mark: Timestamp? = nil, in register: PlantRegister, emit: (borrowing Frame) -> Void,
    _ give: (inout DerivationStage, inout Frame) -> Void
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

  /// The stages behind cleaning and derivation.
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

extension PlantLine {
  /// Writes the clock and the state of every stage.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(PlantLine.version)
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

  /// The line that ``snapshot(into:)`` wrote.
  init(plant: Plant, restoring reader: inout SnapshotReader) throws(SnapshotError) {
    self.init(plant: plant)
    try reader.expect(version: PlantLine.version, of: "a plant's stages")
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
