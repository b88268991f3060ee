import WebServer

/// One operation of the interface. The router, the document and the page read it.
struct Endpoint: Sendable {
  /// A response that the operation gives.
  struct Response: Sendable {
    /// Status code.
    let status: Int
    /// When it is given.
    let meaning: String
    /// Media types of the body.
    let contentTypes: [String]
    /// JSON schema of the body as JSON text; `nil` for text.
    var schema: String?
  }

  /// Method in capital letters.
  let method = "GET"
  /// Path without parameters.
  let path: String
  /// Name of the operation in the document.
  let id: String
  /// What it does, in a few words.
  let summary: String
  /// What it does, in full.
  let details: String
  /// The responses that it gives, beside those of every operation.
  let responses: [Response]
  /// Answers a request.
  let answer: @Sendable (HTTPRequest) -> HTTPResponse
}
