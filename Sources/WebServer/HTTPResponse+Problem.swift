import Foundation

extension HTTPResponse {
  /// Returns a response with plain text.
  public static func text(_ text: String, status: Int = 200) -> HTTPResponse {
    HTTPResponse(status, contentType: "text/plain; charset=utf-8", body: text.utf8)
  }

  /// Returns a response with a JSON document, members in the order of their names, which are in snake case.
  public static func json(_ value: some Encodable, status: Int = 200) -> HTTPResponse {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let body = try? encoder.encode(value) else { return .problem(500, "the answer cannot be written as JSON") }
    return HTTPResponse(status, contentType: "application/json", body: body)
  }

  /// Returns an error as a problem document (RFC 9457).
  ///
  /// - Parameters:
  ///   - status: Status code from 400 on.
  ///   - detail: What is wrong and what would be right.
  public static func problem(_ status: Int, _ detail: String) -> HTTPResponse {
    struct Problem: Encodable {
      var title: String
      var status: Int
      var detail: String
    }
    let titles = [
      400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
      411: "Length Required", 413: "Content Too Large", 426: "Upgrade Required", 429: "Too Many Requests",
      500: "Internal Server Error",
      503: "Service Unavailable",
    ]
    var response = HTTPResponse.json(
      Problem(title: titles[status] ?? "Error", status: status, detail: detail), status: status)
    response.contentType = "application/problem+json"
    return response
  }
}
