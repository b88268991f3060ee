import PlantModel
import StreamCore

/// A rule that raises and clears alerts of one kind, or of a few that depend on each other.
///
/// A rule is one file in this folder: its identity, its thresholds, its state, its evaluation and its texts. It takes
/// effect by its line in ``AlertRules/all``. Its state is saved under its name, so adding a rule keeps the saved state
/// of the others.
///
/// A frame passes through a rule in this order: ``follow(_:)``, ``begin(_:_:_:)``, ``observe(_:_:_:_:)`` once a reading
/// of the series that ``concerns(_:_:)`` accepts, ``finish(_:_:_:)``. ``afterDispatch(_:_:_:)`` comes later in the step.
protocol AlertRule: Sendable {
  /// The identities of the alerts that it raises; its state is saved under the name of the first.
  static var ids: [AlertRuleID] { get }
  /// For people: when each alert is raised and what to do then, in the order of ``ids``.
  static var guide: [AlertGuide] { get }
  /// The alerts of which its own are consequences, so that people hear of the cause alone.
  static var causes: [AlertCause] { get }
  /// The readings that it observes.
  static var admits: ReadingStandings { get }

  /// A rule without history.
  init()
  /// Makes room for assets and series that came into the register.
  mutating func follow(_ register: PlantRegister)
  /// Whether it observes the readings of a series; asked once for each series.
  func concerns(_ series: SeriesIndex, _ register: PlantRegister) -> Bool
  /// Evaluates what a frame says besides its readings, before them.
  mutating func begin(_ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister)
  /// Evaluates a reading.
  mutating func observe(
    _ reading: AlertReading, _ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister)
  /// Evaluates what a frame says besides its readings, after them; minute marks and ticks are frames too.
  mutating func finish(_ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister)
  /// Evaluates the step's commands.
  mutating func afterDispatch(_ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister)
  /// Writes the state.
  func snapshot(into writer: inout SnapshotWriter)
  /// Reads what ``snapshot(into:)`` wrote.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}

extension AlertRule {
  static var causes: [AlertCause] { [] }
  static var admits: ReadingStandings { .inOrder }
  mutating func follow(_ register: PlantRegister) {}
  func concerns(_ series: SeriesIndex, _ register: PlantRegister) -> Bool { false }
  mutating func begin(_ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister) {}
  mutating func observe(
    _ reading: AlertReading, _ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister
  ) {}
  mutating func finish(_ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister) {}
  mutating func afterDispatch(_ context: inout AlertContext, _ frame: inout Frame, _ register: PlantRegister) {}
  func snapshot(into writer: inout SnapshotWriter) {}
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {}
}

/// An alert as the operator's page describes it.
struct AlertGuide: Sendable {
  /// When it is raised, and when it is cleared.
  var condition: String
  /// What to do.
  var remedy: String

  init(_ condition: String, remedy: String) { (self.condition, self.remedy) = (condition, remedy) }
}

/// A rule whose alerts explain others.
struct AlertCause: Sendable {
  /// How near the explaining alert must be.
  enum Scope: Sendable {
    /// Anywhere in the plant.
    case plant
    /// At the same asset.
    case asset
    /// At the same series.
    case series
    /// At the same asset or of the plant as a whole, and not about a single series.
    case around
  }

  /// The explaining rule.
  var rule: AlertRuleID
  /// How near it must be.
  var scope: Scope

  init(_ rule: AlertRuleID, _ scope: Scope) { (self.rule, self.scope) = (rule, scope) }
}

/// A reading as rules see it.
struct AlertReading {
  /// Whose it is.
  var series: SeriesIndex
  /// The asset of the series.
  var asset: AssetIndex
  /// The quality that cleaning has given it; `good` for a derived reading, whose inputs have been judged.
  var quality: Quality
  /// As it came [canonical unit]; of a derived series, as it was computed.
  var value: Double
  /// Its time.
  var time: Timestamp
  /// Whether the device gave the time.
  var hasSourceTime: Bool
}

/// How a reading stands to those before it.
struct ReadingStandings: OptionSet, Sendable {
  let rawValue: UInt8

  /// Later than those before it.
  static let inOrder = ReadingStandings(rawValue: 1)
  /// Late, a duplicate, or of the future: what it says is no longer so, or not yet.
  static let outOfOrder = ReadingStandings(rawValue: 2)
  /// Given again, because the reading after it has shown that it was a glitch.
  static let glitch = ReadingStandings(rawValue: 4)
}

/// What all rules of a plant act on.
struct AlertContext {
  /// The alerts.
  var book = AlertBook()
  /// Light on modules [W/m²] or wind at a hub [m/s], by asset, and when it was measured.
  var resources: [(value: Double, time: Timestamp)] = []
  /// Whether a series is its asset's electric power.
  var isPower: [Bool] = []
  /// Whether the plant works off its past, so that the receive clock says nothing about it.
  var isCatchingUp = false
  /// When the last reading was received.
  var lastReading = Timestamp.distantPast

  /// Asset and sensor of a series, for texts.
  static func name(of series: SeriesIndex, _ register: PlantRegister) -> String {
    "\(register.asset(of: series).name) \(register.series[series.position].sensor)"
  }

  /// A value with the unit of its series, for texts.
  static func amount(_ value: some CustomStringConvertible, of series: SeriesIndex, _ register: PlantRegister) -> String
  {
    let unit = register.series[series.position].profile.unit?.canonicalUnit.symbol
    return unit.map { "\(value) \($0)" } ?? "\(value)"
  }
}

/// Consecutive readings for which a condition holds, counted up, or does not, counted down.
struct AlertRun: BitwiseCopyable, Sendable, Equatable {
  /// Readings in a row that raise or clear an alert about a fast event.
  static let fast: Int16 = 2
  /// Readings in a row that raise or clear an alert about quality.
  static let slow: Int16 = 5

  /// The readings, at most 1,000 in either direction.
  private(set) var length: Int16 = 0

  /// Counts a reading; a change of the condition begins a new run.
  mutating func count(_ holds: Bool) {
    length = holds ? min(max(length, 0) + 1, 1_000) : max(min(length, 0) - 1, -1_000)
  }

  /// Forgets all readings.
  mutating func reset() { length = 0 }

  /// Whether the condition has held for some readings.
  func holds(for readings: Int16) -> Bool { length >= readings }

  /// Whether the condition has not held for some readings.
  func isOver(for readings: Int16) -> Bool { length <= -readings }

  func write(to writer: inout SnapshotWriter) { writer.write(length) }

  init() {}

  init(from reader: inout SnapshotReader) throws(SnapshotError) { length = try reader.read(Int16.self) }
}
