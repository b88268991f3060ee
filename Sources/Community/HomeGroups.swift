/// Members' batteries and cars in groups whose best answers to a price are summed.
struct HomeGroups {
  /// Best answers of all groups to a price.
  struct Answers {
    /// Demand of each group at each step [kW]: `demand[group * steps + step]`.
    var demand: [Double]
    /// Money of wear by group.
    var wear: [Double]
    /// Money of demand at the price, with wear, by group.
    var cost: [Double]
  }

  /// Number of groups.
  let count: Int
  /// Numbers of members with batteries, by group.
  let batteries: [[Int]]
  /// Numbers of stays, by group.
  let sessions: [[Int]]
  private let instance: CommunityInstance
  private var planner: BatteryPlanner

  /// Shares batteries and stays out to groups: like to like, batteries and cars apart.
  ///
  /// - Parameters:
  ///   - instance: The instance.
  ///   - count: The wanted number of groups, positive.
  init(_ instance: CommunityInstance, count: Int) {
    self.instance = instance
    planner = BatteryPlanner(steps: instance.steps, stepHours: instance.stepHours)
    let owners = instance.members.indices.filter { instance.members[$0].battery != nil }
    let ordered = HomeGroups.ordered(owners, instance: instance)
    let stays = HomeGroups.ordered(instance.sessions)
    let share = Double(owners.count) / Double(max(1, owners.count + stays.count))
    let batteryGroups = min(owners.count, max(1, Int((Double(count) * share).rounded())))
    let carGroups = min(stays.count, max(1, count - batteryGroups))
    let first = HomeGroups.split(ordered, into: batteryGroups)
    let second = HomeGroups.split(stays, into: carGroups)
    batteries = first + second.map { _ in [] }
    sessions = first.map { _ in [] } + second
    self.count = batteries.count
  }

  /// Orders batteries so that neighbours answer alike.
  private static func ordered(_ owners: [Int], instance: CommunityInstance) -> [Int] {
    func key(_ owner: Int) -> [Double] {
      guard let battery = instance.members[owner].battery else { return [] }
      return [
        battery.wear, battery.efficiency, battery.power / battery.capacity,
        battery.start / battery.capacity,
        Double(owner),
      ]
    }
    let keyed = owners.map { (owner: $0, key: key($0)) }
    return keyed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.owner)
  }

  private static func ordered(_ sessions: [CarSession]) -> [Int] {
    func key(_ place: Int) -> [Double] {
      let session = sessions[place]
      let duration = session.energy / session.power
      return [Double(session.arrival), Double(session.departure), duration, Double(place)]
    }
    let keyed = sessions.indices.map { (place: $0, key: key($0)) }
    return keyed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.place)
  }

  private static func split(_ values: [Int], into count: Int) -> [[Int]] {
    (0..<count).map { Array(values[$0 * values.count / count..<($0 + 1) * values.count / count]) }
  }

  /// Returns the best answers of all groups to a price.
  mutating func answers(_ price: [Double]) -> Answers {
    let steps = instance.steps
    var result = Answers(
      demand: Array(repeating: 0, count: count * steps), wear: Array(repeating: 0, count: count),
      cost: Array(repeating: 0, count: count))
    let cars = CarPlanner(price: price, stepHours: instance.stepHours)
    result.demand.withUnsafeMutableBufferPointer { demand in
      for group in 0..<count {
        let row = UnsafeMutableBufferPointer(rebasing: demand[group * steps..<(group + 1) * steps])
        for owner in batteries[group] {
          guard let battery = instance.members[owner].battery else { continue }
          let (cost, wear) = price.withUnsafeBufferPointer { planner.answer(battery, price: $0) }
          result.cost[group] += cost
          result.wear[group] += wear
          for step in 0..<steps { row[step] += planner.charge[step] - planner.discharge[step] }
        }
        for place in sessions[group] {
          cars.answer(instance.sessions[place]) { step, power in
            row[step] += power
            result.cost[group] += power * price[step] * instance.stepHours
          }
        }
      }
    }
    return result
  }

  /// Adds the answers to a price, each with its group's weight, to a schedule.
  ///
  /// - Parameters:
  ///   - price: Price of a kWh at each step.
  ///   - weights: Weight of the price for each group; groups of weight 0 are passed over.
  ///   - schedule: The schedule that the answers are added to.
  mutating func add(_ price: [Double], weights: [Double], to schedule: inout HomeSchedule) {
    let cars = CarPlanner(price: price, stepHours: instance.stepHours)
    for group in 0..<count where weights[group] > 0 {
      let weight = weights[group]
      for owner in batteries[group] {
        guard let battery = instance.members[owner].battery else { continue }
        _ = price.withUnsafeBufferPointer { planner.answer(battery, price: $0) }
        schedule.add(owner, charge: planner.charge, discharge: planner.discharge, weight: weight)
      }
      for place in sessions[group] {
        cars.answer(instance.sessions[place]) {
          schedule.add(session: place, step: $0, power: $1 * weight)
        }
      }
    }
  }
}
