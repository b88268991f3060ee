import Accounts
import Pipeline
import PlantModel
import WattlineTime
import WebServer

/// Alerts that are active or not acknowledged, and what people decide about them.
struct AlertEndpoints: Sendable {
  let api: API

  /// An alert as the interface writes it.
  struct Document: Encodable {
    var id, plant, asset, rule, severity, state, title, text, changed: String
    var sensor: String?
    var since: String?
    var value: Double?
    var cause: String?

    init(_ alert: StandingAlert, plant: String) {
      (id, self.plant, asset, rule) = (alert.id, plant, alert.asset, alert.rule)
      (severity, state) = (alert.severity.rawValue, alert.state.rawValue)
      (title, text, changed) = (alert.title, alert.text, alert.changed.description)
      (sensor, since, value, cause) = (alert.sensor, alert.since?.description, alert.value, alert.cause)
    }

    static let schema = Schema.object([
      "id": .string, "plant": .string, "asset": .string, "rule": .string,
      "severity": .word(Severity.allCases.map(\.rawValue)), "state": .word(AlertState.allCases.map(\.rawValue)),
      "title": .string, "text": .string, "changed": .time, "sensor": .optional(.string), "since": .optional(.time),
      "value": .optional(.number), "cause": .optional(.string),
    ])
  }

  var endpoints: [Endpoint] {
    [list, one, acknowledge, shelve, unshelve]
  }

  /// Returns the alert of a path, with the name of its plant.
  func find(_ call: Call, for action: Action) throws(Problem) -> (plant: String, alert: StandingAlert) {
    let given = call.parameter("id")
    let all = api.pipeline.status().stages.plants.filter { call.may(action, on: $0.name) }
      .flatMap { view in view.standing.map { (plant: view.name, alert: $0) } }
    guard let id = PathName.resolve(given, among: all.map(\.alert.id)),
      let found = all.first(where: { $0.alert.id == id })
    else {
      throw Problem(404, "no alert '\(given.prefix(200))' is active or waits for an acknowledgement among your plants")
    }
    return found
  }

  private var list: Endpoint {
    Endpoint(
      path: "/api/v1/alerts", id: "listAlerts", group: "alerts", summary: "alerts that stand",
      details:
        "Alerts that are active, or over and not acknowledged: the most severe first, then those that nobody has "
        + "acknowledged, then the latest.",
      access: .action(.readAlerts),
      parameters: [
        .plants,
        .init(
          name: "severity", meaning: "the least severity", schema: .word(Severity.allCases.map(\.rawValue))),
        .init(name: "state", meaning: "one state", schema: .word(AlertState.allCases.map(\.rawValue))),
        .limit, .cursor,
      ],
      responses: [.json("The alerts.", .page(Document.schema))], problems: [404],
      answer: { call throws(Problem) in
        let least = try call.word("severity", of: Severity.self)
        let state = try call.word("state", of: AlertState.self)
        let all = try api.views(of: call, for: .readAlerts).flatMap { view in
          view.standing.filter { $0.severity >= (least ?? .info) && (state == nil || $0.state == state) }
            .map { (plant: view.name, alert: $0) }
        }
        let sorted = all.sorted { one, other in
          let (a, b) = (one.alert, other.alert)
          if a.severity != b.severity { return a.severity > b.severity }
          let (isOpen, isOtherOpen) = (a.state == .unacknowledged, b.state == .unacknowledged)
          if isOpen != isOtherOpen { return isOpen }
          return (a.since ?? a.changed, b.id) > (b.since ?? b.changed, a.id)
        }
        return .json(try Page(sorted.map { Document($0.alert, plant: $0.plant) }, call: call))
      })
  }

  private var one: Endpoint {
    Endpoint(
      path: "/api/v1/alerts/{id}", id: "getAlert", group: "alerts", summary: "one alert that stands",
      details: "The identifier is percent-encoded.", access: .action(.readAlerts),
      responses: [.json("The alert.", Document.schema)],
      answer: { call throws(Problem) in
        let found = try find(call, for: .readAlerts)
        return .json(Document(found.alert, plant: found.plant))
      })
  }

  private var acknowledge: Endpoint {
    decision(
      "acknowledge", summary: "somebody has seen an alert",
      details: "It is not notified again. An alert that is over leaves the list. A repetition changes nothing.")
  }

  private var shelve: Endpoint {
    var endpoint = decision(
      "shelve", summary: "an alert is silent for a while",
      details: "It is recorded, and nobody is notified, until the time is over: one second to seven days.")
    endpoint.body = .init(contentTypes: ["application/json"], schema: .object(["for": .example(.string, "2h")]))
    return endpoint
  }

  private var unshelve: Endpoint {
    decision("unshelve", summary: "an alert is no longer silent", details: "An active one is notified again.")
  }

  private func decision(_ action: String, summary: String, details: String) -> Endpoint {
    Endpoint(
      method: "POST", path: PathTemplate("/api/v1/alerts/{id}/\(action)"), id: "\(action)Alert", group: "alerts",
      summary: summary, details: details, access: .action(.handleAlerts),
      responses: [
        .json("It is done; the alert as it is now, or as it ended.", Document.schema),
        .json("It is stored; the result is not known yet.", Document.schema, status: 202),
      ],
      problems: [409, 422, 503],
      answer: { call throws(Problem) in try decide(action, call: call) })
  }

  /// Carries a decision about the alert of a path out.
  func decide(_ action: String, call: Call) throws(Problem) -> HTTPResponse {
    let found = try find(call, for: .handleAlerts)
    var members = ["id": found.alert.id, "action": action, "by": call.user]
    if action == "shelve" {
      let span = try JSONBody(call, members: ["for"]).text("for", longest: 20)
      guard let time = TimeSpan(span), (.second...TimeSpan.days(7)).contains(time) else {
        throw Problem(422, "'for' must be a time from 1s to 7d, such as 2h, not '\(span)'")
      }
      members["for"] = span
    }
    let isDone = try api.request(of: found.plant, subject: "alerts", members: members)
    let now = api.pipeline.status().stages.plants.first { $0.name == found.plant }?.standing
      .first { $0.id == found.alert.id }
    var document = Document(now ?? found.alert, plant: found.plant)
    if isDone, now == nil { document.state = AlertState.normal.rawValue }
    return .json(document, status: isDone ? 200 : 202)
  }
}

extension Call {
  /// Returns an argument that is one of several words.
  ///
  /// - Throws: A problem if it is another.
  func word<Word: RawRepresentable & CaseIterable>(_ name: String, of type: Word.Type) throws(Problem) -> Word?
  where Word.RawValue == String {
    guard let text = argument(name) else { return nil }
    guard let word = Word(rawValue: text) else {
      let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw Problem(400, "\(name) is one of \(words), not '\(text.prefix(100))'")
    }
    return word
  }
}
