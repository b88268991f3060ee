import Accounts
import Settings
import SystemCore
import WebServer

/// Decides who may use an endpoint, and keeps the audit.
struct Gate: Sendable {
  let accounts: Authenticator

  /// Returns who makes a request to an endpoint.
  ///
  /// - Throws: A problem with status 401 or 403; it is in the audit.
  func enter(_ endpoint: Endpoint, request: HTTPRequest) throws(Problem) -> Principal? {
    if endpoint.access == .open { return nil }
    let now = SystemClock.now()
    let headers = request.headers
    let principal: Principal
    switch accounts.authenticate(
      authorization: headers["authorization"], apiKey: headers["x-api-key"], from: request.address, at: now)
    {
    case .success(let found): principal = found
    case .failure(let refusal):
      guard refusal.kind != .unavailable else { throw Problem(503, refusal.description) }
      var problem = Problem(401, refusal.description)
      problem.headers.append(("www-authenticate", refusal.challenge))
      throw problem
    }
    if case .action(let action) = endpoint.access, !allows(principal, to: action, request: request) {
      throw Problem(
        403,
        "role \(principal.role.rawValue) with these scopes may not do this; it needs the scope "
          + action.scope.rawValue + (action.concernsAllPlants ? " and all plants" : ""))
    }
    return principal
  }

  private func allows(_ principal: Principal, to action: Action, request: HTTPRequest) -> Bool {
    if principal.may(action) { return true }
    record(
      AuditEntry(
        SystemClock.now(), by: Requester(user: principal.name, address: request.address), action: action.rawValue,
        target: request.path, result: "refused: not allowed"))
    return false
  }

  /// Stores an entry.
  ///
  /// - Returns: Whether it is stored.
  @discardableResult
  func record(_ entry: AuditEntry) -> Bool {
    do throws(AccountError) { try accounts.record(entry) } catch { return false }
    return true
  }

  /// Stores what became of a change.
  func record(_ endpoint: Endpoint, call: Call, response: HTTPResponse) {
    let action: String
    switch endpoint.access {
    case .action(let kind): action = kind.rawValue
    case .known: action = endpoint.id
    case .open: return
    }
    let result =
      response.status < 400
      ? AuditEntry.done : "refused: \(response.status)"
    record(
      AuditEntry(
        SystemClock.now(), by: call.requester, action: action, target: "\(endpoint.id) \(call.request.path)",
        result: result))
  }
}
