public import PlantModel
public import StreamCore
public import WattlineTime

/// Computes a plant's derived sensors from cleaned readings and appends their values to the frame. Later stages process
/// them like readings.
///
/// **Timing.** Each timestamp at which an input has a reading gives one value with that timestamp. It is computed
/// - as soon as every input has a reading with that timestamp, or each of the others has a later one;
/// - at the first tick that is at least one second after the first of those readings was received;
/// - before a minute mark passes it;
/// - if sixteen timestamps are waiting.
///
/// Readings with one timestamp therefore give one value, however they are divided into messages and records. A
/// timestamp older than its input's latest (a backlog) waits by the same rules. For it, later readings of the other
/// inputs do not count as evidence that they have none.
///
/// **Value.** An input without a reading at the timestamp contributes its last earlier one. That reading holds for one
/// minute or four of its typical intervals, whichever is longer. If it is older, or the input has no reading, no value
/// is computed. The flags are the union of all inputs' flags, and the quality is the worst of them. If an input has no
/// estimate (NaN), the value is NaN, so that the gap is visible. If the inputs are finite but the result is not, as
/// after a division by zero, there is no value. Duplicate readings count once.
///
/// **Correction.** If cleaning re-issues a reading as a glitch, it replaces the original. The values of the times at
/// which it held for the input are computed again. A counter that has fallen contributes its value before the fall,
/// with the quality of a spike. This lasts until its next different reading, or for ten minutes, because only then a
/// glitch can be ruled out. If it was no glitch, the values of those times are computed again with the actual readings.
/// A glitch is therefore never counted as a reset, regardless of the other inputs. Only the last sixteen timestamps are
/// computed again; earlier ones keep the quality of a spike.
///
/// All of this survives a restart. A plant without derived sensors costs one comparison per frame.
public struct DerivationStage: Stage {
  /// The stage's name.
  public static let name = "derivation"
  /// Maximum time that a timestamp waits after the receipt of its first reading.
  public static let patience = TimeSpan.second

  /// A derived sensor.
  struct Sensor {
    var name: SensorName
    var text: String
    /// Position of its series; -1 while it has none.
    var series: Int32 = -1
    /// Compiled expression; empty while an input's series does not exist.
    var program: [DerivedExpression.Step] = []
    /// Its inputs, as positions in ``DerivationStage/histories``.
    var inputs: [Int32]
    var timestamps = Timestamps()

    /// Bit mask of all inputs.
    var all: UInt64 { inputs.count == 64 ? .max : 1 << UInt64(inputs.count) - 1 }
  }

  /// Use of an input by a derived sensor: the sensor and the input's position in its expression.
  private struct Use {
    var sensor: Int32
    var slot: UInt8
  }

  /// Derived sensors, each after those that it depends on.
  var sensors: [Sensor] = []
  private(set) var inputs: [SensorName] = []
  /// Reading history of each input.
  var histories: [InputHistory] = []
  /// Whether each input is itself derived.
  private var isDerived: [Bool] = []
  /// Whether each input is a measured counter. A derived input is not one; the rule applies to its own inputs.
  private var isCount: [Bool] = []
  private var uses: [[Use]] = []
  private(set) var inputByName: [SensorName: Int32] = [:]
  /// Input of each series, or -1.
  private var inputOfSeries: [Int32] = []
  /// Number of waiting timestamps over all sensors.
  var waiting = 0
  private var values: [Double] = []
  private var stack: [Double] = []
  /// Receive time of the cause of each appended row, by its distance from ``firstAppended``.
  private var since: [Timestamp] = []
  private var firstAppended = 0
  private var nextAppended = 0

  /// Creates a stage without state, for the derived sensors of a plant.
  public init(plant: Plant) {
    let derived = Set(plant.derived.map(\.name))
    for (position, sensor) in plant.derived.enumerated() {
      var slots: [Int32] = []
      for (slot, name) in sensor.expression.inputs.enumerated() {
        let input = inputByName[name] ?? Int32(truncatingIfNeeded: inputs.count)
        if Int(input) == inputs.count {
          inputByName[name] = input
          inputs.append(name)
          isDerived.append(derived.contains(name))
          isCount.append(false)
          uses.append([])
        }
        uses[Int(input)].append(
          Use(sensor: Int32(truncatingIfNeeded: position), slot: UInt8(truncatingIfNeeded: slot)))
        slots.append(input)
      }
      sensors.append(Sensor(name: sensor.name, text: sensor.expression.text, inputs: slots))
    }
    histories = Array(repeating: InputHistory(), count: inputs.count)
  }

  /// Processes the frame's readings and appends the values that they complete, or those whose wait ends.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    if let end = frame.waitEnd {
      frame.waitEnd = nil
      if waiting > 0 { settle(&frame, in: register) { Self.isOver($0, at: end) } }
      return
    }
    if sensors.isEmpty || frame.cause != .readings || frame.readings.isEmpty { return }
    begin(frame.readings, in: register)
    for row in 0..<firstAppended {
      let input = input(of: row, readings: frame.readings)
      // Messages for a derived sensor are refused earlier; if one arrives anyway, it is not treated as a computed
      // value.
      if input >= 0, !isDerived[input] {
        observe(row, as: input, since: frame.received, into: &frame.readings)
        follow(&frame.readings)
      }
    }
  }

  /// Returns whether a wait has ended. A receive clock that was set back ends it too, so that no timestamp waits for
  /// the clock.
  private static func isOver(_ waiting: WaitingTimestamp, at end: WaitEnd) -> Bool {
    switch end {
    case .tick(let tick): tick - waiting.since >= patience || tick < waiting.since
    case .minute(let mark): waiting.time <= mark
    }
  }

  private mutating func settle(
    _ frame: inout Frame, in register: PlantRegister, isOver: (WaitingTimestamp) -> Bool
  ) {
    begin(frame.readings, in: register)
    // A value of one sensor is available to the sensors that follow it.
    for sensor in sensors.indices {
      while let timestamp = sensors[sensor].timestamps.removeFirst(isOver) {
        waiting -= 1
        compute(sensor, timestamp: timestamp, into: &frame.readings)
        follow(&frame.readings)
      }
    }
  }

  private mutating func begin(_ readings: borrowing ReadingBatch, in register: PlantRegister) {
    if inputOfSeries.count < register.series.count { learn(register) }
    firstAppended = readings.count
    nextAppended = firstAppended
    since.removeAll(keepingCapacity: true)
  }

  /// Processes appended values as inputs of further sensors.
  private mutating func follow(_ readings: inout ReadingBatch) {
    while nextAppended < readings.count {
      let row = nextAppended
      nextAppended += 1
      let input = input(of: row, readings: readings)
      if input >= 0 { observe(row, as: input, since: since[row - firstAppended], into: &readings) }
    }
  }

  private func input(of row: Int, readings: borrowing ReadingBatch) -> Int {
    let series = readings.series[row].position
    return inputOfSeries.indices.contains(series) ? Int(inputOfSeries[series]) : -1
  }

  private mutating func observe(_ row: Int, as input: Int, since: Timestamp, into readings: inout ReadingBatch) {
    var sample = InputSample(time: readings.time[row], value: readings.value[row], flags: readings.flags[row])
    if sample.flags.contains(QualityFlags(.duplicate)) { return }
    // A derived value for a timestamp that already has one is its correction.
    if readings.isGivenAgain(row) || isDerived[input] && histories[input].has(sample.time) {
      if let end = histories[input].correct(sample) {
        emitAgain(input, span: sample.time..<end, since: since, into: &readings)
      }
      return
    }
    let isBehind = sample.isFuture || sample.time < histories[input].newest.time
    let settled = isCount[input] ? histories[input].judgeFall(&sample) : nil
    guard histories[input].observe(sample) else { return }
    if let settled { emitAgain(input, span: settled..<Timestamp(nanoseconds: .max), since: since, into: &readings) }
    for use in uses[input] {
      let sensor = Int(use.sensor)
      if sensors[sensor].timestamps.wasGiven(sample.time) { continue }
      if sensors[sensor].timestamps.isFull(for: sample.time),
        let first = sensors[sensor].timestamps.removeLongestWaiting()
      {
        waiting -= 1
        compute(sensor, timestamp: first, into: &readings)
      }
      let isNew = sensors[sensor].timestamps.insert(
        sample.time, slot: UInt64(use.slot), since: since, isBehind: isBehind)
      if isNew { waiting += 1 }
      emitReady(sensor, into: &readings)
    }
  }

  /// Recomputes the values already issued within a span after an input was corrected, in order of time. Waiting
  /// timestamps are computed when their wait ends.
  ///
  /// - Parameters:
  ///   - input: position of the corrected input.
  ///   - span: times at which its value changed.
  ///   - since: receive time of the correction.
  ///   - readings: batch to which the values are appended.
  private mutating func emitAgain(
    _ input: Int, span: Range<Timestamp>, since: Timestamp, into readings: inout ReadingBatch
  ) {
    for use in uses[input] {
      var from = span.lowerBound
      while let time = sensors[Int(use.sensor)].timestamps.firstGiven(in: from..<span.upperBound) {
        compute(
          Int(use.sensor), timestamp: WaitingTimestamp(time: time, since: since, heard: 0, isBehind: false),
          into: &readings)
        from = time + TimeSpan(nanoseconds: 1)
      }
    }
  }

  /// Computes the values of timestamps that are complete, in order of time.
  private mutating func emitReady(_ sensor: Int, into readings: inout ReadingBatch) {
    var position = 0
    while position < sensors[sensor].timestamps.count {
      guard isReady(sensor, timestamp: sensors[sensor].timestamps[position]) else {
        position += 1
        continue
      }
      let timestamp = sensors[sensor].timestamps.remove(at: position)
      waiting -= 1
      compute(sensor, timestamp: timestamp, into: &readings)
    }
  }

  /// Returns whether every input has a reading at a timestamp, or a later one, so that none is expected.
  private func isReady(_ sensor: Int, timestamp: WaitingTimestamp) -> Bool {
    var missing = sensors[sensor].all & ~timestamp.heard
    if missing == 0 { return true }
    if timestamp.isBehind { return false }
    while missing != 0 {
      let input = Int(sensors[sensor].inputs[missing.trailingZeroBitCount])
      if histories[input].newest.time <= timestamp.time { return false }
      missing &= missing - 1
    }
    return true
  }

  private mutating func compute(_ sensor: Int, timestamp: WaitingTimestamp, into readings: inout ReadingBatch) {
    guard sensors[sensor].series >= 0, !sensors[sensor].program.isEmpty else { return }
    values.removeAll(keepingCapacity: true)
    var flags: QualityFlags = []
    var isKnown = true
    for input in sensors[sensor].inputs {
      guard let sample = histories[Int(input)].sample(at: timestamp.time) else { return }
      values.append(sample.value)
      flags.formUnion(sample.flags)
      if !sample.value.isFinite { isKnown = false }
    }
    let value = DerivedExpression.evaluate(sensors[sensor].program, values: values, stack: &stack)
    let isValue = !isKnown || value.isFinite || sensors[sensor].timestamps.wasGiven(timestamp.time)
    sensors[sensor].timestamps.recordEmitted(timestamp.time, hasValue: isValue)
    guard isValue else { return }
    readings.appendDerived(
      series: SeriesIndex(Int(sensors[sensor].series)), time: timestamp.time,
      value: isKnown && value.isFinite ? value : .nan, flags: flags)
    since.append(timestamp.since)
  }

  /// Adds series that are new in the register.
  private mutating func learn(_ register: PlantRegister) {
    inputOfSeries.reserveSparingly(for: register.series.count - inputOfSeries.count)
    for series in register.series[inputOfSeries.count...] {
      let name = SensorName(asset: register.assets[series.asset.position].name, sensor: series.sensor)
      let input = inputByName[name] ?? -1
      inputOfSeries.append(input)
      if input >= 0 { isCount[Int(input)] = series.profile.sampling == .counter && !isDerived[Int(input)] }
    }
    for position in sensors.indices where sensors[position].program.isEmpty {
      let sensor = sensors[position]
      guard let series = register.series(asset: sensor.name.asset, sensor: sensor.name.sensor),
        let derived = register.plant.derived.first(where: { $0.name == sensor.name })
      else { continue }
      let known = sensor.inputs.compactMap { input in
        register.series(asset: inputs[Int(input)].asset, sensor: inputs[Int(input)].sensor)
      }
      guard known.count == sensor.inputs.count else { continue }
      sensors[position].series = series.rawValue
      // Units reported by messages count as well; if they do not fit the expression, nothing is computed.
      let units = known.map { register.series[$0.position].profile.unit }
      let target = register.plant.derivedProfile(of: derived)?.unit
      let program = try? derived.expression.program(inputs: units, target: target)
      sensors[position].program = program?.steps ?? []
    }
  }
}
