import Community
import CommunityControl
import Foundation
import Glibc
import Pipeline
import PlantConfig
import Settings

/// `wattline community solve`: schedules and prices of a community over a horizon.
enum CommunitySolveCommand {
  static let description = CommandDescription(
    name: "community solve", summary: "finds the best schedules and the price of a community that shares a connection",
    optionalOperands: ["INSTANCE"],
    options: [
      Option(
        name: "--community", value: "NAME", help: "a community that runs, in place of INSTANCE: its day ahead"),
      CommandDescription.configurationOption,
      Option(
        name: "--objective", value: "KIND", help: "cost, welfare or risk (default: the community's; INSTANCE: cost)"),
      Option(name: "--out", value: "DIR", help: "folder of the results; it is made if it is missing"),
      Option(name: "--key", value: "KEY", help: "who gave whom, by static, dynamic or price, as sharing.csv"),
      Option(
        name: "--gap", value: "SHARE",
        help: "gap that is good enough (default: 1e-6; risk: 1e-4)"),
      Option(name: "--time-limit", value: "S", help: "seconds until the best schedule so far is taken (default: 300)"),
    ],
    details: """
      INSTANCE is a folder of community.json, members.csv, ev.csv, series.csv, load.csv and pv.csv. Members share PV,
      batteries and cars behind one connection. Each battery and car answers a price exactly; the price at which all
      answers together cost least is found, with a lower bound of what any schedule costs.

      The folder of results has schedule.csv (a line a member and step that is not idle), community.csv (flows and price
      by step), settlement.csv (bill, credit and gain by member) and summary.json. Power is in kW.

      cost      demand is as it is; the connection, carbon, overload and wear cost least
      welfare   a share of the load follows the price; its utility less the cost is greatest

      risk      over 100 errors of forecasts of load and PV, the mean of the cost and the mean of its worst tenth are
                least, in equal parts; batteries and cars are set before the errors are known

      A community of the configuration is solved from its log: the states and forecasts that its members have told at
      the latest quarter of an hour, with `objective` and `incentive_budget` of its file. Nothing is sent to members.

      At the price of the community no member does better by another schedule. Credits make sure that nobody is worse off
      than alone, as far as surplus and incentive budget suffice. A car that cannot be full is charged as far as it can,
      and what is missing is told.
      """,
    examples: [
      "wattline community solve village --objective cost --out result",
      "wattline community solve village --objective welfare --gap 1e-6 --time-limit 60 --out result",
      "wattline community solve --community village --objective risk --out result",
    ])

  static func run(_ arguments: Arguments) throws {
    let clock = ContinuousClock()
    let start = clock.now
    guard let out = arguments.text("--out") else {
      throw Misuse(message: "community solve needs --out DIR: the folder of the results")
    }
    let wanted = try objective(arguments)
    let key = try sharingKey(arguments)
    let gap = try arguments.number("--gap", in: 1e-9...1, words: "from 1e-9 to 1")
    let longest = try arguments.number("--time-limit", in: 0.001...86_400, words: "from 0.001 to 86400") ?? 300
    let problem = try problem(arguments, objective: wanted)
    let (instance, objective) = (problem.instance, problem.objective)
    let limits = CommunityLimits(gap: gap ?? (objective == .risk ? 1e-4 : 1e-6), seconds: longest)
    let solution = try solve(instance, objective: objective, limits: limits)
    let seconds = (clock.now - start) / .seconds(1)
    let settlement = CommunitySettlement(solution, of: instance)
    try write(solution, of: instance, settlement: settlement, to: out)
    if let key { try share(solution, of: instance, key: key, to: out) }
    var summary = CommunitySummary(solution, of: instance, settlement: settlement, seconds: seconds)
    summary.names = problem.names
    try summary.write(to: "\(out)/summary.json")
    summary.tell(limits: limits)
  }

  /// An instance, what is sought for it, and the names of its members if they have some.
  private typealias Problem = (instance: CommunityInstance, objective: CommunityObjective, names: [String]?)

  private static func objective(_ arguments: Arguments) throws(Misuse) -> CommunityObjective? {
    guard let kind = arguments.text("--objective") else { return nil }
    guard let objective = CommunityObjective(rawValue: kind) else {
      let kinds = CommunityObjective.allCases.map(\.rawValue)
      throw Misuse(message: "--objective is one of \(kinds.joined(separator: ", ")), not '\(kind)'")
    }
    return objective
  }

  private static func problem(_ arguments: Arguments, objective: CommunityObjective?) throws -> Problem {
    if let name = arguments.text("--community") {
      guard arguments.operands.isEmpty else { throw Misuse(message: "INSTANCE or --community NAME, not both") }
      let loaded = BrokerAccess.load(arguments.configuration)
      let settings = try ConfiguredCommunity.find(name, in: loaded)
      let planner = try ConfiguredCommunity.planner(
        of: settings, state: try CommunityLog.state(of: name, journal: loaded.settings.journal.path),
        objective: objective)
      return (planner.instance, planner.objective, planner.members)
    }
    guard let folder = arguments.operands.first else {
      throw Misuse(message: "community solve needs INSTANCE, or --community NAME for one of the configuration")
    }
    guard FileManager.default.fileExists(atPath: folder) else {
      throw Failure(description: "there is no folder '\(folder)'; it is to have community.json and tables beside it")
    }
    return (try InstanceReader.read(folder), objective ?? .cost, nil)
  }

  private static func sharingKey(_ arguments: Arguments) throws(Misuse) -> SharingKey? {
    guard let text = arguments.text("--key") else { return nil }
    guard let key = SharingKey(rawValue: text) else {
      let names = SharingKey.allCases.map(\.rawValue).joined(separator: ", ")
      throw Misuse(message: "--key is one of \(names), not '\(text)'")
    }
    return key
  }

  private static func share(
    _ solution: CommunitySolution, of instance: CommunityInstance, key: SharingKey, to out: String
  ) throws {
    let sharing = EnergySharing(
      solution.meters(of: instance), series: instance.series, stepHours: instance.stepHours, key: key)
    var text = "member,given_kwh,received_kwh,grid_import_kwh,grid_export_kwh,owed_cents\n"
    for (member, (account, cents)) in zip(sharing.accounts, sharing.cents).enumerated() {
      let energies = [account.given, account.received, account.imported, account.exported]
      text += "\(member),\(energies.map { String(format: "%.6f", $0) }.joined(separator: ",")),\(cents)\n"
    }
    try OutputFile.write(text, to: "\(out)/sharing.csv")
  }

  private static func solve(
    _ instance: CommunityInstance, objective: CommunityObjective, limits: CommunityLimits
  ) throws -> CommunitySolution {
    var bar = ProgressBar("community", total: 1)
    defer { bar.finish() }
    return try CommunitySolver.solve(instance, objective: objective, limits: limits) { iterations, gap in
      // Progress is the number of digits of the gap.
      let done = max(0, -log10(max(gap, 1e-12))) / max(1, -log10(limits.gap))
      bar.update(done, note: "gap \(String(format: "%.1e", gap)) after \(iterations) prices")
    }
  }

  private static func write(
    _ solution: CommunitySolution, of instance: CommunityInstance, settlement: CommunitySettlement, to out: String
  ) throws {
    do {
      try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    } catch {
      throw Failure(description: "the folder '\(out)' cannot be made: \(error.localizedDescription)")
    }
    let text = SolutionText(solution, of: instance)
    let schedule = try OutputFile(replacing: "\(out)/schedule.csv")
    try text.schedule { try schedule.write($0) }
    try schedule.close()
    for (name, bytes) in [("community", text.community), ("settlement", text.settlement(settlement))] {
      let file = try OutputFile(replacing: "\(out)/\(name).csv")
      try file.write(bytes)
      try file.close()
    }
  }
}

/// `summary.json`, and what is told of it.
private struct CommunitySummary: Encodable {
  struct Shortfall: Encodable {
    let member: Int
    let arrive: Int
    let depart: Int
    let missingKwh: Double
  }
  struct Money: Encodable {
    let operatorPays: Double
    let incentiveBudget: Double
    let worseOff: Int
    let gainTotal: Double
  }

  let objectiveKind: String
  let objective: Double
  let lowerBound: Double?
  let upperBound: Double?
  let gap: Double
  let cost: Double
  let utility: Double
  let members: Int
  let iterations: Int
  let solveS: Double
  let cpuS: Double
  let peakMb: Double
  let settlement: Money
  let shortfalls: [Shortfall]
  /// Names of the members, in the order of their numbers.
  var names: [String]?

  init(
    _ solution: CommunitySolution, of instance: CommunityInstance, settlement: CommunitySettlement, seconds: Double
  ) {
    let isWelfare = solution.objective == .welfare
    objectiveKind = solution.objective.rawValue
    objective = isWelfare ? -solution.least : solution.least
    lowerBound = isWelfare ? nil : solution.bound
    upperBound = isWelfare ? -solution.bound : nil
    gap = solution.gap
    cost = solution.cost
    utility = solution.utility
    members = instance.members.count
    iterations = solution.iterations
    solveS = seconds
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    cpuS = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) * 1e-6
    peakMb = Double(usage.ru_maxrss) / 1024
    self.settlement = Money(
      operatorPays: settlement.operatorPays, incentiveBudget: settlement.budget, worseOff: settlement.worseOff,
      gainTotal: settlement.gains.reduce(0, +))
    shortfalls = solution.shortfalls.map { short in
      let session = instance.sessions[short.session]
      return Shortfall(
        member: session.member, arrive: session.arrival, depart: session.departure, missingKwh: short.energy)
    }
  }

  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try OutputFile.write(String(decoding: try encoder.encode(self), as: UTF8.self) + "\n", to: path)
  }

  /// Prints the result, and what the reader should know about it.
  func tell(limits: CommunityLimits) {
    let found = String(format: "%.4f, within %.1e of the optimum", objective, gap)
    Console.print("\(objectiveKind) \(found), after \(iterations) prices in \(String(format: "%.1f", solveS)) s")
    Console.print(
      String(
        format: "members gain %.2f against alone; %d are worse off; the operator pays %.2f of at most %.2f",
        settlement.gainTotal, settlement.worseOff, max(0, settlement.operatorPays), settlement.incentiveBudget))
    if gap > limits.gap {
      Console.report(
        String(format: "the time was over before the gap of %.1e; --time-limit gives more", limits.gap))
    }
    for short in shortfalls.prefix(10) {
      Console.report(
        String(
          format: "the car of member %d (steps %d to %d) leaves %.2f kWh short: its stay is too short for its charger",
          short.member, short.arrive, short.depart, short.missingKwh))
    }
    if shortfalls.count > 10 { Console.report("and \(shortfalls.count - 10) more cars; see summary.json") }
  }
}
