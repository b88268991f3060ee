import Glibc

/// How storage is run in a simulation.
public enum StorageControl: String, Sendable, CaseIterable {
  /// Storage takes surplus and serves deficit.
  case rule
  /// Storage does what costs least at the prices of the horizon, which it knows; it does not look at limits.
  case plan
}

/// A study of a community by random runs, each a span of years with a weather, prices and growth of its own.
///
/// A run's draws depend on the seed and its number alone. Variants of one run have the same draws.
public struct CommunitySimulation: Sendable {
  /// Days that stand for a year, in their order.
  public let days: [CommunityAggregate]
  /// Settings.
  public let settings: Settings

  /// Settings of a study.
  public struct Settings: Sendable, Equatable {
    /// Ranges of inputs; those that are not named have their own.
    public var ranges: [UncertainInput: ClosedRange<Double>] = [:]
    /// Days that a year is made of, at least 1.
    public var daysPerYear = 365
    /// Years of the study, at least 1.
    public var years = 20
    /// Rate by which a year's money is discounted, above -1.
    public var discountRate = 0.04
    /// Seed of all draws.
    public var seed: UInt64 = 1
    /// How storage is run.
    public var control = StorageControl.rule

    /// Creates settings with defaults.
    public init() {}
  }

  /// Outcome of a year of a community.
  public struct Year: Sendable, Equatable {
    /// Money of connection, carbon, overload and wear.
    public var cost = 0.0
    /// Greatest import [kW].
    public var peak = 0.0
    /// Carbon of import [kg].
    public var emissions = 0.0
    /// Energy that was wanted [kWh].
    public var demand = 0.0
    /// Energy that was imported [kWh].
    public var imported = 0.0
    /// Energy that was wanted in outages and not there [kWh].
    public var unserved = 0.0
  }

  /// Outcome of a variant in a run, over the years of the study.
  public struct Outcome: Sendable, Equatable {
    /// Cost of a year: the discounted mean over the years.
    public var cost: Double
    /// Greatest import [kW].
    public var peak: Double
    /// Carbon of a year [kg].
    public var emissions: Double
    /// Share of demand that is not imported.
    public var selfSufficiency: Double
    /// Energy that was wanted in outages and not there, of a year [kWh].
    public var unserved: Double
    /// Net present value against the base; `nil` for the base.
    public var netPresentValue: Double?
    /// Years after which discounted savings have paid the investment; `nil` if they do not, and for the base.
    public var payback: Double?

    /// Creates an outcome; each parameter is the property of its name.
    public init(
      cost: Double, peak: Double, emissions: Double, selfSufficiency: Double, unserved: Double,
      netPresentValue: Double? = nil, payback: Double? = nil
    ) {
      self.cost = cost
      self.peak = peak
      self.emissions = emissions
      self.selfSufficiency = selfSufficiency
      self.unserved = unserved
      self.netPresentValue = netPresentValue
      self.payback = payback
    }
  }

  /// Names a study.
  ///
  /// - Parameters:
  ///   - days: Days that stand for a year, in their order, at least one; all of one step length.
  ///   - settings: Settings.
  public init(days: [CommunityAggregate], settings: Settings) {
    self.days = days
    self.settings = settings
  }

  /// Returns the outcomes of variants in a run.
  ///
  /// - Parameters:
  ///   - number: Number of the run.
  ///   - variants: The variants; the first is the base.
  /// - Returns: An outcome of each variant.
  public func run(_ number: Int, variants: [CommunityVariant]) -> [Outcome] {
    var draw = SplitMix(seed: seed(of: number))
    let future = CommunityFuture(settings.ranges) { _ in draw.uniform() }
    return run(number, variants: variants, future: future)
  }

  /// Returns the outcomes of variants in a run whose inputs are given.
  func run(_ number: Int, variants: [CommunityVariant], future: CommunityFuture) -> [Outcome] {
    let stages = settings.years > 1 ? [0.0, 1] : [1.0]
    var systems = variants.flatMap { variant in
      stages.map { stage in
        CommunitySystem(days, variant: variant, future: future, stage: stage, settings: settings)
      }
    }
    var weather = WeatherDraw(seed: seed(of: number) ^ 0x5DEE_CE66, aggregate: days[0])
    let scale = 365 / (Double(settings.daysPerYear) * days[0].days)
    for day in 0..<settings.daysPerYear {
      let place = day * days.count / settings.daysPerYear
      weather.advance(days[place], future: future)
      for number in systems.indices { systems[number].advance(days[place], place: place, weather: weather) }
    }
    let years = systems.map { $0.year(scale: scale) }
    let base = Array(years[0..<stages.count])
    return variants.indices.map { number in
      let own = Array(years[number * stages.count..<(number + 1) * stages.count])
      return outcome(own, base: base, variant: number == 0 ? nil : variants[number])
    }
  }

  private func outcome(_ years: [Year], base: [Year], variant: CommunityVariant?) -> Outcome {
    let finance = DiscountedYears(years: settings.years, rate: settings.discountRate)
    let (first, last) = (years[0], years[years.count - 1])
    let demand = first.demand + last.demand
    var outcome = Outcome(
      cost: finance.mean(first: first.cost, last: last.cost), peak: max(first.peak, last.peak),
      emissions: (first.emissions + last.emissions) / 2,
      selfSufficiency: demand > 0 ? 1 - (first.imported + last.imported) / demand : 1,
      unserved: (first.unserved + last.unserved) / 2)
    if let variant {
      let savings = (base[0].cost - first.cost, base[base.count - 1].cost - last.cost)
      outcome.netPresentValue = finance.value(first: savings.0, last: savings.1) - variant.investment
      outcome.payback = finance.payback(of: variant.investment, first: savings.0, last: savings.1)
    }
    return outcome
  }

  /// Returns the seed of a run.
  private func seed(of number: Int) -> UInt64 {
    (settings.seed &* 1_000_003 &+ UInt64(bitPattern: Int64(number))) &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678
  }
}

/// Money of equal years, discounted to the start of the first; between the first and the last it changes evenly.
struct DiscountedYears {
  let years: Int
  let rate: Double

  /// Returns the money of a year, numbered from 1.
  private func amount(_ year: Int, first: Double, last: Double) -> Double {
    years > 1 ? first + (last - first) * Double(year - 1) / Double(years - 1) : last
  }

  /// Returns the present value.
  func value(first: Double, last: Double) -> Double {
    (1...years).reduce(0) { $0 + amount($1, first: first, last: last) / pow(1 + rate, Double($1)) }
  }

  /// Returns the even money of a year that has the same present value.
  func mean(first: Double, last: Double) -> Double {
    value(first: first, last: last) / value(first: 1, last: 1)
  }

  /// Returns the years after which the present value of savings reaches an investment; `nil` if it does not.
  func payback(of investment: Double, first: Double, last: Double) -> Double? {
    guard investment > 0 else { return value(first: first, last: last) >= 0 ? 0 : nil }
    var sum = 0.0
    for year in 1...years {
      let saved = amount(year, first: first, last: last) / pow(1 + rate, Double(year))
      if sum + saved >= investment { return Double(year - 1) + (investment - sum) / saved }
      sum += saved
    }
    return nil
  }
}

/// Weather, load and outages of a day of a run, which all its variants share.
struct WeatherDraw {
  /// Factors on load, by step.
  private(set) var load: [Double] = []
  /// Factors on PV, by step.
  private(set) var generation: [Double] = []
  /// Whether the grid is there, by step.
  private(set) var isConnected: [Bool] = []
  private var draw: SplitMix
  private var loadState: Double
  private var sunState: Double
  private let correlation: Double
  private let loadDeviation: Double
  /// Hours of the outage that are left.
  private var outage = 0.0

  /// Deviation of the factor on PV.
  private static let sunDeviation = 0.35

  init(seed: UInt64, aggregate: CommunityAggregate) {
    draw = SplitMix(seed: seed)
    correlation = pow(0.9, aggregate.stepHours)
    loadDeviation = (0.06 * 0.06 + 0.3 * 0.3 / Double(aggregate.members)).squareRoot()
    loadState = draw.normal()
    sunState = draw.normal()
  }

  /// Draws the next day.
  mutating func advance(_ day: CommunityAggregate, future: CommunityFuture) {
    let hours = day.stepHours
    let innovation = (1 - correlation * correlation).squareRoot()
    let (outages, length) = (future[.outages] * hours / 8760, future[.outageHours])
    load.removeAll(keepingCapacity: true)
    generation.removeAll(keepingCapacity: true)
    isConnected.removeAll(keepingCapacity: true)
    for _ in 0..<day.steps {
      load.append(max(0.2, 1 + loadDeviation * loadState))
      generation.append(min(max(0.05, 1 + WeatherDraw.sunDeviation * sunState), 1.9))
      loadState = correlation * loadState + innovation * draw.normal()
      sunState = correlation * sunState + innovation * draw.normal()
      if draw.uniform() < outages { outage = max(outage, -log(1 - draw.uniform()) * length) }
      isConnected.append(outage < hours / 2)
      outage = max(0, outage - hours)
    }
  }
}

/// A variant of a community in a year of a run, and its energy stored.
struct CommunitySystem {
  private var result = CommunitySimulation.Year()
  private let loadFactor: Double
  private let sunFactors: [Double]
  private let extraCars: Double
  private let extraHeatPumps: Double
  private let priceFactor: Double
  private let exportFactor: Double
  private let limitFactor: Double
  private let control: StorageControl
  private var storage: HomeBattery?
  private let first: Double
  private let referencePrice: Double
  private var planner: MeterPlanner

  /// Sets up a variant.
  ///
  /// - Parameters:
  ///   - days: Days that stand for a year.
  ///   - variant: The variant.
  ///   - future: The run's inputs.
  ///   - stage: 0 for the first year, 1 for the last, until which adoption is complete.
  ///   - settings: Settings of the study.
  init(
    _ days: [CommunityAggregate], variant: CommunityVariant, future: CommunityFuture, stage: Double,
    settings: CommunitySimulation.Settings
  ) {
    let years = stage * Double(settings.years - 1)
    let members = Double(days[0].members)
    loadFactor = future[.load] * pow(1 + future[.loadGrowth], years)
    sunFactors = days.map { day in
      let added = day.generationPower > 0 ? variant.pvPower / day.generationPower : 0
      return future[.weather] * (1 + variant.pvShare + added + stage * future[.pv])
    }
    extraCars = variant.cars + stage * future[.cars] * members
    extraHeatPumps = variant.heatPumps + stage * future[.heatPumps] * members
    priceFactor = future[.price] * pow(1 + future[.priceGrowth], years)
    exportFactor = future[.exportPrice]
    limitFactor = 1 + variant.limitShare
    control = settings.control
    storage = CommunitySystem.storage(days[0].storage, variant: variant, growth: stage * future[.storage])
    first = storage?.start ?? 0
    referencePrice = days[0].terms.referencePrice * priceFactor
    planner = MeterPlanner(steps: days[0].steps, stepHours: days[0].stepHours)
  }

  /// Returns storage of the mean kind, with what a variant and growth add.
  private static func storage(_ present: HomeBattery?, variant: CommunityVariant, growth: Double) -> HomeBattery? {
    let energy = present?.capacity ?? 0
    let capacity = energy * max(0, 1 + variant.storageShare + growth) + variant.storageEnergy
    guard capacity > 0 else { return nil }
    var storage =
      present ?? HomeBattery(capacity: 1, power: 0.5, efficiency: 0.95, wear: 0.02, minimum: 0.1, start: 0.5)
    let scale = capacity / storage.capacity
    storage.capacity = capacity
    storage.power *= scale
    storage.minimum *= scale
    storage.start *= scale
    return storage
  }

  /// Runs a day.
  mutating func advance(_ day: CommunityAggregate, place: Int, weather: WeatherDraw) {
    let sunFactor = sunFactors[place]
    let plan = control == .plan ? self.plan(day, weather: weather, sunFactor: sunFactor) : nil
    let overload = day.terms.overloadPrice
    let (importLimit, exportLimit) = (day.terms.importLimit * limitFactor, day.terms.exportLimit * limitFactor)
    for step in 0..<day.steps {
      let demand = self.demand(day, step: step, weather: weather)
      let net = demand - day.generation[step] * sunFactor * weather.generation[step]
      let left = net + stored(net, plan: plan?[step], hours: day.stepHours)
      result.demand += demand * day.stepHours
      guard weather.isConnected[step] else {
        result.unserved += max(0, left) * day.stepHours
        continue
      }
      if left > 0 {
        let carbon = day.series.carbon[step]
        result.imported += left * day.stepHours
        result.emissions += left * carbon * day.stepHours
        result.peak = max(result.peak, left)
        result.cost +=
          day.stepHours
          * ((day.series.importPrice[step] * priceFactor + day.terms.carbonPrice * carbon) * left
            + overload * max(0, left - importLimit))
      } else {
        let payment = day.series.exportPrice[step] * exportFactor
        // PV that costs more than it brings is curtailed.
        let exported = payment < 0 ? 0 : overload > payment ? min(-left, exportLimit) : -left
        result.cost += day.stepHours * (overload * max(0, exported - exportLimit) - payment * exported)
      }
    }
  }

  /// Returns demand of a step [kW].
  private func demand(_ day: CommunityAggregate, step: Int, weather: WeatherDraw) -> Double {
    day.load[step] * loadFactor * weather.load[step] + day.cars[step] + extraCars * day.car[step]
      + extraHeatPumps * day.heatPump[step]
  }

  /// Returns the power of storage by step that costs least over the day; `nil` without storage, and in an outage.
  private mutating func plan(_ day: CommunityAggregate, weather: WeatherDraw, sunFactor: Double) -> [Double]? {
    guard let storage, weather.isConnected.allSatisfy({ $0 }) else { return nil }
    let net = (0..<day.steps).map {
      demand(day, step: $0, weather: weather) - day.generation[$0] * sunFactor * weather.generation[$0]
    }
    let buy = (0..<day.steps).map {
      day.series.importPrice[$0] * priceFactor + day.terms.carbonPrice * day.series.carbon[$0]
    }
    let feed = (0..<day.steps).map { min(buy[$0], day.series.exportPrice[$0] * exportFactor) }
    return planner.answer(storage, net: net, buy: buy, feed: feed)
  }

  /// Runs storage for a step; returns its power [kW], charging positive.
  private mutating func stored(_ net: Double, plan: Double?, hours: Double) -> Double {
    guard var storage else { return 0 }
    defer { self.storage = storage }
    let wanted = plan ?? -net
    if wanted >= 0 {
      let room = (storage.capacity - storage.start) / storage.efficiency / hours
      let power = max(0, min(wanted, storage.power, room))
      storage.start += power * storage.efficiency * hours
      return power
    }
    let available = (storage.start - storage.minimum) * storage.efficiency / hours
    let power = max(0, min(-wanted, storage.power, available))
    storage.start -= power / storage.efficiency * hours
    result.cost += storage.wear * power * hours
    return -power
  }

  /// Returns the sums as those of a year.
  ///
  /// - Parameter scale: Times that the days that were run fit into a year.
  func year(scale: Double) -> CommunitySimulation.Year {
    var year = result
    if let storage {
      // Energy that is missing at the end is bought; energy that is left is worth as much less its loss.
      let change = storage.start - first
      year.cost -= referencePrice * (change < 0 ? change / storage.efficiency : change * storage.efficiency)
    }
    year.cost *= scale
    year.emissions *= scale
    year.demand *= scale
    year.imported *= scale
    year.unserved *= scale
    return year
  }
}
