/// A tariff that all members of a community are offered.
public struct CommunityTariff: Sendable, Equatable {
  /// Name in tables.
  public var name: String
  /// Price of a kWh that a member imports, by step.
  public var importPrice: [Double]
  /// Payment for a kWh that a member exports, by step, at most the price of import.
  public var exportPrice: [Double]
  /// Money of a day, whatever is used.
  public var dailyFee: Double

  /// Creates a tariff; each parameter is the property of its name.
  public init(name: String, importPrice: [Double], exportPrice: [Double], dailyFee: Double = 0) {
    self.name = name
    self.importPrice = importPrice
    self.exportPrice = zip(importPrice, exportPrice).map { min($0, $1) }
    self.dailyFee = dailyFee
  }
}

/// The answers of members to a tariff, each its own best, and their results.
public struct TariffOutcome: Sendable {
  /// The tariff.
  public var tariff: CommunityTariff
  /// The payments of members.
  public var revenue: Double
  /// Money of the connection, without carbon and prices of overload.
  public var gridBill: Double
  /// Utility less the cost of connection, carbon, overload and wear.
  public var welfare: Double
  /// Greatest import of the connection [kW].
  public var peak: Double
  /// Energy above the limits of the connection [kWh].
  public var overload: Double
  /// The gain of each member against being alone, in money and utility.
  public var gains: [Double]

  /// Members who gain more than a tenth of a cent.
  public var gaining: Int { gains.count { $0 > 1e-3 } }
  /// Members who lose more than a tenth of a cent.
  public var losing: Int { gains.count { $0 < -1e-3 } }
}

/// Evaluates tariffs by what members do under them.
///
/// A battery answers exactly what demand, PV and car leave, a car what the battery leaves, in rounds. Flexible demand
/// is where its utility of a kWh is the price that its meter sees.
public struct TariffStudy {
  private let instance: CommunityInstance
  private let elastic: ElasticDemand
  private let alone: [Double]
  private let sessions: [[CarSession]]
  private let meter: MemberMeter

  /// Rounds of car, demand and battery.
  private static let rounds = 3

  /// Prepares the study of an instance, whose cars can be full.
  public init(_ instance: CommunityInstance) {
    self.instance = instance
    elastic = ElasticDemand(instance)
    let homes = StandaloneHomes(instance)
    alone = instance.members.indices.map { homes.home($0).cost }
    var sessions = instance.members.map { _ in [CarSession]() }
    for session in instance.sessions { sessions[session.member].append(session) }
    self.sessions = sessions
    meter = MemberMeter(CommunityProblem(instance, objective: .cost).idle, of: instance)
  }

  /// Utility of all flexible demand at its reference, in money.
  var referenceUtility: Double { instance.members.indices.reduce(0) { $0 + meter.referenceUtility($1) } }

  /// The answer of a member to a tariff.
  struct Answer {
    /// Import less export [kW], by step.
    var net: [Double]
    /// Utility of flexible demand, in money.
    var utility: Double
    /// Money of wear.
    var wear: Double
  }

  /// Returns what comes of a tariff.
  public func outcome(_ tariff: CommunityTariff) -> TariffOutcome {
    let hours = instance.stepHours
    var planner = MeterPlanner(steps: instance.steps, stepHours: hours)
    var total = Array(repeating: 0.0, count: instance.steps)
    var result = TariffOutcome(
      tariff: tariff, revenue: 0, gridBill: 0, welfare: 0, peak: 0, overload: 0, gains: [])
    for member in instance.members.indices {
      let answer = answer(of: member, tariff: tariff, planner: &planner)
      var bill = tariff.dailyFee * instance.days
      for (step, power) in answer.net.enumerated() {
        total[step] += power
        bill += power * (power > 0 ? tariff.importPrice[step] : tariff.exportPrice[step]) * hours
      }
      result.revenue += bill
      result.welfare += answer.utility - answer.wear
      result.gains.append(
        answer.utility - meter.referenceUtility(member) - answer.wear - bill + alone[member])
    }
    let (flows, cost) = GridTerms(instance).flows(total)
    result.welfare -= cost
    for (step, flow) in flows.enumerated() {
      result.gridBill +=
        hours
        * (flow.imported * instance.series.importPrice[step] - flow.exported
          * instance.series.exportPrice[step])
      result.peak = max(result.peak, flow.imported)
      result.overload +=
        hours
        * (max(0, flow.imported - instance.terms.importLimit)
          + max(0, flow.exported - instance.terms.exportLimit))
    }
    return result
  }

  /// Returns what a member does under a tariff.
  func answer(of number: Int, tariff: CommunityTariff, planner: inout MeterPlanner) -> Answer {
    let member = instance.members[number]
    let count = instance.members.count
    let load = (0..<instance.steps).map { instance.load[$0 * count + number] }
    let sun = (0..<instance.steps).map { instance.generation[$0 * count + number] }
    var demand = load
    var car = load.map { _ in 0.0 }
    var battery = car
    var utility = 0.0
    for _ in 0..<TariffStudy.rounds {
      (demand, utility) = flexible(
        member, load: load, other: zip(zip(car, battery), sun).map { $0.0 + $0.1 - $1 },
        tariff: tariff)
      let base = zip(demand, sun).map { $0 - $1 }
      car = charged(sessions[number], net: zip(base, battery).map { $0 + $1 }, tariff: tariff)
      guard let store = member.battery else { continue }
      battery = planner.answer(
        store, net: zip(base, car).map { $0 + $1 }, buy: tariff.importPrice,
        feed: tariff.exportPrice)
    }
    let wear =
      battery.reduce(0) { $0 + max(0, -$1) } * instance.stepHours * (member.battery?.wear ?? 0)
    let net =
      instance.steps == 0
      ? [] : (0..<instance.steps).map { demand[$0] - sun[$0] + car[$0] + battery[$0] }
    return Answer(net: net, utility: utility, wear: wear)
  }

  /// Returns a member's load with its flexible part at the price that its meter sees, and the utility of that part.
  private func flexible(
    _ member: CommunityMember, load: [Double], other: [Double], tariff: CommunityTariff
  ) -> (demand: [Double], utility: Double) {
    guard member.flexibleShare > 0 else { return (load, 0) }
    var demand = load
    var utility = 0.0
    for step in load.indices {
      let reference = load[step] * member.flexibleShare
      let rest = load[step] - reference + other[step]
      let low = elastic.share(tariff.importPrice[step], elasticity: member.elasticity)
      let high = elastic.share(tariff.exportPrice[step], elasticity: member.elasticity)
      // Between the prices, demand takes just the surplus.
      let share = reference > 0 ? min(max(-rest / reference, low), high) : 1
      demand[step] += (share - 1) * reference
      utility += elastic.utility(share: share, reference: reference, elasticity: member.elasticity)
    }
    return (demand, utility * instance.stepHours)
  }

  /// Returns the power of a member's cars: surplus at the price of export, the rest at that of import, cheapest first.
  private func charged(_ sessions: [CarSession], net: [Double], tariff: CommunityTariff) -> [Double] {
    var power = net.map { _ in 0.0 }
    for session in sessions {
      var offers: [(price: Double, step: Int, most: Double)] = []
      for step in session.arrival..<session.departure {
        let surplus = min(session.power, max(0, -net[step] - power[step]))
        offers.append((tariff.exportPrice[step], step, surplus))
        offers.append((tariff.importPrice[step], step, session.power - surplus))
      }
      offers.sort { $0.price == $1.price ? $0.step < $1.step : $0.price < $1.price }
      var left = session.energy / session.efficiency / instance.stepHours
      for offer in offers where left > 0 {
        let taken = min(left, offer.most)
        power[offer.step] += taken
        left -= taken
      }
    }
    return power
  }
}
