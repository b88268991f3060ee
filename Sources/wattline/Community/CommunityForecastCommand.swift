import Community
import Foundation
import InfluxSink
import PlantConfig
import PlantModel
import PointSchema
import Settings
import WattlineTime

/// `wattline community forecast`: the net load of a whole community now and ahead, from the members that are metered.
enum CommunityForecastCommand {
  static let description = CommandDescription(
    name: "community forecast", summary: "a community's net load now and ahead, from the members that are metered",
    options: [
      Option(name: "--community", value: "NAME", help: "a community of the configuration, from its database"),
      CommandDescription.configurationOption,
      Option(name: "--members", value: "N", help: "all members, metered or not (default: the plants)"),
      Option(name: "--hours", value: "N", help: "how far ahead (default: 24)"),
      Option(name: "--days", value: "N", help: "days of history that are learned from (default: 28)"),
      Option(name: "--until", value: "TIME", help: "end of the history (default: now)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      A Kalman filter follows the quarters of an hour of import less export. The whole is a profile of the day and a
      deviation that decays. A sum over members that are metered is scaled up, with the uncertainty of that from the
      differences between members. Noise of process and measurement is learned.

      Ranges hold the truth in four of five cases if the innovations are as large as expected; else that is told. A
      history of at least three days is needed.
      """,
    examples: [
      "wattline community forecast --community village",
      "wattline community forecast --community village --members 250 --hours 48 --json",
    ])

  static func run(_ arguments: Arguments) throws {
    guard let name = arguments.text("--community") else {
      throw Misuse(message: "community forecast needs --community NAME, one of the configuration")
    }
    let hours = try arguments.count("--hours", in: 1...168) ?? 24
    let days = try arguments.count("--days", in: 3...400) ?? 28
    let loaded = BrokerAccess.load(arguments.configuration)
    let community = try ConfiguredCommunity.find(name, in: loaded)
    let names = community.plants(among: loaded.plants.map(\.name))
    let plants = loaded.plants.filter { names.contains($0.name) }
    guard !plants.isEmpty else { throw Failure(description: "community '\(name)' has no plants that could be metered") }
    let members = try arguments.count("--members", in: plants.count...1_000_000) ?? plants.count
    let document = try document(
      name, plants: plants, members: members,
      quarters: MemberQuarters(loaded.settings.influxdb, until: end(arguments), days: days), hours: hours)
    if arguments.has("--json") { return try Console.print(json: document, keys: .convertToSnakeCase) }
    document.tell()
  }

  /// Returns the forecast of a community.
  ///
  /// - Parameters:
  ///   - name: Its name.
  ///   - plants: Members that may be metered.
  ///   - members: Number of all members.
  ///   - quarters: History that is learned from.
  ///   - hours: Hours ahead.
  static func document(
    _ name: String, plants: [Plant], members: Int, quarters: MemberQuarters, hours: Int
  ) throws -> CommunityForecastDocument {
    var filter = MacroFilter(members: members, stepsPerDay: MemberQuarters.perDay)
    let state = try quarters.follow(plants, with: &filter)
    let document = CommunityForecastDocument(
      name, members: members, quarters: quarters, state: state, filter: filter, steps: hours * 4)
    guard !document.forecast.isEmpty else {
      throw Failure(
        description:
          "the database has too little of community '\(name)': each quarter of the day is needed three times "
          + "in the last \(quarters.count / MemberQuarters.perDay) days")
    }
    return document
  }

  private static func end(_ arguments: Arguments) throws -> Timestamp {
    guard let text = arguments.text("--until") else {
      return Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    }
    guard let time = ISO8601.timestamp(text) else {
      throw Misuse(message: "--until needs a time such as 2026-10-01T12:00:00Z, not '\(text)'")
    }
    return time
  }
}

/// Quarters of an hour of members in the database, up to a time.
struct MemberQuarters {
  /// Quarters of a day.
  static let perDay = 96
  static let quarter = TimeSpan.minutes(15)
  private static let fields = Measurement.kpi.selection(of: [.importEnergy, .exportEnergy, .exchangeShare])

  /// Start of the first quarter.
  let start: Timestamp
  /// Number of quarters.
  let count: Int
  private let reader: DatabaseReader

  init(_ database: DatabaseSettings, until end: Timestamp, days: Int) throws {
    reader = try DatabaseReader(database)
    count = days * MemberQuarters.perDay
    let last = end.nanoseconds / MemberQuarters.quarter.nanoseconds * MemberQuarters.quarter.nanoseconds
    start = Timestamp(nanoseconds: last - Int64(count) * MemberQuarters.quarter.nanoseconds)
  }

  init(_ database: DatabaseSettings, from start: Timestamp, count: Int) throws {
    (reader, self.start, self.count) = (try DatabaseReader(database), start, count)
  }

  /// Returns the start of a quarter.
  func time(_ step: Int) -> Timestamp {
    Timestamp(nanoseconds: start.nanoseconds + Int64(step) * MemberQuarters.quarter.nanoseconds)
  }

  /// Returns import less export of a plant in each quarter [kWh]; `nil` where it was not wholly measured.
  func energies(_ plant: Plant) throws -> [Double?] {
    var energies = [Double?](repeating: nil, count: count)
    let rows = try reader.rows(
      "SELECT \(MemberQuarters.fields) WHERE \(Tag.plant.quoted) = \(DatabaseReader.quoted(plant.name)) "
        + "AND time >= \(start.milliseconds)ms AND time < \(time(count).milliseconds)ms")
    for row in rows {
      guard let time = row.number("time").flatMap({ Int64(exactly: $0) }), let imported = row.number(.importEnergy),
        let exported = row.number(.exportEnergy), row.number(.exchangeShare) ?? 0 > 0.999
      else { continue }
      let offset = Timestamp(milliseconds: time).nanoseconds - start.nanoseconds
      let place = Int(offset / MemberQuarters.quarter.nanoseconds)
      if energies.indices.contains(place) { energies[place] = imported - exported }
    }
    return energies
  }

  /// Follows the net load of members by a filter; returns its last estimate, and the members metered then.
  func follow(_ plants: [Plant], with filter: inout MacroFilter) throws -> (
    estimate: MacroFilter.Estimate, metered: Int
  )? {
    var state: (MacroFilter.Estimate, Int)?
    var bar = ProgressBar("reading", total: Double(plants.count))
    let energies = try plants.enumerated().map { number, plant in
      bar.update(Double(number))
      return try self.energies(plant)
    }
    bar.finish()
    for step in 0..<count {
      let powers = energies.compactMap { $0[step].map { $0 / MemberQuarters.quarter.inHours } }
      if powers.isEmpty, state == nil { continue }
      let slot = self.slot(step)
      state = (filter.advance(powers.isEmpty ? nil : MacroFilter.Reading(powers), slot: slot), powers.count)
    }
    return state
  }

  /// Returns the quarter of the day, by UTC, of a step.
  func slot(_ step: Int) -> Int {
    Int((start.nanoseconds / MemberQuarters.quarter.nanoseconds + Int64(step)) % Int64(MemberQuarters.perDay))
  }
}

/// Document of `wattline community forecast`.
struct CommunityForecastDocument: Encodable {
  struct Row: Encodable {
    let time: String
    let p10: Double
    let p50: Double
    let p90: Double
  }

  let community: String
  let members: Int
  let metered: Int
  let time: String
  let netKw: Double?
  let deviationKw: Double?
  let surprise: Double
  let isConsistent: Bool
  let processVariance: Double
  let measurementVariance: Double
  let forecast: [Row]

  init(
    _ name: String, members: Int, quarters: MemberQuarters, state: (estimate: MacroFilter.Estimate, metered: Int)?,
    filter: MacroFilter, steps: Int
  ) {
    community = name
    self.members = members
    metered = state?.metered ?? 0
    time = "\(quarters.time(quarters.count - 1))"
    netKw = state?.estimate.power
    deviationKw = state?.estimate.deviation
    (surprise, isConsistent) = (filter.surpriseLevel, filter.isConsistent)
    (processVariance, measurementVariance) = (filter.processVariance, filter.measurementVariance)
    forecast = (1...steps).compactMap { step in
      let place = quarters.count - 1 + step
      return filter.forecast(steps: step, slot: quarters.slot(place)).map { estimate in
        Row(
          time: "\(quarters.time(place))", p10: estimate.likely.lowerBound, p50: estimate.power,
          p90: estimate.likely.upperBound)
      }
    }
  }

  /// Prints the state and each hour ahead.
  func tell() {
    if let netKw, let deviationKw {
      Console.print(
        String(format: "%@ at %@: net load %.2f ± %.2f kW, ", community, time, netKw, deviationKw)
          + "\(metered) of \(members.counted("member")) metered")
    }
    Console.print("time                   p10 kW    p50 kW    p90 kW")
    for row in forecast.enumerated().filter({ $0.offset % 4 == 0 }).map(\.element) {
      Console.print(String(format: "%@ %9.2f %9.2f %9.2f", row.time, row.p10, row.p50, row.p90))
    }
    if !isConsistent {
      Console.report(
        String(
          format: "innovations are %.1f times what is expected, so that the ranges are not to be relied on", surprise))
    }
  }
}
