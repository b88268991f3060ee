import PlantModel

/// Reason why a line was refused for good. The raw value is used in counters and dead-letter files.
public enum RefusalReason: String, Sendable, CaseIterable {
  /// The database cannot parse the line.
  case malformed
  /// The field was written with another type before.
  case typeConflict = "type_conflict"
  /// The timestamp lies outside the retention period.
  case retention
  /// The single line exceeds the database's size limit.
  case tooLarge = "too_large"
  /// The database fails on this line and on no other.
  case serverFault = "server_fault"
  /// Refused with another message, which the dead-letter file contains.
  case rejected
}

/// Reason why valid data is held until an operator acts.
public enum HoldReason: String, Sendable, CaseIterable {
  /// A database limit on series, tag values, fields or tables is reached.
  case limit
  /// 401: the credentials are wrong.
  case credentials
  /// 403: the credentials do not allow writing.
  case permission
  /// 404: no such database, bucket or path.
  case missing
  /// An answer that no database gives, such as one from a proxy or another server.
  case unexpected
  /// The dead-letter file cannot be written.
  case deadLetter = "dead_letter"
  /// The spool cannot be written or read.
  case spool
}

/// Action after an answer to a write.
public enum WriteAction: Sendable, Equatable {
  /// All lines are written.
  case accepted
  /// Some lines are refused; halve until the bad ones are isolated. `dropped` is their number, if the server states it.
  case bisect(RefusalReason, dropped: Int?)
  /// The request is too large: halve it.
  case halve
  /// Keep everything, alert the operator and retry slowly.
  case hold(HoldReason)
  /// The database is missing and may be created.
  case createDatabase
  /// Busy or unavailable: keep the lines and back off, at least for the time the server asked for.
  case retry(after: TimeSpan?)
  /// A server fault: retry a limited number of times, then treat the lines as refused.
  case serverFault
}

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
  public static func classify(status: Int, body: String, retryAfter: TimeSpan? = nil) -> WriteAction {
    switch status {
    case 204: return .accepted
    case 200 where !body.contains { !$0.isWhitespace }: return .accepted
    case 400, 422: return refusal(body)
    case 401: return .hold(.credentials)
    case 403: return .hold(.permission)
    case 404: return body.lowercased().contains("database not found") ? .createDatabase : .hold(.missing)
    case 413: return .halve
    case 408, 425, 429: return .retry(after: retryAfter)
    case 500: return fault(body, retryAfter)
    case 200..<500: return .hold(.unexpected)
    default: return .retry(after: retryAfter)
    }
  }

  /// Classifies a 500 by its message: a full or slow server is retried, anything else may be caused by the data.
  private static func fault(_ body: String, _ retryAfter: TimeSpan?) -> WriteAction {
    let words = body.lowercased()
    let isBusy = ["cache-max-memory-size", "cache maximum memory size", "no space left", "timeout"]
      .contains { words.contains($0) }
    return isBusy ? .retry(after: retryAfter) : .serverFault
  }

  private static func refusal(_ body: String) -> WriteAction {
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
    if words.contains("unable to parse") { return .bisect(.malformed, dropped: dropped) }
    if ["could not parse", "no fields were provided", "malformed"].contains(where: { words.contains($0) }) {
      return .bisect(.malformed, dropped: dropped)
    }
    if words.contains("type conflict") { return .bisect(.typeConflict, dropped: dropped) }
    if isLimit(words) { return .hold(.limit) }
    if words.contains("retention policy") { return .bisect(.retention, dropped: dropped) }
    if isAboutDestination(words) { return .hold(.missing) }
    if words.contains("invalid column type") { return .bisect(.typeConflict, dropped: dropped) }
    return .bisect(.rejected, dropped: dropped)
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
