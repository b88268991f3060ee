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
      guard reads || principal.may(.writeReadings) || principal.may(.decideCommands) else {
        return .failure(LiveRefusal(.problem(403, "these scopes neither read nor publish")))
      }
      let plants: LiveAccess.Plants =
        !reads ? .named([]) : principal.plants.names.map { .named(Set($0)) } ?? .all
      return .success(
        LiveAccess(
          plants: plants, publishes: { principal.may(.writeReadings, on: $0) },
          instructs: { principal.may(.decideCommands, on: $0) && principal.may(.handleAlerts, on: $0) },
          isValid: {
            switch accounts.authenticate(secret, from: address, at: SystemClock.now()) {
            // A changed account ends its sessions, and a key or an issuer's token may have other rights by now.
            case .success(let now): now == principal
            case .failure(let refusal): refusal.kind == .unavailable
            }
          }))
    }
  }
}
