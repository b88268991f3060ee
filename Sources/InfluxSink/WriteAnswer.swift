import PlantModel
public import SinkCore
public import WattlineTime

/// Classifies the database's answers to writes.
public enum WriteAnswer {
  /// Returns the action after an answer.
  ///
  /// 204 means that all lines are written, and so does an empty 200 from servers that imitate the database. A 200 with
  /// a body is a page from something else.
  ///
  /// - Parameters:
  ///   - status: HTTP status; 0 means no answer. Sending again is then harmless, because a rewritten point replaces
  ///     itself.
  ///   - body: the answer's body.
  ///   - retryAfter: the wait that the server asked for, if any.
  public static func classify(status: Int, body: String, retryAfter: TimeSpan? = nil) -> SinkAction {
    switch status {
    case 204: return .accepted
    case 200 where !body.contains { !$0.isWhitespace }: return .accepted
    case 400, 422: return refusal(body)
    case 401: return .hold(.credentials)
    case 403: return .hold(.permission)
    case 404: return .hold(.missing)
    case 413: return .tooLarge
    case 408, 425, 429: return .retry(after: retryAfter)
    case 500: return fault(body, retryAfter: retryAfter)
    case 200..<500: return .hold(.unexpected)
    default: return .retry(after: retryAfter)
    }
  }

  /// Whether an answer says that the database is missing, so that it may be created.
  ///
  /// - Parameters:
  ///   - status: HTTP status.
  ///   - body: the answer's body.
  public static func isDatabaseMissing(status: Int, body: String) -> Bool {
    status == 404 && body.lowercased().contains("database not found")
  }

  /// Classifies a 500 by its message: a full or slow server is retried, anything else may be caused by the data.
  private static func fault(_ body: String, retryAfter: TimeSpan?) -> SinkAction {
    let words = body.lowercased()
    let isBusy = ["cache-max-memory-size", "cache maximum memory size", "no space left", "timeout"]
      .contains { words.contains($0) }
    return isBusy ? .retry(after: retryAfter) : .serverFault
  }

  private static func refusal(_ body: String) -> SinkAction {
    // A proxy's page, or a TLS server's answer to a request without TLS: no line was evaluated.
    let words = withoutQuotedLines(body).lowercased()
    if body.drop(while: { $0.isWhitespace }).first == "<" || words.contains("request to an https server")
      || words.contains("request was sent to https port")
    {
      return .hold(.unexpected)
    }
    let dropped = droppedCount(words)
    // These messages quote the sent lines, in which a name could imitate a limit's message. They are therefore tested
    // first.
    if words.contains("unable to parse") { return .refused(.malformed, count: dropped) }
    if ["could not parse", "no fields were provided", "malformed"].contains(where: { words.contains($0) }) {
      return .refused(.malformed, count: dropped)
    }
    if words.contains("type conflict") { return .refused(.typeConflict, count: dropped) }
    if isLimit(words) { return .hold(.limit) }
    if words.contains("retention policy") { return .refused(.retention, count: dropped) }
    if isAboutDestination(words) { return .hold(.missing) }
    if words.contains("invalid column type") { return .refused(.typeConflict, count: dropped) }
    return .refused(.rejected, count: dropped)
  }

  private static func isLimit(_ words: String) -> Bool {
    if words.contains("max-series-per-database") || words.contains("max-values-per-tag") { return true }
    if words.contains("limit") && words.contains("exceed") { return true }
    return words.contains("limit reached")
  }

  /// Whether the message concerns the destination or the write options, so that no line was evaluated.
  private static func isAboutDestination(_ words: String) -> Bool {
    !words.contains("partial write")
      && [
        "database is required", "database name", "db name", "bucket", "organization", "orgid", "invalid precision",
        "consistency",
      ].contains { words.contains($0) }
  }

  /// Parses the count in `partial write: … dropped=12`.
  private static func droppedCount(_ words: String) -> Int? {
    guard words.contains("partial write"), let found = words.range(after: " dropped=") else { return nil }
    return Int(words[found].prefix { $0.isASCII && $0.isNumber })
  }

  /// Returns a JSON body without the text of `"original_line"`, in which version 3 repeats the sent line.
  private static func withoutQuotedLines(_ body: String) -> String {
    let name = Array("\"original_line\"".utf8)
    let quote = UInt8(ascii: "\"")
    var result: [UInt8] = []
    var rest = Array(body.utf8)[...]
    while let first = rest.first {
      guard first == quote, rest.starts(with: name) else {
        result.append(first)
        rest = rest.dropFirst()
        continue
      }
      rest = rest.dropFirst(name.count).drop { $0 != quote }.dropFirst()
      while let next = rest.first, next != quote { rest = rest.dropFirst(next == UInt8(ascii: "\\") ? 2 : 1) }
      rest = rest.dropFirst()
    }
    return String(decoding: result, as: UTF8.self)
  }
}
