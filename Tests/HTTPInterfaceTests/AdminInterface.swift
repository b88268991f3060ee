#if HTTP
  import Foundation
  import LocalServers
  import Pipeline
  import PlantConfig
  import Settings
  import SystemCore
  import Testing
  import WattlineTime
  import WebServer

  @testable import Accounts
  @testable import HTTPInterface

  /// An interface to a plant `own`, and its only user, an admin.
  final class AdminInterface {
    static let plant = """
      plant: own
      location: {latitude: 48, longitude: 11, timezone: Europe/Berlin}
      topics: [{match: "own/{asset}/{sensor}"}]
      assets: {bess: {kind: battery, energy_kwh: 10, power_kw: 5, efficiency: 1, soc_min: 0, soc_max: 1}}
      """
    private static let password = "a long password"

    let interface: Interface
    let store: AccountStore
    private(set) var token = ""

    /// Creates an interface in a folder, whose accounts are made or found.
    ///
    /// - Parameters:
    ///   - folder: Folder of the accounts.
    ///   - change: Prepares the access to the pipeline.
    init(in folder: TemporaryFolder, _ change: (inout PipelineAccess) -> Void = { _ in }) throws {
      store = try AccountStore(path: folder.path + "/accounts.sqlite", cost: .least)
      if try store.accounts().isEmpty {
        try store.add(
          Account(name: "chief", role: .admin, plants: .all), password: Secret(Self.password),
          by: Requester(user: "cli:test", address: ""), at: Timestamp(seconds: 1_796_061_600))
      }
      let loaded = ConfigurationLoader.load(
        files: [("own.yaml", Array(Self.plant.utf8))], environment: [:], readFile: { _ in nil })
      var pipeline = PipelineAccess(status: { PipelineStatus() }, configuration: { loaded })
      let root = folder.path
      pipeline.path = { "\(root)/\($0)" }
      change(&pipeline)
      interface = try Interface(
        settings: HTTPSettings(address: "127.0.0.1", port: 0), program: ProgramFacts(version: "1", commit: "a"),
        pipeline: pipeline, accounts: try Authenticator(store, issuers: []) { _ in }, services: .none)
      token = try logIn()
    }

    private func logIn() throws -> String {
      let answer = send(
        "POST", "/api/v1/login", body: "{\"username\":\"chief\",\"password\":\"\(Self.password)\"}")
      return try #require(Self.members(answer)["access_token"] as? String, "\(answer)")
    }

    /// Sends a request of the admin.
    func send(
      _ method: String, _ path: String, query: [(name: String, value: String)] = [], body: String? = nil,
      key: String? = nil, type: String = "application/json"
    ) -> HTTPResponse {
      var request = HTTPRequest(method: method, path: path, address: "192.0.2.1")
      request.query = query
      request.headers = ["authorization": "Bearer \(token)", "idempotency-key": key].compactMapValues { $0 }
      if let body { (request.headers["content-type"], request.body) = (type, Array(body.utf8)) }
      return interface.answer(request)
    }

    /// Returns the members of a response.
    static func members(_ response: HTTPResponse) -> [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(response.body))) as? [String: Any] ?? [:]
    }
  }
#endif
