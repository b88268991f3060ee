#if HTTP
  import Glibc
  import SystemCore

  /// A server for HTTP/1.1 and WebSocket, with TLS or without, by libwebsockets. Without WebSockets it speaks HTTP/2
  /// over TLS too.
  ///
  /// One thread serves all connections and never waits for a handler, which runs on one of four others. Its response
  /// comes back through a mailbox that wakes the thread. What a client sends is bounded by ``HTTPLimits``.
  public final class HTTPServer: Sendable {
    /// Answers a request, on one of several threads.
    public typealias Handler = @Sendable (HTTPRequest) -> HTTPResponse

    /// Port on which the server listens.
    public let port: Int
    private let loop: ServiceLoop
    private let thread: BlockingThread
    private let workers: RequestWorkers
    /// Threads of the texts of WebSockets, so that those that wait for the disk keep no request waiting.
    private let textWorkers: RequestWorkers?
    private let webSocketPort: WebSocketPort?

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - listener: Address, port and certificate.
    ///   - limits: What is refused before the handler sees it.
    ///   - handler: Answers requests.
    ///   - webSockets: Answers to WebSockets; `nil` for none.
    /// - Throws: `HTTPServerError` if the address is in use or unknown, or the certificate is unusable.
    public init(
      _ listener: HTTPListener, limits: HTTPLimits = HTTPLimits(), handler: @escaping Handler,
      webSockets: WebSocketHandler? = nil
    ) throws(HTTPServerError) {
      let port = webSockets.map { _ in WebSocketPort() }
      self.webSocketPort = port
      do {
        workers = try RequestWorkers()
      } catch { throw HTTPServerError("\(error)") }
      do {
        textWorkers = try webSockets.map { _ in try RequestWorkers(2, name: "texts") }
      } catch {
        workers.stop()
        throw HTTPServerError("\(error)")
      }
      do {
        var sockets: WebSocketConnections?
        if let webSockets, let port, let textWorkers {
          sockets = WebSocketConnections(
            handler: webSockets, limits: limits.webSockets, workers: textWorkers, port: port)
        }
        let loop = try ServiceLoop(
          listener, limits: limits, workers: workers, handler: handler, webSockets: webSockets, sockets: sockets)
        self.loop = loop
        self.port = loop.port
        thread = try BlockingThread(name: "http") { loop.run() }
      } catch {
        workers.stop()
        textWorkers?.stop()
        throw error as? HTTPServerError ?? HTTPServerError("\(error)")
      }
    }

    /// Reads the certificate's files again. Open connections keep theirs.
    public func renewCertificate() { loop.renewCertificate() }

    /// Counts of WebSockets since the start.
    public var webSocketCounts: WebSocketCounts { webSocketPort?.counters.counts ?? WebSocketCounts() }

    /// Takes leave of WebSockets, waits for the handlers that run, closes all connections, and waits until the threads
    /// have ended.
    public func stop() {
      if webSocketPort != nil {
        loop.leave()
        let deadline = SystemClock.monotonic() + 1_000_000_000
        while webSocketCounts.open > 0, SystemClock.monotonic() < deadline { usleep(10_000) }
      }
      // No handler may wake a loop that has ended.
      workers.stop()
      loop.stop()
      thread.join()
      // After the loop, whose last act is to end every session.
      textWorkers?.finish()
    }
  }
#else
  /// Substitute for a build without the trait `HTTP`.
  public final class HTTPServer: Sendable {
    /// Answers a request, on one of several threads.
    public typealias Handler = @Sendable (HTTPRequest) -> HTTPResponse

    /// Port on which the server listens.
    public let port = 0

    /// Fails.
    ///
    /// - Parameters:
    ///   - listener: Address, port and certificate.
    ///   - limits: What is refused before the handler sees it.
    ///   - handler: Answers requests.
    ///   - webSockets: Answers to WebSockets; `nil` for none.
    /// - Throws: `HTTPServerError`, always.
    public init(
      _ listener: HTTPListener, limits: HTTPLimits = HTTPLimits(), handler: @escaping Handler,
      webSockets: WebSocketHandler? = nil
    ) throws(HTTPServerError) {
      throw HTTPServerError("this program was built without the trait HTTP")
    }

    /// Does nothing.
    public func renewCertificate() {}

    /// Counts of WebSockets: zero.
    public var webSocketCounts: WebSocketCounts { WebSocketCounts() }

    /// Does nothing.
    public func stop() {}
  }
#endif
