import PlantModel
import WattlineTime

/// Whether an asset is shut down by a command, and since when.
struct SwitchingState: Equatable {
  /// Whether it was shut down by a command and not started since.
  var isOff = false
  /// Time of the last shutdown or start.
  var changed = Timestamp.distantPast

  /// Returns the state after a shutdown or start took effect at a time.
  ///
  /// - Parameters:
  ///   - switching: the effect.
  ///   - action: action of the command; only shutdowns and starts have an effect.
  ///   - timestamp: time of the effect.
  func applying(
    _ switching: CommandLifecycle.Switching, of action: Command.Action, at timestamp: Timestamp
  ) -> SwitchingState {
    guard action == .shutdown || action == .startup else { return self }
    switch switching {
    case .none: return self
    case .done: return SwitchingState(isOff: action == .shutdown, changed: timestamp)
    case .undone: return SwitchingState()
    }
  }
}

/// The latest commands of a plant's assets with their lifecycle, and the power limits that result from them.
struct CommandTracker {
  /// Time that a device has beyond the response time, because many devices report once a minute and the first reading
  /// after a jump may be flagged.
  private static let reportingDelay = TimeSpan.minutes(2)

  /// Command state of an asset.
  struct Record {
    var switching = SwitchingState()
    /// Power before it was shut down [kW].
    var powerBefore = Double.nan
    /// The latest command.
    var command: Command?
    /// Wall-clock minute of publication. The response timeout starts here instead of at `issued`, because the plant's
    /// clock may lag and confirmation may take time.
    var given = Timestamp.distantPast
  }

  private(set) var records: [AssetIndex: Record] = [:]
  /// Power limits that were commanded to assets other than batteries, and 0 for assets that were shut down [kW].
  private(set) var limits: [AssetIndex: Double] = [:]

  init() {}

  /// Creates a tracker from saved records and limits.
  init(records: [AssetIndex: Record], limits: [AssetIndex: Double]) {
    self.records = records
    self.limits = limits
  }

  /// Returns the record of an asset.
  func record(of asset: AssetIndex) -> Record { records[asset] ?? Record() }

  /// Returns whether a planned command must not be issued now. An equal one stands, or a hold would replace a command
  /// that is not evaluated yet.
  ///
  /// - Parameters:
  ///   - planned: the planned command.
  ///   - asset: the asset.
  ///   - now: current time.
  ///   - tolerance: tolerance of the asset's setpoints.
  /// - Returns: whether it must not.
  func stands(
    against planned: PlannedCommand, asset: AssetIndex, at now: Timestamp, tolerance: SetpointTolerance
  ) -> Bool {
    guard let last = records[asset]?.command else { return false }
    if planned.action == .hold, CommandLifecycle.isOpen(last) { return true }
    guard last.action == planned.action else { return false }
    switch planned.action {
    case .optimize:
      // Dispatch decides again every quarter of an hour; small changes are not commanded.
      guard let before = last.setpoint, let after = planned.setpoint, last.state != .refused, now < last.expires else {
        return false
      }
      return tolerance.agrees(after, setpoint: before) && tolerance.agrees(before, setpoint: after)
    case .hold: return last.reason == planned.reason
    case .shutdown, .startup:
      return last.state == .rejected || last.state == .followed || now <= last.expires
    }
  }

  /// Expires the latest command of an asset if it was awaiting confirmation or advised; returns it if so.
  mutating func supersede(_ asset: AssetIndex, in register: PlantRegister) -> Command? {
    guard var command = records[asset]?.command, let state = CommandLifecycle.superseded(command.state) else {
      return nil
    }
    command.state = state
    keep(command, in: register)
    return command
  }

  /// Records a new command in its first state.
  ///
  /// - Parameters:
  ///   - command: the command, in any state.
  ///   - transition: its first state.
  ///   - power: measured power of the asset [kW]; `nil` if unknown.
  ///   - received: wall-clock time.
  ///   - register: the plant's register.
  /// - Returns: the command in its first state.
  mutating func issue(
    _ command: Command, transition: CommandLifecycle.Transition, power: Double?, at received: Timestamp,
    in register: PlantRegister
  ) -> Command {
    let isNew = records[command.asset]?.command?.id != command.id
    if isNew, command.action == .shutdown, let power { records[command.asset, default: Record()].powerBefore = power }
    var command = command
    apply(transition, to: &command, at: command.issued)
    publish(command, at: received, in: register)
    return command
  }

  /// Compares an asset's behaviour with its command, and expires commands.
  ///
  /// - Parameters:
  ///   - asset: the asset.
  ///   - power: its measured power [kW]; `nil` if unknown.
  ///   - now: current time.
  ///   - register: the plant's register.
  /// - Returns: the command if its state changed.
  mutating func judge(
    _ asset: AssetIndex, power: Double?, at now: Timestamp, in register: PlantRegister
  ) -> Command? {
    guard let record = records[asset], var command = record.command else { return nil }
    let tolerance = SetpointTolerance(asset: register.assets[asset.position])
    let isFulfilled =
      power.map { tolerance.isFulfilled(by: $0, action: command.action, setpoint: command.setpoint) } ?? false
    let patience = register.plant.commands.response + CommandTracker.reportingDelay
    let observation = CommandLifecycle.Observation(
      isFulfilled: isFulfilled && now > command.issued, isExpired: now > command.expires,
      isResponseOver: now - record.given >= patience)
    guard var transition = CommandLifecycle.next(command.state, action: command.action, observation: observation)
    else { return nil }
    // The time of a shutdown or start that was recorded at its issue stays.
    if transition.state == .followed, record.switching.isOff == (command.action == .shutdown) {
      transition.switching = .none
    }
    apply(transition, to: &command, at: now)
    keep(command, in: register)
    return command
  }

  /// Expires a command that was not followed at the end of its validity, if no later command replaced it.
  ///
  /// - Parameters:
  ///   - asset: the asset.
  ///   - now: current time.
  ///   - interval: least time that the command stands.
  ///   - register: the plant's register.
  /// - Returns: the command if it expired.
  mutating func close(
    _ asset: AssetIndex, at now: Timestamp, interval: TimeSpan, in register: PlantRegister
  ) -> Command? {
    guard var command = records[asset]?.command, let state = CommandLifecycle.closed(command.state),
      now > max(command.expires, command.issued + interval)
    else { return nil }
    command.state = state
    keep(command, in: register)
    return command
  }

  /// Executes a person's answer to a command.
  ///
  /// - Parameters:
  ///   - answer: the answer.
  ///   - id: identifier of the command.
  ///   - received: wall-clock time.
  ///   - register: the plant's register.
  /// - Returns: the outcome, and the command if its state changed.
  mutating func follow(
    _ answer: CommandLifecycle.Answer, id: String, at received: Timestamp, in register: PlantRegister
  ) -> (outcome: Instruction.Outcome, command: Command?) {
    guard var command = records.values.first(where: { $0.command?.id == id })?.command else {
      return (.refused(.unknown), nil)
    }
    if command.state == answer.state { return (.taken, nil) }
    guard
      let transition = CommandLifecycle.next(
        command.state, answer: answer, isExpired: received > command.expires)
    else { return (.refused(.late), nil) }
    apply(transition, to: &command, at: received)
    publish(command, at: received, in: register)
    return (.taken, command)
  }

  private mutating func apply(
    _ transition: CommandLifecycle.Transition, to command: inout Command, at timestamp: Timestamp
  ) {
    command.state = transition.state
    let before = record(of: command.asset).switching
    records[command.asset, default: Record()].switching = before.applying(
      transition.switching, of: command.action, at: timestamp)
  }

  /// Keeps a command whose response time starts now if it is issued.
  private mutating func publish(_ command: Command, at received: Timestamp, in register: PlantRegister) {
    keep(command, in: register)
    if command.state == .issued { records[command.asset]?.given = received.floored(to: .minute) }
  }

  /// Keeps a command in its current state, and the power limit that it sets.
  private mutating func keep(_ command: Command, in register: PlantRegister) {
    records[command.asset, default: Record()].command = command
    let asset = register.assets[command.asset.position]
    switch (command.action, command.state) {
    case (.shutdown, .issued), (.shutdown, .followed): limits[command.asset] = 0
    case (.shutdown, .notFollowed), (.startup, .issued), (.startup, .followed): limits[command.asset] = nil
    case (.optimize, .advised), (.optimize, .issued), (.optimize, .followed):
      guard asset.kind.traits.command != .follows, let setpoint = command.setpoint else { return }
      limits[command.asset] = setpoint < asset.nominalKilowatts ?? .infinity ? setpoint : nil
    default: break
    }
  }
}
