import Community
import Foundation
import InfluxSink
import Pipeline
import PlantConfig
import PlantModel
import Settings
import WattlineTime

/// `wattline community report`: who gave whom, and what each member owes, month by month.
enum CommunityReportCommand {
  static let description = CommandDescription(
    name: "community report", summary: "statements of a community's members, month by month, that sum to its meter",
    optionalOperands: ["INSTANCE"],
    options: [
      Option(name: "--solution", value: "DIR", help: "folder of results of `community solve` for INSTANCE"),
      Option(name: "--community", value: "NAME", help: "a community of the configuration, from its database"),
      CommandDescription.configurationOption,
      Option(name: "--month", value: "YYYY-MM", help: "the local month (default: all; of a database, the present one)"),
      Option(name: "--key", value: "KEY", help: "static, dynamic or price (default: dynamic)"),
      Option(name: "--member", value: "NAME", help: "the statement of one member alone"),
      Option(name: "--zone", value: "TZ", help: "IANA zone of an instance's months (default: UTC)"),
      Option(name: "--issue", value: nil, help: "issues the month for good, with corrections of earlier ones"),
      Option(name: "--format", value: "FORMAT", help: "text, json or html (default: text)"),
    ],
    details: """
      In each step, what members export is shared among those who import, by a key; the rest comes from the grid or goes
      there. Shared energy has a price between the grid's payment for export and its price of import.

      static    each gets an equal share of the surplus; what it cannot use goes to the grid
      dynamic   each gets in proportion to what it lacks
      price     as dynamic; the price falls with the share of demand that the surplus covers

      Cents of members, less what stays with the community as a whole, are those of the connection's meter at the grid's
      prices. Something stays with it by a static key only, since the meter sees what one member's unused share is to
      another.

      An instance has months if its series.csv has a column `time`. From a database, quarters of an hour count in which
      every member was measured and the tariff has prices; how many those are is told.

      --issue keeps the statement of a month that is over in journal.path/statements, where it stays as it is. Data that
      come later are a line in the next statement that is issued, with the month and the reason; sums close to the cent
      in each line.
      """,
    examples: [
      "wattline community report village --solution result --zone Europe/Berlin",
      "wattline community report village --solution result --key static --member 3 --format html",
      "wattline community report --community village --month 2026-10 --format json",
      "wattline community report --community village --month 2026-10 --issue",
    ])

  /// Output format.
  enum Format: String, CaseIterable { case text, json, html }

  static func run(_ arguments: Arguments) throws {
    let keyText = arguments.text("--key") ?? SharingKey.dynamic.rawValue
    guard let key = SharingKey(rawValue: keyText) else {
      let names = SharingKey.allCases.map(\.rawValue).joined(separator: ", ")
      throw Misuse(message: "--key is one of \(names), not '\(keyText)'")
    }
    let formatText = arguments.text("--format") ?? Format.text.rawValue
    guard let format = Format(rawValue: formatText) else {
      throw Misuse(message: "--format is text, json or html, not '\(formatText)'")
    }
    let isStored = arguments.text("--community") != nil
    guard isStored != !arguments.operands.isEmpty else {
      throw Misuse(message: "community report needs INSTANCE with --solution DIR, or --community NAME")
    }
    if arguments.has("--issue") { return try issue(arguments, key: key, format: format) }
    let readings = isStored ? [try StoredMeters(arguments).readings()] : try SolvedMeters(arguments).readings()
    let statements = readings.map { MonthlyStatements($0, key: key) }
    let member = try arguments.text("--member").map { name in
      guard let place = readings.first?.members.firstIndex(of: name) else {
        throw Misuse(message: "there is no member '\(name)' in the community")
      }
      return place
    }
    switch format {
    case .text: Console.print(statements.map { $0.text(member) }.joined(separator: "\n\n"))
    case .json: try Console.print(json: statements.map { $0.document(member) }, keys: .convertToSnakeCase)
    case .html: Console.print(StatementPage(statements, member: member).text)
    }
  }
}

extension CommunityReportCommand {
  /// Issues a month of a configured community.
  private static func issue(_ arguments: Arguments, key: SharingKey, format: Format) throws {
    guard let name = arguments.text("--community"), let month = arguments.text("--month") else {
      throw Misuse(message: "--issue needs --community NAME and --month YYYY-MM")
    }
    guard format != .html, arguments.text("--member") == nil else {
      throw Misuse(message: "--issue is of all members, as text or json")
    }
    let loaded = BrokerAccess.load(arguments.configuration)
    let meters = try StoredMeters(arguments, month: month)
    guard meters.isOver else {
      throw Failure(description: "\(month) is not over; a statement is issued once, after the month")
    }
    let archive = StatementArchive(
      folder: loaded.settings.journal.path + "/statements", name: CommunityLog.fileName(of: name))
    let wanted = MonthSpan.name(try ReportCommand.month(month))
    let (statement, isOld) = try archive.issue(wanted, key: key) { month, key in
      MonthlyStatements(try StoredMeters(arguments, month: month).readings(), key: key).issue
    }
    if format == .json { return try Console.print(json: statement, keys: .convertToSnakeCase) }
    Console.print(statement.text(of: name, isOld: isOld))
  }
}

/// Readings of a community's meters over a month.
struct CommunityReadings {
  var community: String
  /// Name of the month; `nil` if the time is not known.
  var month: String?
  var currency: String
  var members: [String]
  var stepHours: Double
  /// Import less export of each member at each step [kW].
  var meters: [[Double]]
  var series: CommunityInstance.Series
  /// Steps of the month until now, whether they were measured or not.
  var elapsedSteps: Int
  /// Steps in which a member was not measured, by member.
  var missing: [Int]
}

/// Meters of an instance and of what was found for it.
private struct SolvedMeters {
  private let folder: String
  private let solution: String
  private let zone: String
  private let month: String?

  init(_ arguments: Arguments) throws {
    folder = arguments.operands[0]
    guard let solution = arguments.text("--solution") else {
      throw Misuse(message: "community report needs --solution DIR: the results of `community solve`")
    }
    self.solution = solution
    zone = arguments.text("--zone") ?? "UTC"
    guard LocalCalendar(identifier: zone) != nil else {
      throw Misuse(message: "--zone: there is no zone '\(zone)'; expected a name such as Europe/Berlin or UTC")
    }
    month = try arguments.text("--month").map { MonthSpan.name(try ReportCommand.month($0)) }
    for path in [folder, solution] where !FileManager.default.fileExists(atPath: path) {
      throw Failure(description: "there is no folder '\(path)'")
    }
  }

  func readings() throws -> [CommunityReadings] {
    let instance = try InstanceReader.read(folder)
    let meters = try SolutionReader.meters(solution, of: instance)
    let months = try months(instance)
    var order: [String?] = []
    for month in months where !order.contains(month) { order.append(month) }
    let wanted = order.filter { month == nil || $0 == month }
    guard !wanted.isEmpty else {
      let names = order.map { $0 ?? "no times" }.joined(separator: ", ")
      throw Failure(description: "the instance has nothing of \(month ?? "any month"); it has \(names)")
    }
    return wanted.map { month in
      let steps = months.indices.filter { months[$0] == month }
      func part(_ values: [Double]) -> [Double] { steps.map { values[$0] } }
      return CommunityReadings(
        community: URL(fileURLWithPath: folder).lastPathComponent, month: month, currency: "",
        members: instance.members.indices.map { "\($0)" }, stepHours: instance.stepHours, meters: meters.map(part),
        series: .init(
          importPrice: part(instance.series.importPrice), exportPrice: part(instance.series.exportPrice),
          carbon: part(instance.series.carbon)),
        elapsedSteps: steps.count, missing: instance.members.map { _ in 0 })
    }
  }

  /// Returns the local month of each step; `nil` for steps without a time.
  private func months(_ instance: CommunityInstance) throws -> [String?] {
    guard let times = try InstanceReader.times(folder) else {
      return Array(repeating: nil, count: instance.steps)
    }
    guard times.count == instance.steps, var calendar = LocalCalendar(identifier: zone) else {
      throw Failure(description: "series.csv: there are \(times.count) times for \(instance.steps) steps")
    }
    return try times.enumerated().map { line, text in
      guard let time = ISO8601.timestamp(text) else {
        throw Failure(
          description: "series.csv, line \(line + 2): '\(text)' is no time; expected one such as 2026-10-01T12:00:00Z")
      }
      return MonthSpan.name(calendar.civil(at: time))
    }
  }
}

/// Meters of a configured community, from the quarters of an hour that its database has.
private struct StoredMeters {
  private let community: CommunitySettings
  private let plants: [Plant]
  private let span: MonthSpan
  private let zone: String
  private let quarters: MemberQuarters

  /// Whether the month is over.
  let isOver: Bool

  init(_ arguments: Arguments, month: String? = nil) throws {
    let loaded = BrokerAccess.load(arguments.configuration)
    community = try ConfiguredCommunity.find(arguments.text("--community") ?? "", in: loaded)
    let names = community.plants(among: loaded.plants.map(\.name))
    plants = loaded.plants.filter { names.contains($0.name) }
    guard let first = plants.first else {
      throw Failure(description: "community '\(community.name)' has no plants whose meters could be settled")
    }
    zone = community.timezone ?? first.location.timezone
    var place = first
    place.location.timezone = zone
    let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    span = try MonthSpan(try (month ?? arguments.text("--month")).map(ReportCommand.month), of: place, at: now)
    isOver = span.end < now
    let count = Int((span.end - span.start).nanoseconds / MemberQuarters.quarter.nanoseconds)
    quarters = try MemberQuarters(loaded.settings.influxdb, from: span.start, count: count)
  }

  func readings() throws -> CommunityReadings {
    let count = quarters.count
    let energies = try plants.map(quarters.energies)
    guard var calendar = LocalCalendar(identifier: zone) else { throw Failure(description: "no zone '\(zone)'") }
    var readings = CommunityReadings(
      community: community.name, month: span.name, currency: community.currency, members: plants.map(\.name),
      stepHours: MemberQuarters.quarter.inHours, meters: plants.map { _ in [] },
      series: .init(importPrice: [], exportPrice: [], carbon: []), elapsedSteps: count,
      missing: energies.map { $0.count { $0 == nil } })
    for step in 0..<count {
      let time = quarters.time(step)
      let local = calendar.civil(at: time)
      let present = energies.compactMap { $0[step] }
      guard present.count == plants.count, let buy = community.tariff.importPrice(at: time, local: local),
        let feed = community.tariff.exportPrice(at: time, local: local)
      else { continue }
      readings.series.importPrice.append(buy)
      readings.series.exportPrice.append(feed)
      readings.series.carbon.append(community.tariff.carbonIntensity ?? 0)
      for (member, energy) in present.enumerated() {
        readings.meters[member].append(energy / MemberQuarters.quarter.inHours)
      }
    }
    return readings
  }
}
