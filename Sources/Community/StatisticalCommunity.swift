import Glibc

/// A community in numbers, so that a study needs no meters.
public struct StatisticalCommunity: Sendable, Equatable {
  /// Number of members, at least 1.
  public var prosumers: Int
  /// Rated power of all PV [kW], not negative.
  public var pvPower: Double
  /// Energy of all storage [kWh], not negative.
  public var storageEnergy: Double
  /// Power of all storage [kW], not negative.
  public var storagePower: Double
  /// Number of cars.
  public var cars: Int
  /// Number of heat pumps.
  public var heatPumps: Int
  /// Energy that a member uses in a year [kWh], without cars and heat pumps, positive.
  public var annualLoad: Double
  /// Energy that a kilowatt of PV gives in a year [kWh], positive.
  public var specificYield: Double
  /// Latitude [°], -66...66.
  public var latitude: Double

  /// Creates a community; each parameter is the property of its name.
  public init(
    prosumers: Int, pvPower: Double, storageEnergy: Double, storagePower: Double, cars: Int = 0, heatPumps: Int = 0,
    annualLoad: Double = 3500, specificYield: Double = 1000, latitude: Double = 48
  ) {
    self.prosumers = prosumers
    self.pvPower = pvPower
    self.storageEnergy = storageEnergy
    self.storagePower = storagePower
    self.cars = cars
    self.heatPumps = heatPumps
    self.annualLoad = annualLoad
    self.specificYield = specificYield
    self.latitude = latitude
  }

  /// Days that stand for the year, at equal distances.
  static let representativeDays = 24

  /// Returns days of hours from midnight that stand for a year, in their order.
  ///
  /// - Parameters:
  ///   - terms: The connection and the rules of the study.
  ///   - prices: Prices and carbon of the hours of a day, 24 values each.
  /// - Returns: Days whose mean has the year's energies.
  public func year(terms: CommunityInstance.Terms, prices: CommunityInstance.Series) -> [CommunityAggregate] {
    let days = (0..<StatisticalCommunity.representativeDays).map {
      (Double($0) + 0.5) * 365 / Double(StatisticalCommunity.representativeDays)
    }
    let sun = scaled(days.map(irradiance), yearly: specificYield)
    let load = scaled(days.map(demand), yearly: annualLoad)
    let heat = scaled(days.map(heating), yearly: CommunityAggregate.heatPumpYear)
    let car = StatisticalCommunity.arrivals
    return days.indices.map { day in
      var aggregate = CommunityAggregate(
        stepHours: 1, terms: terms, series: prices, members: prosumers,
        load: zip(load[day], heat[day]).map { $0 * Double(prosumers) + $1 * Double(heatPumps) },
        generation: sun[day].map { $0 * pvPower }, generationPower: pvPower)
      aggregate.cars = car.map { $0 * Double(cars) }
      aggregate.car = car
      aggregate.heatPump = heat[day]
      if storageEnergy > 0 {
        aggregate.storage = HomeBattery(
          capacity: storageEnergy, power: storagePower, efficiency: 0.95, wear: 0.02, minimum: 0.1 * storageEnergy,
          start: 0.5 * storageEnergy)
      }
      return aggregate
    }
  }

  /// Scales days so that their mean has the energy of a day of the year.
  private func scaled(_ days: [[Double]], yearly: Double) -> [[Double]] {
    let mean = days.reduce(0) { $0 + $1.reduce(0, +) } / Double(days.count)
    return days.map { $0.map { mean > 0 ? $0 * yearly / 365 / mean : 0 } }
  }

  /// The season of a day: 1 in midwinter, -1 in midsummer.
  private func winter(_ day: Double) -> Double {
    cos(2 * .pi * (day - 10) / 365) * (latitude < 0 ? -1 : 1)
  }

  /// Height of the sun in each hour, as its sine.
  private func irradiance(_ day: Double) -> [Double] {
    let declination = -23.44 * cos(2 * .pi * (day + 10) / 365) * .pi / 180
    let latitude = latitude * .pi / 180
    return (0..<24).map { hour in
      let angle = (Double(hour) + 0.5 - 12) * 15 * .pi / 180
      return max(0, sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(angle))
    }
  }

  /// Demand of each hour, with a peak in the morning and one in the evening.
  private func demand(_ day: Double) -> [Double] {
    (0..<24).map { hour in
      let time = Double(hour) + 0.5
      let morning = exp(-pow((time - 7.5) / 1.5, 2))
      let evening = exp(-pow((time - 19.5) / 2.5, 2))
      return (0.6 + 0.5 * morning + evening) * (1 + 0.15 * winter(day))
    }
  }

  /// Demand of heating of each hour, with more of it by day, and hot water in all seasons.
  private func heating(_ day: Double) -> [Double] {
    let level = 0.15 + max(0, winter(day) + 0.3)
    return (0..<24).map { (6..<22).contains($0) ? level : 0.7 * level }
  }

  /// Power of a car that charges from its arrival in the evening, as the mean of many [kW].
  private static let arrivals: [Double] = {
    let shape = (0..<24).map { exp(-pow((Double($0) + 0.5 - 19) / 1.8, 2)) }
    let sum = shape.reduce(0, +)
    return shape.map { $0 * CommunityAggregate.carDay / sum }
  }()
}
