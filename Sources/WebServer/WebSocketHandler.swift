/// The answer to a request to open a WebSocket.
public enum WebSocketDecision: Sendable {
  /// The connection becomes the session.
  ///
  /// The answer names `subprotocol` if the client has offered it; `nil` names none.
  case accept(subprotocol: String?, WebSocketSession)
  /// The client gets a response of HTTP instead, such as 401, 403, 404 or 429.
  case refuse(HTTPResponse)
}

/// The answers of a program to its WebSockets.
///
/// All closures run on threads of the server that may block, never on the one that serves the connections.
public struct WebSocketHandler: Sendable {
  /// Decides about a request, before the upgrade.
  ///
  /// The headers `origin`, `authorization` and `sec-websocket-protocol` tell who asks. Browsers let any page open a
  /// WebSocket, so that the origin has to be checked.
  public var accept: @Sendable (HTTPRequest) -> WebSocketDecision
  /// Receives a text, which is valid UTF-8. The texts of a session come one after another, in their order.
  public var received: @Sendable (WebSocketSession, [UInt8]) -> Void
  /// Learns that an accepted session has ended: once, after its last text.
  public var closed: @Sendable (WebSocketSession) -> Void

  /// Creates a handler.
  ///
  /// - Parameters:
  ///   - accept: Decides about a request, before the upgrade.
  ///   - received: Receives the texts of a session.
  ///   - closed: Learns that an accepted session has ended.
  public init(
    accept: @escaping @Sendable (HTTPRequest) -> WebSocketDecision,
    received: @escaping @Sendable (WebSocketSession, [UInt8]) -> Void,
    closed: @escaping @Sendable (WebSocketSession) -> Void
  ) {
    (self.accept, self.received, self.closed) = (accept, received, closed)
  }
}

/// Bounds of the WebSockets of a server.
public struct WebSocketLimits: Sendable {
  /// Maximum number of open sessions.
  public var sessions = 1_000
  /// Maximum number of open sessions of one address. Clients behind one proxy share an address.
  public var sessionsOfAddress = 250
  /// Maximum length of a received text, fragments together [bytes].
  public var text = 64 << 10
  /// Maximum length of all messages that wait for one session [bytes].
  public var waitingBytes = 1 << 20
  /// Maximum number of messages that wait for one session.
  public var waitingMessages = 4_096
  /// Maximum length of all messages that wait for any session, shared ones once [bytes].
  public var waitingBytesOfAll = 64 << 20
  /// Time after which a silent client is asked for a sign of life [s].
  public var ping = 20
  /// Time after which a client that gives none is held for gone [s].
  public var silence = 45
  /// Time that a client has to confirm the end [s].
  public var farewell: Int32 = 5

  /// Creates the usual limits.
  public init() {}
}

/// Close codes of RFC 6455 that the server sends.
public enum WebSocketClose {
  /// The server stops.
  public static let goingAway: UInt16 = 1_001
  /// The client breaks the protocol.
  public static let protocolError: UInt16 = 1_002
  /// The client sent something else than text.
  public static let unsupportedData: UInt16 = 1_003
  /// A text is not UTF-8.
  public static let invalidText: UInt16 = 1_007
  /// The client may not do that.
  public static let policyViolation: UInt16 = 1_008
  /// A text is too long.
  public static let tooLong: UInt16 = 1_009
  /// The client reads too slowly; it may try again later.
  public static let tryAgainLater: UInt16 = 1_013
}
