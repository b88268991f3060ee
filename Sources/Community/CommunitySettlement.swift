/// Money of members at the community's price, with credits by which nobody is worse off than alone.
public struct CommunitySettlement: Sendable {
  /// The payment of a member at the price, before its credit.
  public var bills: [Double]
  /// The credit of a member.
  public var credits: [Double]
  /// The gain of a member against being alone, in money and utility.
  public var gains: [Double]
  /// Money of the connection over the horizon, without carbon and without prices of overload.
  public var gridBill: Double
  /// Money that the operator may add over the horizon.
  public var budget: Double

  /// Money that the operator adds: the connection's bill less what members pay; negative if some is left.
  public var operatorPays: Double { gridBill - zip(bills, credits).reduce(0) { $0 + $1.0 - $1.1 } }

  /// Members who are worse off than alone by more than a tenth of a cent.
  public var worseOff: Int { gains.count { $0 < -1e-3 } }

  /// Settles a solution.
  ///
  /// Whoever would be worse off gets the difference. What is then left goes to all by consumption. If surplus and
  /// budget do not suffice, the differences are paid in part.
  ///
  /// - Parameters:
  ///   - solution: The solution.
  ///   - instance: The instance of the solution.
  public init(_ solution: CommunitySolution, of instance: CommunityInstance) {
    let count = instance.members.count
    let meter = MemberMeter(solution, of: instance)
    let alone = StandaloneHomes(instance)
    var bills = Array(repeating: 0.0, count: count)
    var shortfalls = bills
    var gains = bills
    var consumption = bills
    for member in 0..<count {
      let reading = meter.reading(member)
      bills[member] =
        zip(reading.net, solution.price).reduce(0) { $0 + $1.0 * $1.1 } * instance.stepHours
      let utility = reading.utility - meter.referenceUtility(member)
      gains[member] = utility - bills[member] - reading.wear + alone.home(member).cost
      shortfalls[member] = max(0, -gains[member])
      consumption[member] = reading.consumption
    }
    let cash =
      instance.stepHours
      * (0..<instance.steps).reduce(0.0) { sum, step in
        sum + solution.imported[step] * instance.series.importPrice[step]
          - solution.exported[step] * instance.series.exportPrice[step]
      }
    let budget = instance.terms.incentiveBudgetDaily * instance.days
    let surplus = bills.reduce(0, +) - cash
    let needed = shortfalls.reduce(0, +)
    let paid = needed > surplus + budget ? max(0, surplus + budget) / needed : 1
    let rest = max(0, surplus - needed)
    let total = consumption.reduce(0, +)
    credits = (0..<count).map {
      shortfalls[$0] * paid + (total > 0 ? rest * consumption[$0] / total : 0)
    }
    self.gains = zip(gains, credits).map { $0 + $1 }
    self.bills = bills
    self.budget = budget
    gridBill = cash
  }
}

extension CommunitySolution {
  /// Returns import less export of each member at each step [kW], after its part of the PV that is curtailed.
  ///
  /// Members whose meters export have parts by what they export.
  ///
  /// - Parameter instance: The instance of the solution.
  public func meters(of instance: CommunityInstance) -> [[Double]] {
    let meter = MemberMeter(self, of: instance)
    var meters = instance.members.indices.map { meter.reading($0).net }
    CommunitySolution.curtail(&meters, by: curtailed)
    return meters
  }

  /// Takes curtailed PV [kW], by step, from what members' meters export, by what each exports.
  static func curtail(_ meters: inout [[Double]], by curtailed: [Double]) {
    for step in curtailed.indices where curtailed[step] > 0 {
      let surplus = meters.reduce(0) { $0 + max(0, -$1[step]) }
      guard surplus > 0 else { continue }
      let left = max(0, 1 - curtailed[step] / surplus)
      for member in meters.indices where meters[member][step] < 0 { meters[member][step] *= left }
    }
  }
}

/// The readings of members' meters under a solution.
struct MemberMeter {
  /// A member's readings over the horizon.
  struct Reading {
    /// Import less export [kW], by step.
    var net: [Double]
    /// Energy of load [kWh], without battery and car.
    var consumption: Double
    /// Utility of flexible demand, in money.
    var utility: Double
    /// Money of wear.
    var wear: Double
  }

  private let solution: CommunitySolution
  private let instance: CommunityInstance
  private let elastic: ElasticDemand
  private let sessions: [[Int]]

  init(_ solution: CommunitySolution, of instance: CommunityInstance) {
    self.solution = solution
    self.instance = instance
    elastic = ElasticDemand(instance)
    var sessions = instance.members.map { _ in [Int]() }
    for (stay, session) in instance.sessions.enumerated() { sessions[session.member].append(stay) }
    self.sessions = sessions
  }

  /// Returns the utility of a member's flexible demand at its reference, in money.
  func referenceUtility(_ number: Int) -> Double {
    let member = instance.members[number]
    guard member.flexibleShare > 0 else { return 0 }
    let count = instance.members.count
    let energy =
      (0..<instance.steps).reduce(0.0) { $0 + instance.load[$1 * count + number] }
      * member.flexibleShare
    return elastic.utility(share: 1, reference: energy, elasticity: member.elasticity)
      * instance.stepHours
  }

  /// Returns a member's readings.
  func reading(_ number: Int) -> Reading {
    let member = instance.members[number]
    let count = instance.members.count
    let schedule = solution.schedule
    var reading = Reading(
      net: Array(repeating: 0, count: instance.steps), consumption: 0, utility: 0, wear: 0)
    let row = schedule.row(of: number)
    for step in 0..<instance.steps {
      var load = instance.load[step * count + number]
      let reference = load * member.flexibleShare
      if member.flexibleShare > 0 {
        let share =
          solution.flexiblePrice.map { elastic.share($0[step], elasticity: member.elasticity) } ?? 1
        load += (share - 1) * reference
        reading.utility +=
          elastic.utility(share: share, reference: reference, elasticity: member.elasticity)
          * instance.stepHours
      }
      reading.consumption += load * instance.stepHours
      reading.net[step] = load - instance.generation[step * count + number]
      if let row, let battery = member.battery {
        let given = schedule.discharge[row * instance.steps + step]
        reading.net[step] += schedule.charge[row * instance.steps + step] - given
        reading.wear += given * battery.wear * instance.stepHours
      }
    }
    for stay in sessions[number] {
      let arrival = instance.sessions[stay].arrival
      let values = schedule.car[schedule.sessionStarts[stay]..<schedule.sessionStarts[stay + 1]]
      for (offset, power) in values.enumerated() { reading.net[arrival + offset] += power }
    }
    return reading
  }
}
