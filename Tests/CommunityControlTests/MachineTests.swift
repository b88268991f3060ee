import Community
import PointSchema
import StreamCore
import Testing
import WattlineTime

@testable import CommunityControl

@Suite("Community that runs")
struct MachineTests {
  /// Runs marks of a village and returns its records and points. `absent` are told of no mark.
  private static func run(
    _ village: MadeVillage, marks: Range<Int>, absent: Set<String> = [], into machine: inout CommunityMachine
  ) throws -> (records: [MadeVillage.Record], lines: [String]) {
    var (records, lines): ([MadeVillage.Record], [String]) = ([], [])
    func put(_ record: MadeVillage.Record) throws {
      records.append(record)
      lines += MadeVillage.lines(try machine.apply(record.kind, body: record.body))
    }
    for mark in marks {
      for name in village.names where !absent.contains(name) {
        try put(MadeVillage.record(village.summary(name, mark: mark)))
      }
      try put(MadeVillage.record(village.quarter(mark)))
      let planner = try CommunityPlanner(machine)
      let solution = try CommunitySolver.solve(
        planner.instance, objective: planner.objective, limits: CommunityLimits(gap: 1e-3, seconds: 5))
      try put(MadeVillage.record(planner.decision(of: solution, seconds: 0.5)))
    }
    return (records, lines)
  }

  @Test func `the same log gives the same points, from its start or from a state in its middle`() throws {
    var machine = CommunityMachine(name: "village")
    let village = MadeVillage(members: 6)
    let (records, lines) = try Self.run(village, marks: 30..<33, into: &machine)
    #expect(lines.contains { $0.hasPrefix("community,") } && lines.contains { $0.hasPrefix("community_ahead,") })

    for cut in [0, records.count / 2, records.count] {
      var first = CommunityMachine(name: "village")
      var again: [String] = []
      for record in records[..<cut] { again += MadeVillage.lines(try first.apply(record.kind, body: record.body)) }
      var writer = SnapshotWriter()
      first.snapshot(into: &writer)
      var reader = SnapshotReader(writer.bytes)
      var second = try CommunityMachine(restoring: &reader)
      #expect(reader.isAtEnd)
      for record in records[cut...] { again += MadeVillage.lines(try second.apply(record.kind, body: record.body)) }
      #expect(again == lines && second == machine)
    }
  }

  @Test func `the order of members' summaries, and one that comes twice, change nothing`() throws {
    let village = MadeVillage(members: 5)
    func state(_ names: [String]) throws -> CommunityMachine {
      var machine = CommunityMachine(name: "village")
      for name in names {
        let record = MadeVillage.record(village.summary(name, mark: 40))
        _ = try machine.apply(record.kind, body: record.body)
      }
      let record = MadeVillage.record(village.quarter(40))
      _ = try machine.apply(record.kind, body: record.body)
      return machine
    }
    #expect(try state(village.names) == state(village.names.reversed() + village.names))
  }

  @Test func `members together pay no more than alone, and schedules keep to what batteries and cars can`() throws {
    var machine = CommunityMachine(name: "village")
    let village = MadeVillage(members: 8)
    _ = try Self.run(village, marks: 40..<41, into: &machine)
    let decision = try #require(machine.decision)
    let totals = try #require(decision.totals)
    #expect(totals.cost < totals.alone && totals.gap <= 1e-3 && totals.bound <= totals.cost + 1e-9)
    #expect(decision.plans.count == 8 && decision.plans.allSatisfy { $0.gain > -1e-3 }, "\(decision.plans)")
    for plan in decision.plans {
      #expect(plan.battery.allSatisfy { $0.magnitude <= 5.001 } && plan.cars.allSatisfy { (0...7.401).contains($0) })
    }
    let order = MemberOrder.members(decision.plans[0], of: decision, community: "village")
    #expect(order["battery"]?.split(separator: ",").count == CommunityDecision.heldSteps)
    #expect(order.values.reduce(0) { $0 + $1.utf8.count } < 3_500)
  }

  @Test func `a member that is missing is told, and counts as it was expected or as the others, never as zero`() throws
  {
    var machine = CommunityMachine(name: "village")
    let village = MadeVillage(members: 6)
    _ = try Self.run(village, marks: 40..<41, into: &machine)
    let whole = try #require(machine.decision?.totals)
    _ = try Self.run(village, marks: 41..<42, absent: ["home-1"], into: &machine)
    let decision = try #require(machine.decision)
    #expect(decision.reason.contains("1 of 6 members missing: home-1") && decision.plans.count == 5)
    #expect(abs((decision.totals?.load ?? 0) - whole.load) < 0.05)

    // Of a stranger nothing was ever told: it has the mean of the others.
    var stranger = CommunityMachine(name: "village")
    _ = try Self.run(village, marks: 40..<41, absent: ["home-1"], into: &stranger)
    #expect((stranger.decision?.totals?.load ?? 0) > whole.load * 0.9)

    var nobody = CommunityMachine(name: "village")
    let record = MadeVillage.record(village.quarter(40))
    _ = try nobody.apply(record.kind, body: record.body)
    #expect(throws: CommunityError(description: "no member is metered at the mark")) {
      _ = try CommunityPlanner(nobody)
    }
  }

  @Test func `a member that leaves is released, and one that joins takes part at the next mark`() throws {
    var machine = CommunityMachine(name: "village")
    _ = try Self.run(MadeVillage(members: 4), marks: 40..<41, into: &machine)
    _ = try Self.run(MadeVillage(members: 6), marks: 41..<42, into: &machine)
    #expect(machine.decision?.plans.count == 6 && machine.released.isEmpty)
    _ = try Self.run(MadeVillage(members: 3), marks: 42..<43, into: &machine)
    #expect(machine.decision?.plans.count == 3 && machine.released == ["home-3", "home-4", "home-5"])
    #expect(machine.latest(of: "home-5") == nil)
  }

  @Test func `what a member did is told against its plan, with what the deviation cost at the community's price`()
    throws
  {
    var machine = CommunityMachine(name: "village")
    let village = MadeVillage(members: 4)
    _ = try Self.run(village, marks: 40..<41, into: &machine)
    let decision = try #require(machine.decision)
    let plan = try #require(decision.plans.first { !$0.battery.isEmpty })
    var next = village.summary(plan.plant, mark: 41)
    next.quarters = [
      .init(start: MadeVillage.mark(40), net: plan.net[0] + 2, load: 1, generation: 0, battery: plan.battery[0] - 2)
    ]
    let record = MadeVillage.record(next)
    let points = try machine.apply(record.kind, body: record.body)
    let entry = try #require(points.entries.first { $0.time == MadeVillage.mark(40) })
    let cost = try #require(points.value(of: .deviationCost, in: entry))
    #expect(abs(cost - 2 * Double(decision.price[0]) / 4) < 1e-5)
    #expect(points.fields[entry.fields].contains { $0.name == "followed" && $0.value == .boolean(false) })
  }

  @Test func `prices that are not known are assumed and told, and without any nothing is decided`() throws {
    var machine = CommunityMachine(name: "village")
    let village = MadeVillage(members: 2)
    for name in village.names {
      let record = MadeVillage.record(village.summary(name, mark: 40))
      _ = try machine.apply(record.kind, body: record.body)
    }
    var quarter = village.quarter(40)
    for step in 48..<96 { quarter.importPrice[step] = .nan }
    var record = MadeVillage.record(quarter)
    var other = machine
    _ = try machine.apply(record.kind, body: record.body)
    let solution = try CommunitySolver.solve(
      CommunityPlanner(machine).instance, objective: .cost, limits: CommunityLimits(gap: 1e-2, seconds: 5))
    #expect(
      try CommunityPlanner(machine).decision(of: solution, seconds: 0).reason
        == "decided; 48 of 96 values of the import price assumed")
    quarter.importPrice = quarter.importPrice.map { _ in .nan }
    record = MadeVillage.record(quarter)
    _ = try other.apply(record.kind, body: record.body)
    #expect(throws: CommunityError(description: "no import price is known for the day ahead")) {
      _ = try CommunityPlanner(other)
    }
  }

  @Test func `a record that is cut off anywhere is refused, and the state stays`() throws {
    let village = MadeVillage(members: 2)
    var machine = CommunityMachine(name: "village")
    let (records, _) = try Self.run(village, marks: 40..<41, into: &machine)
    let before = machine
    for record in records {
      for length in stride(from: 0, to: record.body.count, by: 7) {
        #expect(throws: SnapshotError.self) {
          _ = try machine.apply(record.kind, body: Array(record.body[..<length]))
        }
      }
    }
    #expect(machine == before)
  }
}
