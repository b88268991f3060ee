import Testing

@testable import Community

@Suite("best answers of homes to a price")
struct PlannerTests {
  /// Least cost by a grid of 201 energies; an upper bound of the optimum, near to it.
  private static func searched(_ battery: HomeBattery, price: [Double]) -> Double {
    let count = 201
    let unit = (battery.capacity - battery.minimum) / Double(count - 1)
    let energies = (0..<count).map { battery.minimum + Double($0) * unit }
    var cost = energies.map { $0 >= battery.start - 1e-9 ? 0 : Double.infinity }
    for step in price.indices.reversed() {
      cost = energies.map { from in
        var best = Double.infinity
        for (place, to) in energies.enumerated() {
          let power = to >= from ? (to - from) / battery.efficiency : (to - from) * battery.efficiency
          guard power.magnitude <= battery.power + 1e-9 else { continue }
          best = min(best, cost[place] + power * price[step] + max(0, -power) * battery.wear)
        }
        return best
      }
    }
    return cost[Int(((battery.start - battery.minimum) / unit).rounded())]
  }

  @Test(arguments: [0.0, 0.01, 0.03])
  func `a battery's answer costs no more than that of a search, and hardly less`(wear: Double) {
    let battery = HomeBattery(capacity: 11, power: 3, efficiency: 0.95, wear: wear, minimum: 1, start: 4)
    let price: [Double] = (0..<24).map { step in
      let cheap = step == 5 ? 0.2 : 0.0
      return 0.25 + 0.014 * Double((step * 7) % 11) - cheap
    }
    var planner = BatteryPlanner(steps: 24, stepHours: 1)
    let answer = price.withUnsafeBufferPointer { planner.answer(battery, price: $0) }
    let searched = Self.searched(battery, price: price)
    #expect(answer.cost <= searched + 1e-9)
    #expect(answer.cost > searched - 0.05)
    var energy = battery.start
    for step in 0..<24 {
      energy += planner.charge[step] * 0.95 - planner.discharge[step] / 0.95
      #expect(energy > 1 - 1e-9 && energy < 11 + 1e-9)
      #expect(planner.charge[step] == 0 || planner.discharge[step] == 0)
    }
    #expect(energy >= 4 - 1e-9)
  }

  @Test func `a flat price leaves a battery idle`() {
    let battery = HomeBattery(capacity: 10, power: 5, efficiency: 0.9, wear: 0, minimum: 0, start: 5)
    var planner = BatteryPlanner(steps: 8, stepHours: 1)
    let price = Array(repeating: 0.3, count: 8)
    let answer = price.withUnsafeBufferPointer { planner.answer(battery, price: $0) }
    #expect(answer.cost == 0 && planner.charge.allSatisfy { $0 == 0 })
  }

  @Test func `a car takes its cheapest steps, the earliest among equals`() {
    let session = CarSession(member: 0, arrival: 1, departure: 5, energy: 9, power: 4, efficiency: 0.9)
    var taken = Array(repeating: 0.0, count: 6)
    CarPlanner(price: [0, 0.3, 0.2, 0.4, 0.2, 0], stepHours: 1).answer(session) { taken[$0] = $1 }
    #expect(taken == [0, 2, 4, 0, 4, 0])
  }

  @Test(arguments: [-40.0, -12, -3, 0, 5, 25])
  func `the flows of a net demand cost no more than any other flows`(net: Double) {
    for (buy, feed, overload) in [(0.3, 0.05, 1), (0.3, 0.05, 0.01), (-0.1, -0.2, 1), (0.1, 0.2, 0.5)] {
      let curve = GridCurve(
        buy: buy, feed: feed, importLimit: 10, exportLimit: 8, overload: overload, curtailable: 15)
      let flow = curve.flow(net)
      #expect(abs(flow.imported - flow.exported - flow.curtailed - net) < 1e-9)
      #expect(flow.imported >= 0 && flow.exported >= 0 && flow.curtailed >= 0 && flow.curtailed <= 15)
      for exported in stride(from: 0.0, through: 60, by: 0.5) {
        for curtailed in stride(from: 0.0, through: 15, by: 0.5) where net + exported + curtailed >= 0 {
          let other = GridCurve.Flow(
            imported: net + exported + curtailed, exported: exported, curtailed: curtailed)
          #expect(curve.cost(flow) <= curve.cost(other) + 1e-9, "\(buy) \(feed) \(overload): \(other)")
        }
      }
    }
  }
}
