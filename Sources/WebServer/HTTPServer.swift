#if HTTP
  import CWebSockets
  import SystemCore

  /// A server for HTTP/1.1, HTTP/2 over TLS and WebSocket, by libwebsockets.
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

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - listener: Address, port and certificate.
    ///   - limits: What is refused before the handler sees it.
    ///   - handler: Answers requests.
    /// - Throws: `HTTPServerError` if the address is in use or unknown, or the certificate is unusable.
    public init(
      _ listener: HTTPListener, limits: HTTPLimits = HTTPLimits(), handler: @escaping Handler
    ) throws(HTTPServerError) {
      do {
        workers = try RequestWorkers()
      } catch { throw HTTPServerError("\(error)") }
      do {
        let loop = try ServiceLoop(listener, limits: limits, workers: workers, handler: handler)
        self.loop = loop
        port = loop.port
        thread = try BlockingThread(name: "http") { loop.run() }
      } catch {
        workers.stop()
        throw error as? HTTPServerError ?? HTTPServerError("\(error)")
      }
    }

    /// Reads the certificate's files again. Open connections keep theirs.
    public func renewCertificate() { loop.renewCertificate() }

    /// Waits for the handlers that run, closes all connections, and waits until the threads have ended.
    public func stop() {
      // No handler may wake a loop that has ended.
      workers.stop()
      loop.stop()
      thread.join()
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
    /// - Throws: `HTTPServerError`, always.
    public init(
      _ listener: HTTPListener, limits: HTTPLimits = HTTPLimits(), handler: @escaping Handler
    ) throws(HTTPServerError) {
      throw HTTPServerError("this program was built without the trait HTTP")
    }

    /// Does nothing.
    public func renewCertificate() {}

    /// Does nothing.
    public func stop() {}
  }
#endif
