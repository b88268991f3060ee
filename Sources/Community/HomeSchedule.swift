/// Powers of members' batteries and cars over a horizon.
public struct HomeSchedule: Sendable {
  /// Members that have batteries, in ascending order; rows of ``charge`` and ``discharge`` are in this order.
  public let owners: [Int]
  /// Power of charging [kW]: `charge[row * steps + step]`.
  public private(set) var charge: [Double]
  /// Power of discharging [kW], in the order of ``charge``.
  public private(set) var discharge: [Double]
  /// Power of each stay [kW] from its arrival on: the stay's values start at `sessionStarts[stay]`.
  public private(set) var car: [Double]
  /// Where values of stays start in ``car``; one more than there are stays.
  public let sessionStarts: [Int]
  /// Number of steps.
  public let steps: Int
  private let rows: [Int]
  private let arrivals: [Int]

  /// Creates a schedule in which nothing charges or discharges.
  ///
  /// - Parameter instance: The instance.
  public init(_ instance: CommunityInstance) {
    steps = instance.steps
    owners = instance.members.indices.filter { instance.members[$0].battery != nil }
    var rows = Array(repeating: -1, count: instance.members.count)
    for (row, owner) in owners.enumerated() { rows[owner] = row }
    self.rows = rows
    charge = Array(repeating: 0, count: owners.count * steps)
    discharge = charge
    var starts = [0]
    for session in instance.sessions {
      starts.append(starts[starts.count - 1] + session.departure - session.arrival)
    }
    sessionStarts = starts
    car = Array(repeating: 0, count: starts[starts.count - 1])
    arrivals = instance.sessions.map(\.arrival)
  }

  /// Returns the row of a member's battery; `nil` without one.
  public func row(of member: Int) -> Int? { rows[member] < 0 ? nil : rows[member] }

  /// Adds a weighted plan of a member's battery.
  mutating func add(_ owner: Int, charge: [Double], discharge: [Double], weight: Double) {
    let start = rows[owner] * steps
    for step in 0..<steps {
      self.charge[start + step] += weight * charge[step]
      self.discharge[start + step] += weight * discharge[step]
    }
  }

  /// Adds power to a stay.
  mutating func add(session: Int, step: Int, power: Double) {
    car[sessionStarts[session] + step - arrivals[session]] += power
  }

  /// Replaces charging and discharging at once by the one that stores or takes the same energy and consumes less.
  ///
  /// - Parameters:
  ///   - instance: The instance of the schedule.
  ///   - price: Price of a kWh at each step; where it is negative, burning energy is worth it and nothing is changed.
  mutating func settleBatteries(_ instance: CommunityInstance, price: [Double]) {
    for (row, owner) in owners.enumerated() {
      guard let battery = instance.members[owner].battery else { continue }
      let square = battery.efficiency * battery.efficiency
      for step in 0..<steps where price[step] >= 0 {
        let place = row * steps + step
        guard charge[place] > 0, discharge[place] > 0 else { continue }
        let gain = charge[place] - discharge[place] / square
        charge[place] = max(0, gain)
        discharge[place] = max(0, -gain * square)
      }
    }
  }

  /// Returns the demand of all batteries and cars by step [kW], and the money of wear.
  func totals(_ instance: CommunityInstance) -> (demand: [Double], wear: Double) {
    var demand = Array(repeating: 0.0, count: steps)
    var wear = 0.0
    for (row, owner) in owners.enumerated() {
      var given = 0.0
      for step in 0..<steps {
        demand[step] += charge[row * steps + step] - discharge[row * steps + step]
        given += discharge[row * steps + step]
      }
      wear += given * instance.stepHours * (instance.members[owner].battery?.wear ?? 0)
    }
    for (stay, session) in instance.sessions.enumerated() {
      for step in session.arrival..<session.departure {
        demand[step] += car[sessionStarts[stay] + step - session.arrival]
      }
    }
    return (demand, wear)
  }
}
