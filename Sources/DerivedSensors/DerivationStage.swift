import PlantModel
import StreamCore

/// Computes a plant's derived sensors from cleaned readings, and appends their values to the frame: what comes after sees
/// them as readings.
///
/// **When.** Each timestamp at which an input has a reading gives one value, at that time. It is given
/// - as soon as every input has a reading of that time, or each of the others a later one;
/// - at the first tick that comes a second or more after the first of those readings was received;
/// - before a minute mark passes it;
/// - when sixteen timestamps wait.
///
/// Readings of one message, or of several with one timestamp, therefore make one value, however they are batched into
/// records. A timestamp behind what its input has said already (a backlog) waits for the others by the same rules, but for
/// their later readings, which say nothing of it.
///
/// **What.** An input without a reading of the very time stands with its last one before it, for a minute or four of its
/// typical intervals, whichever is longer. With an input that is older, or has never spoken, there is no value. The flags
/// are those of all inputs together, and the quality the worst of them. Where an input has no estimate (NaN), the value is
/// NaN, so that the gap is seen. A result that is not finite though the inputs are, such as a division by zero, is no
/// value. Readings that came twice count once.
///
/// **Again.** A reading that cleaning gives again as a glitch takes the place of the one that it was, and the values of the
/// times at which it stood for the input are given again. A counter that has fallen stands with its value before the fall
/// and the quality of a spike until its next other reading, or for ten minutes, since only then is it known whether it was
/// a glitch; if it was none, the values of those times are given again with what was read. So no glitch is counted as a
/// reset, however the other inputs move on. Only the last sixteen timestamps are given again; those before keep the quality
/// of a spike.
///
/// A restart loses nothing of it. A plant without derived sensors costs one comparison a frame.
public struct DerivationStage: Stage {
  /// The stage's name.
  public static let name = "derivation"
  /// After this time since its first reading was received, a timestamp waits no longer.
  public static let patience = TimeSpan.second

  /// A derived sensor.
  struct Sensor {
    var name: SensorName
    var text: String
    /// Its series; -1 while it has none.
    var series: Int32 = -1
    /// What computes it; empty while an input has not spoken.
    var program: [DerivedExpression.Step] = []
    /// Its inputs: their positions in ``DerivationStage/histories``.
    var inputs: [Int32]
    var timestamps = Timestamps()

    /// A bit for each input.
    var all: UInt64 { inputs.count == 64 ? .max : 1 << UInt64(inputs.count) - 1 }
  }

  /// An input's place in a derived sensor.
  private struct Use {
    var sensor: Int32
    var slot: UInt8
  }

  /// In an order in which each stands after those that it needs.
  var sensors: [Sensor] = []
  private(set) var inputs: [SensorName] = []
  /// By input.
  var histories: [InputHistory] = []
  /// By input: whether it is itself derived.
  private var isDerived: [Bool] = []
  /// By input: whether it is a counter that is read; of a derived one, its own inputs decide.
  private var isCount: [Bool] = []
  private var uses: [[Use]] = []
  private(set) var inputByName: [SensorName: Int32] = [:]
  /// By series: the input that it is, or -1.
  private var inputOfSeries: [Int32] = []
  /// Timestamps that wait, over all sensors.
  var waiting = 0
  // Scratch memory.
  private var values: [Double] = []
  private var stack: [Double] = []
  /// When what led to each appended row was received, by its distance from ``firstAppended``.
  private var since: [Timestamp] = []
  private var firstAppended = 0
  private var nextAppended = 0

  /// A stage that has seen nothing, for the derived sensors of a plant.
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

  /// Whether there is nothing to derive.
  public var isIdle: Bool { sensors.isEmpty }

  /// Takes in the frame's readings and appends the values that they complete.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    if sensors.isEmpty || frame.cause != .readings || frame.readings.isEmpty { return }
    begin(frame.readings, register)
    for row in 0..<firstAppended {
      let input = input(of: row, frame.readings)
      // A message that brings a derived sensor is refused before; if one did come, it is not taken for a computed value.
      if input >= 0, !isDerived[input] {
        take(row, as: input, since: frame.received, &frame.readings)
        follow(&frame.readings)
      }
    }
  }

  /// Whether a tick ends the waiting of some timestamp.
  public func isDue(at tick: Timestamp) -> Bool {
    waiting > 0 && sensors.contains { $0.timestamps.contains { Self.isDue($0, at: tick) } }
  }

  /// Whether a timestamp waits that is not after a minute mark.
  public func isWaiting(through mark: Timestamp) -> Bool {
    waiting > 0 && sensors.contains { $0.timestamps.contains { $0.time <= mark } }
  }

  /// Appends the values of the timestamps whose waiting a tick ends to a frame of readings.
  public mutating func settle(dueAt tick: Timestamp, _ frame: inout Frame, in register: PlantRegister) {
    settle(&frame, register) { Self.isDue($0, at: tick) }
  }

  /// Appends the values of the timestamps that are not after a minute mark to a frame of readings.
  public mutating func settle(through mark: Timestamp, _ frame: inout Frame, in register: PlantRegister) {
    settle(&frame, register) { $0.time <= mark }
  }

  /// A clock that was set back must not make a timestamp wait for it.
  private static func isDue(_ waiting: WaitingTimestamp, at tick: Timestamp) -> Bool {
    tick - waiting.since >= patience || tick < waiting.since
  }

  private mutating func settle(
    _ frame: inout Frame, _ register: PlantRegister, _ isOver: (WaitingTimestamp) -> Bool
  ) {
    begin(frame.readings, register)
    // What one gives is there for those that stand after it.
    for sensor in sensors.indices {
      while let timestamp = sensors[sensor].timestamps.takeFirst(isOver) {
        waiting -= 1
        compute(sensor, timestamp, &frame.readings)
        follow(&frame.readings)
      }
    }
  }

  private mutating func begin(_ readings: borrowing ReadingBatch, _ register: PlantRegister) {
    if inputOfSeries.count < register.series.count { learn(register) }
    firstAppended = readings.count
    nextAppended = firstAppended
    since.removeAll(keepingCapacity: true)
  }

  /// Takes appended values in as the inputs that they are.
  private mutating func follow(_ readings: inout ReadingBatch) {
    while nextAppended < readings.count {
      let row = nextAppended
      nextAppended += 1
      let input = input(of: row, readings)
      if input >= 0 { take(row, as: input, since: since[row - firstAppended], &readings) }
    }
  }

  private func input(of row: Int, _ readings: borrowing ReadingBatch) -> Int {
    let series = readings.series[row].position
    return inputOfSeries.indices.contains(series) ? Int(inputOfSeries[series]) : -1
  }

  private mutating func take(_ row: Int, as input: Int, since: Timestamp, _ readings: inout ReadingBatch) {
    var sample = InputSample(time: readings.time[row], value: readings.value[row], flags: readings.flags[row])
    if sample.flags.contains(QualityFlags(.duplicate)) { return }
    // A derived value of a time that has one is that value corrected.
    if readings.isGivenAgain(row) || isDerived[input] && histories[input].has(sample.time) {
      if let end = histories[input].correct(sample) { giveAgain(input, sample.time..<end, since, &readings) }
      return
    }
    let isBehind = sample.isFuture || sample.time < histories[input].newest.time
    let settled = isCount[input] ? histories[input].judgeFall(&sample) : nil
    guard histories[input].take(sample) else { return }
    if let settled { giveAgain(input, settled..<Timestamp(nanoseconds: .max), since, &readings) }
    for use in uses[input] {
      let sensor = Int(use.sensor)
      if sensors[sensor].timestamps.wasGiven(sample.time) { continue }
      if sensors[sensor].timestamps.isFull(for: sample.time),
        let first = sensors[sensor].timestamps.takeLongestWaiting()
      {
        waiting -= 1
        compute(sensor, first, &readings)
      }
      let isNew = sensors[sensor].timestamps.note(
        sample.time, slot: UInt64(use.slot), since: since, isBehind: isBehind)
      if isNew { waiting += 1 }
      giveReady(sensor, &readings)
    }
  }

  /// Computes the values again that were given for times at which an input turned out to be another, in the order of
  /// time. Those that wait are computed when they need not wait any longer.
  private mutating func giveAgain(
    _ input: Int, _ span: Range<Timestamp>, _ since: Timestamp, _ readings: inout ReadingBatch
  ) {
    for use in uses[input] {
      var from = span.lowerBound
      while let time = sensors[Int(use.sensor)].timestamps.firstGiven(in: from..<span.upperBound) {
        compute(
          Int(use.sensor), WaitingTimestamp(time: time, since: since, heard: 0, isBehind: false), &readings)
        from = time + TimeSpan(nanoseconds: 1)
      }
    }
  }

  /// Computes what need not wait any longer, in the order of time.
  private mutating func giveReady(_ sensor: Int, _ readings: inout ReadingBatch) {
    var position = 0
    while position < sensors[sensor].timestamps.count {
      guard isReady(sensor, sensors[sensor].timestamps[position]) else {
        position += 1
        continue
      }
      let timestamp = sensors[sensor].timestamps.take(at: position)
      waiting -= 1
      compute(sensor, timestamp, &readings)
    }
  }

  /// Whether every input has spoken at a timestamp, or cannot any more because it has spoken later.
  private func isReady(_ sensor: Int, _ timestamp: WaitingTimestamp) -> Bool {
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

  private mutating func compute(_ sensor: Int, _ timestamp: WaitingTimestamp, _ readings: inout ReadingBatch) {
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
    let value = DerivedExpression.evaluate(sensors[sensor].program, values, stack: &stack)
    let isValue = !isKnown || value.isFinite || sensors[sensor].timestamps.wasGiven(timestamp.time)
    sensors[sensor].timestamps.noteGiven(timestamp.time, hasValue: isValue)
    guard isValue else { return }
    readings.appendDerived(
      series: SeriesIndex(Int(sensors[sensor].series)), time: timestamp.time,
      value: isKnown && value.isFinite ? value : .nan, flags: flags)
    since.append(timestamp.since)
  }

  /// Learns of series that came into the register.
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
      // Units that came with messages count as well; where they do not fit, nothing is computed.
      let units = known.map { register.series[$0.position].profile.unit }
      let target = register.plant.derivedProfile(of: derived)?.unit
      let program = try? derived.expression.program(inputs: units, target: target)
      sensors[position].program = program?.steps ?? []
    }
  }
}
