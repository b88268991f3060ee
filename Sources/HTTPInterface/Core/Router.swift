import Accounts
import WebServer

/// Finds the endpoint of a request, and serves the document of all endpoints.
struct Router: Sendable {
  let endpoints: [Endpoint]

  init(_ endpoints: [Endpoint], program: ProgramFacts) {
    self.endpoints = endpoints + InterfaceDocument.endpoints(describing: endpoints, program: program)
  }

  /// The target of a path and method.
  enum Target {
    case endpoint(Endpoint, parameters: [String: String])
    case refused(route: String, Problem)
  }

  /// Returns the endpoint of a request, or why there is none.
  func target(of request: HTTPRequest) -> Target {
    var matches: [(endpoint: Endpoint, parameters: [String: String])] = []
    for endpoint in endpoints {
      if let parameters = endpoint.path.match(request.path) { matches.append((endpoint, parameters)) }
    }
    let method = request.method == "HEAD" ? "GET" : request.method
    let fitting = matches.filter { $0.endpoint.method == method }
    if let best = fitting.max(by: { $0.endpoint.path.weight < $1.endpoint.path.weight }) {
      return .endpoint(best.endpoint, parameters: best.parameters)
    }
    guard let first = matches.first else {
      return .refused(route: "unknown", Problem(404, "there is no \(request.path.prefix(200)); / lists what there is"))
    }
    var methods = matches.map(\.endpoint.method)
    if methods.contains("GET") { methods.append("HEAD") }
    let allowed = methods.joined(separator: ", ")
    var problem = Problem(405, "\(request.path.prefix(200)) takes \(allowed)")
    problem.headers.append(("allow", allowed))
    return .refused(route: first.endpoint.path.description, problem)
  }
}
