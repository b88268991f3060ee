package import PlantModel
import PlantPhysics
import PointSchema
package import StreamCore
package import WattlineTime

/// The policy Π that commands a plant's assets. It combines health, critical alerts and the recommendations of
/// dispatch, observes interlocks, and records commands and their results.
///
/// ``CommandPlanner`` says which command is wanted, ``CommandInterlocks`` forbids it, ``CommandTwin`` tests it, and
/// ``CommandTracker`` follows it to its end.
///
/// For each battery, generator, charger and heat pump, the first rule that applies:
/// 1. `SHUTDOWN` at once while a critical alert about the asset itself is active. Also while its health index is below
/// ``CommandPlanner/failedHealth``, once it was on for the minimum time.
/// 2. `STARTUP` of an asset that was shut down. It must have been off for the minimum time, the plant must have no
/// critical alert, and its health must be at least ``CommandInterlocks/leastHealth``.
/// 3. `HOLD` if an interlock prevents one of these, a critical alert doubts the asset's data, or dispatch lacks data.
/// 4. `OPTIMIZE` with the recommended power, unless the asset already follows it.
///
/// Nothing is commanded while the plant catches up. The recommendation for the quarter of an hour in which it becomes
/// live is commanded then. A command is not repeated while it is valid. Times are event time, so that the same journal
/// gives the same commands.
package struct CommandBook {
  /// The subject of operator requests that answer commands.
  package static let subject = "commands"
  /// Largest lag of the plant's clock behind the receive time at which the plant counts as live.
  package static let liveWithin = TimeSpan.minutes(5)

  var critical = CriticalAlerts()
  var tracker = CommandTracker()

  /// Creates a book without commands.
  package init() {}

  /// Power limits that were commanded to assets other than batteries, and 0 for assets that were shut down [kW].
  package var limits: [AssetIndex: Double] { tracker.limits }

  /// Returns whether the plant's clock is current, so that commands are useful.
  package static func isLive(_ frame: borrowing Frame) -> Bool { frame.received - frame.clock < liveWithin }

  /// Records raised and cleared critical alerts.
  package mutating func observe(_ alerts: [AlertTransition]) { critical.observe(alerts) }

  /// Evaluates earlier commands and issues new ones.
  ///
  /// - Parameters:
  ///   - frame: receives the commands and their points.
  ///   - context: state of the plant.
  ///   - register: the plant's register.
  package mutating func step(_ frame: inout Frame, context: CommandContext, in register: PlantRegister) {
    let interlocks = CommandInterlocks(settings: register.plant.commands, criticalRule: critical.firstRule)
    for position in register.assets.indices where register.assets[position].kind.traits.command != nil {
      let asset = AssetIndex(position)
      let power = context.power(asset)
      let tolerance = SetpointTolerance(asset: register.assets[position])
      if frame.cause == .minute, let judged = tracker.judge(asset, power: power, at: context.now, in: register) {
        report(judged, actual: power, into: &frame, in: register)
      }
      let planner = CommandPlanner(interlocks: interlocks, tolerance: tolerance)
      if let planned = planner.plan(situation(of: asset, power: power, context: context)),
        !tracker.stands(against: planned, asset: asset, at: context.now, tolerance: tolerance)
      {
        issue(planned, asset: asset, into: &frame, context: context, in: register)
      }
      if frame.cause == .minute,
        let closed = tracker.close(asset, at: context.now, interval: context.interval, in: register)
      {
        report(closed, actual: power, into: &frame, in: register)
      }
    }
  }

  /// Executes a person's answer to a command: `{"id": …, "action": "confirm" | "reject", "by": …}`.
  ///
  /// - Parameters:
  ///   - instruction: the request.
  ///   - frame: receives the command and its point.
  ///   - register: the plant's register.
  /// - Returns: `.taken`, or `.refused` with the reason.
  package mutating func follow(
    _ instruction: Instruction, into frame: inout Frame, in register: PlantRegister
  ) -> Instruction.Outcome {
    guard let id = instruction.members["id"],
      let answer = instruction.members["action"].flatMap(CommandLifecycle.Answer.init(rawValue:))
    else { return .refused(.notUnderstood) }
    let (outcome, command) = tracker.follow(answer, id: id, at: frame.received, in: register)
    if let command { report(command, actual: nil, into: &frame, in: register) }
    return outcome
  }

  private func situation(of asset: AssetIndex, power: Double?, context: CommandContext) -> CommandPlanner.Situation {
    CommandPlanner.Situation(
      now: context.now, switching: tracker.record(of: asset).switching, alerts: critical.alerts(about: asset),
      health: context.health[asset], power: power, limit: tracker.limits[asset],
      decision: context.decisions.last { $0.asset == asset })
  }

  /// Tests a planned command on the twin and issues it in place of the last one.
  private mutating func issue(
    _ planned: PlannedCommand, asset: AssetIndex, into frame: inout Frame, context: CommandContext,
    in register: PlantRegister
  ) {
    if let superseded = tracker.supersede(asset, in: register) {
      report(superseded, actual: nil, into: &frame, in: register)
    }
    let settings = register.plant.commands
    let twin = CommandTwin(context, asset: asset, in: register)
    let effect = twin.effect(
      of: planned, before: tracker.record(of: asset).powerBefore,
      hours: min(settings.validity, context.interval).inHours)
    let changesPower = planned.action == .optimize || planned.action == .startup
    let broken = changesPower ? twin.brokenLimit(by: effect) : nil
    let command = Command(
      id: "\(register.assets[asset.position].name)-\(context.now.milliseconds)", asset: asset, action: planned.action,
      setpoint: planned.setpoint, reason: planned.reason + (broken.map { ", twin: \($0.rawValue)" } ?? ""),
      state: .issued, issued: context.now, expires: context.now + settings.validity, effect: effect)
    let power = context.power(asset)
    let issued = tracker.issue(
      command, transition: CommandLifecycle.initial(mode: settings.mode, isRefused: broken != nil), power: power,
      at: frame.received, in: register)
    report(issued, actual: power, into: &frame, in: register)
  }
}

// MARK: - Points

extension CommandBook {
  /// Appends a command in its current state to the frame, with its point.
  ///
  /// - Parameters:
  ///   - command: the command.
  ///   - actual: measured power of the asset [kW]; `nil` if unknown.
  ///   - frame: receives the point and the command.
  ///   - register: the plant's register.
  private func report(
    _ command: Command, actual: Double?, into frame: inout Frame, in register: PlantRegister
  ) {
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
