public import PayloadDecoding
public import Pipeline
public import PlantModel
import SystemCore
public import WattlineTime
public import WebServer

/// The part of a pipeline that the live feed needs.
public struct LiveSource: Sendable {
  /// The output of the stages.
  public var feed: LiveFeed
  /// Returns the plants of the current configuration.
  public var plants: @Sendable () -> [Plant]
  /// Appends messages to the journal.
  public var appendMessages: @Sendable ([PostedMessage]) -> AppendOutcome
  /// Appends readings of a plant to the journal; see `RunningPipeline`.
  public var appendReadings: @Sendable ([PostedReading], String, Timestamp) -> AppendOutcome

  /// Creates a source from its parts; the parameters are the properties of the same names.
  public init(
    feed: LiveFeed, plants: @escaping @Sendable () -> [Plant],
    appendMessages: @escaping @Sendable ([PostedMessage]) -> AppendOutcome,
    appendReadings: @escaping @Sendable ([PostedReading], String, Timestamp) -> AppendOutcome
  ) {
    (self.feed, self.plants) = (feed, plants)
    (self.appendMessages, self.appendReadings) = (appendMessages, appendReadings)
  }

  /// Creates the source of a running pipeline.
  public init(_ pipeline: RunningPipeline) {
    self.init(
      feed: pipeline.live, plants: { pipeline.plants }, appendMessages: { pipeline.append($0) },
      appendReadings: { pipeline.append(readings: $0, plant: $1, at: $2) })
  }
}

/// `GET /api/v1/live` as a WebSocket: what happens in the plants as it happens, and publishing for devices.
///
/// A subscriber names plants and kinds, `?plants=a,b&kinds=readings,alerts,commands,dispatch`; without, it gets all
/// that it may read. Messages are objects of JSON with a `kind`: `reading`, `alert`, `command`, `dispatch`; `lost` with
/// a `count`; `ack` and `refused` with the `id` of a request.
public final class LiveEndpoint: Sendable {
  /// Decides who a client is and what it may do; see ``LiveToken`` for the place of the token.
  public typealias Authenticate = @Sendable (HTTPRequest) -> Result<LiveAccess, LiveRefusal>

  /// Path of the feed.
  public static let path = "/api/v1/live"

  private let source: LiveSource
  private let origins: [String]
  private let authenticate: Authenticate
  private let hub: LiveHub
  /// Owners of topics, and the time of their plants [ns]. They follow the configuration within a second.
  private let owners: Locked<(owner: TopicOwner, plants: [String: Plant], made: Int64)>

  /// Creates an endpoint.
  ///
  /// - Parameters:
  ///   - source: The pipeline.
  ///   - origins: Origins of pages that may open the feed, beside those of the server itself.
  ///   - authenticate: Decides who a client is and what it may do.
  public init(_ source: LiveSource, origins: [String], authenticate: @escaping Authenticate) {
    (self.source, self.origins, self.authenticate) = (source, origins, authenticate)
    hub = LiveHub(feed: source.feed)
    owners = Locked((TopicOwner(plants: []), [:], .min))
  }

  /// The answers to WebSockets, for `HTTPServer`.
  public var webSockets: WebSocketHandler {
    WebSocketHandler(
      accept: { [self] in accept($0) }, received: { [self] in receive($1, from: $0) },
      closed: { [self] in hub.remove($0) })
  }

  /// Ends the feed. To be called after the server has stopped.
  public func stop() { hub.stop() }

  private func accept(_ request: HTTPRequest) -> WebSocketDecision {
    guard request.path == Self.path else {
      return .refuse(.problem(404, "there is no WebSocket at \(request.path); the live feed is at \(Self.path)"))
    }
    if let origin = request.headers["origin"], !isAllowed(origin, host: request.headers["host"] ?? "") {
      return .refuse(.problem(403, "pages of \(origin) may not open the live feed; http.cors lists those that may"))
    }
    do throws(LiveRefusal) {
      let access = try authenticate(request).get()
      let filter = try LiveFilter.read(request, known: source.plants().map(\.name), allowed: access.plants).get()
      let session = WebSocketSession()
      do throws(SystemError) {
        try hub.add(LiveHub.Subscriber(session: session, filter: filter, access: access))
      } catch {
        return .refuse(.problem(503, "the live feed cannot start: \(error)"))
      }
      return .accept(subprotocol: LiveToken.chosen(for: request), session)
    } catch {
      return .refuse(error.response)
    }
  }

  /// Returns whether a page may open the feed: browsers let any page try.
  private func isAllowed(_ origin: String, host: String) -> Bool {
    if origins.contains(origin) { return true }
    let parts = origin.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].hasSuffix(":"), parts[1].isEmpty, !host.isEmpty else { return false }
    return parts[2].lowercased() == host.lowercased()
  }

  // MARK: Publishing

  private func receive(_ text: [UInt8], from session: WebSocketSession) {
    guard StreamSafeText.holds(text) else {
      session.send(text: LiveReply.refused("null", reason: StreamSafeText.words))
      return
    }
    do throws(PublishRequest.Mistake) {
      let request = try PublishRequest(text)
      guard let access = hub.access(of: session) else { return }
      let reason = access.isValid() ? refusal(of: request.content, access: access) : "the token is no longer valid"
      session.send(text: reason.map { LiveReply.refused(request.id, reason: $0) } ?? LiveReply.acknowledged(request.id))
    } catch {
      session.send(text: LiveReply.refused(error.id, reason: error.reason))
    }
  }

  /// Carries a request out; returns why not, if it is refused.
  private func refusal(of content: PublishRequest.Content, access: LiveAccess) -> String? {
    switch content {
    case .message(let topic, let payload):
      guard let (plant, use) = known().owner.owner(of: topic), isVisible(plant, to: access) else {
        return "no plant that you may publish for reads \(topic)"
      }
      if case .instruction(let subject) = use {
        let reason = refusal(of: payload, topic: topic, subject: subject, plant: plant, access: access)
        access.record(subject, topic, reason)
        return reason
      }
      guard access.publishes(plant) else { return Self.forbidden(plant) }
      return Self.refusal(of: source.appendMessages([PostedMessage(topic: topic, payload: payload)]))
    case .readings(let name, let json):
      guard let plant = known().plants[name], isVisible(name, to: access) else { return "there is no plant \(name)" }
      guard access.publishes(name) else { return Self.forbidden(name) }
      let now = SystemClock.now()
      switch PostedReadings.read(json, contentType: "application/json", plant: plant, now: now) {
      case .success(let readings): return Self.refusal(of: source.appendReadings(readings, name, now))
      case .failure(.mediaType(let words)), .failure(.malformed(let words)): return words
      case .failure(.rows(let errors, let count)):
        let first = errors.prefix(5).map { "row \($0.row): \($0.reason)" }.joined(separator: "; ")
        return count > 5 ? "\(first); and \(count - 5) more" : first
      }
    }
  }

  /// Appends an instruction with its true author; returns why not, if it is refused.
  private func refusal(
    of payload: [UInt8], topic: String, subject: String, plant: String, access: LiveAccess
  ) -> String? {
    guard access.instructs(plant, subject) else { return "you may not instruct \(plant) about \(subject)" }
    switch payload.withUnsafeBytes({ InstructionMessage.members(of: $0) }) {
    case .failure(let reason): return "the payload is no instruction: \(reason.rawValue)"
    case .success(var members):
      members["by"] = access.name
      let message = PostedMessage(topic: topic, payload: JSONText.object(members))
      return Self.refusal(of: source.appendMessages([message]))
    }
  }

  private func isVisible(_ plant: String, to access: LiveAccess) -> Bool {
    access.plants.contains(plant) || access.publishes(plant)
      || Self.subjects.contains { access.instructs(plant, $0) }
  }

  /// Subjects of instructions.
  static let subjects = ["alerts", "commands", "forecasts", "savings"]

  private static func forbidden(_ plant: String) -> String { "you may not publish readings of \(plant)" }

  private static func refusal(of outcome: AppendOutcome) -> String? {
    switch outcome {
    case .accepted: nil
    case .full: "the journal is full; try again later"
    case .failed(let words): words
    }
  }

  private func known() -> (owner: TopicOwner, plants: [String: Plant]) {
    owners.with { known in
      let now = SystemClock.monotonic()
      if known.made == .min || now - known.made > 1_000_000_000 {
        let plants = source.plants()
        known = (
          TopicOwner(plants: plants), Dictionary(plants.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a }), now
        )
      }
      return (known.owner, known.plants)
    }
  }
}
