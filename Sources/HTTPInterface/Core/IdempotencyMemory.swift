import SystemCore
import WattlineTime
import WebServer

/// Responses to changes with the header `idempotency-key`, so that a repetition gets the same one and changes nothing.
///
/// They are kept for a day, at most a thousand, and not over a restart.
final class IdempotencyMemory: Sendable {
  /// The meaning of a key for a request.
  enum Answer {
    /// The request is new, and is to be carried out.
    case new
    /// It was carried out, with this response.
    case known(HTTPResponse)
    /// The first one is still being carried out.
    case running
    /// The key belongs to another request.
    case other
  }

  private struct Entry {
    var key: String
    var print: String
    var time: Int64
    var response: HTTPResponse?
  }

  private static let most = 1_000
  private static let kept = TimeSpan.day.nanoseconds
  private let entries = Locked<[Entry]>([])

  /// Begins a request.
  ///
  /// - Parameters:
  ///   - key: User and key.
  ///   - print: Path and body of the request.
  /// - Returns: What to do.
  func begin(_ key: String, print: String) -> Answer {
    let now = SystemClock.monotonic()
    return entries.with { entries in
      if let first = entries.first, now - first.time > Self.kept { entries.removeAll { now - $0.time > Self.kept } }
      if let found = entries.first(where: { $0.key == key }) {
        guard found.print == print else { return .other }
        return found.response.map { .known($0) } ?? .running
      }
      if entries.count >= Self.most, let place = entries.firstIndex(where: { $0.response != nil }) {
        entries.remove(at: place)
      }
      entries.append(Entry(key: key, print: print, time: now))
      return .new
    }
  }

  /// Keeps the response of a request. One that failed for the server's reasons may be tried again.
  func end(_ key: String, response: HTTPResponse) {
    entries.with { entries in
      guard let place = entries.firstIndex(where: { $0.key == key }) else { return }
      if response.status >= 500 { entries.remove(at: place) } else { entries[place].response = response }
    }
  }
}
