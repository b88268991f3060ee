/// A community as one: the sums of its load, PV and cars over a horizon, and all storage as one battery.
///
/// Pooled storage serves every member, which the storage of many homes does only as far as they share.
public struct CommunityAggregate: Sendable, Equatable {
  /// Length of a step [h], positive.
  public var stepHours: Double
  /// The connection and the rules of the study.
  public var terms: CommunityInstance.Terms
  /// Prices and carbon of the grid.
  public var series: CommunityInstance.Series
  /// Number of members, at least 1.
  public var members: Int
  /// Load [kW], by step.
  public var load: [Double]
  /// PV [kW], by step.
  public var generation: [Double]
  /// Power of PV [kW] that variants scale: the rated one, or the greatest of the horizon.
  public var generationPower: Double
  /// Power of cars that charge from their arrival [kW], by step.
  public var cars: [Double]
  /// Power of one car more [kW], by step.
  public var car: [Double]
  /// Power of one heat pump more [kW], by step.
  public var heatPump: [Double]
  /// All storage as one battery; `nil` without any.
  public var storage: HomeBattery?

  /// Number of steps.
  public var steps: Int { load.count }

  /// Length of the horizon [d].
  public var days: Double { Double(steps) * stepHours / 24 }

  /// Energy of a heat pump in a year [kWh].
  static let heatPumpYear = 4000.0
  /// Energy of a car in a day [kWh].
  static let carDay = 7.0

  /// Sums the members of an instance.
  ///
  /// One car more is the mean of those there are, and without any it charges evenly. One heat pump more runs evenly,
  /// since an instance does not tell its season.
  ///
  /// - Parameter instance: The instance.
  public init(_ instance: CommunityInstance) {
    stepHours = instance.stepHours
    terms = instance.terms
    series = instance.series
    members = instance.members.count
    load = instance.totals(instance.load)
    generation = instance.totals(instance.generation)
    generationPower = generation.max() ?? 0
    var cars = load.map { _ in 0.0 }
    for session in instance.sessions {
      var left = session.energy / session.efficiency / instance.stepHours
      for step in session.arrival..<session.departure where left > 0 {
        let power = min(session.power, left)
        cars[step] += power
        left -= power
      }
    }
    let owners = Set(instance.sessions.map(\.member)).count
    self.cars = cars
    car = owners > 0 ? cars.map { $0 / Double(owners) } : cars.map { _ in CommunityAggregate.carDay / 24 }
    heatPump = load.map { _ in CommunityAggregate.heatPumpYear / 8760 }
    storage = CommunityAggregate.pooled(instance.members.compactMap(\.battery))
  }

  /// Creates an aggregate of a day without storage; each parameter is the property of its name.
  init(
    stepHours: Double, terms: CommunityInstance.Terms, series: CommunityInstance.Series, members: Int, load: [Double],
    generation: [Double], generationPower: Double
  ) {
    self.stepHours = stepHours
    self.terms = terms
    self.series = series
    self.members = members
    self.load = load
    self.generation = generation
    self.generationPower = generationPower
    cars = load.map { _ in 0 }
    car = cars
    heatPump = cars
  }

  /// Returns one battery with the energy and power of all, and their mean efficiency and wear by energy.
  static func pooled(_ batteries: [HomeBattery]) -> HomeBattery? {
    let capacity = batteries.reduce(0) { $0 + $1.capacity }
    guard capacity > 0 else { return nil }
    func mean(_ value: (HomeBattery) -> Double) -> Double {
      batteries.reduce(0) { $0 + value($1) * $1.capacity } / capacity
    }
    return HomeBattery(
      capacity: capacity, power: batteries.reduce(0) { $0 + $1.power }, efficiency: mean(\.efficiency),
      wear: mean(\.wear), minimum: batteries.reduce(0) { $0 + $1.minimum },
      start: batteries.reduce(0) { $0 + $1.start })
  }

  /// A number that differs, in all likelihood, for another aggregate, and is the same on every machine.
  public var fingerprint: UInt64 {
    let battery = storage.map { [$0.capacity, $0.power, $0.efficiency, $0.wear, $0.minimum, $0.start] } ?? []
    let limits = [
      terms.importLimit, terms.exportLimit, terms.overloadPrice, terms.carbonPrice, terms.referencePrice, stepHours,
      generationPower, Double(members),
    ]
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for values in [
      limits, battery, load, generation, cars, car, heatPump, series.importPrice, series.exportPrice, series.carbon,
    ] {
      for value in values { hash = (hash ^ value.bitPattern) &* 0x100_0000_01B3 }
      hash = (hash ^ UInt64(values.count)) &* 0x100_0000_01B3
    }
    return hash
  }
}
