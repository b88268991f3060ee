import PlantModel
import PlantPhysics
import PointSchema
import StreamCore

/// The policy Π that commands a plant's assets. It combines health, critical alerts and the recommendations of
/// dispatch, observes interlocks, and records commands and their results.
///
/// For each battery, generator, charger and heat pump, the first rule that applies:
/// 1. `SHUTDOWN` at once while a critical alert about the asset itself is active. Also while its health index is below
/// ``failedHealth``, once it was on for the minimum time.
/// 2. `STARTUP` of an asset that was shut down. It must have been off for the minimum time, the plant must have no
/// critical alert, and its health must be at least ``DispatchStage/leastHealth``.
/// 3. `HOLD` if an interlock prevents one of these, a critical alert doubts the asset's data, or dispatch lacks data.
/// 4. `OPTIMIZE` with the recommended power, unless the asset already follows it.
///
/// Nothing is commanded while the plant catches up. The recommendation for the quarter of an hour in which it becomes
/// live is commanded then. A command is not repeated while it is valid. Times are event time, so that the same journal
/// gives the same commands.
struct CommandBook {
  /// The subject of operator requests that answer commands.
  static let subject = "commands"
  /// Health index below which an asset is shut down [0...100].
  static let failedHealth = 20.0
  /// Largest lag of the plant's clock behind the receive time at which the plant counts as live.
  static let liveWithin = TimeSpan.minutes(5)

  /// Command state of an asset.
  struct Memory {
    /// Whether it was shut down by a command and not started since.
    var isOff = false
    /// Time of the last shutdown or start.
    var changed = Timestamp.distantPast
    /// Power before it was shut down [kW].
    var powerBefore = Double.nan
    /// The latest command.
    var command: Command?
    /// Wall-clock minute of publication. The response timeout starts here instead of at `issued`, because the plant's
    /// clock may lag and confirmation may take time.
    var given = Timestamp.distantPast
  }

  private var memories: [AssetIndex: Memory] = [:]
  /// Power limits that were commanded to assets other than batteries, and 0 for assets that were shut down [kW].
  private(set) var limits: [AssetIndex: Double] = [:]
  /// An active critical alert.
  private struct CriticalAlert {
    var rule: String
    /// Whether it concerns measurements rather than the asset.
    var concernsData: Bool
    var asset: AssetIndex?
  }

  /// Active critical alerts by id.
  private var critical: [String: CriticalAlert] = [:]

  /// The state of the plant that a step needs.
  struct Context {
    var now: Timestamp
    /// Recommendations of dispatch in this step, the latest last.
    var decisions: [DispatchDecision]
    /// Measured power of an asset, in its own direction [kW].
    var power: (AssetIndex) -> Double?
    var stateOfCharge: (AssetIndex) -> Double?
    var health: [AssetIndex: Double]
    /// Exchange with the grid, positive import [kW]; NaN if unknown.
    var exchange: Double
    var importPrice: Double
    var exportPrice: Double
    var limits: GridLimits
  }

  /// Returns whether the plant's clock is current, so that commands are useful.
  static func isLive(_ frame: borrowing Frame) -> Bool { frame.received - frame.clock < liveWithin }

  /// Records raised and cleared critical alerts.
  mutating func observe(_ alerts: [AlertTransition]) {
    for alert in alerts {
      switch alert.status {
      case .cleared: critical[alert.id] = nil
      case .raised, .escalated, .grouped:
        // An alert with another cause is no fault of the asset itself.
        if alert.severity == .critical {
          critical[alert.id] = CriticalAlert(
            rule: alert.rule.name, concernsData: alert.rule.concernsData, asset: alert.cause == nil ? alert.asset : nil)
        }
      case .acknowledged, .shelved, .unshelved: break
      }
    }
  }

  /// Evaluates earlier commands and issues new ones.
  ///
  /// - Parameters:
  ///   - frame: receives the commands and their points.
  ///   - context: state of the plant.
  ///   - register: the plant's register.
  mutating func step(_ frame: inout Frame, context: Context, in register: PlantRegister) {
    for position in register.assets.indices where register.assets[position].kind.traits.command != nil {
      let asset = AssetIndex(position)
      judge(asset, into: &frame, context: context, in: register)
      if let wish = wish(
        for: asset, decision: context.decisions.last { $0.asset == asset }, context: context, in: register)
      {
        issue(wish, asset: asset, into: &frame, context: context, in: register)
      }
      forgive(asset, into: &frame, context: context, in: register)
    }
  }

  /// Executes a person's answer to a command: `{"id": …, "action": "confirm" | "reject", "by": …}`.
  ///
  /// - Parameters:
  ///   - instruction: the request.
  ///   - frame: receives the command and its point.
  ///   - register: the plant's register.
  /// - Returns: `.taken`, or `.refused` with the reason.
  mutating func follow(
    _ instruction: Instruction, into frame: inout Frame, in register: PlantRegister
  ) -> Instruction.Outcome {
    guard let id = instruction.members["id"], let action = instruction.members["action"],
      action == "confirm" || action == "reject"
    else { return .refused(.notUnderstood) }
    guard let asset = memories.first(where: { $0.value.command?.id == id })?.key,
      var command = memories[asset]?.command
    else { return .refused(.unknown) }
    if command.state == (action == "confirm" ? .issued : .rejected) { return .taken }
    guard command.state == .awaiting, frame.received <= command.expires else { return .refused(.late) }
    command.state = action == "confirm" ? .issued : .rejected
    if action == "confirm" { carryOut(command, at: frame.received) }
    settle(command, actual: nil, into: &frame, in: register)
    return .taken
  }
}

// MARK: - What is wanted

extension CommandBook {
  /// An action that the policy requests of an asset.
  struct Wish {
    var action: Command.Action
    var setpoint: Double?
    var reason: String
  }

  private func wish(
    for asset: AssetIndex, decision: DispatchDecision?, context: Context, in register: PlantRegister
  ) -> Wish? {
    let memory = memories[asset] ?? Memory()
    let settings = register.plant.commands
    let own = critical.values.filter { $0.asset == asset }.sorted { $0.rule < $1.rule }
    let health = context.health[asset]
    if memory.isOff {
      if let interlock = startInterlock(memory, health: health, at: context.now, settings: settings) {
        return Wish(action: .hold, reason: "interlock: \(interlock)")
      }
      return Wish(
        action: .startup, reason: "no critical alert, off for \(CommandBook.minutes(context.now - memory.changed))")
    }
    if let alert = own.first(where: { !$0.concernsData }) {
      return Wish(action: .shutdown, setpoint: 0, reason: "alert: \(alert.rule)")
    }
    if let health, health < CommandBook.failedHealth {
      if context.now - memory.changed < settings.minimumOn {
        return Wish(action: .hold, reason: "interlock: min_on")
      }
      return Wish(action: .shutdown, setpoint: 0, reason: "health \(Int(max(0, health.rounded())))")
    }
    if let alert = own.first { return Wish(action: .hold, reason: "alert: \(alert.rule)") }
    guard let decision else { return nil }
    if decision.lacksData { return Wish(action: .hold, reason: decision.reason) }
    let wanted = decision.recommendedKilowatts
    if let power = context.power(asset), isNear(power, setpoint: wanted, asset: asset, in: register),
      // The current limit must equal the recommendation too, so that a limited asset is released.
      limits[asset].map({ isNear(wanted, setpoint: $0, asset: asset, in: register) }) ?? true
    {
      return nil
    }
    return Wish(action: .optimize, setpoint: decision.recommendedKilowatts, reason: decision.reason)
  }

  /// Returns the interlock that prevents a start.
  private func startInterlock(
    _ memory: Memory, health: Double?, at now: Timestamp, settings: CommandSettings
  ) -> String? {
    if let rule = critical.values.map(\.rule).min() { return "critical alert \(rule)" }
    if let health, health < DispatchStage.leastHealth { return "health" }
    if now - memory.changed < settings.minimumOff { return "min_off" }
    return nil
  }

  private static func minutes(_ span: TimeSpan) -> String { "\(span.nanoseconds / TimeSpan.minute.nanoseconds) min" }

  /// Returns whether a measured power fulfils an action, within the accuracy of devices.
  ///
  /// - Parameters:
  ///   - power: measured power in the asset's own direction [kW].
  ///   - setpoint: setpoint of `OPTIMIZE` [kW].
  ///   - action: the action.
  ///   - asset: the asset.
  ///   - register: the plant's register.
  private func matches(
    _ power: Double, setpoint: Double?, action: Command.Action, asset: AssetIndex, in register: PlantRegister
  ) -> Bool {
    let tolerance = CommandBook.tolerance(0.05, asset: register.assets[asset.position])
    switch action {
    case .shutdown: return abs(power) <= tolerance
    case .startup: return abs(power) > tolerance
    case .hold: return true
    case .optimize:
      return setpoint.map { isNear(power, setpoint: $0, within: 0.05, asset: asset, in: register) } ?? true
    }
  }

  /// Returns whether a power agrees with a setpoint. Generators and chargers may be below their limit.
  ///
  /// - Parameters:
  ///   - power: power in the asset's own direction [kW].
  ///   - setpoint: setpoint or limit [kW].
  ///   - share: tolerance as a share of the rated power, at least 0.2 kW.
  ///   - asset: the asset.
  ///   - register: the plant's register.
  private func isNear(
    _ power: Double, setpoint: Double, within share: Double = 0.01, asset: AssetIndex, in register: PlantRegister
  ) -> Bool {
    let found = register.assets[asset.position]
    let tolerance = CommandBook.tolerance(share, asset: found)
    return found.kind.traits.command == .follows ? abs(power - setpoint) <= tolerance : power <= setpoint + tolerance
  }

  /// Returns a share of the rated power, at least the error of meters [kW].
  private static func tolerance(_ share: Double, asset: Asset) -> Double {
    max(0.2, share * (asset.nominalKilowatts ?? 0))
  }
}

// MARK: - Commands and their way

extension CommandBook {
  private mutating func issue(
    _ wish: Wish, asset: AssetIndex, into frame: inout Frame, context: Context, in register: PlantRegister
  ) {
    let settings = register.plant.commands
    if let last = memories[asset]?.command {
      // An issued command is evaluated before `HOLD` can replace it.
      if isStanding(last, wish: wish, asset: asset, at: context.now, in: register)
        || (wish.action == .hold && isOpen(last))
      {
        return
      }
    }
    supersede(asset, into: &frame, in: register)
    var command = Command(
      id: "\(register.assets[asset.position].name)-\(context.now.milliseconds)", asset: asset, action: wish.action,
      setpoint: wish.setpoint, reason: wish.reason, state: .issued, issued: context.now,
      expires: context.now + settings.validity, effect: Command.Effect(power: .nan))
    let twin = CommandTwin(context, asset: asset, in: register)
    command.effect = twin.effect(
      of: wish, before: memories[asset]?.powerBefore ?? .nan,
      hours: min(settings.validity, DispatchStage.interval).inHours)
    if let limit = twin.brokenLimit(by: command.effect), wish.action == .optimize || wish.action == .startup {
      command.state = .refused
      command.reason += ", twin: \(limit)"
    } else {
      switch settings.mode {
      case .advise: command.state = .advised
      case .confirm: command.state = .awaiting
      case .automatic:
        command.state = .issued
        carryOut(command, at: context.now)
      }
    }
    settle(command, actual: context.power(asset), into: &frame, in: register)
  }

  /// Returns whether an equal command is still in force.
  private func isStanding(
    _ last: Command, wish: Wish, asset: AssetIndex, at now: Timestamp, in register: PlantRegister
  ) -> Bool {
    guard last.action == wish.action else { return false }
    switch wish.action {
    case .optimize:
      // Dispatch decides again every quarter of an hour; small changes are not commanded.
      guard let before = last.setpoint, let after = wish.setpoint, last.state != .refused, now < last.expires else {
        return false
      }
      return isNear(after, setpoint: before, asset: asset, in: register)
        && isNear(before, setpoint: after, asset: asset, in: register)
    case .hold: return last.reason == wish.reason
    case .shutdown, .startup:
      return last.state == .rejected || last.state == .followed || now <= last.expires
    }
  }

  /// Returns whether the result of an issued command is not evaluated yet.
  private func isOpen(_ command: Command) -> Bool { command.state == .issued && command.action != .hold }

  /// Expires the previous command if it was awaiting confirmation or advised.
  private mutating func supersede(_ asset: AssetIndex, into frame: inout Frame, in register: PlantRegister) {
    guard var last = memories[asset]?.command, last.state == .awaiting || last.state == .advised else { return }
    last.state = .expired
    settle(last, actual: nil, into: &frame, in: register)
  }

  /// Compares an asset's behaviour with its command, and expires commands.
  private mutating func judge(
    _ asset: AssetIndex, into frame: inout Frame, context: Context, in register: PlantRegister
  ) {
    guard var command = memories[asset]?.command, frame.cause == .minute else { return }
    let settings = register.plant.commands
    switch command.state {
    case .followed, .rejected, .expired, .refused: return
    case .awaiting:
      guard context.now > command.expires else { return }
      command.state = .expired
    case .advised, .issued, .notFollowed:
      guard command.action != .hold, context.now <= command.expires || command.state != .notFollowed else { return }
      let power = context.power(asset)
      if let power, context.now > command.issued,
        matches(power, setpoint: command.setpoint, action: command.action, asset: asset, in: register)
      {
        command.state = .followed
        if memories[asset]?.isOff != (command.action == .shutdown) { carryOut(command, at: context.now) }
      } else if command.state == .advised || command.action == .startup {
        // Advice may be ignored, and an asset that starts may have no power to give yet.
        guard context.now > command.expires else { return }
        command.state = .expired
        // Advice to start is given once only.
        if command.action == .startup { carryOut(command, at: context.now) }
      } else {
        // Many devices report once a minute, and the first reading after a jump may be flagged.
        guard command.state == .issued, let given = memories[asset]?.given,
          context.now - given >= settings.response + .minutes(2)
        else { return }
        command.state = .notFollowed
        // The asset is not off, so the shutdown is commanded again.
        if command.action == .shutdown {
          memories[asset]?.isOff = false
          memories[asset]?.changed = .distantPast
        }
      }
    }
    settle(command, actual: context.power(asset), into: &frame, in: register)
  }

  /// Expires a `.notFollowed` command at the end of its validity if no later command replaced it.
  private mutating func forgive(
    _ asset: AssetIndex, into frame: inout Frame, context: Context, in register: PlantRegister
  ) {
    guard frame.cause == .minute, var command = memories[asset]?.command, command.state == .notFollowed,
      context.now > max(command.expires, command.issued + DispatchStage.interval)
    else { return }
    command.state = .expired
    settle(command, actual: context.power(asset), into: &frame, in: register)
  }

  /// Updates the power limit that a command sets for an asset.
  private mutating func restrict(by command: Command, asset: Asset) {
    switch (command.action, command.state) {
    case (.shutdown, .issued), (.shutdown, .followed): limits[command.asset] = 0
    case (.shutdown, .notFollowed), (.startup, .issued), (.startup, .followed): limits[command.asset] = nil
    case (.optimize, .advised), (.optimize, .issued), (.optimize, .followed):
      guard asset.kind.traits.command != .follows, let setpoint = command.setpoint else { return }
      limits[command.asset] = setpoint < asset.nominalKilowatts ?? .infinity ? setpoint : nil
    default: break
    }
  }

  /// Records a shutdown or start.
  private mutating func carryOut(_ command: Command, at timestamp: Timestamp) {
    guard command.action == .shutdown || command.action == .startup else { return }
    memories[command.asset, default: Memory()].isOff = command.action == .shutdown
    memories[command.asset, default: Memory()].changed = timestamp
  }

  /// Records a command in its current state, writes its point and appends it to the frame.
  ///
  /// - Parameters:
  ///   - command: the command.
  ///   - actual: measured power of the asset [kW]; `nil` if unknown.
  ///   - frame: receives the point and the command.
  ///   - register: the plant's register.
  private mutating func settle(
    _ command: Command, actual: Double?, into frame: inout Frame, in register: PlantRegister
  ) {
    var memory = memories[command.asset] ?? Memory()
    let isNew = memory.command?.id != command.id
    if isNew, command.action == .shutdown, let actual { memory.powerBefore = actual }
    memory.command = command
    if command.state == .issued { memory.given = frame.received.floored(to: .minute) }
    memories[command.asset] = memory
    restrict(by: command, asset: register.assets[command.asset.position])
    frame.commands.append(command)
    frame.points.begin(PointKey(.command, .asset(command.asset)), at: command.issued)
    frame.points.field(.id, text: command.id)
    frame.points.field(.action, text: command.action.rawValue)
    frame.points.field(.setpoint, command.setpoint)
    frame.points.field(.reason, text: command.reason)
    frame.points.field(.state, text: command.state.rawValue)
    frame.points.field(.mode, text: register.plant.commands.mode.rawValue)
    frame.points.field(.expires, text: command.expires.description)
    frame.points.field(.predictedPower, command.effect.power)
    frame.points.field(.predictedGridPower, command.effect.exchange)
    frame.points.field(.predictedStateOfCharge, command.effect.stateOfCharge)
    frame.points.field(.predictedCost, command.effect.cost)
    frame.points.field(.actualPower, actual)
  }
}

// MARK: - State

extension CommandBook {
  /// Writes the state.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(critical.sorted { $0.key < $1.key }) { writer, entry in
      writer.write(entry.key)
      writer.write(entry.value.rule)
      writer.write(entry.value.concernsData)
      writer.write(entry.value.asset?.rawValue ?? -1)
    }
    writer.write(memories.sorted { $0.key.rawValue < $1.key.rawValue }) { writer, entry in
      writer.write(entry.key.rawValue)
      writer.write(entry.value.isOff)
      writer.write(entry.value.changed)
      writer.write(entry.value.powerBefore)
      writer.write(entry.value.given)
      writer.write(entry.value.command != nil)
      entry.value.command?.write(to: &writer)
    }
    writer.write(limits.sorted { $0.key.rawValue < $1.key.rawValue }) { writer, entry in
      writer.write(entry.key.rawValue)
      writer.write(entry.value)
    }
  }

  /// Reads the state that ``snapshot(into:)`` wrote.
  ///
  /// - Throws: `SnapshotError` if the state is invalid.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    self = CommandBook()
    let alerts = try reader.readArray(elementSize: 13) { (reader) throws(SnapshotError) in
      (
        id: try reader.readString(), rule: try reader.readString(), concernsData: try reader.readBool(),
        asset: try reader.read(Int32.self)
      )
    }
    for alert in alerts {
      critical[alert.id] = CriticalAlert(
        rule: alert.rule, concernsData: alert.concernsData,
        asset: alert.asset < 0 ? nil : AssetIndex(Int(alert.asset)))
    }
    let entries = try reader.readArray(elementSize: 30) { (reader) throws(SnapshotError) -> (AssetIndex, Memory) in
      let asset = AssetIndex(Int(try reader.read(Int32.self)))
      var memory = Memory()
      memory.isOff = try reader.readBool()
      memory.changed = try reader.readTimestamp()
      memory.powerBefore = try reader.readDouble()
      memory.given = try reader.readTimestamp()
      if try reader.readBool() { memory.command = try Command(from: &reader, asset: asset) }
      return (asset, memory)
    }
    for (asset, memory) in entries { memories[asset] = memory }
    let held = try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
      (asset: AssetIndex(Int(try reader.read(Int32.self))), limit: try reader.readDouble())
    }
    for entry in held { limits[entry.asset] = entry.limit }
  }
}

extension Command {
  fileprivate func write(to writer: inout SnapshotWriter) {
    writer.write(id)
    writer.write(action.rawValue)
    writer.write(setpoint ?? .nan)
    writer.write(reason)
    writer.write(state.rawValue)
    writer.write(issued)
    writer.write(expires)
    for value in [effect.power, effect.exchange, effect.stateOfCharge, effect.cost] { writer.write(value) }
  }

  fileprivate init(from reader: inout SnapshotReader, asset: AssetIndex) throws(SnapshotError) {
    let id = try reader.readString()
    guard let action = Action(rawValue: try reader.readString()) else { throw .invalid("an action that is none") }
    let setpoint = try reader.readDouble()
    let reason = try reader.readString()
    guard let state = State(rawValue: try reader.readString()) else { throw .invalid("a command's state that is none") }
    self.init(
      id: id, asset: asset, action: action, setpoint: setpoint.isNaN ? nil : setpoint, reason: reason, state: state,
      issued: try reader.readTimestamp(), expires: try reader.readTimestamp(),
      effect: Effect(
        power: try reader.readDouble(), exchange: try reader.readDouble(), stateOfCharge: try reader.readDouble(),
        cost: try reader.readDouble()))
  }
}
