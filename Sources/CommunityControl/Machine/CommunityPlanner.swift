public import Community
import StreamCore
import WattlineTime

/// The plan of a mark: the instance of what is known, and the decision that its solution is.
public struct CommunityPlanner: Sendable {
  /// Members of the instance: those that are present, in the order of the community, then those that are missing.
  public let members: [String]
  /// Number of members that are present; only they get schedules.
  public let present: Int
  /// The instance.
  public let instance: CommunityInstance
  /// Objective. Without flexible demand, the greatest welfare is the least cost.
  public var objective: CommunityObjective {
    quarter.objective == .welfare && !instance.members.contains { $0.flexibleShare > 0 } ? .cost : quarter.objective
  }
  private let quarter: CommunityQuarter
  private let remarks: [String]

  /// Least mean price of a study.
  private static let leastPrice = 1e-6

  /// Prepares the instance of the mark that was closed last.
  ///
  /// A member that is missing at the mark takes part with its latest forecast and without its battery and cars, which
  /// cannot be steered. One of which nothing is known has the mean of the others: nobody counts as zero.
  ///
  /// - Parameter machine: State after the closing.
  /// - Throws: ``CommunityError`` with the reason if nothing can be decided.
  public init(_ machine: CommunityMachine) throws(CommunityError) {
    guard let quarter = machine.quarter else { throw CommunityError(description: "no mark is closed") }
    let steps = quarter.steps
    var remarks: [String] = []
    let series = try Self.series(quarter, remarks: &remarks)
    func isPresent(_ name: String) -> Bool {
      guard let member = machine.known[name] else { return false }
      return member.summary.state.time == quarter.time && member.isKnown
    }
    let here = quarter.members.filter(isPresent)
    guard !here.isEmpty else { throw CommunityError(description: "no member is metered at the mark") }
    let away = quarter.members.filter { !isPresent($0) }
    let names = here + away
    (members, present) = (names, here.count)
    var table = names.map { machine.known[$0]?.expected(from: quarter.time, steps: steps) }
    let strangers = names.indices.filter { !(machine.known[names[$0]]?.isKnown ?? false) }
    if !strangers.isEmpty {
      let others = names.indices.filter { !strangers.contains($0) }.compactMap { table[$0] }
      let mean = Self.mean(others, steps: steps)
      for place in strangers { table[place] = mean }
    }
    if !away.isEmpty {
      remarks.append("\(away.count) of \(names.count) members missing: \(away.prefix(3).joined(separator: ", "))")
    }
    var (homes, sessions): ([CommunityMember], [CarSession]) = ([], [])
    for (place, name) in names.enumerated() {
      let state = machine.known[name]?.summary.state
      homes.append(CommunityMember(battery: place < here.count ? state?.battery.flatMap(Self.battery) : nil))
      if place < here.count, let cars = state?.cars {
        sessions += cars.compactMap { Self.session($0, of: place, steps: steps) }
      }
    }
    let values = table.map { $0 ?? ([], []) }
    instance = CommunityInstance(
      stepHours: 0.25,
      terms: Self.terms(quarter, price: series.importPrice.reduce(0, +) / Double(max(1, steps))), series: series,
      members: homes, sessions: sessions, load: Self.rows(values.map(\.0), steps: steps),
      generation: Self.rows(values.map(\.1), steps: steps))
    self.quarter = quarter
    self.remarks = remarks
  }

  /// Returns the decision of a solution of ``instance``.
  ///
  /// - Parameters:
  ///   - solution: The solution.
  ///   - seconds: Time from the mark's last summary to the solution [s].
  public func decision(of solution: CommunitySolution, seconds: Double) -> CommunityDecision {
    let settlement = CommunitySettlement(solution, of: instance)
    let meters = solution.meters(of: instance)
    let held = min(CommunityDecision.heldSteps, instance.steps)
    let alone = instance.costsAlone
    var decision = CommunityDecision(
      time: quarter.time, reason: (["decided"] + remarks).joined(separator: "; "))
    let (imported, exported) = (solution.imported, solution.exported)
    decision.imported = imported.map(Float.init)
    decision.exported = exported.map(Float.init)
    decision.price = solution.price.map(Float.init)
    var totals = CommunityDecision.Totals()
    (totals.cost, totals.bound, totals.gap) = (solution.cost, solution.bound, solution.gap)
    totals.alone = alone.reduce(0, +)
    totals.carbon = zip(imported, instance.series.carbon).reduce(0) { $0 + $1.0 * $1.1 } * instance.stepHours
    totals.seconds = seconds
    totals.load = instance.load.prefix(members.count).reduce(0, +)
    totals.generation = instance.generation.prefix(members.count).reduce(0, +)
    decision.totals = totals
    let cars = carPowers(solution)
    decision.plans = (0..<present).map { member in
      CommunityDecision.Plan(
        plant: members[member], battery: battery(member, of: solution, held: held),
        cars: cars[member].map { Array($0.prefix(held)) } ?? [], net: meters[member].prefix(held).map(Float.init),
        cost: alone[member] - settlement.gains[member], alone: alone[member], gain: settlement.gains[member])
    }
    return decision
  }

  private func battery(_ member: Int, of solution: CommunitySolution, held: Int) -> [Float] {
    guard let row = solution.schedule.row(of: member) else { return [] }
    let start = row * instance.steps
    return (start..<start + held).map { Float(solution.schedule.discharge[$0] - solution.schedule.charge[$0]) }
  }

  private func carPowers(_ solution: CommunitySolution) -> [[Float]?] {
    var powers = [[Float]?](repeating: nil, count: members.count)
    let schedule = solution.schedule
    for (stay, session) in instance.sessions.enumerated() {
      var row = powers[session.member] ?? [Float](repeating: 0, count: instance.steps)
      for (offset, power) in schedule.car[schedule.sessionStarts[stay]..<schedule.sessionStarts[stay + 1]].enumerated()
      { row[session.arrival + offset] += Float(power) }
      powers[session.member] = row
    }
    return powers
  }
}

// MARK: - Parts of the instance

extension CommunityPlanner {
  /// Returns the prices, those that are unknown as the mean of those that are known.
  private static func series(
    _ quarter: CommunityQuarter, remarks: inout [String]
  ) throws(CommunityError) -> CommunityInstance.Series {
    func filled(_ values: [Float], _ what: String) throws(CommunityError) -> [Double] {
      let known = values.filter(\.isFinite)
      guard !known.isEmpty else { throw CommunityError(description: "no \(what) is known for the day ahead") }
      let mean = known.reduce(0) { $0 + Double($1) } / Double(known.count)
      if known.count < values.count {
        remarks.append("\(values.count - known.count) of \(values.count) values of the \(what) assumed")
      }
      return values.map { $0.isFinite ? Double($0) : mean }
    }
    let buy = try filled(quarter.importPrice, "import price")
    let feed = try filled(quarter.exportPrice, "payment for export")
    // Where export would pay more than import costs, energy would go round in circles.
    return CommunityInstance.Series(
      importPrice: buy, exportPrice: zip(buy, feed).map { min($0, $1) }, carbon: quarter.carbon.map(Double.init))
  }

  private static func terms(_ quarter: CommunityQuarter, price: Double) -> CommunityInstance.Terms {
    CommunityInstance.Terms(
      importLimit: min(1e9, quarter.importLimit), exportLimit: min(1e9, quarter.exportLimit),
      overloadPrice: quarter.overloadPrice, carbonPrice: quarter.carbonPrice,
      incentiveBudgetDaily: quarter.incentiveBudget, referencePrice: max(leastPrice, price))
  }

  /// Returns a battery whose energy is within its limits; `nil` if it cannot be used.
  private static func battery(_ state: MemberState.Battery) -> HomeBattery? {
    let maximum = min(state.capacity, state.maximum)
    guard maximum > state.minimum, state.power > 0, state.energy.isFinite else { return nil }
    return HomeBattery(
      capacity: maximum, power: state.power, efficiency: state.efficiency, wear: state.wear, minimum: state.minimum,
      start: min(maximum, max(state.minimum, state.energy)))
  }

  /// Returns a stay from the mark on; `nil` if it needs nothing or is over.
  private static func session(_ car: MemberState.Car, of member: Int, steps: Int) -> CarSession? {
    guard car.energy.isFinite, car.hours.isFinite else { return nil }
    let departure = min(steps, Int(min(1e6, car.hours * 4)))
    guard car.energy > 0, car.power > 0, departure > 0 else { return nil }
    // The request is energy at the charger.
    return CarSession(
      member: member, arrival: 0, departure: departure, energy: car.energy, power: car.power, efficiency: 1)
  }

  private static func mean(
    _ tables: [(load: [Double], generation: [Double])], steps: Int
  ) -> (load: [Double], generation: [Double]) {
    let count = Double(max(1, tables.count))
    func mean(_ values: ((load: [Double], generation: [Double])) -> [Double]) -> [Double] {
      (0..<steps).map { step in tables.reduce(0) { $0 + values($1)[step] } / count }
    }
    return (mean(\.load), mean(\.generation))
  }

  private static func rows(_ tables: [[Double]], steps: Int) -> [Double] {
    (0..<steps).flatMap { step in tables.map { $0[step] } }
  }
}
