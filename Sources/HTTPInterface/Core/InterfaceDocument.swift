import Accounts
import Foundation
import WebServer

/// The description of the interface: OpenAPI 3.1 for programs, and a page for people. Both are made from the endpoints.
enum InterfaceDocument {
  private static let problem = Schema.object(["title": .string, "status": .integer, "detail": .string])

  /// Returns the endpoints that describe all endpoints, including themselves.
  static func endpoints(describing others: [Endpoint], program: ProgramFacts) -> [Endpoint] {
    let own = [document(HTTPResponse.text("")), page(HTTPResponse.text(""))]
    let all = others + own
    let document = HTTPResponse(200, contentType: "application/json", body: openAPI(all, program: program).utf8)
    let page = HTTPResponse(200, contentType: "text/html; charset=utf-8", body: html(all, program: program).utf8)
    return [Self.document(document), Self.page(page)]
  }

  private static func document(_ response: HTTPResponse) -> Endpoint {
    Endpoint(
      path: "/openapi.json", id: "getDocument", group: "document", summary: "this interface as an OpenAPI 3.1 document",
      details: "Made from the code that answers.", responses: [.json("The document.", .map(.any))],
      answer: { _ in response })
  }

  private static func page(_ response: HTTPResponse) -> Endpoint {
    Endpoint(
      path: "/", id: "getPage", group: "document", summary: "this interface as a page for people",
      details: "It has no scripts.",
      responses: [.init(status: 200, meaning: "The page.", contentTypes: ["text/html; charset=utf-8"])],
      answer: { _ in response })
  }

  // MARK: OpenAPI

  /// Returns the OpenAPI document.
  static func openAPI(_ endpoints: [Endpoint], program: ProgramFacts) -> String {
    var paths: [String: [String: Any]] = [:]
    for endpoint in endpoints {
      paths[endpoint.path.description, default: [:]][endpoint.method.lowercased()] = operation(endpoint)
    }
    let document: [String: Any] = [
      "openapi": "3.1.0",
      "info": [
        "title": "Wattline", "version": program.version,
        "description": "Health, metrics and interface of a running pipeline.", "license": ["name": "see LICENSE"],
      ],
      "paths": paths,
      "components": [
        "securitySchemes": [
          "bearer": ["type": "http", "scheme": "bearer"],
          "key": ["type": "apiKey", "in": "header", "name": "x-api-key"],
        ]
      ],
    ]
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? JSONSerialization.data(withJSONObject: document, options: options) else { return "{}" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  private static func operation(_ endpoint: Endpoint) -> [String: Any] {
    var operation: [String: Any] = [
      "operationId": endpoint.id, "summary": endpoint.summary, "description": endpoint.details,
      "tags": [endpoint.group], "responses": responses(of: endpoint),
    ]
    var parameters: [[String: Any]] = endpoint.path.parameters.map { name in
      ["name": name, "in": "path", "required": true, "schema": ["type": "string", "minLength": 1]]
    }
    parameters += endpoint.parameters.map { parameter in
      [
        "name": parameter.name, "in": "query", "required": parameter.isRequired, "description": parameter.meaning,
        "schema": parameter.schema.tree,
      ]
    }
    if endpoint.isChange {
      parameters.append([
        "name": "idempotency-key", "in": "header", "required": false,
        "description": "A text of the client's choice; a repetition with the same one changes nothing.",
        "schema": Schema.text(1...200).tree,
      ])
    }
    if !parameters.isEmpty { operation["parameters"] = parameters }
    if let body = endpoint.body {
      operation["requestBody"] = [
        "required": body.isRequired, "content": content(body.contentTypes, schema: body.schema),
      ]
    }
    if endpoint.access != .open { operation["security"] = [["bearer": [String]()], ["key": [String]()]] }
    return operation
  }

  private static func responses(of endpoint: Endpoint) -> [String: Any] {
    var responses: [String: Any] = [:]
    for response in endpoint.responses {
      var own: [String: Any] = ["description": response.meaning]
      if !response.contentTypes.isEmpty { own["content"] = content(response.contentTypes, schema: response.schema) }
      responses["\(response.status)"] = own
    }
    for status in problems(of: endpoint) where responses["\(status)"] == nil {
      var own: [String: Any] = [
        "description": meanings[status] ?? "It is refused.",
        "content": content(["application/problem+json"], schema: problem),
      ]
      if status == 429 {
        own["headers"] = ["retry-after": ["schema": ["type": "integer"], "description": "Seconds to wait."]]
      }
      responses["\(status)"] = own
    }
    if endpoint.method == "GET" { responses["304"] = ["description": "The client has this body already."] }
    return responses
  }

  /// Status codes of an endpoint's problems: its own, and those that follow from its path, query, body and access.
  private static func problems(of endpoint: Endpoint) -> [Int] {
    var statuses = Set(endpoint.problems + [400, 429])
    if endpoint.access != .open { statuses.formUnion([401, 403, 503]) }
    if !endpoint.path.parameters.isEmpty { statuses.insert(404) }
    if endpoint.body != nil { statuses.formUnion([411, 413, 415, 422]) }
    if endpoint.isChange { statuses.formUnion([409, 422]) }
    return statuses.sorted()
  }

  private static let meanings = [
    400: "The request cannot be understood; `detail` says why.", 401: "There is no valid token or key.",
    403: "Who asks may not do this.", 404: "There is no such thing, or none that who asks may know of.",
    406: "There is no such form of the answer.", 409: "It does not fit what there is now.",
    411: "The length of the body is missing.", 412: "It has changed since.", 413: "The body is too long.",
    415: "The body is of another type.", 422: "The body is understood, and a value in it is not possible.",
    429: "There were too many requests; `retry-after` says how long to wait.",
    503: "It cannot be done now; `detail` says why.",
  ]

  private static func content(_ types: [String], schema: Schema?) -> [String: Any] {
    Dictionary(
      types.map { type in
        // A schema would be that of the parsed text, and a plant file has one of its own.
        if type == PlantEndpoints.yaml, schema == nil { return (type, [:]) }
        // The schema is that of JSON; other forms of the same points are text.
        let isJSON = type.hasSuffix("json")
        return (type, ["schema": isJSON || types.count == 1 ? schema?.tree ?? ["type": "string"] : ["type": "string"]])
      }, uniquingKeysWith: { $1 })
  }

  // MARK: Page

  /// Returns the page.
  static func html(_ endpoints: [Endpoint], program: ProgramFacts) -> String {
    var groups: [(name: String, endpoints: [Endpoint])] = []
    for endpoint in endpoints {
      if let place = groups.firstIndex(where: { $0.name == endpoint.group }) {
        groups[place].endpoints.append(endpoint)
      } else {
        groups.append((endpoint.group, [endpoint]))
      }
    }
    let sections = groups.map { group in
      "<h2>\(HTMLText.escaped(group.name))</h2>\n" + group.endpoints.map(article).joined(separator: "\n")
    }
    return HTMLText.page(
      "Wattline",
      body: """
        <h1>Wattline</h1>
        <p>Version \(HTMLText.escaped(program.version)), commit \(HTMLText.escaped(program.commit)).
        <a href="/openapi.json">OpenAPI document</a>, <a href="/act">act</a>.</p>
        <p>Log in with <code>POST /api/v1/login</code>, or use an API key; either goes into the header
        <code>authorization: Bearer …</code>. Times are UTC. Errors are documents of RFC 9457. Lists come in pages:
        <code>next</code> is the <code>cursor</code> of the next one.</p>
        \(sections.joined(separator: "\n"))
        """)
  }

  private static func article(_ endpoint: Endpoint) -> String {
    let path = HTMLText.escaped(endpoint.path.description)
    let isLink = endpoint.method == "GET" && endpoint.access == .open && endpoint.path.parameters.isEmpty
    let access =
      switch endpoint.access {
      case .open: "Needs no token."
      case .known: "Needs a token or key."
      case .action(let action): "Needs the scope <code>\(action.scope.rawValue)</code>."
      }
    let rows = endpoint.parameters.map { parameter in
      "<li><code>\(HTMLText.escaped(parameter.name))</code>: \(HTMLText.escaped(parameter.meaning))</li>"
    }
    let codes = endpoint.responses.map { "\($0.status): \(HTMLText.escaped($0.meaning))" }.joined(separator: "<br>")
    return """
      <article><p><strong>\(endpoint.method) \(isLink ? "<a href=\"\(path)\">\(path)</a>" : path)</strong>:
      \(HTMLText.escaped(endpoint.summary)). \(access)</p><p>\(HTMLText.escaped(endpoint.details))</p>
      \(rows.isEmpty ? "" : "<ul>\(rows.joined())</ul>")<p>\(codes)</p></article>
      """
  }
}
