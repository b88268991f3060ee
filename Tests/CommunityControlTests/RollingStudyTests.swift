import Community
import Foundation
import StreamCore
import Testing
import WattlineTime

@testable import CommunityControl

/// Twelve homes over many days, re-solved each quarter of an hour from what is known by then.
///
/// `WATTLINE_COMMUNITY_DAYS=30` runs thirty days and prints what they cost; a thousand members are timed by
/// `WATTLINE_COMMUNITY_MEMBERS=1000`.
@Suite("Community over many days")
struct RollingStudyTests {
  private static let days = ProcessInfo.processInfo.environment["WATTLINE_COMMUNITY_DAYS"].flatMap(Int.init)
  private static let members = ProcessInfo.processInfo.environment["WATTLINE_COMMUNITY_MEMBERS"].flatMap(Int.init)

  @Test(.enabled(if: days != nil))
  func `homes that are solved by forecasts alone pay less than each alone, and little more than with foresight`() throws
  {
    let homes = MadeHomes(count: 12, days: (Self.days ?? 1) + MadeHomes.learned + 1)
    let (alone, aloneOfMembers) = homes.alone()
    let known = try homes.rolling(isForesight: false)
    let foresight = try homes.rolling(isForesight: true)
    let gains = zip(aloneOfMembers, known.bills).map { $0 - $1 }
    print(
      String(
        format: "%d days: alone %.2f, by forecasts %.2f (%.1f %% less), with foresight %.2f (%.1f %% less); "
          + "%.0f %% of what is possible", Self.days ?? 1, alone, known.cost, 100 * (1 - known.cost / alone),
        foresight.cost, 100 * (1 - foresight.cost / alone),
        100 * (alone - known.cost) / max(1e-9, alone - foresight.cost)))
    print("gain by home: \(gains.map { String(format: "%.2f", $0) }.joined(separator: " "))")
    print(String(format: "%.3f s a decision at most, %.3f s in the mean", known.slowest, known.seconds))
    #expect(foresight.cost < known.cost && known.cost < alone)
  }

  @Test(.enabled(if: members != nil))
  func `many members get their schedules within seconds`() throws {
    let village = MadeVillage(members: Self.members ?? 2)
    var machine = CommunityMachine(name: "city")
    let clock = ContinuousClock()
    for mark in 40..<44 {
      let records = village.names.map { MadeVillage.record(village.summary($0, mark: mark)) }
      let start = clock.now
      var usage = rusage()
      getrusage(RUSAGE_SELF.rawValue, &usage)
      let before = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) * 1e-6
      for record in records { _ = try machine.apply(record.kind, body: record.body) }
      let quarter = MadeVillage.record(village.quarter(mark))
      _ = try machine.apply(quarter.kind, body: quarter.body)
      let planner = try CommunityPlanner(machine)
      let solution = try CommunitySolver.solve(
        planner.instance, objective: planner.objective, limits: CommunityLimits(gap: 1e-4, seconds: 20))
      let decision = planner.decision(of: solution, seconds: 0)
      let record = MadeVillage.record(decision)
      _ = try machine.apply(record.kind, body: record.body)
      for plan in decision.plans { _ = MemberOrder.members(plan, of: decision, community: "city") }
      getrusage(RUSAGE_SELF.rawValue, &usage)
      let after = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) * 1e-6
      print(
        String(
          format: "%d members: %.2f s from summaries to schedules, %.2f s of processor, %.0f MB, gap %.1e",
          village.names.count, (clock.now - start) / .seconds(1), after - before, Double(usage.ru_maxrss) / 1024,
          solution.gap))
    }
  }
}

/// Homes whose load and sun are drawn: days of weather that persist, habits, and noise of a quarter of an hour.
struct MadeHomes {
  /// Days of history before the first decision.
  static let learned = 7
  private static let perDay = 96
  private let count: Int
  private let steps: Int
  private var load: [[Double]] = []
  private var sun: [[Double]] = []
  private var batteries: [HomeBattery?] = []
  private var state: UInt64 = 7

  init(count: Int, days: Int) {
    (self.count, steps) = (count, days * Self.perDay)
    var cloud = [Double]()
    for _ in 0..<days { cloud.append(0.6 * (cloud.last ?? 0.6) + 0.4 * draw()) }
    for home in 0..<count {
      let (size, rating) = (0.5 + draw(), home % 3 == 2 ? 0 : 2 + 4 * draw())
      var deviation = 0.0
      load.append(
        (0..<steps).map { step in
          let hour = Double(step % Self.perDay) / 4
          deviation = 0.95 * deviation + 0.1 * (draw() - 0.5)
          let habit = 0.3 + (hour > 6 && hour < 9 ? 0.5 : 0) + (hour > 17 && hour < 22 ? 1.0 : 0)
          return max(0.05, size * (habit + deviation + 0.2 * (draw() - 0.5)))
        })
      sun.append(
        (0..<steps).map { step in
          let hour = Double(step % Self.perDay) / 4
          let clear = max(0, 1 - ((hour - 12) / 6.5) * ((hour - 12) / 6.5))
          return rating * clear * cloud[step / Self.perDay] * (0.9 + 0.2 * draw())
        })
      batteries.append(
        home % 2 == 0
          ? HomeBattery(capacity: 9.5, power: 4, efficiency: 0.95, wear: 0.02, minimum: 1, start: 3) : nil)
    }
  }

  private mutating func draw() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / 9_007_199_254_740_992
  }

  private static func price(_ step: Int) -> Double {
    let hour = Double(step % perDay) / 4
    return hour >= 17 && hour < 21 ? 0.42 : hour < 6 ? 0.2 : 0.28
  }
  private static let feed = 0.06
  private var first: Int { Self.learned * Self.perDay }
  private var last: Int { steps - Self.perDay }

  /// Returns the cost of all homes alone, and of each.
  func alone() -> (Double, [Double]) {
    let costs = instance(from: first, steps: last - first, starts: batteries.map { $0?.start }, isForesight: true)
      .costsAlone
    return (costs.reduce(0, +), costs)
  }

  private func instance(from start: Int, steps: Int, starts: [Double?], isForesight: Bool) -> CommunityInstance {
    let prices = (start..<start + steps).map(Self.price)
    var members: [CommunityMember] = []
    for home in 0..<count {
      var battery = batteries[home]
      if let energy = starts[home] { battery?.start = energy }
      members.append(CommunityMember(battery: battery))
    }
    func rows(_ series: [[Double]]) -> [Double] {
      let columns = series.map { isForesight ? Array($0[start..<start + steps]) : Self.forecast($0, at: start, steps) }
      return (0..<steps).flatMap { step in columns.map { $0[step] } }
    }
    return CommunityInstance(
      stepHours: 0.25,
      terms: .init(
        importLimit: Double(count) * 2, exportLimit: Double(count) * 2, referencePrice: 0.28),
      series: .init(
        importPrice: prices, exportPrice: prices.map { _ in Self.feed }, carbon: prices.map { _ in 0.3 }),
      members: members, sessions: [], load: rows(load), generation: rows(sun))
  }

  /// Returns the mean of the days before, brought to the level of the hour before, which it leaves within half a day.
  private static func forecast(_ series: [Double], at start: Int, _ steps: Int) -> [Double] {
    func usual(_ step: Int) -> Double {
      (1...learned).reduce(0) { $0 + series[step % perDay + (start / perDay - $1) * perDay] } / Double(learned)
    }
    let (past, mean) = (series[start - 4..<start].reduce(0, +), (start - 4..<start).reduce(0) { $0 + usual($1) })
    let level = mean > 0.1 ? min(3, past / mean) : 1
    return (0..<steps).map { step in
      if step == 0 { return series[start] }
      return max(0, usual(start + step)) * (1 + (level - 1) * exp(-Double(step) / 24))
    }
  }

  struct Outcome {
    var cost = 0.0
    var bills: [Double]
    var seconds = 0.0
    var slowest = 0.0
  }

  /// Returns what the homes pay together when each quarter of an hour is solved anew.
  func rolling(isForesight: Bool) throws -> Outcome {
    var outcome = Outcome(bills: Array(repeating: 0, count: count))
    var energies = batteries.map { $0?.start }
    let clock = ContinuousClock()
    var consumption = Array(repeating: 0.0, count: count)
    for step in first..<last {
      let instance = instance(from: step, steps: Self.perDay, starts: energies, isForesight: isForesight)
      let start = clock.now
      let solution = try CommunitySolver.solve(
        instance, objective: .cost, limits: CommunityLimits(gap: 1e-3, seconds: 5))
      let seconds = (clock.now - start) / .seconds(1)
      outcome.seconds += seconds / Double(last - first)
      outcome.slowest = max(outcome.slowest, seconds)
      var total = 0.0
      for home in 0..<count {
        var net = load[home][step] - sun[home][step]
        if let row = solution.schedule.row(of: home), let battery = batteries[home], let energy = energies[home] {
          let charge = min(
            solution.schedule.charge[row * Self.perDay], (battery.capacity - energy) / battery.efficiency * 4)
          let give = min(
            solution.schedule.discharge[row * Self.perDay], (energy - battery.minimum) * battery.efficiency * 4)
          energies[home] = energy + (charge * battery.efficiency - give / battery.efficiency) / 4
          net += charge - give
          outcome.cost += give * battery.wear / 4
          outcome.bills[home] += give * battery.wear / 4
        }
        outcome.bills[home] += net * solution.price[0] / 4
        consumption[home] += load[home][step] / 4
        total += net
      }
      outcome.cost += total * (total > 0 ? Self.price(step) : Self.feed) / 4
    }
    // What batteries hold less than at the start is bought; what is left over goes to all by consumption.
    for home in 0..<count {
      guard let battery = batteries[home], let energy = energies[home] else { continue }
      let missing = (battery.start - energy) / battery.efficiency * 0.28
      outcome.cost += max(0, missing)
      outcome.bills[home] += max(0, missing)
    }
    let surplus = outcome.bills.reduce(0, +) - outcome.cost
    let all = consumption.reduce(0, +)
    for home in 0..<count { outcome.bills[home] -= surplus * consumption[home] / all }
    return outcome
  }
}
