import DispatchPolicy
import Forecasting
import Foundation
import HTTPInterface
import InfluxSink
import MonthlyAccounts
import PlantModel
import Settings
import WattlineTime

extension InterfaceServices {
  /// The work of the commands `scenario` and `report`, for the interface.
  static let program: InterfaceServices = {
    var services = plants
    services.communityMistake = CommunityServices.mistake
    services.community = CommunityServices.result
    return services
  }()

  private static let plants = InterfaceServices(
    scenarioMistake: { request in
      do {
        _ = try request.parsed()
        return nil
      } catch { return "\(error)" }
    },
    scenario: { plant, database, request, progress in
      let (events, from) = try request.parsed()
      let cancelled = CancelledStep(progress)
      let recording = try ScenarioSource(plant: plant, database: database) { cancelled.note(0.1 * $0) }
        .recording(plant: plant, tariff: plant.tariff, zone: LocalCalendar(identifier: plant.location.timezone) ?? .utc)
      try cancelled.check()
      let scenario = try Scenario(
        recording, events: events, from: from, days: request.days, runs: request.runs, seed: UInt64(request.seed))
      let outcome = try scenario.run { cancelled.note(0.1 + 0.9 * $0) }
      try cancelled.check()
      let name = request.name ?? events.map(\.text).joined(separator: ",")
      try ScenarioCommand.keep(outcome, name: name, plant: plant, database: database)
      return try JSONDocument.bytes(
        ScenarioReport(name: name, scenario: scenario, runs: request.runs, outcome: outcome))
    },
    report: { plant, database, month in
      let wanted = try month.map { try ReportCommand.month($0) }
      let span = try MonthSpan(wanted, of: plant, at: Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9)))
      let report = try MonthReader.report(span, of: plant, from: try DatabaseReader(database), showsProgress: false)
      return try JSONDocument.bytes(report.document)
    })
}

extension InterfaceServices.ScenarioRequest {
  /// Returns the events and the first day.
  fileprivate func parsed() throws(ScenarioError) -> (events: [ScenarioEvent], from: CivilTime?) {
    var found: [ScenarioEvent] = []
    for text in events { found.append(try ScenarioEvent.parse(text)) }
    var first: CivilTime?
    if let from { first = try ScenarioEvent.date(from, in: "from") }
    return (found, first)
  }
}

/// Reports steps of work that cannot be interrupted, and remembers that somebody wants it to end.
private final class CancelledStep {
  private let progress: (Double) throws -> Void
  private var error: (any Error)?

  init(_ progress: @escaping (Double) throws -> Void) { self.progress = progress }

  func note(_ share: Double) {
    do { try progress(share) } catch { self.error = error }
  }

  func check() throws {
    if let error { throw error }
  }
}

/// JSON documents of results.
enum JSONDocument {
  /// Returns a value as JSON with sorted members, and `null` for numbers that are not finite: as on the command line.
  static func bytes(_ value: some Encodable) throws -> [UInt8] {
    Array(try Console.json(value, formatting: [.sortedKeys, .withoutEscapingSlashes]).utf8)
  }
}
