public import WattlineTime

/// Command to an asset at one time, as written to the series `command` and published.
public struct Command: Sendable, Equatable {
  /// Requested behaviour of an asset.
  public enum Action: String, Sendable, CaseIterable {
    /// Switch off.
    case shutdown = "SHUTDOWN"
    /// Switch on again.
    case startup = "STARTUP"
    /// Hold the power ``Command/setpoint``.
    case optimize = "OPTIMIZE"
    /// Stay in the present state.
    case hold = "HOLD"
  }

  /// State of a command.
  public enum State: String, Sendable, CaseIterable {
    /// Published as advice; nothing acts on it automatically.
    case advised
    /// Waits for confirmation by a person.
    case awaiting
    /// To be carried out.
    case issued
    /// The asset carries it out.
    case followed
    /// The asset behaves differently.
    case notFollowed = "not_followed"
    /// Rejected by a person.
    case rejected
    /// Not confirmed in time, or replaced by a later command.
    case expired
    /// Not published, because the twin predicted that it would break a limit.
    case refused
  }

  /// Effect at ``Command/expires`` predicted by the twin.
  public struct Effect: Sendable, Equatable {
    /// Power of the asset in its own direction [kW].
    public var power: Double
    /// Power at the grid connection, positive import [kW]; NaN if unknown.
    public var exchange: Double
    /// State of charge of a battery, 0...1; NaN for any other asset.
    public var stateOfCharge: Double
    /// Extra cost compared with no change, negative if it saves [currency]; NaN if unknown.
    public var cost: Double

    /// Creates a predicted effect.
    ///
    /// - Parameters:
    ///   - power: Power of the asset in its own direction [kW].
    ///   - exchange: Power at the grid connection, positive import [kW].
    ///   - stateOfCharge: State of charge of a battery, 0...1.
    ///   - cost: Extra cost compared with no change [currency].
    public init(power: Double, exchange: Double = .nan, stateOfCharge: Double = .nan, cost: Double = .nan) {
      self.power = power
      self.exchange = exchange
      self.stateOfCharge = stateOfCharge
      self.cost = cost
    }

    /// Returns whether both are equal; NaN equals NaN.
    public static func == (a: Effect, b: Effect) -> Bool {
      func same(_ x: Double, _ y: Double) -> Bool { x == y || (x.isNaN && y.isNaN) }
      return same(a.power, b.power) && same(a.exchange, b.exchange) && same(a.stateOfCharge, b.stateOfCharge)
        && same(a.cost, b.cost)
    }
  }

  /// Identifier, unique within the plant: asset and time of issue.
  public var id: String
  /// Asset that is commanded.
  public var asset: AssetIndex
  /// Requested behaviour.
  public var action: Action
  /// Power to hold, in the asset's own direction [kW]; `nil` if the action has none.
  public var setpoint: Double?
  /// Reason, for people.
  public var reason: String
  /// State of the command.
  public var state: State
  /// Time of issue by the plant's event-time clock.
  public var issued: Timestamp
  /// Latest time at which the command may be started.
  public var expires: Timestamp
  /// Effect predicted by the twin.
  public var effect: Effect

  /// Creates a command; the parameters are the properties of the same names.
  public init(
    id: String, asset: AssetIndex, action: Action, setpoint: Double?, reason: String, state: State, issued: Timestamp,
    expires: Timestamp, effect: Effect
  ) {
    self.id = id
    self.asset = asset
    self.action = action
    self.setpoint = setpoint
    self.reason = reason
    self.state = state
    self.issued = issued
    self.expires = expires
    self.effect = effect
  }
}

/// Settings of a plant's commands: the key `commands` of its file.
public struct CommandSettings: Hashable, Sendable {
  /// Party that carries commands out.
  public enum Mode: String, Sendable, CaseIterable {
    /// People, at their discretion.
    case advise
    /// The asset, after confirmation by a person.
    case confirm
    /// The asset, without confirmation.
    case automatic
  }

  /// Party that carries commands out.
  public var mode = Mode.advise
  /// Least time that an asset stays on before it may be shut down; critical alerts are exempt.
  public var minimumOn = TimeSpan.minutes(15)
  /// Least time that an asset stays off before it may be started.
  public var minimumOff = TimeSpan.minutes(10)
  /// Time within which a command may be started.
  public var validity = TimeSpan.minutes(15)
  /// Time within which an asset must follow.
  public var response = TimeSpan.minutes(2)

  /// Creates the defaults of an absent `commands` key.
  public init() {}
}
