import PlantModel
import StreamCore
import WattlineTime

/// A rule that raises and clears alerts of one kind, or of several interdependent kinds.
///
/// A rule is one file in this folder: its identity, thresholds, state, evaluation and texts. It is enabled by its entry
/// in ``AlertRules/all``. Its state is saved under its name, so a new rule leaves the saved state of the others valid.
///
/// The stage calls a rule in this order for each frame: ``follow(_:)``, ``begin(_:into:in:)``, then
/// ``observe(_:context:into:in:)`` for each reading of the series that ``concerns(_:in:)`` accepts, then
/// ``finish(_:into:in:)``. ``conclude(_:into:in:)`` follows after dispatch. A rule evaluates many readings
/// before the next rule does.
protocol AlertRule: Sendable {
  /// The identities of its alerts. Its state is saved under the name of the first.
  static var ids: [AlertRuleID] { get }
  /// The conditions and remedies of its alerts for operators, in the order of ``ids``.
  static var guide: [AlertGuide] { get }
  /// The alerts that explain its own, so that only the cause is notified.
  static var causes: [AlertCause] { get }
  /// The standings of the readings that it observes.
  static var admits: ReadingStandings { get }

  /// Creates a rule without history.
  init()
  /// Adds state for assets and series that are new in the register.
  mutating func follow(_ register: PlantRegister)
  /// Returns whether it observes the readings of a series. Called once for each series.
  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool
  /// Evaluates the frame before its readings.
  ///
  /// - Parameters:
  ///   - context: state shared by all rules.
  ///   - frame: the frame; receives points and transitions.
  ///   - register: the plant's register.
  mutating func begin(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister)
  /// Evaluates a reading.
  ///
  /// - Parameters:
  ///   - reading: a reading of a series that it accepts, with an admitted standing.
  ///   - context: state shared by all rules.
  ///   - frame: the frame; receives points and transitions.
  ///   - register: the plant's register.
  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister)
  /// Evaluates those of several readings that this rule observes. A rule does not implement it.
  ///
  /// The stage calls a rule once for many readings, because a call through an existential costs as much as an
  /// evaluation. The default implementation calls ``observe(_:context:into:in:)`` directly.
  ///
  /// - Parameters:
  ///   - readings: readings in the order of the frame.
  ///   - rule: the position of this rule.
  ///   - context: state shared by all rules.
  ///   - frame: the frame; receives points and transitions.
  ///   - register: the plant's register.
  mutating func observe(
    _ readings: UnsafeBufferPointer<AlertReading>, as rule: Int, context: inout AlertContext, into frame: inout Frame,
    in register: PlantRegister)
  /// Evaluates the frame after its readings. Minute marks and ticks are frames too.
  ///
  /// - Parameters:
  ///   - context: state shared by all rules.
  ///   - frame: the frame; receives points and transitions.
  ///   - register: the plant's register.
  mutating func finish(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister)
  /// Evaluates the step's commands after dispatch.
  ///
  /// - Parameters:
  ///   - context: state shared by all rules.
  ///   - frame: the frame; receives points and transitions.
  ///   - register: the plant's register.
  mutating func conclude(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister)
  /// Writes the state.
  func snapshot(into writer: inout SnapshotWriter)
  /// Reads the state that ``snapshot(into:)`` wrote.
  ///
  /// - Throws: `SnapshotError` if the state is invalid.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}

extension AlertRule {
  static var causes: [AlertCause] { [] }
  static var admits: ReadingStandings { .inOrder }
  mutating func follow(_ register: PlantRegister) {}
  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool { false }
  mutating func begin(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {}
  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {}
  mutating func observe(
    _ readings: UnsafeBufferPointer<AlertReading>, as rule: Int, context: inout AlertContext, into frame: inout Frame,
    in register: PlantRegister
  ) {
    let own = UInt32(1) << UInt32(rule)
    for position in readings.indices where readings[position].rules & own != 0 {
      observe(readings[position], context: &context, into: &frame, in: register)
    }
  }
  mutating func finish(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {}
  mutating func conclude(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {}
  func snapshot(into writer: inout SnapshotWriter) {}
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {}
}

/// The description of an alert on the operator's page.
struct AlertGuide: Sendable {
  /// Conditions under which it is raised and cleared.
  var condition: String
  /// Recommended action.
  var remedy: String

  init(_ condition: String, remedy: String) { (self.condition, self.remedy) = (condition, remedy) }
}

/// A rule whose alerts explain others.
struct AlertCause: Sendable {
  /// How close the explaining alert must be.
  enum Scope: Sendable {
    /// Anywhere in the plant.
    case plant
    /// At the same asset.
    case asset
    /// At the same series.
    case series
    /// At the same asset or of the whole plant, and not about a single series.
    case around
  }

  /// The explaining rule.
  var rule: AlertRuleID
  /// How close the explaining alert must be.
  var scope: Scope

  init(_ rule: AlertRuleID, scope: Scope) { (self.rule, self.scope) = (rule, scope) }
}

/// A reading in the form that rules evaluate.
struct AlertReading: BitwiseCopyable {
  /// The series of the reading.
  var series: SeriesIndex
  /// The asset of the series.
  var asset: AssetIndex
  /// The raw value [canonical unit]; the computed one of a derived series or a glitch.
  var value: Double
  /// Timestamp of the reading.
  var time: Timestamp
  /// The quality that cleaning assigned; `good` for a derived reading, because its inputs were evaluated.
  var quality: Quality
  /// Whether the timestamp comes from the device.
  var hasSourceTime: Bool
  /// The rules that observe it, a bit for each.
  var rules: UInt32
}

/// The position of a reading relative to earlier ones of its series.
struct ReadingStandings: OptionSet, Sendable {
  let rawValue: UInt8

  /// Later than the readings before it.
  static let inOrder = ReadingStandings(rawValue: 1)
  /// Late, a duplicate, or in the future; the value is not the current one.
  static let outOfOrder = ReadingStandings(rawValue: 2)
  /// Re-issued by cleaning because the next reading revealed it as a glitch.
  static let glitch = ReadingStandings(rawValue: 4)
}

/// State shared by all rules of a plant.
struct AlertContext {
  /// The alerts.
  var book = AlertRegistry()
  /// Irradiance on modules [W/m²] or wind speed at hub height [m/s] by asset, and its timestamp.
  var resources: [(value: Double, time: Timestamp)] = []
  /// Whether each series is the electric power of its asset.
  var isPower: [Bool] = []
  /// Whether the plant is processing a backlog, so that the receive clock does not apply.
  var isCatchingUp = false
  /// Receive time of the last reading.
  var lastReading = Timestamp.distantPast

  /// Returns asset and sensor of a series for texts.
  static func name(of series: SeriesIndex, in register: PlantRegister) -> String {
    "\(register.asset(of: series).name) \(register.series[series.position].sensor)"
  }

  /// Returns a value with the unit of its series for texts.
  static func amount(_ value: some CustomStringConvertible, of series: SeriesIndex, in register: PlantRegister)
    -> String
  {
    let unit = register.series[series.position].profile.unit?.canonicalUnit.symbol
    return unit.map { "\(value) \($0)" } ?? "\(value)"
  }
}

/// A run of consecutive readings: positive while a condition holds, negative while it does not.
struct AlertRun: BitwiseCopyable, Sendable, Equatable {
  /// Length that raises or clears an alert about a fast event [readings].
  static let fast: Int16 = 2
  /// Length that raises or clears an alert about data quality [readings].
  static let slow: Int16 = 5

  /// Signed number of readings, from −1,000 to 1,000.
  private(set) var length: Int16 = 0

  /// Counts a reading. A change of the condition starts a new run.
  mutating func count(_ holds: Bool) {
    length = holds ? min(max(length, 0) + 1, 1_000) : max(min(length, 0) - 1, -1_000)
  }

  /// Resets the run to no readings.
  mutating func reset() { length = 0 }

  /// Returns whether the condition has held for at least this number of readings.
  func holds(for readings: Int16) -> Bool { length >= readings }

  /// Returns whether the condition has not held for at least this number of readings.
  func isOver(for readings: Int16) -> Bool { length <= -readings }

  func write(to writer: inout SnapshotWriter) { writer.write(length) }

  init() {}

  init(from reader: inout SnapshotReader) throws(SnapshotError) { length = try reader.read(Int16.self) }
}
