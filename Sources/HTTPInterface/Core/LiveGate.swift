import Accounts
import Settings
import SystemCore
import WebServer

extension Gate {
  /// Decides who a client of the live feed is and what it may do.
  func enterLive(_ request: HTTPRequest) -> Result<LiveAccess, LiveRefusal> {
    let credential = LiveToken.bearer(in: request) ?? request.headers["x-api-key"]
    guard let credential else {
      var problem = Problem(401, "this needs a token in `authorization`, or as the subprotocol `bearer.TOKEN`")
      problem.headers.append(("www-authenticate", "Bearer realm=\"wattline\""))
      return .failure(LiveRefusal(problem.response))
    }
    let accounts = accounts
    let address = request.address
    let secret = Secret(credential)
    switch accounts.authenticate(secret, from: address, at: SystemClock.now()) {
    case .failure(let refusal):
      var problem = Problem(refusal.kind == .unavailable ? 503 : 401, refusal.description)
      problem.headers.append(("www-authenticate", refusal.challenge))
      return .failure(LiveRefusal(problem.response))
    case .success(let principal):
      let reads = principal.may(.readSensors)
      let instructs = LiveEndpoint.subjects.contains { Self.action(about: $0).map { principal.may($0) } ?? false }
      guard reads || principal.may(.writeReadings) || instructs else {
        return .failure(LiveRefusal(.problem(403, "these scopes neither read nor publish")))
      }
      let plants: LiveAccess.Plants =
        !reads ? .named([]) : principal.plants.names.map { .named(Set($0)) } ?? .all
      var access = LiveAccess(
        plants: plants, publishes: { principal.may(.writeReadings, on: $0) },
        instructs: { plant, subject in Self.action(about: subject).map { principal.may($0, on: plant) } ?? false },
        isValid: {
          switch accounts.authenticate(secret, from: address, at: SystemClock.now()) {
          // A changed account ends its sessions, and a key or an issuer's token may have other rights by now.
          case .success(let now): now == principal
          case .failure(let refusal): refusal.kind == .unavailable
          }
        })
      access.name = principal.name
      access.record = { subject, topic, refusal in
        record(
          AuditEntry(
            SystemClock.now(), by: Requester(user: principal.name, address: address),
            action: Self.action(about: subject)?.rawValue ?? "instruct", target: "publish \(topic)",
            result: refusal.map { "refused: \($0)" } ?? AuditEntry.done))
      }
      return .success(access)
    }
  }

  /// Returns the action of an instruction about a subject, as over HTTP; `nil` if there are none about it.
  static func action(about subject: String) -> Action? {
    switch subject {
    case "alerts": .handleAlerts
    case "commands": .decideCommands
    case "forecasts": .runDispatch
    case "savings": .decideSavings
    default: nil
    }
  }
}
