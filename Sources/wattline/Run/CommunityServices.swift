import Community
import CommunityControl
import Foundation
import HTTPInterface
import InfluxSink
import PlantConfig
import PlantModel
import Settings
import SinkCore
import StreamCore
import WattlineTime

/// Studies of communities for the interface, as the commands `community …` make them.
enum CommunityServices {
  typealias Study = InterfaceServices.CommunityStudy
  typealias Progress = (Double) throws -> Void

  /// Returns what is wrong with a study; `nil` if it can be made.
  static func mistake(_ study: Study) -> String? {
    do {
      switch study.kind {
      case .dispatch: _ = try planner(study)
      case .tariff:
        for text in study.tariffs { _ = try TariffForm(text) }
        _ = try planner(study)
      case .forecast:
        guard !study.plants.isEmpty else { return "community '\(study.community.name)' has no plants that are metered" }
        if let members = study.members, members < study.plants.count {
          return "'members' must be at least \(study.plants.count), the number of its plants"
        }
      case .scenarios:
        let names = try variants(study).map(\.name)
        if Set(names).count < names.count { return "each variant needs a name of its own, and none is called base" }
        _ = try days(study)
      }
      return nil
    } catch { return "\(error)" }
  }

  /// Makes a study; returns JSON.
  ///
  /// - Parameters:
  ///   - study: The study.
  ///   - database: Database that is read, and that keeps the scenarios.
  ///   - progress: Receives the share that is done; throws to stop.
  static func result(_ study: Study, database: DatabaseSettings, progress: @escaping Progress) throws -> [UInt8] {
    switch study.kind {
    case .dispatch: return try dispatch(study, progress: progress)
    case .tariff:
      let planner = try planner(study)
      let forms = try study.tariffs.map { try TariffForm($0) }
      return try bytes(
        CommunityTariffCommand.rows(forms, of: planner.instance, firstHour: firstHour(study)))
    case .forecast:
      let quarters = try MemberQuarters(
        database, until: Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9)), days: study.days)
      return try bytes(
        CommunityForecastCommand.document(
          study.community.name, plants: study.plants, members: study.members ?? study.plants.count,
          quarters: quarters, hours: study.hours))
    case .scenarios: return try scenarios(study, database: database, progress: progress)
    }
  }

  private static func bytes(_ value: some Encodable) throws -> [UInt8] {
    Array(
      try Console.json(
        value, keys: .convertToSnakeCase, formatting: [.sortedKeys, .withoutEscapingSlashes]
      ).utf8)
  }

  private static func planner(_ study: Study) throws -> CommunityPlanner {
    try ConfiguredCommunity.planner(
      of: study.community, state: study.state,
      objective: study.objective.flatMap { CommunityObjective(rawValue: $0.rawValue) }, budget: study.incentiveBudget)
  }

  /// Returns the local hour of the latest mark.
  private static func firstHour(_ study: Study) -> Double {
    let zone = study.community.timezone ?? study.plants.first?.location.timezone ?? "UTC"
    guard let time = study.state?.quarter?.time, var calendar = LocalCalendar(identifier: zone) else { return 0 }
    return Double(calendar.civil(at: time).secondOfDay) / 3600
  }
}

// MARK: - Dispatch

extension CommunityServices {
  private struct Dispatch: Encodable {
    struct Step: Encodable {
      let time: String
      let importKw, exportKw, price, gridPrice: Double
    }
    struct Member: Encodable {
      let plant: String
      let costAhead, costAlone, gain: Double
    }
    let community, objective, time, reason: String
    let cost, bound, gap, costAlone: Double
    let operatorPays, incentiveBudget: Double
    let worseOff: Int
    let steps: [Step]
    let members: [Member]
  }

  private static func dispatch(_ study: Study, progress: Progress) throws -> [UInt8] {
    let planner = try planner(study)
    try progress(0.1)
    let limits = CommunityLimits(gap: planner.objective == .risk ? 1e-4 : 1e-6, seconds: 60)
    let solution = try CommunitySolver.solve(planner.instance, objective: planner.objective, limits: limits)
    try progress(0.9)
    let settlement = CommunitySettlement(solution, of: planner.instance)
    let decision = planner.decision(of: solution, seconds: 0)
    let prices = planner.instance.series.importPrice
    return try bytes(
      Dispatch(
        community: study.community.name, objective: planner.objective.rawValue, time: "\(decision.time)",
        reason: decision.reason, cost: solution.cost, bound: solution.bound, gap: solution.gap,
        costAlone: decision.totals?.alone ?? 0, operatorPays: max(0, settlement.operatorPays),
        incentiveBudget: settlement.budget, worseOff: settlement.worseOff,
        steps: solution.imported.indices.map { step in
          Dispatch.Step(
            time: "\(decision.time + .minutes(Int64(15 * step)))", importKw: solution.imported[step],
            exportKw: solution.exported[step], price: solution.price[step], gridPrice: prices[step])
        },
        members: decision.plans.map {
          Dispatch.Member(plant: $0.plant, costAhead: $0.cost, costAlone: $0.alone, gain: $0.gain)
        }))
  }
}

// MARK: - Scenarios

extension CommunityServices {
  private static func variants(_ study: Study) throws -> [CommunityVariant] {
    [.base] + (try study.variants.map { try CommunityVariant($0) })
  }

  private static func days(_ study: Study) throws -> [CommunityAggregate] {
    guard study.plants.isEmpty else { return [CommunityAggregate(try planner(study).instance)] }
    return try ConfiguredCommunity.year(of: study.community)
  }

  private static func scenarios(_ study: Study, database: DatabaseSettings, progress: Progress) throws -> [UInt8] {
    var settings = CommunitySimulation.Settings()
    settings.years = study.years
    settings.seed = UInt64(study.seed)
    let simulation = CommunitySimulation(days: try days(study), settings: settings)
    let made = SimulationStudy(simulation, variants: try variants(study), runs: study.runs)
    var runs: [[CommunitySimulation.Outcome]] = []
    for number in 0..<made.runs {
      try progress(Double(number) / Double(made.runs))
      runs.append(simulation.run(number, variants: made.variants))
    }
    let summary = SimulationSummary(made, runs: runs, sensitivity: nil)
    try keep(summary, of: study.community.name, in: database)
    return try bytes(summary)
  }

  /// Writes the variants to the database, so that boards show them side by side.
  private static func keep(_ summary: SimulationSummary, of community: String, in database: DatabaseSettings) throws {
    _ = try DatabaseReader(database)
    var encoder = LineEncoder()
    encoder.append(
      CommunityMachine.studyPoints(
        of: community, at: Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9)),
        variants: summary.variants.map {
          CommunityMachine.StudiedVariant(
            name: $0.name, cost: $0.cost.mean, costLow: $0.cost.p10, costHigh: $0.cost.p90, peak: $0.peakKw.p50,
            carbon: $0.emissionsKg.p50, selfSufficiency: $0.selfSufficiency.p50)
        }))
    let sink = try InfluxSink(database, deadLetters: "scenario-dead-letter", accepted: { _ in })
    sink.submit(encoder.drain(upTo: 0))
    sink.stop(within: .seconds(30))
    guard sink.counts.pointsWritten == UInt64(summary.variants.count) else {
      throw Failure(description: "the database \(database.url) did not take the study; it is in scenario-dead-letter")
    }
  }
}
