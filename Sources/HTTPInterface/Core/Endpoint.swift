import Accounts
import WebServer

/// One operation of the interface. The router, the document and the page read it.
struct Endpoint: Sendable {
  /// The callers that may use an operation.
  enum Access: Sendable, Equatable {
    /// Everybody.
    case open
    /// Whoever is known.
    case known
    /// Whoever may take an action; on the plant of the path, if there is one.
    case action(Action)
  }

  /// A parameter of the query.
  struct Parameter: Sendable {
    let name: String
    let meaning: String
    var schema = Schema.string
    var isRequired = false
  }

  /// A body that the operation takes.
  struct Body: Sendable {
    let contentTypes: [String]
    let schema: Schema
    var isRequired = true
  }

  /// A response that the operation gives.
  struct Response: Sendable {
    /// Status code.
    let status: Int
    /// When it is given.
    let meaning: String
    /// Media types of the body; empty for none.
    var contentTypes = ["application/json"]
    /// Schema of the body; `nil` for text.
    var schema: Schema?
  }

  /// Method in capital letters.
  var method = "GET"
  /// Path, with parameters in braces.
  let path: PathTemplate
  /// Name of the operation in the document.
  let id: String
  /// Group of the operation in the document.
  let group: String
  /// The effect, in a few words.
  let summary: String
  /// The effect, in full.
  let details: String
  /// The callers that may use it.
  var access = Access.open
  /// Parameters of the query.
  var parameters: [Parameter] = []
  /// The body that it takes.
  var body: Body?
  /// The responses that it gives.
  let responses: [Response]
  /// Status codes of the problems that it gives, beside those that follow from path, query, body and access.
  var problems: [Int] = []
  /// Whether the body or the answer has a secret, of which nothing is written to disk.
  var hasSecret = false
  /// Answers a request.
  let answer: @Sendable (Call) throws(Problem) -> HTTPResponse

  /// Whether it changes anything, so that it is in the audit.
  var isChange: Bool { method != "GET" && access != .open }
}

extension Endpoint.Parameter {
  /// Largest number of elements in a page of a list.
  static let limit = Self(
    name: "limit", meaning: "largest number of elements, 100 if it is missing", schema: .within(1...1_000))
  /// Where a page begins.
  static let cursor = Self(name: "cursor", meaning: "`next` of the page before")
  /// Names of plants.
  static let plants = Self(name: "plants", meaning: "names of plants with commas; all if it is missing")
}

/// A request with what its endpoint needs to know.
struct Call: Sendable {
  var request: HTTPRequest
  /// Values of the path's parameters.
  let parameters: [String: String]
  /// The caller; `nil` where everybody may ask.
  let principal: Principal?

  /// Returns a parameter of the path, which the router has found.
  func parameter(_ name: String) -> String { parameters[name] ?? "" }

  /// Returns an argument of the query; an empty one counts as missing.
  func argument(_ name: String) -> String? {
    request.argument(name).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Name of whoever asks.
  var user: String { principal?.name ?? "" }

  /// The caller, for the audit.
  var requester: Requester { Requester(user: user, address: request.address) }

  /// Returns whether the caller may take an action on a plant.
  func may(_ action: Action, on plant: String) -> Bool { principal?.may(action, on: plant) ?? false }

  /// Returns an argument that is a whole number.
  ///
  /// - Throws: A problem if it is none, or out of bounds.
  func count(_ name: String, in bounds: ClosedRange<Int>, default usual: Int) throws(Problem) -> Int {
    guard let text = argument(name) else { return usual }
    guard let number = Int(text), bounds.contains(number) else {
      throw Problem(
        400, "\(name) must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound), not '\(text)'")
    }
    return number
  }
}

/// An answer that says why a request is not fulfilled (RFC 9457).
struct Problem: Error {
  let status: Int
  let detail: String
  var headers: [(name: String, value: String)] = []

  /// Creates a problem.
  ///
  /// - Parameters:
  ///   - status: Status code from 400 on.
  ///   - detail: What is wrong and what would be right.
  init(_ status: Int, _ detail: String) { (self.status, self.detail) = (status, detail) }

  /// The response.
  var response: HTTPResponse {
    var response = HTTPResponse.problem(status, detail)
    response.headers += headers
    return response
  }
}
