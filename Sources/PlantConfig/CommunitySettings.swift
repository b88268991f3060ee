public import PlantModel

/// A community of plants that share a connection, or one in numbers.
public struct CommunitySettings: Sendable, Equatable {
  /// Numbers of a community without meters.
  public struct Statistics: Sendable, Equatable {
    /// Number of members, at least 1.
    public var prosumers = 1
    /// Rated power of all PV [kW].
    public var pvPower = 0.0
    /// Energy of all storage [kWh].
    public var storageEnergy = 0.0
    /// Power of all storage [kW].
    public var storagePower = 0.0
    /// Number of cars.
    public var cars = 0
    /// Number of heat pumps.
    public var heatPumps = 0
    /// Energy that a member uses in a year [kWh], without cars and heat pumps.
    public var annualLoad = 3500.0
    /// Energy that a kilowatt of PV gives in a year [kWh].
    public var specificYield = 1000.0
    /// Latitude [°].
    public var latitude = 48.0

    /// Creates the numbers of one member without PV and storage.
    public init() {}
  }

  /// Members of a community.
  public enum Members: Sendable, Equatable {
    /// Plants by name or pattern, in which `*` stands for any text.
    case plants([String])
    /// A number of members without meters.
    case statistical(Statistics)
  }

  /// Aim of the community.
  public enum Objective: String, Sendable, CaseIterable {
    /// Least cost.
    case cost
    /// Greatest welfare.
    case welfare
    /// Least risk.
    case risk
  }

  /// Name of the community.
  public var name: String
  /// Its members.
  public var members: Members
  /// Time zone of the tariff's hours, and of months; `nil` for that of the first member.
  public var timezone: String?
  /// ISO 4217 code of the currency.
  public var currency = "EUR"
  /// Limit of import [kW]; `nil` without one.
  public var importLimit: Double?
  /// Limit of export [kW]; `nil` without one.
  public var exportLimit: Double?
  /// Prices of the connection, its carbon, and the weight of that.
  public var tariff = Tariff()
  /// Price of a kWh above a limit.
  public var overloadPrice = 1.0
  /// Money that the operator may add in a day, so that nobody is worse off.
  public var incentiveBudget = 0.0
  /// The aim.
  public var objective = Objective.cost

  /// Creates a community with defaults.
  ///
  /// - Parameters:
  ///   - name: Name of the community.
  ///   - members: Its members.
  public init(name: String, members: Members) {
    self.name = name
    self.members = members
  }

  /// Returns the members among plants, in the order of the plants; none for a statistical community.
  public func plants(among names: [String]) -> [String] {
    guard case .plants(let patterns) = members else { return [] }
    return names.filter { name in patterns.contains { Wildcard.matches(pattern: $0, text: name) } }
  }
}
