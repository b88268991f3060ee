import PlantModel
import StreamCore

/// Raises, escalates and clears alerts of a plant, by ``AlertRule`` and ``AlertThresholds``; groups them by their cause,
/// and follows the instructions with the subject ``subject``.
///
/// Stands after `Cleaning` and `HealthIndex`: it looks at the qualities of readings, at judgements of health, and at
/// the receive clock for what did not come.
public struct AlertStage: Stage {
  /// The stage's name.
  public static let name = "alerts"
  /// The subject of instructions that are for this stage.
  public static let subject = "alerts"

  let thresholds: AlertThresholds
  var book = AlertBook()
  var silence = SilenceTracker()
  var watches: [SeriesWatch] = []
  /// What is remembered of series that are their asset's power.
  var powerWatches = SeriesStates<PowerWatch>()
  /// Consecutive judgements below the warning's threshold, by asset.
  var lowHealth: [Int32] = []
  /// Whether a series is its asset's electric power; found anew when series are admitted.
  var isPower: [Bool] = []
  /// What the rules about assets remember, by asset.
  var assetWatches: [AssetWatch] = []
  /// For series that fall silent.
  var silenceLook = SeldomLook()
  /// For powers whose sign is inverted.
  var signs = SignRule()
  private var rates = AlertRates()
  private var lastMinute = Timestamp.distantPast

  /// A stage without history.
  public init(thresholds: AlertThresholds = AlertThresholds()) { self.thresholds = thresholds }

  /// How many alerts are active.
  public var activeCount: Int { book.activeCount }

  /// The alerts that are active or not acknowledged, as they stand, by id.
  public var standing: [AlertTransition] {
    book.alerts.map { book.transition(of: $0.key, $0.value) }.sorted { $0.id < $1.id }
  }

  /// The gravest fault of each asset of which an alert stands.
  public var faults: [AssetIndex: StandingFault] {
    var faults: [AssetIndex: StandingFault] = [:]
    for (key, alert) in book.alerts where alert.isActive && key.rule.isFaultOfAsset {
      guard let asset = key.asset else { continue }
      let fault = StandingFault(name: key.rule.rawValue, severity: alert.severity)
      let other = faults[asset] ?? fault
      if (other.severity, fault.name) <= (fault.severity, other.name) { faults[asset] = fault }
    }
    return faults
  }

  /// Judges what is in the frame.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    silence.follow(register)
    silence.holding = frame.holding
    if isPower.count != register.series.count {
      isPower = register.series.indices.map {
        register.power(of: register.series[$0].asset) == SeriesIndex($0)
      }
    }
    watches.grow(to: register.series.count, SeriesWatch())
    powerWatches.grow(to: register.series.count)
    assetWatches.grow(to: register.assets.count, AssetWatch())
    lowHealth.grow(to: register.assets.count, 0)
    signs.follow(register)
    book.isLive = !isCatchingUp(frame)
    for position in frame.instructions.indices where frame.instructions[position].subject == AlertStage.subject {
      frame.instructions[position].outcome = book.follow(frame.instructions[position], &frame)
    }
    judgeAvailability(&frame, register)
    for row in 0..<frame.readings.count where frame.readings.quality[row] != .imputed {
      // What is expected has its time ahead; that is no fault of a clock.
      if register.series[frame.readings.series[row].position].profile.isForecast { continue }
      judge(row, &frame, register)
    }
    for health in frame.health { judge(health, &frame, register) }
    switch frame.cause {
    case .readings: break
    case .tick: tick(&frame, register)
    case .minute:
      judgeSigns(&frame, register)
      book.writeStates(at: frame.clock, &frame)
      book.forgetRaisings(before: frame.clock - .hour)
      rates.close(&book, &frame)
    }
  }

  /// Raises the alert that the database takes nothing, with its reason and words, or clears it where `trouble` is `nil`.
  /// It is every plant's, since every plant's points wait.
  public mutating func note(
    databaseTrouble trouble: (reason: String, words: String)?, _ frame: inout Frame, _ register: PlantRegister
  ) {
    let key = AlertKey(rule: .database)
    let title = trouble.map { "The database takes nothing: \($0.reason)" }
    book.isLive = !isCatchingUp(frame)
    // Another reason asks for another remedy.
    if let alert = book.alerts[key], alert.message.title != title {
      book.clear(
        key, at: frame.received, trouble == nil ? "It takes points again." : "It is another reason now.", &frame)
    }
    guard let title, let words = trouble?.words else { return }
    let text =
      "Points wait on disk and nothing is lost while there is room. The database says: \(words). It is tried again "
      + "every half minute."
    book.raise(key, .critical, at: frame.received, AlertMessage(title: title, text: text), &frame, register)
  }

  /// Clears what is active, with a text that says why; for a stage that ends while its plant goes on.
  public mutating func clearAll(_ text: String, _ frame: inout Frame) {
    book.isLive = true
    book.clearAll(at: frame.received, text, &frame)
  }

  /// A plant that sends nothing is behind the clock too, but it is not catching up.
  private func isCatchingUp(_ frame: borrowing Frame) -> Bool {
    frame.isCatchingUp && (frame.cause != .tick || frame.received - silence.lastReading < thresholds.silence)
  }

  private mutating func tick(_ frame: inout Frame, _ register: PlantRegister) {
    let now = frame.received
    silence.tick(now)
    let isCatchingUp = isCatchingUp(frame)
    if !isCatchingUp {
      escalateOffline(&frame, register)
      judgeSilence(&frame, register)
    }
    book.tick(now, escalateAfter: register.plant.alertEscalation, &frame)
    // Minute marks stop coming when the whole plant is silent; the receive clock then stands in for them.
    let minute = now.floored(to: .minute)
    if minute > lastMinute {
      lastMinute = minute
      if !isCatchingUp && now - frame.clock > .minutes(2) { book.writeStates(at: minute, &frame) }
    }
  }

  private mutating func judge(_ health: AssetHealth, _ frame: inout Frame, _ register: PlantRegister) {
    // Of silence and of a fault that stands there are alerts of their own.
    let own = health.indexWithoutFault
    guard health.hasData, health.index.isFinite, register.assets.indices.contains(health.asset.position) else { return }
    let key = AlertKey(rule: .health, asset: health.asset)
    let name = register.assets[health.asset.position].name
    let index = AlertBook.rounded(health.index)
    if own >= thresholds.healthWarning + thresholds.healthHysteresis {
      book.clear(
        key, at: health.time, "The health index of \(name) is back at \(index) of 100.", value: health.index, &frame)
    }
    SeriesWatch.count(&lowHealth[health.asset.position], own < thresholds.healthWarning)
    guard Int(lowHealth[health.asset.position]) >= thresholds.healthJudgements else { return }
    let worst = health.contributors.prefix(3).joined(separator: ", ")
    book.raise(
      key, own < thresholds.healthCritical ? .critical : .warning, at: health.time,
      AlertMessage(
        title: "\(name) is not well",
        text: "The health index of \(name) is \(index) of 100 at \(health.time). "
          + (worst.isEmpty ? "Compare its sensors with the forecast" : "What lowers it most: \(worst)")
          + "; look at the panel of residuals on the health board.", value: health.index), &frame, register)
  }

  /// Writes the state.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(UInt16(6))
    book.snapshot(into: &writer)
    rates.snapshot(into: &writer)
    silence.snapshot(into: &writer)
    writer.write(watches) { $1.write(to: &$0) }
    powerWatches.snapshot(into: &writer) { $1.write(to: &$0) }
    writer.write(lowHealth) { $0.write($1) }
    writer.write(lastMinute)
    writer.write(assetWatches) { $1.write(to: &$0) }
    signs.snapshot(into: &writer)
  }

  /// Reads the state.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: 6, of: "the alerts")
    silenceLook = SeldomLook()
    try book.restore(from: &reader)
    try rates.restore(from: &reader)
    try silence.restore(from: &reader)
    watches = try reader.readArray(elementSize: 63) { (reader) throws(SnapshotError) in
      try SeriesWatch.read(from: &reader)
    }
    powerWatches = try SeriesStates(from: &reader) { (reader) throws(SnapshotError) in
      try PowerWatch.read(from: &reader)
    }
    lowHealth = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in try reader.read(Int32.self) }
    lastMinute = try reader.readTimestamp()
    assetWatches = try reader.readArray(elementSize: 60) { (reader) throws(SnapshotError) in
      try AssetWatch.read(from: &reader)
    }
    try signs.restore(from: &reader)
  }
}
