import Accounts
import Pipeline
import PlantConfig
import WebServer

/// The process: its sources, its configuration, its audit.
struct ProcessEndpoints: Sendable {
  let api: API

  private struct Source: Encodable {
    var id: String
    var state: String
    var messages: UInt64
    var duplicates: UInt64
    var reconnects: UInt64

    static let schema = Schema.object([
      "id": .string, "state": .word(["receiving", "waiting", "stopped"]), "messages": .integer,
      "duplicates": .integer, "reconnects": .integer,
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

  private var sources: Endpoint {
    Endpoint(
      path: "/api/v1/sources", id: "listSources", group: "sources", summary: "where readings come from",
      details: "`waiting` is a source that is not connected, or whose subscriptions are not all confirmed.",
      access: .action(.readSensors), parameters: [.limit, .cursor],
      responses: [.json("The sources.", .page(Source.schema))],
      answer: { call throws(Problem) in .json(try Page([mqtt()], call: call)) })
  }

  private func source(_ action: String) -> Endpoint {
    Endpoint(
      method: "POST", path: PathTemplate("/api/v1/sources/{source}/\(action)"), id: "\(action)Source", group: "sources",
      summary: action == "stop" ? "receives no more messages" : "receives messages again",
      details:
        "While a source is stopped, its messages wait at the broker, as long as the broker keeps them. Readings that "
        + "are posted here are still taken.",
      access: .action(.controlSource), responses: [.json("The source.", Source.schema)],
      answer: { call throws(Problem) in
        let name = call.parameter("source")
        guard name == "mqtt" else { throw Problem(404, "there is no source '\(name.prefix(100))'; there is mqtt") }
        guard call.principal?.plants == .all else {
          throw Problem(403, "the source serves all plants, and you have only some")
        }
        api.pipeline.hold(action == "stop")
        return .json(mqtt())
      })
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
