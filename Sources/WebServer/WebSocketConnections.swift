#if HTTP
  import CWebSockets
  import Synchronization
  import SystemCore

  /// The WebSockets of a server, for the thread of its loop alone.
  ///
  /// libwebsockets serves their sockets and TLS, as raw connections after the upgrade. Its own upgrade reads at most
  /// 127 bytes of offered subprotocols, too few for a token, and answers with names that are fixed at compile time. The
  /// frames are therefore read and written here.
  final class WebSocketConnections {
    private let handler: WebSocketHandler
    private let limits: WebSocketLimits
    private let workers: RequestWorkers
    /// Where sessions announce their messages.
    let port: WebSocketPort
    private var connections: [OpaquePointer: WebSocketConnection] = [:]
    private var connectionOfSession: [ObjectIdentifier: WebSocketConnection] = [:]
    /// Addresses of open sessions, and of requests on whose behalf the program is asked.
    private var places: [OpaquePointer: String] = [:]
    private var sessionsOfAddress: [String: Int] = [:]
    private let resumed = Locked<[ObjectIdentifier]>([])

    init(
      handler: WebSocketHandler, limits: WebSocketLimits, workers: RequestWorkers, port: WebSocketPort
    ) {
      (self.handler, self.limits, self.workers, self.port) = (handler, limits, workers, port)
    }

    // MARK: The upgrade

    /// Takes a place for a request.
    ///
    /// - Returns: The refusal, if the request is none for a WebSocket, or there is no place.
    func admit(_ wsi: OpaquePointer, request: HTTPRequest) -> HTTPResponse? {
      let refusal = WebSocketHandshake.mistake(in: request) ?? noPlace(for: request.address)
      if let refusal {
        port.counters.refused.add(1, ordering: .relaxed)
        return refusal
      }
      places[wsi] = request.address
      sessionsOfAddress[request.address, default: 0] += 1
      return nil
    }

    private func noPlace(for address: String) -> HTTPResponse? {
      var response: HTTPResponse
      if places.count >= limits.sessions {
        response = .problem(503, "all \(limits.sessions) WebSockets are taken; try again later")
      } else if sessionsOfAddress[address, default: 0] >= limits.sessionsOfAddress {
        response = .problem(429, "\(address) has \(limits.sessionsOfAddress) WebSockets, which is the most")
      } else {
        return nil
      }
      response.headers.append(("retry-after", "30"))
      return response
    }

    /// Gives the place of a refused request back.
    func refuse(_ wsi: OpaquePointer) {
      port.counters.refused.add(1, ordering: .relaxed)
      leave(wsi)
    }

    /// Ends a session whose client has gone before it was opened.
    func abandon(_ session: WebSocketSession) {
      session.end()
      inbox(of: session).end()
    }

    /// Makes a connection a WebSocket.
    ///
    /// - Parameters:
    ///   - wsi: The connection.
    ///   - session: The session.
    ///   - subprotocol: Subprotocol that the program chose.
    ///   - request: The request.
    /// - Returns: The answer to the client, with a first ping.
    func open(
      _ wsi: OpaquePointer, session: WebSocketSession, subprotocol: String?, request: HTTPRequest
    ) -> [UInt8] {
      let connection = WebSocketConnection(
        wsi, session: session, reader: WebSocketReader(mostBytes: limits.text), inbox: inbox(of: session))
      connections[wsi] = connection
      connectionOfSession[ObjectIdentifier(session)] = connection
      port.counters.open.add(1, ordering: .relaxed)
      port.counters.opened.add(1, ordering: .relaxed)
      lws_set_timer_usecs(wsi, lws_usec_t(limits.ping) * 1_000_000)
      return WebSocketHandshake.answer(to: request, subprotocol: subprotocol)
        + WebSocketFrame.encode(.ping, payload: [])
    }

    private func inbox(of session: WebSocketSession) -> WebSocketInbox {
      let (id, resumed, port) = (ObjectIdentifier(session), resumed, port)
      return WebSocketInbox(of: session, handler: handler, workers: workers) {
        resumed.with { $0.append(id) }
        port.wake()
      }
    }

    // MARK: Events of the loop

    /// Whether a connection is a WebSocket.
    func has(_ wsi: OpaquePointer) -> Bool { connections[wsi] != nil }

    /// Learns that the client has sent its first frame, so that the connection is free for frames.
    ///
    /// Until then libwebsockets takes the connection for one that waits for a further request.
    func begin(_ wsi: OpaquePointer) -> Int32 {
      guard let connection = connections[wsi] else { return -1 }
      connection.session.attach(to: port, limits: limits)
      return 0
    }

    /// Reads what the client has sent.
    func receive(_ bytes: UnsafeMutableRawPointer?, length: Int, of wsi: OpaquePointer) -> Int32 {
      guard let connection = connections[wsi] else { return -1 }
      guard let bytes, length > 0 else { return 0 }
      connection.heard()
      if connection.isFailed { return 0 }
      do throws(WebSocketReader.Violation) {
        try connection.reader.read(UnsafeRawBufferPointer(start: bytes, count: length)) { event in
          take(event, of: connection)
        }
      } catch {
        port.counters.violations.add(1, ordering: .relaxed)
        connection.isFailed = true
        connection.farewell = WebSocketFrame.close(error.code, reason: error.words)
      }
      if connection.hasClosed, connection.hasSaidFarewell { return -1 }
      if connection.wantsToWrite { lws_callback_on_writable(wsi) }
      return 0
    }

    private func take(_ event: WebSocketReader.Event, of connection: WebSocketConnection) -> Bool {
      switch event {
      case .text(let text):
        if connection.farewell != nil || connection.hasSaidFarewell { return true }
        port.counters.received.add(1, ordering: .relaxed)
        if !connection.inbox.add(text) { lws_rx_flow_control(connection.wsi, 0) }
      case .ping(let content): connection.pong = WebSocketFrame.encode(.pong, payload: content)
      case .pong: break
      case .close(let code):
        connection.hasClosed = true
        connection.isFailed = true
        if connection.farewell == nil { connection.farewell = WebSocketFrame.close(code) }
        return false
      }
      return true
    }

    /// Asks for a write on behalf of every session that has announced itself, and lets others read on.
    func wake() {
      for session in port.take() {
        guard let connection = connectionOfSession[ObjectIdentifier(session)] else { continue }
        // The socket may be full for long.
        if session.requestedClose != nil {
          lws_set_timeout(connection.wsi, PENDING_TIMEOUT_USER_OK, limits.farewell)
        }
        lws_callback_on_writable(connection.wsi)
      }
      let resumed = resumed.with { ids in
        defer { ids.removeAll() }
        return ids
      }
      for id in resumed {
        if let connection = connectionOfSession[id] { lws_rx_flow_control(connection.wsi, 1) }
      }
    }

    /// Writes what waits for a client.
    ///
    /// - Parameters:
    ///   - wsi: The connection.
    ///   - buffer: Memory for a piece, with the headroom of libwebsockets before it.
    func write(_ wsi: OpaquePointer, through buffer: UnsafeMutableRawBufferPointer) -> Int32 {
      guard let connection = connections[wsi] else { return -1 }
      if connection.hasSaidFarewell { return connection.hasClosed ? -1 : 0 }
      let headroom = wattline_lws_headroom()
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer[headroom...])
      let (count, messages) = connection.fill(room)
      port.counters.sent.add(messages, ordering: .relaxed)
      if count > 0 {
        guard let base = room.baseAddress?.assumingMemoryBound(to: UInt8.self),
          lws_write(wsi, base, count, LWS_WRITE_HTTP) >= 0
        else { return -1 }
      }
      if connection.hasSaidFarewell {
        // The client answers and closes; one that does neither is closed after a while.
        lws_rx_flow_control(wsi, 1)
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, limits.farewell)
        if connection.hasClosed { lws_callback_on_writable(wsi) }
      } else if room.count - count < WebSocketConnection.leastRoom || connection.wantsToWrite {
        lws_callback_on_writable(wsi)
      }
      return 0
    }

    /// Asks a silent client for a sign of life, or closes one that gives none.
    func checkLife(of wsi: OpaquePointer) -> Int32 {
      guard let connection = connections[wsi] else { return 0 }
      let silence = (SystemClock.monotonic() - connection.lastHeard) / 1_000_000_000
      if silence >= limits.silence {
        port.counters.silent.add(1, ordering: .relaxed)
        return -1
      }
      if silence >= limits.ping - 1 {
        connection.asksForLife = true
        lws_callback_on_writable(wsi)
      }
      lws_set_timer_usecs(wsi, lws_usec_t(max(1, min(limits.ping, limits.silence - Int(silence)))) * 1_000_000)
      return 0
    }

    /// Forgets a connection that has ended.
    func ended(_ wsi: OpaquePointer) {
      leave(wsi)
      guard let connection = connections.removeValue(forKey: wsi) else { return }
      connectionOfSession[ObjectIdentifier(connection.session)] = nil
      port.counters.open.subtract(1, ordering: .relaxed)
      connection.session.end()
      connection.inbox.end()
    }

    private func leave(_ wsi: OpaquePointer) {
      guard let address = places.removeValue(forKey: wsi) else { return }
      let left = sessionsOfAddress[address, default: 1] - 1
      sessionsOfAddress[address] = left > 0 ? left : nil
    }

    /// Tells every client that the server stops.
    func sayGoodbye() {
      for connection in connections.values {
        connection.session.close(WebSocketClose.goingAway, reason: "the server stops")
      }
    }
  }

  /// One WebSocket.
  final class WebSocketConnection {
    /// Memory that is left free at the end of a piece rather than begin a further frame [bytes].
    static let leastRoom = 512

    let wsi: OpaquePointer
    let session: WebSocketSession
    var reader: WebSocketReader
    let inbox: WebSocketInbox
    /// Time of the last bytes of the client on the monotonic clock [ns].
    private(set) var lastHeard = SystemClock.monotonic()
    /// Answer to the client's latest ping.
    var pong: [UInt8]?
    /// Whether a ping is to be sent.
    var asksForLife = false
    /// Close frame that ends the connection; what waits is dropped.
    var farewell: [UInt8]?
    private(set) var hasSaidFarewell = false
    /// Whether nothing that comes is of use.
    var isFailed = false
    /// Whether the client has sent its close frame.
    var hasClosed = false
    /// A message that is written in pieces, and the number of its bytes that are written.
    private var current: (message: WebSocketMessage, written: Int)?

    init(_ wsi: OpaquePointer, session: WebSocketSession, reader: WebSocketReader, inbox: WebSocketInbox) {
      (self.wsi, self.session, self.reader, self.inbox) = (wsi, session, reader, inbox)
    }

    /// Records that the client has sent something.
    func heard() { lastHeard = SystemClock.monotonic() }

    /// Whether a frame about the connection, or the rest of a message, waits.
    var wantsToWrite: Bool { pong != nil || asksForLife || current != nil || farewell != nil }

    /// Fills memory with frames.
    ///
    /// - Returns: The number of bytes, and of messages that are complete with them.
    func fill(_ room: UnsafeMutableRawBufferPointer) -> (bytes: Int, messages: Int) {
      var (count, messages) = (0, 0)
      func put(_ bytes: ArraySlice<UInt8>) -> Int {
        let length = min(bytes.count, room.count - count)
        UnsafeMutableRawBufferPointer(rebasing: room[count..<count + length]).copyBytes(from: bytes.prefix(length))
        count += length
        return length
      }
      func putCurrent() {
        guard let (message, written) = current else { return }
        let done = written + put(message.frame[written...])
        if done == message.frame.count { messages += 1 }
        current = done < message.frame.count ? (message, done) : nil
      }
      putCurrent()
      // Frames about the connection are short; they come between messages.
      if current == nil, room.count - count >= Self.leastRoom {
        if let pong { _ = put(pong[...]) }
        if asksForLife { _ = put(WebSocketFrame.encode(.ping, payload: [])[...]) }
        (pong, asksForLife) = (nil, false)
        if let farewell {
          say(farewell, put)
          return (count, messages)
        }
      }
      while current == nil, room.count - count >= Self.leastRoom {
        guard let message = session.next() else {
          if let (code, reason) = session.requestedClose { say(WebSocketFrame.close(code, reason: reason), put) }
          break
        }
        current = (message, 0)
        putCurrent()
      }
      return (count, messages)
    }

    private func say(_ frame: [UInt8], _ put: (ArraySlice<UInt8>) -> Int) {
      hasSaidFarewell = true
      _ = put(frame[...])
    }
  }
#endif
