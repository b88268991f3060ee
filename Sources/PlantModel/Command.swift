/// What is commanded of an asset at one moment, as it is written to the series `command` and published.
public struct Command: Sendable, Equatable {
  /// What an asset is to do.
  public enum Action: String, Sendable, CaseIterable {
    /// Go off.
    case shutdown = "SHUTDOWN"
    /// Go on again.
    case startup = "STARTUP"
    /// Hold a power, ``Command/setpoint``.
    case optimize = "OPTIMIZE"
    /// Stay as it is.
    case hold = "HOLD"
  }

  /// Where a command stands.
  public enum State: String, Sendable, CaseIterable {
    /// Told to people; nobody is to act by himself.
    case advised
    /// Waits for a person's confirmation.
    case awaiting
    /// To be carried out.
    case issued
    /// The asset does it.
    case followed
    /// The asset does something else.
    case notFollowed = "not_followed"
    /// A person said no.
    case rejected
    /// Nobody confirmed it in time, or a later command took its place.
    case expired
    /// The twin showed that it would break a limit; it was not published.
    case refused
  }

  /// What the twin says would come of it, at ``Command/expires``.
  public struct Effect: Sendable, Equatable {
    /// Power of the asset in its own direction [kW].
    public var power: Double
    /// The plant's exchange with the grid, positive import [kW]; NaN where unknown.
    public var exchange: Double
    /// State of charge of a battery, 0...1; NaN for any other asset.
    public var stateOfCharge: Double
    /// Money spent more than if the asset went on as it is, negative where it saves [currency]; NaN where unknown.
    public var cost: Double

    /// What would come of a command.
    public init(power: Double, exchange: Double = .nan, stateOfCharge: Double = .nan, cost: Double = .nan) {
      self.power = power
      self.exchange = exchange
      self.stateOfCharge = stateOfCharge
      self.cost = cost
    }

    /// Equal, NaN and NaN too.
    public static func == (a: Effect, b: Effect) -> Bool {
      func same(_ x: Double, _ y: Double) -> Bool { x == y || (x.isNaN && y.isNaN) }
      return same(a.power, b.power) && same(a.exchange, b.exchange) && same(a.stateOfCharge, b.stateOfCharge)
        && same(a.cost, b.cost)
    }
  }

  /// Unique within the plant: asset and time of issue.
  public var id: String
  /// The asset.
  public var asset: AssetIndex
  /// What it is to do.
  public var action: Action
  /// The power to hold, in the asset's own direction [kW]; `nil` where the action has none.
  public var setpoint: Double?
  /// Why.
  public var reason: String
  /// Where it stands.
  public var state: State
  /// When it was issued, by the plant's event-time clock.
  public var issued: Timestamp
  /// After this nobody is to begin with it.
  public var expires: Timestamp
  /// What the twin says.
  public var effect: Effect

  /// A command.
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

/// How a plant's assets are commanded: the key `commands` of its file.
public struct CommandSettings: Hashable, Sendable {
  /// Who carries a command out.
  public enum Mode: String, Sendable, CaseIterable {
    /// People, if they want to.
    case advise
    /// The asset, once a person has confirmed.
    case confirm
    /// The asset.
    case automatic
  }

  /// Who carries a command out.
  public var mode = Mode.advise
  /// Least time for which an asset stays on before it may be shut down for anything but a critical alert.
  public var minimumOn = TimeSpan.minutes(15)
  /// Least time for which an asset stays off before it may be started.
  public var minimumOff = TimeSpan.minutes(10)
  /// How long a command may be begun with.
  public var validity = TimeSpan.minutes(15)
  /// How long an asset has to follow.
  public var response = TimeSpan.minutes(2)

  /// The defaults of an absent `commands` key.
  public init() {}
}
