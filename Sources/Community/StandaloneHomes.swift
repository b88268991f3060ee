/// Members by themselves: each with its own meter, no plan and no price but the grid's.
///
/// A car charges at full power from its arrival. A battery takes the surplus and serves the deficit. Energy that it
/// lacks at the end is bought at the reference price.
struct StandaloneHomes {
  /// Net demand of a member [kW] at each step, and its money over the horizon.
  struct Home {
    /// Import less export [kW].
    var net: [Double]
    /// Money for the grid, for wear, and for energy missing at the end.
    var cost: Double
  }

  private let instance: CommunityInstance
  private let sessions: [[CarSession]]

  /// Sorts the stays of cars to their members.
  ///
  /// - Parameter instance: The instance.
  init(_ instance: CommunityInstance) {
    self.instance = instance
    var sessions = instance.members.map { _ in [CarSession]() }
    for session in instance.sessions { sessions[session.member].append(session) }
    self.sessions = sessions
  }

  /// Returns how a member fares alone.
  func home(_ member: Int) -> Home {
    let count = instance.members.count
    let hours = instance.stepHours
    var net = (0..<instance.steps).map { step in
      instance.load[step * count + member] - instance.generation[step * count + member]
    }
    for session in sessions[member] {
      var left = session.energy / session.efficiency / hours
      for step in session.arrival..<session.departure where left > 0 {
        let power = min(session.power, left)
        net[step] += power
        left -= power
      }
    }
    var cost = 0.0
    if let battery = instance.members[member].battery { cost += serve(&net, with: battery) }
    for (step, power) in net.enumerated() {
      let price = power > 0 ? instance.series.importPrice[step] : instance.series.exportPrice[step]
      cost += power * price * hours
    }
    return Home(net: net, cost: cost)
  }

  /// Lets a battery take surplus and serve deficit; returns the money of wear and of energy missing at the end.
  private func serve(_ net: inout [Double], with battery: HomeBattery) -> Double {
    let hours = instance.stepHours
    var energy = battery.start
    var given = 0.0
    for step in net.indices {
      if net[step] < 0 {
        let room = (battery.capacity - energy) / battery.efficiency / hours
        let power = min(-net[step], battery.power, room)
        energy += power * battery.efficiency * hours
        net[step] += power
      } else {
        let stored = (energy - battery.minimum) * battery.efficiency / hours
        let power = max(0, min(net[step], battery.power, stored))
        energy -= power / battery.efficiency * hours
        net[step] -= power
        given += power * hours
      }
    }
    let missing = max(0, battery.start - energy) / battery.efficiency
    return battery.wear * given + missing * instance.terms.referencePrice
  }
}

extension CommunityInstance {
  /// Money of each member over the horizon if it were alone, with its own meter and without a plan.
  public var costsAlone: [Double] {
    let homes = StandaloneHomes(self)
    return members.indices.map { homes.home($0).cost }
  }
}
