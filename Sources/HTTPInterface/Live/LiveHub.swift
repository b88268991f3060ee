import Pipeline
import SystemCore
import WattlineTime
import WebServer

/// The subscribers of the live feed, and the thread that writes to them.
final class LiveHub: Sendable {
  struct Subscriber: Sendable {
    var session: WebSocketSession
    var filter: LiveFilter
    var access: LiveAccess
  }

  /// Time for which readings are gathered, so that many go out with one write. Everything else goes out at once.
  private static let gathering = TimeSpan.milliseconds(20)
  /// Interval at which tokens are asked about [ns].
  private static let checkInterval: Int64 = 3_000_000_000
  /// Close code for a token that no longer counts.
  static let unauthorized: UInt16 = 4_401
  /// Length of the texts that go out as one message [bytes].
  private static let bundleBytes = 128 << 10

  private let feed: LiveFeed
  private struct State {
    var subscribers: [ObjectIdentifier: Subscriber] = [:]
    /// Sessions of those that want the same.
    var groups: [LiveFilter: [ObjectIdentifier: WebSocketSession]] = [:]
  }

  private let state = Locked(State())
  private let isStopped = StopSignal()
  private let thread = Locked<BlockingThread?>(nil)

  init(feed: LiveFeed) { self.feed = feed }

  /// Adds a subscriber. The first one starts the thread.
  ///
  /// - Throws: `SystemError` if the thread cannot be started.
  func add(_ subscriber: Subscriber) throws(SystemError) {
    try thread.with { (thread) throws(SystemError) in
      if thread == nil { thread = try BlockingThread(name: "live") { [self] in run() } }
    }
    let (session, filter) = (subscriber.session, subscriber.filter)
    state.with { state in
      state.subscribers[ObjectIdentifier(session)] = subscriber
      state.groups[filter, default: [:]][ObjectIdentifier(session)] = session
    }
    feed.beginWatching()
  }

  /// Removes a subscriber.
  func remove(_ session: WebSocketSession) {
    let id = ObjectIdentifier(session)
    let was = state.with { state -> Bool in
      guard let filter = state.subscribers.removeValue(forKey: id)?.filter else { return false }
      state.groups[filter]?[id] = nil
      if state.groups[filter]?.isEmpty == true { state.groups[filter] = nil }
      return true
    }
    if was { feed.endWatching() }
  }

  /// Returns what a subscriber may do; `nil` once it has ended.
  func access(of session: WebSocketSession) -> LiveAccess? {
    state.with { $0.subscribers[ObjectIdentifier(session)]?.access }
  }

  /// Ends the thread.
  func stop() {
    isStopped.set()
    feed.close()
    thread.value?.join()
  }

  private func run() {
    var lastCheck = SystemClock.monotonic()
    while !isStopped.isSet {
      let news = feed.next(gathering: Self.gathering)
      if !news.events.isEmpty || !news.lost.isEmpty {
        for (filter, sessions) in state.with({ $0.groups }) { send(news, to: Array(sessions.values), filter: filter) }
      }
      if SystemClock.monotonic() - lastCheck >= Self.checkInterval {
        lastCheck = SystemClock.monotonic()
        for subscriber in state.with({ $0.subscribers.values.map(\.self) }) where !subscriber.access.isValid() {
          subscriber.session.close(Self.unauthorized, reason: "the token is no longer valid")
        }
      }
    }
  }

  /// Sends messages, encoded once for all sessions that want the same.
  private func send(_ news: LiveNews, to sessions: [WebSocketSession], filter: LiveFilter) {
    var texts: [[UInt8]] = []
    var size = 0
    func flush() {
      if texts.isEmpty { return }
      let message = WebSocketMessage(texts: texts)
      for session in sessions { session.send(message) }
      (texts, size) = ([], 0)
    }
    let lost = news.lost.reduce(0) { $0 + (filter.plants.contains($1.key) ? $1.value : 0) }
    if lost > 0 { texts.append(LiveReply.lost(lost)) }
    for event in news.events where filter.wants(event) {
      texts.append(event.json)
      size += event.json.count
      if size >= Self.bundleBytes { flush() }
    }
    flush()
  }
}

/// Messages of the live feed about itself.
enum LiveReply {
  /// Returns that messages were lost, because the feed was not read in time.
  static func lost(_ count: Int) -> [UInt8] { Array("{\"kind\":\"lost\",\"count\":\(count)}".utf8) }

  /// Returns that a request was carried out; its content is in the journal.
  static func acknowledged(_ id: String) -> [UInt8] { Array("{\"kind\":\"ack\",\"id\":\(id)}".utf8) }

  /// Returns that a request was refused.
  ///
  /// - Parameters:
  ///   - id: Identifier of the request, as JSON.
  ///   - reason: What is wrong and what would be right.
  static func refused(_ id: String, reason: String) -> [UInt8] {
    var bytes = Array("{\"kind\":\"refused\",\"id\":\(id),\"reason\":\"".utf8)
    for scalar in reason.unicodeScalars {
      switch scalar {
      case "\"", "\\": bytes += "\\\(scalar)".utf8
      case _ where scalar.value < 0x20: bytes.append(UInt8(ascii: " "))
      default: bytes += String(scalar).utf8
      }
    }
    return bytes + "\"}".utf8
  }
}
