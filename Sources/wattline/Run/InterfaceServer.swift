import Accounts
import Foundation
import HTTPInterface
import Pipeline
import Settings
import SystemCore
import WebServer

/// The HTTP interface of a running pipeline.
struct InterfaceServer {
  /// Address of its first page.
  let url: String
  private let server: HTTPServer
  private let interface: Interface
  private let live: LiveEndpoint

  /// Starts the server that `http` asks for.
  ///
  /// - Parameters:
  ///   - pipeline: The pipeline.
  ///   - note: Receives the address, and what an administrator must know.
  /// - Returns: The server; `nil` if none is configured.
  /// - Throws: `HTTPServerError` if the address is in use, or the certificate is unusable; `AccountError` if the
  ///   accounts cannot be opened.
  static func start(
    for pipeline: RunningPipeline, note: @escaping @Sendable (LogEntry) -> Void
  ) throws -> InterfaceServer? {
    guard let settings = pipeline.effectiveSettings.http else { return nil }
    let store = try AccountStore(journal: pipeline.effectiveSettings.journal.path)
    let accounts = try Authenticator(store, issuers: settings.issuers) { note(.warning("accounts: \($0)")) }
    if try store.accounts().isEmpty {
      note("http has no accounts yet; the first is made by: wattline user add NAME --role admin")
    }
    let interface = try Interface(
      settings: settings, program: ProgramFacts(version: Version.number, commit: Version.commit),
      pipeline: PipelineAccess(pipeline), accounts: accounts, services: .program,
      audit: { entry in
        pipeline.record(
          AuditPoint(
            action: entry.action, user: entry.user, address: entry.address, target: entry.target,
            result: entry.result, time: entry.time))
      })
    let live = LiveEndpoint(
      LiveSource(pipeline), origins: settings.origins, authenticate: { interface.authenticateLive($0) })
    let listener = HTTPListener(
      address: settings.address, port: settings.port,
      certificate: settings.certificate.map { (chain: $0.chainFile, key: $0.keyFile) })
    var limits = HTTPLimits()
    let files = OpenFileLimit.raise()
    limits.connections = HTTPLimits.connections(files: files, wanted: settings.connections)
    if let wanted = settings.connections, limits.connections < wanted {
      note(
        .warning(
          "http.connections is \(wanted), and the limit of \(files) open files allows \(limits.connections); raise "
            + "LimitNOFILE of the service, or `ulimit -n`"))
    }
    let server = try HTTPServer(listener, limits: limits, handler: interface.answer, webSockets: live.webSockets)
    interface.watch(webSockets: { [weak server] in server?.webSocketCounts ?? WebSocketCounts() })
    let host = settings.address.contains(":") ? "[\(settings.address)]" : settings.address
    let url = "\(settings.certificate == nil ? "http" : "https")://\(host):\(server.port)/"
    note("http listens on \(url)")
    // Behind an address of all networks there is no page; the machine has a name.
    let page =
      ["0.0.0.0", "::"].contains(settings.address)
      ? url.replacing("//\(host):", with: "//\(ProcessInfo.processInfo.hostName):") : url
    pipeline.watch {
      var facts = interface.facts()
      facts.url = page
      return facts
    }
    if settings.certificate == nil, !["127.0.0.1", "::1"].contains(settings.address) {
      note(
        .warning(
          "http is reachable from other machines without TLS; set http.cert and http.key, or listen on 127.0.0.1"))
    }
    return InterfaceServer(url: url, server: server, interface: interface, live: live)
  }

  /// Reads the certificate's files again.
  func renewCertificate() { server.renewCertificate() }

  /// Ends connections, feeds and jobs.
  func stop() {
    server.stop()
    live.stop()
    interface.stop()
  }
}
