import Synchronization
import SystemCore

/// An open WebSocket, to which any thread may send.
///
/// The queue for the client is bounded. A client that reads too slowly is closed with
/// ``WebSocketClose/tryAgainLater``; nobody waits for it.
public final class WebSocketSession: Sendable {
  /// The queue for the client.
  fileprivate struct Outbox {
    var messages: [WebSocketMessage] = []
    /// Position of the first message that is not taken.
    var first = 0
    var bytes = 0
    /// The end that was asked for.
    var close: (code: UInt16, reason: String)?
    var isEnded = false
    /// Whether the loop knows that something waits.
    var isAnnounced = false
    var port: WebSocketPort?
    var limits = WebSocketLimits()
  }

  private let outbox = Locked(Outbox())

  /// Creates a session, to be returned by ``WebSocketHandler/accept``. Messages may be sent to it at once.
  public init() {}

  /// Whether messages may still reach the client.
  public var isOpen: Bool { outbox.with { !$0.isEnded && $0.close == nil } }

  /// Length of all messages that wait for the client [bytes].
  public var waitingBytes: Int { outbox.with { $0.bytes } }

  /// Sends a message, without waiting for the client.
  ///
  /// - Returns: `false` if the session is ending, or ends because too much waits for the client.
  @discardableResult
  public func send(_ message: WebSocketMessage) -> Bool {
    let (isTaken, port) = outbox.with { box -> (Bool, WebSocketPort?) in
      guard !box.isEnded, box.close == nil else { return (false, nil) }
      guard box.hasRoom(for: message) else {
        box.drop()
        return (false, box.announceAnew())
      }
      box.messages.append(message)
      box.bytes += message.frame.count
      return (true, box.announce())
    }
    port?.announce(self)
    return isTaken
  }

  /// Sends a text of UTF-8 to this session alone.
  ///
  /// - Returns: `false` if the session is ending, or ends because too much waits for the client.
  @discardableResult
  public func send(text: some Collection<UInt8>) -> Bool { send(WebSocketMessage(text: text)) }

  /// Ends the session once all that was sent has reached the client.
  ///
  /// - Parameters:
  ///   - code: Close code: one of ``WebSocketClose``, or from 4,000 to 4,999.
  ///   - reason: Words for people, at most 123 bytes.
  public func close(_ code: UInt16, reason: String) {
    let port = outbox.with { box -> WebSocketPort? in
      guard !box.isEnded, box.close == nil else { return nil }
      box.close = (code, reason)
      return box.announceAnew()
    }
    port?.announce(self)
  }

  // MARK: The server's side

  /// Connects the session to a server.
  func attach(to port: WebSocketPort, limits: WebSocketLimits) {
    let isWaiting = outbox.with { box -> Bool in
      box.port = port
      box.limits = limits
      return box.announce() != nil
    }
    if isWaiting { port.announce(self) }
  }

  /// Returns the next message; `nil` if none waits.
  func next() -> WebSocketMessage? {
    outbox.with { box in
      guard box.first < box.messages.count else {
        box.isAnnounced = false
        return nil
      }
      let message = box.messages[box.first]
      box.first += 1
      box.bytes -= message.frame.count
      if box.first == box.messages.count {
        box.messages.removeAll(keepingCapacity: box.first <= 64)
        box.first = 0
      } else if box.first >= 256 {
        box.messages.removeFirst(box.first)
        box.first = 0
      }
      return message
    }
  }

  /// The end that was asked for; `nil` if none was.
  var requestedClose: (code: UInt16, reason: String)? { outbox.with { $0.close } }

  /// Ends the session. Messages that wait are dropped.
  func end() {
    outbox.with { box in
      box.isEnded = true
      box.removeAll()
      box.port = nil
    }
  }
}

extension WebSocketSession.Outbox {
  /// Whether one more message may wait. While much waits for all sessions, those with a backlog have no room.
  fileprivate func hasRoom(for message: WebSocketMessage) -> Bool {
    let count = messages.count - first
    if count == 0 { return true }
    let isShort = WebSocketMessage.keptBytes > limits.waitingBytesOfAll
    let most = isShort ? min(limits.waitingBytes, 64 << 10) : limits.waitingBytes
    return count < limits.waitingMessages && bytes + message.frame.count <= most
  }

  /// Ends the session of a client that reads too slowly.
  fileprivate mutating func drop() {
    removeAll()
    close = (WebSocketClose.tryAgainLater, "the client reads too slowly")
    port?.counters.slow.add(1, ordering: .relaxed)
  }

  fileprivate mutating func removeAll() {
    messages = []
    (first, bytes) = (0, 0)
  }

  /// Returns the port at which the end of the session is to be announced, even if the loop knows that something waits.
  fileprivate mutating func announceAnew() -> WebSocketPort? {
    isAnnounced = false
    return announce()
  }

  /// Returns the port at which the session is to be announced; `nil` if the loop knows already.
  fileprivate mutating func announce() -> WebSocketPort? {
    guard let port, !isAnnounced, first < messages.count || close != nil else { return nil }
    isAnnounced = true
    return port
  }
}

/// Where sessions tell the loop that something waits for their clients.
final class WebSocketPort: Sendable {
  private struct State {
    var sessions: [WebSocketSession] = []
    /// Wakes the loop; `nil` once it ends.
    var wake: (@Sendable () -> Void)?
  }

  let counters = WebSocketCounters()
  private let state = Locked(State())

  /// Sets what wakes the loop.
  func open(_ wake: @escaping @Sendable () -> Void) { state.with { $0.wake = wake } }

  /// Wakes the loop no more. Returns once no thread is about to.
  func close() {
    state.with { state in
      state.wake = nil
      state.sessions = []
    }
  }

  /// Tells the loop that something waits for a session's client.
  func announce(_ session: WebSocketSession) {
    state.with { state in
      guard let wake = state.wake else { return }
      state.sessions.append(session)
      if state.sessions.count == 1 { wake() }
    }
  }

  /// Wakes the loop without a session.
  func wake() { state.with { $0.wake?() } }

  /// Returns the announced sessions since the last call.
  func take() -> [WebSocketSession] {
    state.with { state in
      defer { state.sessions.removeAll(keepingCapacity: true) }
      return state.sessions
    }
  }
}
