import HTTPInterface
import Pipeline
import Settings
import SystemCore
import WebServer

/// The HTTP interface of a running pipeline.
enum InterfaceServer {
  /// Starts the server that `http` asks for.
  ///
  /// - Parameters:
  ///   - pipeline: The pipeline.
  ///   - note: Receives the address.
  /// - Returns: The server; `nil` if none is configured.
  /// - Throws: `HTTPServerError` if the address is in use, or the certificate is unusable.
  static func start(
    for pipeline: RunningPipeline, note: (LogEntry) -> Void
  ) throws(HTTPServerError) -> HTTPServer? {
    guard let settings = pipeline.settings.http else { return nil }
    let interface = Interface(
      settings: settings, program: ProgramFacts(version: Version.number, commit: Version.commit),
      status: { pipeline.status() })
    let listener = HTTPListener(
      address: settings.address, port: settings.port,
      certificate: settings.certificate.map { (chain: $0.chainFile, key: $0.keyFile) })
    let server = try HTTPServer(listener, handler: interface.answer)
    let host = settings.address.contains(":") ? "[\(settings.address)]" : settings.address
    note("http listens on \(settings.certificate == nil ? "http" : "https")://\(host):\(server.port)/")
    if settings.certificate == nil, !["127.0.0.1", "::1"].contains(settings.address) {
      note(
        .warning(
          "http is reachable from other machines without TLS; set http.cert and http.key, or listen on 127.0.0.1"))
    }
    return server
  }
}
