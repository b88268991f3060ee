import Accounts
import CommunityControl
import Foundation
import PlantConfig
import PlantModel
import SystemCore
import WattlineTime
import WebServer

/// Communities, their files, and the studies of them.
///
/// Whoever asks needs the right to every member: what is told of a community tells of all.
struct CommunityEndpoints: Sendable {
  let api: API

  /// A community in the list, with its latest decision in short.
  struct Summary: Encodable {
    var name: String
    var objective: String
    var members: [String]
    var prosumers: Int?
    var time: String?
    var reason: String?
    var metered: Int?
    var price: Double?
    var costAhead: Double?
    var costAlone: Double?

    static let members: [String: Schema] = [
      "name": .string, "objective": .word(CommunitySettings.Objective.allCases.map(\.rawValue)),
      "members": .array(.string), "prosumers": .optional(.integer), "time": .optional(.time),
      "reason": .optional(.string), "metered": .optional(.integer), "price": .optional(.number),
      "cost_ahead": .optional(.number), "cost_alone": .optional(.number),
    ]

    init(_ settings: CommunitySettings, plants: [String], state: CommunityMachine?) {
      (name, objective, members) = (settings.name, settings.objective.rawValue, plants)
      if case .statistical(let numbers) = settings.members { prosumers = numbers.prosumers }
      guard let decision = state?.decision else { return }
      time = "\(decision.time)"
      reason = decision.reason
      metered = state.map { state in plants.count { state.latest(of: $0) == state.quarter?.time } }
      price = decision.price.first.map(Double.init)
      costAhead = decision.totals?.cost
      costAlone = decision.totals?.alone
    }
  }

  /// The latest decision of a community.
  struct Decision: Encodable {
    struct Step: Encodable {
      var time: String
      var importKw, exportKw, price: Double
      var gridPrice: Double?
    }
    struct Member: Encodable {
      var plant: String
      var batteryKw, carKw: [Double]
      var costAhead, costAlone, gain: Double
    }
    var community: String
    var time: String
    var reason: String
    var cost: Double?
    var bound: Double?
    var gap: Double?
    var steps: [Step]
    var members: [Member]

    static let schema = Schema.object([
      "community": .string, "time": .time, "reason": .string, "cost": .optional(.number), "bound": .optional(.number),
      "gap": .optional(.number),
      "steps": .array(
        .object([
          "time": .time, "import_kw": .number, "export_kw": .number, "price": .number,
          "grid_price": .optional(.number),
        ])),
      "members": .array(
        .object([
          "plant": .string, "battery_kw": .array(.number), "car_kw": .array(.number), "cost_ahead": .number,
          "cost_alone": .number, "gain": .number,
        ])),
    ])

    init(_ decision: CommunityDecision, of name: String, prices: [Float]) {
      community = name
      time = "\(decision.time)"
      reason = decision.reason
      (cost, bound, gap) = (decision.totals?.cost, decision.totals?.bound, decision.totals?.gap)
      steps = decision.imported.indices.map { step in
        Step(
          time: "\(decision.time + .minutes(Int64(15 * step)))", importKw: Double(decision.imported[step]),
          exportKw: Double(decision.exported[step]), price: Double(decision.price[step]),
          gridPrice: prices.indices.contains(step) && prices[step].isFinite ? Double(prices[step]) : nil)
      }
      members = decision.plans.map {
        Member(
          plant: $0.plant, batteryKw: $0.battery.map(Double.init), carKw: $0.cars.map(Double.init),
          costAhead: $0.cost, costAlone: $0.alone, gain: $0.gain)
      }
    }
  }

  private struct Written: Encodable {
    var community: String
    var file: String
    var warnings: [PlantEndpoints.Finding]

    static let schema = Schema.object([
      "community": .string, "file": .string, "warnings": .array(PlantEndpoints.Finding.schema),
    ])
  }

  var endpoints: [Endpoint] {
    [list, one, decision, file, create, change, remove, dispatch, forecast, tariff, scenarios]
  }

  private static let path = "/api/v1/communities/{community}"
  private var files: ConfigurationFiles { ConfigurationFiles(api: api) }

  private func plants(of settings: CommunitySettings) -> [String] {
    settings.plants(among: api.pipeline.configuration().plants.map(\.name))
  }

  /// Returns the communities to all of whose members a caller has a right.
  private func visible(_ call: Call, for action: Action) -> [CommunitySettings] {
    api.pipeline.configuration().communities.filter { settings in
      plants(of: settings).allSatisfy { call.may(action, on: $0) }
    }.sorted { $0.name < $1.name }
  }

  /// Returns the community of a path; one that the caller may not know of does not exist.
  private func community(of call: Call, for action: Action) throws(Problem) -> CommunitySettings {
    let given = call.parameter("community")
    let known = visible(call, for: action)
    guard let name = PathName.resolve(given, among: known.map(\.name)),
      let found = known.first(where: { $0.name == name })
    else {
      throw Problem(404, "there is no community '\(given.prefix(100))' to whose members you all have the right")
    }
    return found
  }
}

// MARK: - What there is

extension CommunityEndpoints {
  private var list: Endpoint {
    Endpoint(
      path: "/api/v1/communities", id: "listCommunities", group: "communities", summary: "your communities",
      details: "In order of names. A community is yours if all of its members are.", access: .action(.readPlants),
      parameters: [.limit, .cursor], responses: [.json("The communities.", .page(.object(Summary.members)))],
      answer: { call throws(Problem) in
        .json(try Page(visible(call, for: .readPlants).map(summary), call: call))
      })
  }

  private func summary(_ settings: CommunitySettings) -> Summary {
    Summary(settings, plants: plants(of: settings), state: api.pipeline.community(settings.name))
  }

  private var one: Endpoint {
    Endpoint(
      path: PathTemplate(Self.path), id: "getCommunity", group: "communities", summary: "one community",
      details: "Its members, and its latest decision in short.", access: .action(.readPlants),
      responses: [.json("The community.", .object(Summary.members))],
      answer: { call throws(Problem) in .json(summary(try community(of: call, for: .readPlants))) })
  }

  private var decision: Endpoint {
    Endpoint(
      path: PathTemplate(Self.path + "/decision"), id: "getCommunityDecision", group: "communities",
      summary: "schedules and prices that are in effect",
      details: "The decision of the latest quarter of an hour: flows and prices of the day ahead, and of each member "
        + "the powers of the next two hours and its money.", access: .action(.readDispatch),
      responses: [.json("The decision.", Decision.schema)],
      answer: { call throws(Problem) in
        let settings = try community(of: call, for: .readDispatch)
        guard let state = api.pipeline.community(settings.name), let decision = state.decision else {
          throw Problem(404, "community '\(settings.name)' has decided nothing yet")
        }
        return .json(Decision(decision, of: settings.name, prices: state.quarter?.importPrice ?? []))
      })
  }
}

// MARK: - Files

extension CommunityEndpoints {
  private func fileName(of community: String) throws(Problem) -> String {
    guard let file = api.pipeline.configuration().communityFiles[community] else {
      throw Problem(404, "the file of community '\(community)' is not known")
    }
    return file
  }

  /// Returns the community that a file describes, all of whose members the caller may manage.
  private func community(in call: Call) throws(Problem) -> CommunitySettings {
    let loaded = ConfigurationLoader.load(
      files: [("community.yaml", call.request.body)], environment: [:], readFile: { _ in nil })
    guard let settings = loaded.communities.first else {
      throw Problem(
        422, loaded.diagnostics.first?.description ?? "the file has no community; it starts with 'community:'")
    }
    for plant in plants(of: settings) where !call.may(.managePlants, on: plant) {
      throw Problem(403, "the community would have members that you may not manage")
    }
    return settings
  }

  private var file: Endpoint {
    Endpoint(
      path: PathTemplate(Self.path + "/file"), id: "getCommunityFile", group: "communities",
      summary: "a community's file",
      details: "The text as it is in the folder, with its comments. The header `etag` is what a change needs.",
      access: .action(.managePlants),
      responses: [.init(status: 200, meaning: "The text.", contentTypes: [PlantEndpoints.yaml])], problems: [503],
      answer: { call throws(Problem) in
        let settings = try community(of: call, for: .managePlants)
        let bytes = try files.content(of: try fileName(of: settings.name))
        return HTTPResponse(200, contentType: PlantEndpoints.yaml, body: bytes)
      })
  }

  private var create: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/communities", id: "createCommunity", group: "communities",
      summary: "adds a community",
      details: "The body is the community's file. It is checked as `wattline check` does, with all other files, and "
        + "written as it is. A community of plants runs from the next quarter of an hour on.",
      access: .action(.managePlants), body: .init(contentTypes: [PlantEndpoints.yaml], schema: .string),
      responses: [.json("The community is there.", Written.schema, status: 201)], problems: [409, 422, 503],
      answer: { call throws(Problem) in
        let settings = try community(in: call)
        return try api.files.with { (_) throws(Problem) in
          if api.pipeline.configuration().communityFiles[settings.name] != nil {
            throw Problem(409, "there is a community '\(settings.name)'; change its file with PUT")
          }
          return try write(call, settings: settings, file: try files.newName(for: settings.name), status: 201)
        }
      })
  }

  private var change: Endpoint {
    Endpoint(
      method: "PUT", path: PathTemplate(Self.path + "/file"), id: "changeCommunity", group: "communities",
      summary: "changes a community's file",
      details: "As when it is added. With the header `if-match`, only if the file is still the one of that `etag`. "
        + "Members that it lets go decide for themselves again.",
      access: .action(.managePlants), body: .init(contentTypes: [PlantEndpoints.yaml], schema: .string),
      responses: [.json("The change is in effect.", Written.schema)], problems: [409, 412, 422, 503],
      answer: { call throws(Problem) in
        let before = try community(of: call, for: .managePlants)
        let settings = try community(in: call)
        guard settings.name == before.name else {
          throw Problem(
            409, "the file is that of community '\(settings.name)', and the path that of '\(before.name)'")
        }
        return try api.files.with { (_) throws(Problem) in
          let file = try fileName(of: settings.name)
          try files.checkMatch(call, file: file)
          return try write(call, settings: settings, file: file, status: 200)
        }
      })
  }

  private var remove: Endpoint {
    Endpoint(
      method: "DELETE", path: PathTemplate(Self.path), id: "removeCommunity", group: "communities",
      summary: "removes a community",
      details: "Its file is renamed to `NAME.yaml.removed`, so that it can be brought back. Its log and series stay.",
      access: .action(.managePlants), responses: [.empty("It is removed.")], problems: [409, 412, 422, 503],
      answer: { call throws(Problem) in
        let settings = try community(of: call, for: .managePlants)
        return try api.files.with { (_) throws(Problem) in
          let file = try fileName(of: settings.name)
          try files.checkMatch(call, file: file)
          try files.remove(file)
          return HTTPResponse(204, contentType: "text/plain", body: [])
        }
      })
  }

  private func write(
    _ call: Call, settings: CommunitySettings, file: String, status: Int
  ) throws(Problem) -> HTTPResponse {
    let warnings = try files.write(call.request.body, to: file)
    return .json(Written(community: settings.name, file: file, warnings: warnings), status: status)
  }
}

// MARK: - Studies

extension CommunityEndpoints {
  /// Returns an operation that submits a study.
  ///
  /// - Parameters:
  ///   - kind: What is studied.
  ///   - text: Summary and details.
  ///   - members: Members of the body.
  ///   - fill: Takes them.
  private func study(
    _ kind: InterfaceServices.CommunityStudy.Kind, text: (summary: String, details: String),
    members: [String: Schema],
    fill: @escaping @Sendable (JSONBody, inout InterfaceServices.CommunityStudy) throws(Problem) -> Void
  ) -> Endpoint {
    let action: Action = kind == .dispatch ? .runDispatch : .runScenarios
    return Endpoint(
      method: "POST", path: PathTemplate(Self.path + "/\(kind.rawValue)"),
      id: "runCommunity\(kind.rawValue.capitalized)",
      group: "communities", summary: text.summary, details: text.details + " It is a job.", access: .action(action),
      body: .init(contentTypes: ["application/json"], schema: .object(members), isRequired: false),
      responses: [.json("The job.", JobEndpoints.Document.schema, status: 202)], problems: [422, 503],
      answer: { call throws(Problem) in
        let settings = try community(of: call, for: action)
        let names = Set(plants(of: settings))
        let plants = api.pipeline.configuration().plants.filter { names.contains($0.name) }
        var study = InterfaceServices.CommunityStudy(
          kind, of: settings, plants: plants, state: api.pipeline.community(settings.name))
        try fill(try JSONBody(call, members: members.keys.sorted()), &study)
        if let mistake = api.services.communityMistake(study) { throw Problem(422, mistake) }
        let (services, database, wanted) = (api.services, api.pipeline.database(), study)
        let job = api.jobs.submit(
          "community_\(kind.rawValue)", plant: settings.name, members: plants.map(\.name), owner: call.user
        ) { control in
          try services.community(wanted, database) { share in try control.update(share) }
        }
        return try JobEndpoints.Document.accepted(job)
      })
  }

  private var dispatch: Endpoint {
    study(
      .dispatch,
      text: (
        "solves a community's day ahead",
        "As `wattline community solve --community NAME`, from the states and forecasts of the latest quarter of an "
          + "hour. Nothing is sent to members. `objective` and `incentive_budget` take the place of the file's."
      ),
      members: [
        "objective": .optional(.word(CommunitySettings.Objective.allCases.map(\.rawValue))),
        "incentive_budget": .optional(.number),
      ]
    ) { body, study throws(Problem) in
      if let text = try body.optionalText("objective") {
        guard let objective = CommunitySettings.Objective(rawValue: text) else {
          throw Problem(422, "'objective' must be cost, welfare or risk")
        }
        study.objective = objective
      }
      study.incentiveBudget = try body.number("incentive_budget", in: 0...1e9)
    }
  }

  private var forecast: Endpoint {
    study(
      .forecast,
      text: (
        "a community's net load now and ahead",
        "As `wattline community forecast`: from the members that are metered, with ranges. `members` is the number of "
          + "all, metered or not."
      ),
      members: [
        "hours": .optional(.within(1...168)), "days": .optional(.within(3...400)),
        "members": .optional(.within(1...1_000_000)),
      ]
    ) { body, study throws(Problem) in
      study.hours = try body.integer("hours", in: 1...168) ?? study.hours
      study.days = try body.integer("days", in: 3...400) ?? study.days
      study.members = try body.integer("members", in: 1...1_000_000)
    }
  }

  private var tariff: Endpoint {
    study(
      .tariff,
      text: (
        "what members do under tariffs",
        "As `wattline community tariff`, for the day ahead of the latest quarter of an hour. A tariff is such as "
          + "`flat=0.30` or `tou=0.22/17-21:0.40,fee=0.25`; hours are those of the community's zone."
      ),
      members: ["tariffs": .array(.example(.text(1...200), "flat=0.30"))]
    ) { body, study throws(Problem) in
      guard let tariffs = try body.texts("tariffs", most: 20), !tariffs.isEmpty else {
        throw Problem(422, "'tariffs' must have at least one tariff, such as flat=0.30")
      }
      study.tariffs = tariffs
    }
  }

  private var scenarios: Endpoint {
    study(
      .scenarios,
      text: (
        "random years of a community, with variants side by side",
        "As `wattline community simulate`. A community of plants repeats its day ahead; one in numbers has seasons. "
          + "A variant is such as `sun:pv=+200,invest=180000`. The result is kept as `community_scenario`."
      ),
      members: [
        "variants": .optional(.array(.example(.text(1...200), "sun:pv=+200"))), "runs": .optional(.within(2...10_000)),
        "years": .optional(.within(1...100)), "seed": .optional(.within(0...1_000_000)),
      ]
    ) { body, study throws(Problem) in
      study.variants = try body.texts("variants", most: 10) ?? []
      study.runs = try body.integer("runs", in: 2...10_000) ?? study.runs
      study.years = try body.integer("years", in: 1...100) ?? study.years
      study.seed = try body.integer("seed", in: 0...1_000_000) ?? study.seed
    }
  }
}
