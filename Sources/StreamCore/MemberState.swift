public import WattlineTime

/// State of a plant at a quarter-hour mark, as the community that it belongs to needs it.
public struct MemberState: Sendable, Equatable {
  /// The batteries of a plant as one.
  public struct Battery: Sendable, Equatable {
    /// Energy between empty and full [kWh], positive.
    public var capacity: Double
    /// Greatest power of charging and of discharging [kW].
    public var power: Double
    /// Efficiency of one way, 0 < … ≤ 1.
    public var efficiency: Double
    /// Money of wear for a kWh discharged.
    public var wear: Double
    /// Least energy [kWh].
    public var minimum: Double
    /// Greatest energy in use [kWh].
    public var maximum: Double
    /// Energy at the mark [kWh].
    public var energy: Double

    /// Creates a battery; each parameter is the property of its name.
    public init(
      capacity: Double, power: Double, efficiency: Double, wear: Double, minimum: Double, maximum: Double,
      energy: Double
    ) {
      self.capacity = capacity
      self.power = power
      self.efficiency = efficiency
      self.wear = wear
      self.minimum = minimum
      self.maximum = maximum
      self.energy = energy
    }
  }

  /// A car at a charger.
  public struct Car: Sendable, Equatable {
    /// Energy that it still requests [kWh].
    public var energy: Double
    /// Time until it departs [h].
    public var hours: Double
    /// Greatest power of the charger [kW].
    public var power: Double

    /// Creates a car; each parameter is the property of its name.
    public init(energy: Double, hours: Double, power: Double) {
      self.energy = energy
      self.hours = hours
      self.power = power
    }
  }

  /// The mark.
  public var time: Timestamp
  /// Consumption without cars and batteries [kW]; `nil` if it is unknown.
  public var load: Double?
  /// Generation [kW]; `nil` if it is unknown.
  public var generation: Double?
  /// Power of the batteries, positive discharge [kW]; `nil` if it is unknown.
  public var batteryPower: Double?
  /// Power of the cars [kW].
  public var carPower = 0.0
  /// The batteries; `nil` without any, and if their charge is unknown.
  public var battery: Battery?
  /// Cars that are connected and tell their request.
  public var cars: [Car] = []

  /// Creates the state of a plant of which nothing is known.
  public init(time: Timestamp) { self.time = time }

  /// Import less export [kW]; `nil` if it is unknown.
  public var net: Double? {
    guard let load, let generation else { return nil }
    return load - generation + carPower - (batteryPower ?? 0)
  }
}
