import Foundation
import WebServer

/// The description of the interface: OpenAPI 3.1 for programs, and a page for people. Both are made from the endpoints.
enum InterfaceDocument {
  private static let problem = """
    {"type":"object","required":["title","status","detail"],"properties":{"title":{"type":"string"},\
    "status":{"type":"integer"},"detail":{"type":"string"}}}
    """

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
      path: "/openapi.json", id: "getDocument", summary: "this interface as an OpenAPI 3.1 document",
      details: "Made from the code that answers.",
      responses: [
        .init(
          status: 200, meaning: "The document.", contentTypes: ["application/json"], schema: "{\"type\":\"object\"}")
      ],
      answer: { _ in response })
  }

  private static func page(_ response: HTTPResponse) -> Endpoint {
    Endpoint(
      path: "/", id: "getPage", summary: "this interface as a page for people", details: "It has no scripts.",
      responses: [.init(status: 200, meaning: "The page.", contentTypes: ["text/html; charset=utf-8"])],
      answer: { _ in response })
  }

  /// Returns the OpenAPI document.
  static func openAPI(_ endpoints: [Endpoint], program: ProgramFacts) -> String {
    var paths: [String: Any] = [:]
    for endpoint in endpoints {
      var responses: [String: Any] = [:]
      for response in endpoint.responses {
        responses["\(response.status)"] = [
          "description": response.meaning, "content": content(response.contentTypes, schema: response.schema),
        ]
      }
      responses["429"] = [
        "description": "More requests from this address than `http.rate` allows.",
        "headers": ["retry-after": ["schema": ["type": "integer"], "description": "Seconds to wait."]],
        "content": content(["application/problem+json"], schema: problem),
      ]
      paths[endpoint.path] = [
        endpoint.method.lowercased(): [
          "operationId": endpoint.id, "summary": endpoint.summary, "description": endpoint.details,
          "responses": responses,
        ]
      ]
    }
    let document: [String: Any] = [
      "openapi": "3.1.0",
      "info": [
        "title": "Wattline", "version": program.version,
        "description": "Health and metrics of a running pipeline.", "license": ["name": "see LICENSE"],
      ],
      "paths": paths,
    ]
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? JSONSerialization.data(withJSONObject: document, options: options) else { return "{}" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  private static func content(_ types: [String], schema: String?) -> [String: Any] {
    let parsed = schema.flatMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) } ?? ["type": "string"]
    return Dictionary(types.map { ($0, ["schema": parsed]) }, uniquingKeysWith: { $1 })
  }

  /// Returns the page.
  static func html(_ endpoints: [Endpoint], program: ProgramFacts) -> String {
    var rows = ""
    for endpoint in endpoints {
      let codes = endpoint.responses.map { "\($0.status): \(escaped($0.meaning))" }.joined(separator: "<br>")
      rows += """
        <tr><td>\(endpoint.method)</td><td><a href="\(endpoint.path)">\(endpoint.path)</a></td>
        <td>\(escaped(endpoint.summary)). \(escaped(endpoint.details))</td><td>\(codes)</td></tr>

        """
    }
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>Wattline</title>
      <meta name="viewport" content="width=device-width">
      <style>
      :root { color-scheme: light dark; }
      body { font-family: sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; line-height: 1.4; }
      table { border-collapse: collapse; } td, th { text-align: left; vertical-align: top; padding: 0.3em 0.8em 0.3em 0; }
      </style></head><body>
      <h1>Wattline</h1>
      <p>Version \(escaped(program.version)), commit \(escaped(program.commit)).</p>
      <table><tr><th>Method</th><th>Path</th><th>What it gives</th><th>Responses</th></tr>
      \(rows)</table></body></html>

      """
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }
}
