public import LocalServers
import PlantModel
public import Settings
import Synchronization

/// One of the ``BrokerPrograms`` as a child process on a free loopback port, with a temporary folder.
public final class InstalledBroker: Sendable {
  /// Type of the broker.
  public let kind: any BrokerProgram
  /// TCP port.
  public let port: Int
  private let server: LocalServer
  private let helper = Mutex<ChildProcess?>(nil)

  /// Starts a broker and waits until it accepts connections.
  public init(_ kind: any BrokerProgram) throws(ServerError) {
    self.kind = kind
    port = try Loopback.freePort()
    server = LocalServer(name: kind.name, keptFolder: nil)
    let path = try Programs.require(kind.program, package: kind.package)
    let folder = try server.folder()
    if let words = try kind.helper(folder: folder, port: port), let program = words.first {
      let child = try ChildProcess(
        program: program, arguments: Array(words.dropFirst()), log: folder + "/helper.log")
      helper.withLock { $0 = child }
    }
    let words = try kind.prepare(path, folder: folder, port: port)
    let port = port
    try server.start(words[0], arguments: Array(words.dropFirst()), within: kind.patience) {
      Loopback.accepts(port: port)
    }
  }

  deinit { stop() }

  /// Connection settings of the broker, including credentials.
  public var settings: BrokerSettings {
    var settings = BrokerSettings()
    settings.port = port
    settings.username = kind.credentials?.username
    settings.password = (kind.credentials?.password).map { Secret($0) }
    return settings
  }

  /// Ends the broker and removes its folder, including sessions.
  public func stop() {
    server.stop()
    helper.withLock { $0.take() }?.kill()
  }
}
