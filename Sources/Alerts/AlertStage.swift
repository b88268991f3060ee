public import PlantModel
public import StreamCore
import WattlineTime

/// The stage that raises, escalates and clears the alerts of a plant by its rules. Groups them by cause and executes
/// the operator requests with the subject ``subject``.
///
/// Runs after `Cleaning` and `HealthIndex`. It uses the qualities of readings, the health findings, and the receive
/// clock to detect missing data. The conditions are in the folder `Rules`, see `AlertRule`.
public struct AlertStage: Stage {
  /// The stage's name.
  public static let name = "alerts"
  /// News of the process raise and clear alerts.
  public static let heedsProcess = true
  /// The subject of operator requests for this stage.
  public static let subject = "alerts"

  private var context = AlertContext()
  private var rules: [any AlertRule]
  /// Bit mask of the rules that admit readings of each standing.
  private let admitting: (inOrder: UInt32, outOfOrder: UInt32, glitch: UInt32)
  /// Facts of a series that each of its readings needs, found once.
  private var facts: [SeriesFacts] = []
  /// Numbers of assets and series that the rules have state for.
  private var followed = (assets: -1, series: -1)
  /// Largest number of readings that wait for the rules: many enough to share a call, few enough to need no memory.
  private static let mostPending = 32
  /// Readings that the rules have not yet evaluated; empty between frames.
  private var pending: [AlertReading] = []
  private var rates = AlertRates()
  private var lastMinute = Timestamp.distantPast

  /// Facts of a series that each of its readings needs.
  private struct SeriesFacts: BitwiseCopyable {
    /// The rules that the series concerns, a bit for each.
    var rules: UInt32
    var asset: AssetIndex
    var isDerived: Bool
    /// Whether it measures the light or wind on which its asset depends.
    var isResource: Bool
  }

  /// Creates a stage without history, with the rules of every plant.
  public init() { self.init(rules: AlertRules.all) }

  /// Creates a stage without history.
  ///
  /// - Parameter types: the rules, at most 32.
  init(rules types: [any AlertRule.Type]) {
    precondition(types.count <= 32, "a series has 32 bits for its rules")
    rules = types.map { $0.init() }
    func mask(_ standing: ReadingStandings) -> UInt32 {
      types.enumerated().reduce(0) { $1.element.admits.contains(standing) ? $0 | 1 << UInt32($1.offset) : $0 }
    }
    admitting = (mask(.inOrder), mask(.outOfOrder), mask(.glitch))
  }

  /// Number of active alerts.
  public var activeCount: Int { context.book.activeCount }

  /// The alerts that are active or not acknowledged, sorted by id.
  public var standing: [AlertTransition] {
    context.book.alerts.map { context.book.transition(of: $0.key, alert: $0.value) }.sorted { $0.id < $1.id }
  }

  /// The most severe active fault of each asset. Of equally severe ones, the first by name.
  public var faults: [AssetIndex: StandingFault] {
    var faults: [AssetIndex: StandingFault] = [:]
    for (key, alert) in context.book.alerts where alert.isActive && key.rule.isFaultOfAsset {
      guard let asset = key.asset else { continue }
      let fault = StandingFault(name: key.rule.name, severity: alert.severity)
      let other = faults[asset] ?? fault
      if (other.severity, fault.name) <= (fault.severity, other.name) { faults[asset] = fault }
    }
    return faults
  }

  /// Sets the faults by which health is judged, at each minute mark.
  public mutating func prepare(_ frame: inout Frame, in register: PlantRegister) {
    if frame.cause == .minute { frame.faults = faults }
  }

  /// Executes the frame's operator requests and evaluates all rules, or takes news of the process.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    if let news = frame.news { return take(news, into: &frame, in: register) }
    follow(register)
    context.isCatchingUp = isCatchingUp(frame)
    context.book.isLive = !context.isCatchingUp
    for position in frame.instructions.indices where frame.instructions[position].subject == AlertStage.subject {
      frame.instructions[position].outcome = context.book.follow(frame.instructions[position], into: &frame)
    }
    for rule in rules.indices { rules[rule].begin(&context, into: &frame, in: register) }
    observeReadings(of: &frame, in: register)
    if frame.cause == .tick { context.isCatchingUp = isCatchingUp(frame) }
    for rule in rules.indices { rules[rule].finish(&context, into: &frame, in: register) }
    switch frame.cause {
    case .readings, .process: break
    case .tick: tick(&frame, in: register)
    case .minute:
      context.book.writeStates(at: frame.clock, into: &frame)
      context.book.forgetRaisings(before: frame.clock - .hour)
      rates.close(&context.book, into: &frame)
    }
  }

  /// Evaluates the step's commands. Dispatch has compared them with the assets' behaviour.
  public mutating func conclude(_ frame: inout Frame, in register: PlantRegister) {
    for rule in rules.indices { rules[rule].conclude(&context, into: &frame, in: register) }
  }

  /// Raises or clears an alert about the database or the process, or clears all active alerts when the plant's stages
  /// end.
  private mutating func take(_ news: ProcessNews, into frame: inout Frame, in register: PlantRegister) {
    context.book.isLive = news == .retirement || !isCatchingUp(frame)
    switch news {
    case .databaseAccepts: DatabaseRule.report(nil, context: &context, into: &frame, in: register)
    case .databaseRefuses(let reason, let words):
      DatabaseRule.report((reason, words), context: &context, into: &frame, in: register)
    case .savings(let news): SavingsRule.report(news, context: &context, into: &frame, in: register)
    case .fault(let fault): ProcessRule.report(fault, context: &context, into: &frame, in: register)
    case .retirement:
      let text = "The plant's configuration has changed, and it is watched anew."
      context.book.clearAll(at: frame.received, text: text, into: &frame)
    }
  }

  private mutating func follow(_ register: PlantRegister) {
    let size = (assets: register.assets.count, series: register.series.count)
    if size == followed { return }
    followed = size
    if context.isPower.count != register.series.count {
      context.isPower = register.series.indices.map {
        register.power(of: register.series[$0].asset) == SeriesIndex($0)
      }
    }
    context.resources.grow(to: register.assets.count, element: (0, .distantPast))
    for rule in rules.indices { rules[rule].follow(register) }
    guard facts.count < register.series.count else { return }
    for position in facts.count..<register.series.count {
      let series = SeriesIndex(position)
      let (own, sensor) = (register.series[position].profile, register.series[position].sensor)
      // An expected value has its time ahead; that is no fault of a clock.
      let concerned: UInt32 =
        own.isForecast
        ? 0
        : rules.enumerated().reduce(0) { mask, rule in
          rule.element.concerns(series, in: register) ? mask | 1 << UInt32(rule.offset) : mask
        }
      facts.append(
        SeriesFacts(
          rules: concerned, asset: register.series[position].asset, isDerived: own.isDerived,
          isResource: register.kind(of: series).traits.resourceSensor == sensor))
    }
  }

  private mutating func observeReadings(of frame: inout Frame, in register: PlantRegister) {
    for row in 0..<frame.readings.count where frame.readings.quality[row] != .imputed {
      observe(row, of: &frame, in: register)
    }
    evaluatePending(&frame, in: register)
  }

  private mutating func observe(_ row: Int, of frame: inout Frame, in register: PlantRegister) {
    let series = frame.readings.series[row]
    guard facts.indices.contains(series.position) else { return }
    let facts = facts[series.position]
    if facts.rules == 0 { return }
    let (quality, raw) = (frame.readings.quality[row], frame.readings.raw[row])
    // A glitch of a counter is given again once it is known to be one.
    let isGlitch = !facts.isDerived && quality == .spike && !raw.isFinite
    let isInOrder = quality != .late && quality != .future && quality != .duplicate
    if !isGlitch { context.lastReading = frame.received }
    let reading = AlertReading(
      series: series, asset: facts.asset,
      value: facts.isDerived || isGlitch
        ? frame.readings.value[row] : register.series[series.position].profile.unit?.canonical(raw) ?? raw,
      time: frame.readings.time[row], quality: facts.isDerived ? .good : quality,
      hasSourceTime: frame.readings.hasSourceTime[row],
      rules: facts.rules & (isGlitch ? admitting.glitch : isInOrder ? admitting.inOrder : admitting.outOfOrder))
    if facts.isResource, isInOrder, !isGlitch, reading.value.isFinite {
      // The readings before it were taken in the earlier light.
      evaluatePending(&frame, in: register)
      context.resources[facts.asset.position] = (reading.value, reading.time)
    }
    if reading.rules != 0 { pending.append(reading) }
    if pending.count >= Self.mostPending { evaluatePending(&frame, in: register) }
  }

  /// Lets each rule evaluate the pending readings.
  private mutating func evaluatePending(_ frame: inout Frame, in register: PlantRegister) {
    var due = pending.reduce(0) { $0 | $1.rules }
    while due != 0 {
      let rule = due.trailingZeroBitCount
      due &= due - 1
      pending.withUnsafeBufferPointer {
        rules[rule].observe($0, as: rule, context: &context, into: &frame, in: register)
      }
    }
    pending.removeAll(keepingCapacity: true)
  }

  /// Returns whether the plant is catching up. A silent plant lags behind the clock too, but is not catching up.
  private func isCatchingUp(_ frame: borrowing Frame) -> Bool {
    frame.isCatchingUp
      && (frame.cause == .readings || frame.cause == .minute
        || frame.received - context.lastReading < SilenceTracker.shortest)
  }

  private mutating func tick(_ frame: inout Frame, in register: PlantRegister) {
    let now = frame.received
    context.book.tick(now, escalateAfter: register.plant.alertEscalation, into: &frame)
    // Without readings there are no minute marks, so the receive clock replaces them.
    let minute = now.floored(to: .minute)
    guard minute > lastMinute else { return }
    lastMinute = minute
    if !context.isCatchingUp && now - frame.clock > .minutes(2) { context.book.writeStates(at: minute, into: &frame) }
  }

  private static let layout: UInt16 = 7

  /// Writes the state. The state of each rule is stored under the rule's name.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Self.layout)
    context.book.snapshot(into: &writer)
    rates.snapshot(into: &writer)
    writer.write(lastMinute)
    writer.write(context.lastReading)
    writer.write(context.resources) { writer, resource in
      writer.write(resource.value)
      writer.write(resource.time)
    }
    writer.write(rules) { writer, rule in
      writer.write(type(of: rule).ids[0].name)
      var own = SnapshotWriter()
      rule.snapshot(into: &own)
      writer.write(bytes: own.bytes)
    }
  }

  /// Reads the state. A rule without saved state starts without history. Saved state of an unknown rule is ignored.
  ///
  /// - Throws: `SnapshotError` if the snapshot is invalid or of another version.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Self.layout, of: "the alerts")
    try context.book.restore(from: &reader)
    try rates.restore(from: &reader)
    lastMinute = try reader.readTimestamp()
    context.lastReading = try reader.readTimestamp()
    context.resources = try reader.readArray(elementSize: 16) { (reader) throws(SnapshotError) in
      (try reader.readDouble(), try reader.readTimestamp())
    }
    let saved = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in
      (try reader.readString(), try reader.readBytes())
    }
    for (name, bytes) in saved {
      guard let rule = rules.firstIndex(where: { type(of: $0).ids[0].name == name }) else { continue }
      var own = SnapshotReader(bytes)
      try rules[rule].restore(from: &own)
    }
    facts = []
    followed = (-1, -1)
    context.isPower = []
  }
}
