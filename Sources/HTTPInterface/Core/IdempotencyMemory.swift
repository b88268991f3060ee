import Accounts
import SystemCore
import WattlineTime
import WebServer

/// Responses to changes with the header `idempotency-key`, so that a repetition gets the same one and changes nothing.
///
/// The last thousand of a day are kept here, and in the file of accounts over a restart.
final class IdempotencyMemory: Sendable {
  /// A change with its key.
  struct Change {
    /// User and key.
    let key: String
    /// The text that tells the request from others with the same key.
    let print: String
    /// Whether neither body nor answer is written to disk.
    let hasSecret: Bool

    init(key: String, request: HTTPRequest, endpoint: Endpoint) {
      (self.key, hasSecret) = (key, endpoint.hasSecret)
      print = "\(Self.address(of: request)) \(EntityTag.of(request.body))"
      // A hash of a body with a password would let it be guessed.
      keptPrint = hasSecret ? Self.address(of: request) : print
    }

    fileprivate let keptPrint: String
    fileprivate var owner: Substring { key.prefix { $0 != "\n" } }

    private static func address(of request: HTTPRequest) -> String {
      "\(request.method) \(request.path) \(request.query)"
    }
  }

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
    /// The process ended while the first one was carried out.
    case interrupted
    /// It was carried out before the process started, and its response is not kept.
    case untold
    /// The file of accounts cannot be written.
    case unavailable
  }

  private struct Entry {
    var key: String
    var print: String
    var time: Timestamp
    var response: HTTPResponse?

    var owner: Substring { key.prefix { $0 != "\n" } }
  }

  private static let most = 1_000
  private static let mostOfOwner = 200
  private let store: AccountStore?
  private let entries = Locked<[Entry]>([])

  /// Creates a memory.
  ///
  /// - Parameter store: Keeps the responses over a restart; `nil` for none.
  init(_ store: AccountStore?) { self.store = store }

  /// Begins a request.
  ///
  /// - Parameters:
  ///   - change: The request.
  ///   - now: The time.
  /// - Returns: What to do. After `new`, ``end(_:response:at:)`` must follow.
  func begin(_ change: Change, at now: Timestamp) -> Answer {
    let found = entries.with { entries -> Answer in
      entries.removeAll { $0.response != nil && (now - $0.time).magnitude >= AccountStore.changeLife }
      if let found = entries.first(where: { $0.key == change.key }) {
        guard found.print == change.print else { return .other }
        return found.response.map { .known($0) } ?? .running
      }
      // A user with many keys gives up an own one, so that nobody's are lost by another's.
      let own = entries.filter { $0.owner == change.owner }.count
      let isOwn = own >= Self.mostOfOwner
      if isOwn || entries.count >= Self.most,
        let place = entries.firstIndex(where: { $0.response != nil && (!isOwn || $0.owner == change.owner) })
      {
        entries.remove(at: place)
      }
      entries.append(Entry(key: change.key, print: change.print, time: now))
      return .new
    }
    guard case .new = found, let store else { return found }
    let kept = Self.kept(change, in: store, at: now)
    if case .new = kept { return .new }
    entries.with { entries in entries.removeAll { $0.key == change.key } }
    return kept
  }

  /// Begins a request in the file.
  private static func kept(_ change: Change, in store: AccountStore, at now: Timestamp) -> Answer {
    do throws(AccountError) {
      switch try store.beginChange(change.key, print: change.keptPrint, at: now) {
      case .new: return .new
      case .other: return .other
      case .interrupted: return .interrupted
      case .done(nil): return .untold
      case .done(let kept?):
        var response = HTTPResponse(kept.status, contentType: kept.contentType, body: kept.body)
        if let location = kept.location { response.headers.append(("location", location)) }
        return .known(response)
      }
    } catch { return .unavailable }
  }

  /// Keeps the response of a request. One that failed for the server's reasons may be tried again.
  ///
  /// - Parameters:
  ///   - change: The request.
  ///   - response: Its response.
  ///   - now: The time.
  func end(_ change: Change, response: HTTPResponse, at now: Timestamp) {
    let isOver = response.status < 500
    entries.with { entries in
      guard let place = entries.firstIndex(where: { $0.key == change.key }) else { return }
      if isOver { entries[place].response = response } else { entries.remove(at: place) }
    }
    // A response that cannot be stored counts as interrupted after a restart.
    guard let store else { return }
    let kept = AccountStore.ChangeAnswer(
      status: response.status, contentType: response.contentType,
      location: response.headers.first { $0.name == "location" }?.value, body: response.body)
    if isOver {
      try? store.endChange(change.key, answer: change.hasSecret ? nil : kept)
    } else {
      try? store.forgetChange(change.key)
    }
  }
}
