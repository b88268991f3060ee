import Accounts
import PlantModel
import WebServer

/// Scenarios and reports.
struct StudyEndpoints: Sendable {
  let api: API

  var endpoints: [Endpoint] { [scenario, report] }

  private var scenario: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/plants/{plant}/scenarios", id: "runScenario", group: "scenarios",
      summary: "runs a span of a plant's past with other events",
      details:
        "As `wattline scenario`: an event is `[asset:]kind[=amount][@onset][+duration]`, such as `heat=+6K@2d+3d`. "
        + "It is a job. Its result has quantiles of energy, cost and peak, and is kept as the measurement `scenario` of "
        + "the series.",
      access: .action(.runScenarios),
      body: .init(contentTypes: ["application/json"], schema: Self.request),
      responses: [.json("The job.", JobEndpoints.Document.schema, status: 202)], problems: [422, 503],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .runScenarios)
        let request = try Self.request(JSONBody(call, members: ["events", "from", "days", "runs", "seed", "name"]))
        if let mistake = api.services.scenarioMistake(request) { throw Problem(422, mistake) }
        return try Self.submit(request, plant: plant, api: api, owner: call.user)
      })
  }

  private static let request = Schema.object([
    "events": .array(.example(.text(1...200), "heat=+6K@2d+3d")), "from": .optional(.example(.string, "2026-07-01")),
    "days": .optional(.within(1...366)), "runs": .optional(.within(1...2_000)),
    "seed": .optional(.within(0...1_000_000)), "name": .optional(.text(1...200)),
  ])

  private static func request(_ body: JSONBody) throws(Problem) -> InterfaceServices.ScenarioRequest {
    guard let events = try body.texts("events", most: 20), !events.isEmpty else {
      throw Problem(422, "'events' must have at least one event, such as heat=+6K@2d+3d")
    }
    return InterfaceServices.ScenarioRequest(
      events: events, from: try body.optionalText("from", longest: 30),
      days: try body.integer("days", in: 1...366) ?? 7,
      runs: try body.integer("runs", in: 1...2_000) ?? 500, seed: try body.integer("seed", in: 0...1_000_000) ?? 1,
      name: try body.optionalText("name", longest: 200))
  }

  /// Submits the job of a scenario.
  static func submit(
    _ request: InterfaceServices.ScenarioRequest, plant: Plant, api: API, owner: String
  ) throws(Problem) -> HTTPResponse {
    let (services, database) = (api.services, api.pipeline.database())
    let job = api.jobs.submit("scenario", plant: plant.name, owner: owner) { control in
      try services.scenario(plant, database, request) { share in try control.update(share) }
    }
    return try JobEndpoints.Document.accepted(job)
  }

  private var report: Endpoint {
    Endpoint(
      path: "/api/v1/plants/{plant}/reports", id: "getReport", group: "reports",
      summary: "a month's energy, money and savings of a plant",
      details: "As `wattline report --format json`. It is a job, because a month has many points.",
      access: .action(.readReports),
      parameters: [.init(name: "month", meaning: "the local month such as 2026-10; the present one if it is missing")],
      responses: [.json("The job.", JobEndpoints.Document.schema, status: 202)], problems: [503],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .readReports)
        let month = call.argument("month")
        if let month, !Self.isMonth(month) {
          throw Problem(400, "month must be a year and a month such as 2026-10, not '\(month.prefix(100))'")
        }
        let (services, database) = (api.services, api.pipeline.database())
        let job = api.jobs.submit("report", plant: plant.name, owner: call.user) { _ in
          try services.report(plant, database, month)
        }
        return try JobEndpoints.Document.accepted(job)
      })
  }

  private static func isMonth(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let year = Int(parts[0]), let month = Int(parts[1]) else { return false }
    return (1970...2200).contains(year) && (1...12).contains(month)
  }
}
