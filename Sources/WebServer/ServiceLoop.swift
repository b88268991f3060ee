#if HTTP
  import CWebSockets
  import Glibc
  import Synchronization
  import SystemCore

  /// The loop that serves all connections of a server.
  ///
  /// `@unchecked Sendable`: ``exchanges``, ``peers`` and ``buffer`` are used by the callback alone, which
  /// libwebsockets calls on the thread that runs ``run()``. The mailbox and the flags are synchronised. The context is
  /// set before the thread starts; of its functions only `lws_cancel_service`, which any thread may call, is used
  /// elsewhere.
  final class ServiceLoop: @unchecked Sendable {
    private let limits: HTTPLimits
    private let handler: HTTPServer.Handler
    private let certificate: (chain: String, key: String)?
    private let workers: RequestWorkers
    private nonisolated(unsafe) var context: OpaquePointer?
    private(set) var port = 0
    private let mailbox = Locked<[(id: UInt64, decision: WebSocketDecision)]>([])
    /// The WebSockets; `nil` if the program takes none.
    private let sockets: WebSocketConnections?
    private let webSockets: WebSocketHandler?
    /// The connection whose request, on its way to ``begin(_:session:bytes:length:)``, asks for a WebSocket.
    private var upgrading: OpaquePointer?
    private let isStopping = Atomic<Bool>(false)
    private let renews = Atomic<Bool>(false)
    private let isLeaving = Atomic<Bool>(false)
    private var exchanges: [UInt64: Exchange] = [:]
    /// Connections whose method is not known, and whether they were told.
    private var refused: [OpaquePointer: Bool] = [:]
    private var peers: PeerConnections
    private var lastID: UInt64 = 0
    private var buffer: [UInt8]
    /// Protocols that the server speaks; libwebsockets keeps the pointer.
    private let protocols: UnsafeMutablePointer<lws_protocols>

    /// Texts that libwebsockets may keep.
    private var texts: [UnsafeMutablePointer<CChar>] = []

    /// Length of a piece of a body that is written at once [bytes].
    private static let piece = 32_768

    init(
      _ listener: HTTPListener, limits: HTTPLimits, workers: RequestWorkers, handler: @escaping HTTPServer.Handler,
      webSockets: WebSocketHandler?, sockets: WebSocketConnections?
    ) throws(HTTPServerError) {
      (self.limits, self.handler, certificate) = (limits, handler, listener.certificate)
      (self.workers, self.webSockets, self.sockets) = (workers, webSockets, sockets)
      peers = PeerConnections(most: limits.connections)
      buffer = Array(repeating: 0, count: wattline_lws_headroom() + Self.piece)
      protocols = .allocate(capacity: 2)
      protocols.initialize(repeating: lws_protocols(), count: 2)
      protocols[0].name = Self.protocolName.utf8Start.withMemoryRebound(to: CChar.self, capacity: 1) {
        UnsafePointer($0)
      }
      protocols[0].per_session_data_size = MemoryLayout<UInt64>.size
      protocols[0].tx_packet_size = Self.piece
      protocols[0].callback = { wsi, reason, session, bytes, length in
        guard let wsi, let context = lws_get_context(wsi), let user = lws_context_user(context) else { return 0 }
        return Unmanaged<ServiceLoop>.fromOpaque(user).takeUnretainedValue()
          .handle(reason, of: wsi, session: session, bytes: bytes, length: length)
      }
      do { try open(listener) } catch {
        if let context { lws_context_destroy(context) }
        throw error
      }
    }

    deinit {
      protocols.deallocate()
      for text in texts { free(text) }
    }

    /// Returns a copy of a text that lives as long as the loop, since libwebsockets keeps pointers to some.
    private func text(_ text: String?) -> UnsafePointer<CChar>? {
      guard let copy = text.flatMap({ strdup($0) }) else { return nil }
      texts.append(copy)
      return UnsafePointer(copy)
    }

    private static let protocolName: StaticString = "http"

    private func open(_ listener: HTTPListener) throws(HTTPServerError) {
      ServerLog.begin()
      var info = lws_context_creation_info()
      info.port = Int32(listener.port)
      info.protocols = UnsafePointer(protocols)
      info.options = wattline_lws_listener_options()
      if certificate != nil { info.options |= wattline_lws_tls_options() }
      info.user = Unmanaged.passUnretained(self).toOpaque()
      info.max_http_header_data2 = UInt32(limits.headers)
      // Each connection may have a request on its way, so that slow ones do not keep others out.
      info.max_http_header_pool2 = UInt32(limits.connections)
      info.timeout_secs = limits.patience
      info.timeout_secs_ah_idle = limits.patience
      info.keepalive_timeout = limits.idle
      info.fd_limit_per_thread = UInt32(limits.connections + 64)
      info.count_threads = 1
      info.gid = -1
      info.uid = -1
      guard let context = lws_create_context(&info) else {
        throw HTTPServerError("the server cannot start: \(ServerLog.lines())")
      }
      self.context = context
      // With IPv6 on, libwebsockets would listen on every interface instead of an IPv4 address.
      if !listener.address.contains(":") { info.options |= wattline_lws_ipv4_option() }
      info.iface = text(listener.address)
      info.ssl_cert_filepath = text(certificate?.chain)
      info.ssl_private_key_filepath = text(certificate?.key)
      if sockets != nil { allowWebSockets(&info) }
      let host = lws_create_vhost(context, &info)
      guard let host else {
        throw HTTPServerError(
          "cannot listen on \(listener.address):\(listener.port)"
            + (certificate.map { " with the certificate \($0.chain) and the key \($0.key)" } ?? "")
            + ": \(ServerLog.lines())")
      }
      port = Int(lws_get_vhost_listen_port(host))
    }

    private func allowWebSockets(_ info: inout lws_context_creation_info) {
      // The first frame of a WebSocket is no request, and makes its connection a raw one.
      info.options |= wattline_lws_fallback_option()
      // Over HTTP/2, libwebsockets would open WebSockets by itself.
      info.alpn = text("http/1.1")
    }

    /// Serves until ``stop()``. To be called on a thread of its own.
    func run() {
      guard let context else { return }
      sockets?.port.open { [weak self] in if let context = self?.context { lws_cancel_service(context) } }
      while !isStopping.load(ordering: .acquiring) {
        if lws_service(context, 0) < 0 { break }
      }
      sockets?.port.close()
      lws_context_destroy(context)
      for case (_, .accept(_, let session)) in mailbox.value { sockets?.abandon(session) }
    }

    /// Ends ``run()``.
    func stop() {
      isStopping.store(true, ordering: .releasing)
      if let context { lws_cancel_service(context) }
    }

    /// Tells the clients of WebSockets that the server stops.
    func leave() {
      isLeaving.store(true, ordering: .releasing)
      if let context { lws_cancel_service(context) }
    }

    /// Lets the loop read the certificate's files again.
    func renewCertificate() {
      renews.store(true, ordering: .releasing)
      if let context { lws_cancel_service(context) }
    }

    // MARK: Callbacks

    private func handle(
      _ reason: lws_callback_reasons, of wsi: OpaquePointer, session: UnsafeMutableRawPointer?,
      bytes: UnsafeMutableRawPointer?, length: Int
    ) -> Int32 {
      switch reason {
      case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return peers.admits(socket: Int32(truncatingIfNeeded: Int(bitPattern: bytes))) ? 0 : 1
      case LWS_CALLBACK_WSI_CREATE: peers.began(wsi)
      case LWS_CALLBACK_WSI_DESTROY:
        peers.ended(wsi)
        if upgrading == wsi { upgrading = nil }
        refused[wsi] = nil
        sockets?.ended(wsi)
      case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return beginUpgrade(wsi, bytes: bytes)
      // libwebsockets opens no WebSocket itself.
      case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: return -1
      case LWS_CALLBACK_RAW_ADOPT: return sockets?.has(wsi) == true ? sockets?.begin(wsi) ?? -1 : beginRefusal(of: wsi)
      case LWS_CALLBACK_RAW_RX:
        return refused[wsi] != nil ? 0 : sockets?.receive(bytes, length: length, of: wsi) ?? -1
      case LWS_CALLBACK_RAW_WRITEABLE:
        if refused[wsi] != nil { return refuse(wsi) }
        return buffer.withUnsafeMutableBytes { sockets?.write(wsi, through: $0) ?? -1 }
      case LWS_CALLBACK_TIMER: return sockets?.checkLife(of: wsi) ?? 0
      case LWS_CALLBACK_HTTP: return begin(wsi, session: session, bytes: bytes, length: length)
      case LWS_CALLBACK_HTTP_BODY: return append(bytes, length: length, session: session)
      case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        if let exchange = exchange(of: session) { submit(exchange) }
      case LWS_CALLBACK_HTTP_WRITEABLE: return write(wsi, session: session)
      case LWS_CALLBACK_CLOSED_HTTP, LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        if let exchange = exchange(of: session) {
          exchanges[exchange.id] = nil
          if let (socket, _) = exchange.upgrade { sockets?.abandon(socket) }
        }
      case LWS_CALLBACK_EVENT_WAIT_CANCELLED: deliver()
      default: return lws_callback_http_dummy(wsi, reason, session, bytes, length)
      }
      return 0
    }

    /// Takes a connection whose method libwebsockets does not know, such as TRACE.
    private func beginRefusal(of wsi: OpaquePointer) -> Int32 {
      refused[wsi] = false
      lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, 5)
      lws_callback_on_writable(wsi)
      return 0
    }

    /// Tells a client once that its method is not served. The client closes, or the time runs out.
    private func refuse(_ wsi: OpaquePointer) -> Int32 {
      guard refused[wsi] == false else { return 0 }
      refused[wsi] = true
      let problem = HTTPResponse.problem(405, "the method is not served; \(Self.methods) are")
      let head =
        "HTTP/1.1 405 Method Not Allowed\r\nallow: \(Self.methods)\r\ncontent-type: \(problem.contentType)\r\n"
        + "content-length: \(problem.body.count)\r\nconnection: close\r\n\r\n"
      let text = Array(head.utf8) + problem.body
      let headroom = wattline_lws_headroom()
      let sent = buffer.withUnsafeMutableBytes { buffer in
        UnsafeMutableRawBufferPointer(rebasing: buffer[headroom...]).copyBytes(from: text)
        return lws_write(
          wsi, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self).advanced(by: headroom), text.count,
          LWS_WRITE_HTTP)
      }
      return sent < 0 ? -1 : 0
    }

    private static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

    /// Takes a request for a WebSocket as a plain one.
    ///
    /// - Parameters:
    ///   - wsi: The connection.
    ///   - bytes: Value of the header `upgrade` in the memory of libwebsockets. Once it names nothing known, the
    ///     request is treated like any other.
    private func beginUpgrade(_ wsi: OpaquePointer, bytes: UnsafeMutableRawPointer?) -> Int32 {
      guard let text = bytes?.assumingMemoryBound(to: CChar.self) else { return -1 }
      if strcasecmp(text, "websocket") == 0 { upgrading = wsi }
      text[0] = CChar(bitPattern: UInt8(ascii: "-"))
      return 0
    }

    private func exchange(of session: UnsafeMutableRawPointer?) -> Exchange? {
      guard let id = session?.assumingMemoryBound(to: UInt64.self).pointee, id != 0 else { return nil }
      return exchanges[id]
    }

    private func begin(
      _ wsi: OpaquePointer, session: UnsafeMutableRawPointer?, bytes: UnsafeMutableRawPointer?, length: Int
    ) -> Int32 {
      let isUpgrade = upgrading == wsi
      upgrading = nil
      // A WebSocket whose client sends a request instead of frames.
      guard let session, sockets?.has(wsi) != true else { return -1 }
      lastID += 1
      session.assumingMemoryBound(to: UInt64.self).pointee = lastID
      let path = bytes.map { String(decoding: UnsafeRawBufferPointer(start: $0, count: length), as: UTF8.self) } ?? "/"
      let exchange = Exchange(id: lastID, wsi: wsi, request: RequestReader.request(wsi, path: path))
      exchanges[lastID] = exchange
      if !RequestReader.hasWholeLine(wsi) {
        return close(exchange, .problem(400, "the address holds an encoded line break, %0A or %0D"))
      }
      if isUpgrade, let sockets, let webSockets {
        if let refusal = sockets.admit(wsi, request: exchange.request) { return answer(exchange, refusal) }
        exchange.isUpgrade = true
        ask(exchange) { webSockets.accept($0) }
        return 0
      }
      if RequestReader.hasSeveralHosts(wsi) { return close(exchange, .problem(400, "there are several headers host")) }
      let sent = exchange.request.headers["content-length"].map { RequestReader.length($0) }
      if exchange.request.headers["transfer-encoding"] != nil {
        return close(exchange, .problem(411, "a body needs the header content-length"))
      }
      switch sent {
      case nil, 0: submit(exchange)
      case .some(nil): return close(exchange, .problem(400, "content-length is not a number"))
      case .some(let count?) where count > limits.body:
        return close(exchange, .problem(413, "a body may have \(limits.body) bytes"))
      case .some(let count?): exchange.expected = count
      }
      return 0
    }

    /// Answers a request whose end is not known, after which the connection ends: the rest of its body could pass as
    /// the next request (RFC 9112, 6.3).
    private func close(_ exchange: Exchange, _ response: HTTPResponse) -> Int32 {
      exchange.closes = true
      return answer(exchange, response)
    }

    private func append(_ bytes: UnsafeMutableRawPointer?, length: Int, session: UnsafeMutableRawPointer?) -> Int32 {
      guard let exchange = exchange(of: session), let bytes else { return 0 }
      // Of a body that was refused nothing is kept.
      if exchange.response != nil { return 0 }
      guard exchange.request.body.count + length <= limits.body else { return -1 }
      exchange.request.body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: length))
      return 0
    }

    /// Hands a request to the handler.
    private func submit(_ exchange: Exchange) {
      guard !exchange.isSubmitted, exchange.response == nil else { return }
      let handler = handler
      ask(exchange) { .refuse(handler($0)) }
    }

    /// Lets a thread answer a request.
    private func ask(_ exchange: Exchange, _ decide: @escaping @Sendable (HTTPRequest) -> WebSocketDecision) {
      exchange.isSubmitted = true
      lws_set_timeout(exchange.wsi, NO_PENDING_TIMEOUT, 0)
      let (id, request) = (exchange.id, exchange.request)
      workers.submit { [weak self] in self?.post(decide(request), id: id) }
    }

    private func post(_ decision: WebSocketDecision, id: UInt64) {
      mailbox.with { $0.append((id, decision)) }
      if !isStopping.load(ordering: .acquiring), let context { lws_cancel_service(context) }
    }

    /// Takes the handlers' responses over.
    private func deliver() {
      if renews.exchange(false, ordering: .acquiringAndReleasing), let certificate {
        lws_tls_cert_updated(context, certificate.chain, certificate.key, nil, 0, nil, 0)
      }
      let arrived = mailbox.with { mail in
        defer { mail.removeAll() }
        return mail
      }
      for (id, decision) in arrived {
        switch (decision, exchanges[id]) {
        case (.refuse(let response), let exchange?):
          if exchange.isUpgrade { sockets?.refuse(exchange.wsi) }
          _ = answer(exchange, response)
        case (.accept(let subprotocol, let session), let exchange?):
          exchange.upgrade = (session, subprotocol)
          lws_callback_on_writable(exchange.wsi)
        case (.accept(_, let session), nil): sockets?.abandon(session)
        case (.refuse, nil): break
        }
      }
      if isLeaving.load(ordering: .acquiring) { sockets?.sayGoodbye() }
      sockets?.wake()
    }

    private func answer(_ exchange: Exchange, _ response: HTTPResponse) -> Int32 {
      exchange.response = hasRoom(for: response) ? response : Self.noRoom
      exchange.answered = SystemClock.monotonic()
      lws_set_timeout(exchange.wsi, PENDING_TIMEOUT_HTTP_CONTENT, Int32(limits.patience))
      lws_callback_on_writable(exchange.wsi)
      return 0
    }

    /// Length of a response from which it counts for ``mostUnsent`` [bytes].
    private static let large = 262_144
    /// Maximum length of all large responses that wait for their clients [bytes].
    private static let mostUnsent = 268_435_456
    /// Time in which a client must have taken a response [ns].
    private static let mostTime: Int64 = 300_000_000_000
    private static let noRoom: HTTPResponse = {
      var response = HTTPResponse.problem(503, "too many long answers wait for slow clients; ask again later")
      response.headers.append(("retry-after", "30"))
      return response
    }()

    private func hasRoom(for response: HTTPResponse) -> Bool {
      guard response.body.count >= Self.large else { return true }
      let waiting = exchanges.values.reduce(0) { $0 + ($1.response?.body.count ?? 0) }
      return waiting + response.body.count <= Self.mostUnsent
    }

    private func write(_ wsi: OpaquePointer, session: UnsafeMutableRawPointer?) -> Int32 {
      guard let exchange = exchange(of: session) else { return 0 }
      if let since = exchange.answered, SystemClock.monotonic() - since > Self.mostTime { return -1 }
      if let (socket, subprotocol) = exchange.upgrade { return upgrade(exchange, to: socket, subprotocol: subprotocol) }
      guard let response = exchange.response else { return 0 }
      if !exchange.hasHeaders {
        guard writeHeaders(response, of: wsi) else { return -1 }
        exchange.hasHeaders = true
        exchange.written = exchange.request.method == "HEAD" ? response.body.count : 0
        if exchange.written < response.body.count {
          lws_callback_on_writable(wsi)
          return 0
        }
        return complete(exchange)
      }
      let headroom = wattline_lws_headroom()
      let count = min(Self.piece, response.body.count - exchange.written)
      guard count > 0 else { return 0 }
      let isLast = exchange.written + count == response.body.count
      let sent = buffer.withUnsafeMutableBytes { buffer in
        response.body.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: buffer[headroom...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[exchange.written..<exchange.written + count]))
        }
        return lws_write(
          wsi, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self).advanced(by: headroom), count,
          isLast ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP)
      }
      guard sent >= 0 else { return -1 }
      exchange.written += count
      lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, Int32(limits.patience))
      if isLast { return complete(exchange) }
      lws_callback_on_writable(wsi)
      return 0
    }

    /// Makes a connection a WebSocket.
    private func upgrade(_ exchange: Exchange, to session: WebSocketSession, subprotocol: String?) -> Int32 {
      exchanges[exchange.id] = nil
      guard let sockets else { return -1 }
      let answer = sockets.open(
        exchange.wsi, session: session, subprotocol: subprotocol, request: exchange.request)
      let headroom = wattline_lws_headroom()
      let sent = buffer.withUnsafeMutableBytes { buffer in
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[headroom...])
        room.copyBytes(from: answer)
        return lws_write(
          exchange.wsi, room.baseAddress?.assumingMemoryBound(to: UInt8.self), answer.count, LWS_WRITE_HTTP_HEADERS)
      }
      return sent < 0 || lws_http_transaction_completed(exchange.wsi) != 0 ? -1 : 0
    }

    private func complete(_ exchange: Exchange) -> Int32 {
      exchanges[exchange.id] = nil
      // The rest of a refused body cannot be told from the next request.
      let isWhole = !exchange.closes && exchange.request.body.count == exchange.expected
      return lws_http_transaction_completed(exchange.wsi) != 0 || !isWhole ? -1 : 0
    }

    private func writeHeaders(_ response: HTTPResponse, of wsi: OpaquePointer) -> Bool {
      let headroom = wattline_lws_headroom()
      return buffer.withUnsafeMutableBytes { buffer -> Bool in
        guard let base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
        let (start, end) = (base.advanced(by: headroom), base.advanced(by: headroom + 16_384))
        var place: UnsafeMutablePointer<UInt8>? = start
        let length = UInt64(response.body.count)
        guard
          lws_add_http_common_headers(wsi, UInt32(response.status), response.contentType, length, &place, end) == 0
        else { return false }
        for (name, value) in response.headers {
          var value = value
          let isWritten = value.withUTF8 { text in
            lws_add_http_header_by_name(wsi, "\(name):", text.baseAddress, Int32(text.count), &place, end) == 0
          }
          guard isWritten else { return false }
        }
        return lws_finalize_write_http_header(wsi, start, &place, end) == 0
      }
    }
  }

  /// A request and its response.
  private final class Exchange {
    let id: UInt64
    let wsi: OpaquePointer
    var request: HTTPRequest
    var response: HTTPResponse?
    var isSubmitted = false
    /// Whether the request asks for a WebSocket.
    var isUpgrade = false
    /// The WebSocket that the connection becomes.
    var upgrade: (session: WebSocketSession, subprotocol: String?)?
    var hasHeaders = false
    /// Number of bytes of the body that are written.
    var written = 0
    /// Length of the request's body [bytes].
    var expected = 0
    /// Whether the connection ends with the response.
    var closes = false
    /// Monotonic time at which the response was there [ns].
    var answered: Int64?

    init(id: UInt64, wsi: OpaquePointer, request: HTTPRequest) {
      (self.id, self.wsi, self.request) = (id, wsi, request)
    }
  }
#endif
