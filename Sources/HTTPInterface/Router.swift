import WebServer

/// Finds the endpoint of a request, and serves the document of all endpoints.
struct Router: Sendable {
  private let endpoints: [Endpoint]

  init(_ endpoints: [Endpoint], program: ProgramFacts) {
    self.endpoints = endpoints + InterfaceDocument.endpoints(describing: endpoints, program: program)
  }

  /// Returns the response to a request, and the path of its endpoint; `unknown` if there is none.
  func answer(_ request: HTTPRequest) -> (route: String, HTTPResponse) {
    let here = endpoints.filter { $0.path == request.path }
    guard !here.isEmpty else {
      return ("unknown", .problem(404, "there is no \(request.path); / lists what there is"))
    }
    let method = request.method == "HEAD" ? "GET" : request.method
    if let endpoint = here.first(where: { $0.method == method }) { return (endpoint.path, endpoint.answer(request)) }
    let allowed = (here.map(\.method) + ["HEAD"]).joined(separator: ", ")
    var response = HTTPResponse.problem(405, "\(request.path) takes \(allowed)")
    response.headers.append(("allow", allowed))
    return (request.path, response)
  }
}
