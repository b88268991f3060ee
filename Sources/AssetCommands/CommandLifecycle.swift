import PlantModel

/// The state machine of a command, as pure functions.
///
/// | state | event | next state |
/// |---|---|---|
/// | none | issue, by mode | `advised`, `awaiting` or `issued` |
/// | none | issue that breaks a limit | `refused` |
/// | `awaiting` | a person confirms or rejects | `issued` or `rejected` |
/// | `awaiting`, `advised` | validity over, or a later command | `expired` |
/// | `advised`, `issued`, `not_followed` | the asset fulfils it | `followed` |
/// | `issued` start | validity over | `expired` |
/// | `issued` | response time over | `not_followed` |
/// | `not_followed` | validity over without a later command | `expired` |
enum CommandLifecycle {
  /// Behaviour of the asset at a minute.
  struct Observation {
    /// Whether the measured power fulfils the command.
    var isFulfilled: Bool
    /// Whether the validity is over.
    var isExpired: Bool
    /// Whether the asset had the time to respond.
    var isResponseOver: Bool
  }

  /// A person's answer to a command.
  enum Answer: String {
    case confirm, reject

    /// State of a command after the answer.
    var state: Command.State { self == .confirm ? .issued : .rejected }
  }

  /// Effect of a transition on the record of shutdowns and starts.
  enum Switching {
    /// The record stays.
    case none
    /// The shutdown or start counts as done.
    case done
    /// The shutdown counts as not done.
    case undone
  }

  /// A change of state.
  struct Transition: Equatable {
    var state: Command.State
    var switching = Switching.none
  }

  /// Returns the state of a new command.
  static func initial(mode: CommandSettings.Mode, isRefused: Bool) -> Transition {
    if isRefused { return Transition(state: .refused) }
    switch mode {
    case .advise: return Transition(state: .advised)
    case .confirm: return Transition(state: .awaiting)
    case .automatic: return Transition(state: .issued, switching: .done)
    }
  }

  /// Returns the transition after an observation of the asset.
  ///
  /// - Parameters:
  ///   - state: state of the command.
  ///   - action: action of the command.
  ///   - observation: behaviour of the asset.
  /// - Returns: the transition; `nil` if the state stays.
  static func next(_ state: Command.State, action: Command.Action, observation: Observation) -> Transition? {
    switch state {
    case .followed, .rejected, .expired, .refused: return nil
    case .awaiting: return observation.isExpired ? Transition(state: .expired) : nil
    case .advised, .issued, .notFollowed:
      if action == .hold || (state == .notFollowed && observation.isExpired) { return nil }
      if observation.isFulfilled { return Transition(state: .followed, switching: .done) }
      // Advice may be ignored, and an asset that starts may have no power to give yet.
      if state == .advised || action == .startup {
        // Advice to start is given once only.
        return observation.isExpired
          ? Transition(state: .expired, switching: action == .startup ? .done : .none) : nil
      }
      guard state == .issued, observation.isResponseOver else { return nil }
      // The asset is not off, so the shutdown is commanded again.
      return Transition(state: .notFollowed, switching: action == .shutdown ? .undone : .none)
    }
  }

  /// Returns the transition after a person's answer.
  ///
  /// - Parameters:
  ///   - state: state of the command.
  ///   - answer: the answer.
  ///   - isExpired: whether the validity is over.
  /// - Returns: the transition; `nil` if the answer comes too late.
  static func next(_ state: Command.State, answer: Answer, isExpired: Bool) -> Transition? {
    guard state == .awaiting, !isExpired else { return nil }
    return Transition(state: answer.state, switching: answer == .confirm ? .done : .none)
  }

  /// Returns the state when a later command replaces this one; `nil` if the state stays.
  static func superseded(_ state: Command.State) -> Command.State? {
    state == .awaiting || state == .advised ? .expired : nil
  }

  /// Returns the state at the end of the validity without a later command; `nil` if the state stays.
  static func closed(_ state: Command.State) -> Command.State? { state == .notFollowed ? .expired : nil }

  /// Returns whether the result of a command is still to be evaluated.
  static func isOpen(_ command: Command) -> Bool { command.state == .issued && command.action != .hold }
}
