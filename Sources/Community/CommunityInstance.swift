/// A community over a horizon of equal steps: its connection, prices, members, cars, loads and PV.
///
/// Power is in kW, energy in kWh, money in the currency of the prices. Members are numbered from 0.
public struct CommunityInstance: Sendable {
  /// The connection to the grid and the rules of the study.
  public struct Terms: Sendable, Equatable {
    /// Import above this costs ``overloadPrice`` more [kW].
    public var importLimit: Double
    /// Export above this costs ``overloadPrice`` more [kW].
    public var exportLimit: Double
    /// Price of a kWh above a limit.
    public var overloadPrice: Double
    /// Price of a kilogram of carbon dioxide in the objective.
    public var carbonPrice: Double
    /// Money that an operator may add in a day, so that nobody is worse off.
    public var incentiveBudgetDaily: Double
    /// Price at which flexible demand is at its reference, positive.
    public var referencePrice: Double
    /// Bounds of flexible demand as shares of its reference.
    public var flexibleShares: ClosedRange<Double>

    /// Creates terms of a connection; each parameter is the property of its name.
    public init(
      importLimit: Double, exportLimit: Double, overloadPrice: Double = 1, carbonPrice: Double = 0,
      incentiveBudgetDaily: Double = 0, referencePrice: Double,
      flexibleShares: ClosedRange<Double> = 1...1
    ) {
      self.importLimit = importLimit
      self.exportLimit = exportLimit
      self.overloadPrice = overloadPrice
      self.carbonPrice = carbonPrice
      self.incentiveBudgetDaily = incentiveBudgetDaily
      self.referencePrice = referencePrice
      self.flexibleShares = flexibleShares
    }
  }

  /// Prices and carbon of the grid, one value a step.
  public struct Series: Sendable, Equatable {
    /// Price of a kWh imported.
    public var importPrice: [Double]
    /// Payment for a kWh exported.
    public var exportPrice: [Double]
    /// Carbon of a kWh imported [kg].
    public var carbon: [Double]

    /// Creates series of one length.
    ///
    /// - Parameters:
    ///   - importPrice: Price of a kWh imported.
    ///   - exportPrice: Payment for a kWh exported.
    ///   - carbon: Carbon of a kWh imported [kg].
    public init(importPrice: [Double], exportPrice: [Double], carbon: [Double]) {
      self.importPrice = importPrice
      self.exportPrice = exportPrice
      self.carbon = carbon
    }
  }

  /// Length of a step [h], positive.
  public var stepHours: Double
  /// The connection and the rules of the study.
  public var terms: Terms
  /// Prices and carbon of the grid.
  public var series: Series
  /// Members in their order.
  public var members: [CommunityMember]
  /// Stays of cars, in any order.
  public var sessions: [CarSession]
  /// Load of each step and member [kW]: `load[step * members.count + member]`.
  public var load: [Double]
  /// PV of each step and member [kW], in the same order as ``load``.
  public var generation: [Double]

  /// Creates an instance whose arrays have the lengths that their documentation tells.
  ///
  /// - Parameters:
  ///   - stepHours: Length of a step [h], positive.
  ///   - terms: The connection and the rules of the study.
  ///   - series: Prices and carbon of the grid.
  ///   - members: Members in their order.
  ///   - sessions: Stays of cars.
  ///   - load: Load of each step and member [kW].
  ///   - generation: PV of each step and member [kW].
  public init(
    stepHours: Double, terms: Terms, series: Series, members: [CommunityMember],
    sessions: [CarSession],
    load: [Double], generation: [Double]
  ) {
    self.stepHours = stepHours
    self.terms = terms
    self.series = series
    self.members = members
    self.sessions = sessions
    self.load = load
    self.generation = generation
  }

  /// Number of steps.
  public var steps: Int { series.importPrice.count }

  /// Length of the horizon [d].
  public var days: Double { Double(steps) * stepHours / 24 }

  /// Returns the sums over members of a table such as ``load``, by step [kW].
  public func totals(_ table: [Double]) -> [Double] {
    let count = members.count
    return (0..<steps).map { step in
      table.withUnsafeBufferPointer { values in
        var sum = 0.0
        for place in step * count..<(step + 1) * count { sum += values[place] }
        return sum
      }
    }
  }
}

/// A member of a community: its battery and its flexible demand.
public struct CommunityMember: Sendable, Equatable {
  /// The battery; `nil` without one.
  public var battery: HomeBattery?
  /// Share of the load that follows prices, 0...1.
  public var flexibleShare: Double
  /// Change of the flexible share of demand per relative change of the price, positive.
  public var elasticity: Double

  /// Creates a member.
  ///
  /// - Parameters:
  ///   - battery: The battery; `nil` without one.
  ///   - flexibleShare: Share of the load that follows prices, 0...1.
  ///   - elasticity: Change of flexible demand per relative change of the price, positive.
  public init(battery: HomeBattery? = nil, flexibleShare: Double = 0, elasticity: Double = 0.3) {
    self.battery = battery
    self.flexibleShare = flexibleShare
    self.elasticity = elasticity
  }
}

/// A battery of a home over a horizon that ends with at least as much as it began with.
public struct HomeBattery: Sendable, Equatable {
  /// Energy when full [kWh], positive.
  public var capacity: Double
  /// Greatest power of charging and of discharging [kW], not negative.
  public var power: Double
  /// Efficiency of one way, 0 < … ≤ 1.
  public var efficiency: Double
  /// Money of wear for a kWh discharged, not negative.
  public var wear: Double
  /// Least energy [kWh].
  public var minimum: Double
  /// Energy at the start, and at least that at the end [kWh].
  public var start: Double

  /// Creates a battery; each parameter is the property of its name.
  public init(
    capacity: Double, power: Double, efficiency: Double, wear: Double, minimum: Double,
    start: Double
  ) {
    self.capacity = capacity
    self.power = power
    self.efficiency = efficiency
    self.wear = wear
    self.minimum = minimum
    self.start = start
  }
}

/// A stay of a car at a charger, and what it needs before it leaves.
public struct CarSession: Sendable, Equatable {
  /// The member whose car it is.
  public var member: Int
  /// First step of the stay.
  public var arrival: Int
  /// The step after the last of the stay.
  public var departure: Int
  /// Energy that the car's battery is to receive [kWh], not negative.
  public var energy: Double
  /// Greatest power at the charger [kW], positive.
  public var power: Double
  /// Share of the charger's energy that the battery receives, 0 < … ≤ 1.
  public var efficiency: Double

  /// Creates a stay; each parameter is the property of its name.
  public init(
    member: Int, arrival: Int, departure: Int, energy: Double, power: Double, efficiency: Double
  ) {
    self.member = member
    self.arrival = arrival
    self.departure = departure
    self.energy = energy
    self.power = power
    self.efficiency = efficiency
  }

  /// Returns the energy that the stay is too short for [kWh]; 0 if the car can be full.
  ///
  /// - Parameter stepHours: Length of a step [h].
  public func shortfall(stepHours: Double) -> Double {
    let short = energy - Double(departure - arrival) * stepHours * power * efficiency
    return short > 1e-9 * max(1, energy) ? short : 0
  }
}
