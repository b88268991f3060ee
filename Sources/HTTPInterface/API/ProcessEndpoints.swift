import Accounts
import DataSources
import Foundation
import Pipeline
import PlantConfig
import WebServer

/// The process: its sources, its configuration, its audit.
struct ProcessEndpoints: Sendable {
  let api: API

  private struct Source: Encodable {
    var id: String
    var state: String
    var messages: UInt64 = 0
    var duplicates: UInt64 = 0
    var reconnects: UInt64 = 0
    var fetched: SourceStatus?

    enum CodingKeys: String, CodingKey {
      case id, state, messages, duplicates, reconnects, plant, rows, next, error
      case lastSuccess = "last_success"
    }

    func encode(to encoder: any Encoder) throws {
      var members = encoder.container(keyedBy: CodingKeys.self)
      try members.encode(id, forKey: .id)
      try members.encode(state, forKey: .state)
      try members.encode(messages, forKey: .messages)
      try members.encode(duplicates, forKey: .duplicates)
      try members.encode(reconnects, forKey: .reconnects)
      try members.encodeIfPresent(fetched?.plant, forKey: .plant)
      try members.encodeIfPresent(fetched?.rows, forKey: .rows)
      try members.encodeIfPresent(fetched?.lastSuccess, forKey: .lastSuccess)
      try members.encodeIfPresent(fetched?.next, forKey: .next)
      try members.encodeIfPresent(fetched?.error, forKey: .error)
    }

    static let schema = Schema.object([
      "id": .string, "state": .word(["receiving", "waiting", "stopped", "fetching", "failing", "refused", "off"]),
      "messages": .integer, "duplicates": .integer, "reconnects": .integer, "plant": .optional(.string),
      "rows": .optional(.integer), "last_success": .optional(.time), "next": .optional(.time),
      "error": .optional(.string),
    ])
  }

  private struct Check: Encodable {
    var valid: Bool
    var findings: [PlantEndpoints.Finding]
    var refused: [String]

    static let schema = Schema.object([
      "valid": .boolean, "findings": .array(PlantEndpoints.Finding.schema), "refused": .array(.string),
    ])
  }

  private struct Entry: Encodable {
    let entry: AuditEntry

    func encode(to encoder: any Encoder) throws { try entry.encode(to: encoder) }

    static let schema = Schema.object([
      "time": .time, "user": .string, "address": .string, "action": .string, "target": .string, "result": .string,
    ])
  }

  var endpoints: [Endpoint] { [sources, source("start"), source("stop"), check, checkFile, audit] }

  private func mqtt() -> Source {
    let intake = api.pipeline.status().intake
    return Source(
      id: "mqtt", state: intake.isHeld ? "stopped" : intake.isSubscribed ? "receiving" : "waiting",
      messages: intake.messages, duplicates: intake.duplicates, reconnects: intake.reconnects)
  }

  /// Returns what a caller may see of the sources: the broker, and those of the caller's plants.
  private func visible(_ call: Call) -> [Source] {
    [mqtt()]
      + api.pipeline.fetchedSources().filter { call.may(.readSensors, on: $0.plant) }.map {
        Source(id: "\($0.plant):\($0.name)", state: $0.state.rawValue, messages: $0.rows, fetched: $0)
      }
  }

  private var sources: Endpoint {
    Endpoint(
      path: "/api/v1/sources", id: "listSources", group: "sources", summary: "where readings come from",
      details:
        "`mqtt` is the broker; others have the id `PLANT:NAME`, and their `messages` are rows. `waiting` is a broker "
        + "that is not connected, or whose subscriptions are not all confirmed, and a source before its next fetch.",
      access: .action(.readSensors), parameters: [.limit, .cursor],
      responses: [.json("The sources.", .page(Source.schema))],
      answer: { call throws(Problem) in .json(try Page(visible(call), call: call)) })
  }

  private func source(_ action: String) -> Endpoint {
    Endpoint(
      method: "POST", path: PathTemplate("/api/v1/sources/{source}/\(action)"), id: "\(action)Source", group: "sources",
      summary: action == "stop" ? "receives no more messages" : "receives messages again",
      details:
        "While a source is stopped, its messages wait at the broker, as long as the broker keeps them. Readings that "
        + "are posted here are still taken. A source with the id `PLANT:NAME` fetches nothing while it is stopped, also "
        + "after a restart; a start lets it try refused credentials again.",
      access: .action(.controlSource), responses: [.json("The source.", Source.schema)],
      answer: { call throws(Problem) in
        let name = call.parameter("source")
        if name != "mqtt" { return try order(name, isStopped: action == "stop", call: call) }
        guard call.principal?.plants == .all else {
          throw Problem(403, "the source serves all plants, and you have only some")
        }
        api.pipeline.hold(action == "stop")
        return .json(mqtt())
      })
  }

  /// Stops or starts a source that does not come over MQTT.
  private func order(_ name: String, isStopped: Bool, call: Call) throws(Problem) -> HTTPResponse {
    let known = visible(call)
    guard let source = known.first(where: { $0.id == name }), let fetched = source.fetched else {
      let ids = known.prefix(20).map(\.id).joined(separator: ", ")
      throw Problem(404, "there is no source '\(name.prefix(100))'; there are \(ids)")
    }
    guard call.may(.controlSource, on: fetched.plant) else {
      throw Problem(403, "you may not control sources of the plant '\(fetched.plant)'")
    }
    do { try api.pipeline.order(fetched.plant, fetched.name, isStopped) } catch {
      throw Problem(503, "the order cannot be written: \(error.localizedDescription)")
    }
    return .json(visible(call).first { $0.id == name } ?? source)
  }

  private func answer(_ loaded: LoadedConfiguration) -> HTTPResponse {
    let findings = (loaded.diagnostics + loaded.warnings).map { PlantEndpoints.Finding($0) }
    return .json(
      Check(valid: loaded.isValid, findings: findings, refused: api.pipeline.refusedConfiguration()))
  }

  private var check: Endpoint {
    Endpoint(
      path: "/api/v1/config/check", id: "checkConfiguration", group: "configuration",
      summary: "checks the folder of the configuration",
      details: "As `wattline check`. `refused` has the mistakes of a change that was not taken up.",
      access: .action(.manageConfiguration), responses: [.json("The findings.", Check.schema)],
      answer: { _ in answer(api.pipeline.checked(nil)) })
  }

  private var checkFile: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/config/check", id: "checkPlantFile", group: "configuration",
      summary: "checks a plant's file that is not in the folder",
      details:
        "The body is the file; it is checked with all others of the folder, in place of the one of the same plant. "
        + "Nothing is written.",
      access: .action(.manageConfiguration),
      body: .init(contentTypes: [PlantEndpoints.yaml], schema: .string),
      responses: [.json("The findings.", Check.schema)], problems: [422],
      answer: { call throws(Problem) in
        let files = api.pipeline.configuration().plantFiles
        let text = String(decoding: call.request.body, as: UTF8.self)
        let name = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("plant:") }
          .map { $0.dropFirst(6).filter { !" \t\"'".contains($0) } }
        let file = name.flatMap { files[$0] }
        try api.checkVariables(call.request.body, file: file)
        return answer(api.pipeline.checked((file ?? "new-plant.yaml", call.request.body)))
      })
  }

  private var audit: Endpoint {
    Endpoint(
      path: "/api/v1/audit", id: "listAudit", group: "audit", summary: "who did what",
      details: "Changes, logins and refusals, the latest first. Entries can be added alone.",
      access: .action(.readAudit),
      parameters: [
        .init(name: "user", meaning: "only of this user"), .init(name: "action", meaning: "only this action"), .limit,
        .init(name: "cursor", meaning: "`next` of the page before"),
      ],
      responses: [.json("The entries.", .page(Entry.schema))], problems: [503],
      answer: { call throws(Problem) in
        var filter = AuditFilter()
        (filter.user, filter.action) = (call.argument("user"), call.argument("action"))
        let limit = try call.count("limit", in: 1...1_000, default: 100)
        let cursor: Int? = try call.argument("cursor") == nil ? nil : call.count("cursor", in: 0...Int.max, default: 0)
        let page = try fromAccounts { () throws(AccountError) in
          try api.accounts.store.audit(filter, after: cursor.map { Int64($0) }, limit: limit)
        }
        return .json(Page(items: page.entries.map { Entry(entry: $0) }, next: page.next.map { "\($0)" }))
      })
  }
}

/// Returns what the file of accounts gives.
///
/// - Throws: The problem of an account that cannot be read or changed.
func fromAccounts<Value>(_ body: () throws(AccountError) -> Value) throws(Problem) -> Value {
  do throws(AccountError) { return try body() } catch { throw Problem(error) }
}

extension Problem {
  /// Creates the problem of an account that cannot be read or changed.
  init(_ error: AccountError) {
    let status =
      switch error.kind {
      case .invalid: 422
      case .missing: 404
      case .exists, .lastAdmin: 409
      case .unavailable: 503
      }
    self.init(status, error.description)
  }
}
