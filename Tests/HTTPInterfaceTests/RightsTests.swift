#if HTTP
  import Foundation
  import LocalServers
  import Pipeline
  import PlantConfig
  import PlantTesting
  import Settings
  import Testing
  import WattlineTime
  import WebServer

  @testable import Accounts
  @testable import HTTPInterface

  @Suite("Rights at the interface")
  final class RightsTests {
    private static let password = Secret("a long password")
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder(prefix: "rights") }

    deinit { folder.remove() }

    private static func plant(_ name: String) -> (name: String, bytes: [UInt8]) {
      let text = """
        plant: \(name)
        location: {latitude: 48, longitude: 11, timezone: Europe/Berlin}
        topics: [{match: "\(name)/{asset}/{sensor}"}]
        assets: {bess: {kind: battery, energy_kwh: 10, power_kw: 5}}
        """
      return ("\(name).yaml", Array(text.utf8))
    }

    private func interface() throws -> (interface: Interface, accounts: Authenticator) {
      let store = try AccountStore(path: folder.path + "/accounts.sqlite", cost: .least)
      let requester = Requester(user: "cli:test", address: "")
      let now = Timestamp(seconds: 1_796_061_600)
      for role in Role.allCases {
        try store.add(
          Account(name: role.rawValue, role: role, plants: role == .admin ? .all : .some(["own"])),
          password: Self.password, by: requester, at: now)
      }
      let accounts = try Authenticator(store, issuers: []) { _ in }
      let loaded = ConfigurationLoader.load(
        files: [Self.plant("own"), Self.plant("other")], environment: [:], readFile: { _ in nil })
      #expect(loaded.isValid, "\(loaded.diagnostics)")
      let root = folder.path
      var pipeline = PipelineAccess(status: { PipelineStatus() }, configuration: { loaded })
      pipeline.path = { "\(root)/\($0)" }
      let interface = try Interface(
        settings: HTTPSettings(address: "127.0.0.1", port: 0), program: ProgramFacts(version: "1", commit: "a"),
        pipeline: pipeline, accounts: accounts, services: .none)
      return (interface, accounts)
    }

    private static func token(_ name: String, of interface: Interface) throws -> String {
      var request = HTTPRequest(method: "POST", path: "/api/v1/login", address: "192.0.2.1")
      request.headers["content-type"] = "application/json"
      request.body = Array("{\"username\":\"\(name)\",\"password\":\"\(password.text)\"}".utf8)
      let response = interface.answer(request)
      let document = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
      return try #require(document?["access_token"] as? String, "\(String(decoding: response.body, as: UTF8.self))")
    }

    private static func request(_ endpoint: Endpoint, plant: String, token: String?) -> HTTPRequest {
      var path = endpoint.path.description
      for name in endpoint.path.parameters {
        path = path.replacingOccurrences(of: "{\(name)}", with: name == "plant" ? plant : "nothing")
      }
      var request = HTTPRequest(method: endpoint.method, path: path, address: "192.0.2.1")
      if let token { request.headers["authorization"] = "Bearer \(token)" }
      if let body = endpoint.body {
        request.headers["content-type"] = body.contentTypes[0]
        request.body = Array("{}".utf8)
      }
      return request
    }

    @Test func `every operation is open to the roles that may, and to no plant that is not theirs`() throws {
      let (interface, _) = try interface()
      defer { interface.stop() }
      var tokens: [Role: String] = [:]
      for role in Role.allCases { tokens[role] = try Self.token(role.rawValue, of: interface) }
      var checked = 0
      for endpoint in interface.endpoints where endpoint.access != .open && endpoint.id != "logout" {
        let stranger = interface.answer(Self.request(endpoint, plant: "own", token: nil))
        #expect(stranger.status == 401, "\(endpoint.id) without a token gives \(stranger.status)")
        #expect(stranger.headers.contains { $0.name == "www-authenticate" })
        let forged = interface.answer(Self.request(endpoint, plant: "own", token: "forged"))
        #expect(forged.status == 401, "\(endpoint.id) with a forged token gives \(forged.status)")
        for role in Role.allCases where !(role == .admin && endpoint.id == "removePlant") {
          let mayUse = if case .action(let action) = endpoint.access { role.allows(action) } else { true }
          let own = interface.answer(Self.request(endpoint, plant: "own", token: tokens[role]))
          let isRefused = own.status == 403 || own.status == 401
          // The source serves all plants, so who has only some may not stop it.
          let needsAll = ["startSource", "stopSource"].contains(endpoint.id)
          if !needsAll { #expect(isRefused == !mayUse, "\(endpoint.id) by \(role) gives \(own.status)") }
          guard endpoint.path.parameters.contains("plant"), role != .admin else { continue }
          let other = interface.answer(Self.request(endpoint, plant: "other", token: tokens[role]))
          let missing = interface.answer(Self.request(endpoint, plant: "missing", token: tokens[role]))
          #expect(
            other.status == (mayUse ? 404 : 403), "\(endpoint.id) by \(role) for another's plant: \(other.status)")
          #expect(other.status == missing.status, "a plant of others and none are told apart by \(endpoint.id)")
          checked += 1
        }
      }
      #expect(checked > 30)
    }

    @Test func `logout ends the access token, and every login, change and refusal is in the audit`() throws {
      let (interface, accounts) = try interface()
      defer { interface.stop() }
      let token = try Self.token("viewer", of: interface)
      let me = interface.endpoints.first { $0.id == "getMe" }
      let logout = interface.endpoints.first { $0.id == "logout" }
      let users = interface.endpoints.first { $0.id == "listUsers" }
      let asked = Self.request(try #require(me), plant: "", token: token)
      #expect(interface.answer(asked).status == 200)
      #expect(interface.answer(Self.request(try #require(users), plant: "", token: token)).status == 403)
      #expect(interface.answer(Self.request(try #require(logout), plant: "", token: token)).status == 204)
      #expect(interface.answer(asked).status == 401)
      let actions = try accounts.store.audit().entries
      #expect(actions.contains { $0.action == "login" && $0.user == "viewer" && $0.result == "done" })
      #expect(actions.contains { $0.action == "logout" && $0.user == "viewer" })
      #expect(actions.contains { $0.action == "users.manage" && $0.user == "viewer" && $0.result.hasPrefix("refused") })
      #expect(actions.allSatisfy { $0.address == "192.0.2.1" || $0.user.hasPrefix("cli:") })
    }

    @Test func `a key of some plants manages no accounts, and makes no key that may more than itself`() throws {
      let (interface, accounts) = try interface()
      defer { interface.stop() }
      let now = Timestamp(seconds: 1_796_061_600)
      func key(_ scopes: Set<Scope>, plants: PlantScope) throws -> String {
        try accounts.store.addKey(
          "k\(scopes.count)", owner: "admin", scopes: scopes, plants: plants, expires: nil,
          by: Requester(user: "cli:test", address: ""), at: now
        ).secret.text
      }
      func post(_ path: String, _ body: String, key: String) -> Int {
        var request = HTTPRequest(method: "POST", path: path, address: "192.0.2.1")
        request.headers = ["x-api-key": key, "content-type": "application/json"]
        request.body = Array(body.utf8)
        return interface.answer(request).status
      }
      let bound = try key([.admin], plants: .some(["own"]))
      let narrow = try key([.admin, .read], plants: .all)
      let made = #"{"name":"x","owner":"admin","scopes":["admin","control"]}"#
      #expect(post("/api/v1/keys", made, key: bound) == 403)
      #expect(post("/api/v1/users", #"{"name":"m","role":"admin","password":"a long password"}"#, key: bound) == 403)
      #expect(post("/api/v1/keys", made, key: narrow) == 403)
      #expect(post("/api/v1/keys", #"{"name":"y","owner":"admin","scopes":["read"]}"#, key: narrow) == 201)
    }

    @Test func `a job is seen by its owner while its plant and scope are the owner's`() throws {
      let (interface, accounts) = try interface()
      defer { interface.stop() }
      let now = Timestamp(seconds: 1_796_061_600)
      let requester = Requester(user: "cli:test", address: "")
      func jobs(_ headers: [String: String]) throws -> Int {
        var request = HTTPRequest(method: "GET", path: "/api/v1/jobs", address: "192.0.2.1")
        request.headers = headers
        let document = try JSONSerialization.jsonObject(with: Data(interface.answer(request).body))
        return ((document as? [String: Any])?["items"] as? [Any])?.count ?? -1
      }
      let job = try #require(interface.jobs?.submit("report", plant: "own", owner: "operator") { _ in [] })
      let token = try Self.token("operator", of: interface)
      #expect(try jobs(["authorization": "Bearer \(token)"]) == 1)
      #expect(try jobs(["authorization": "Bearer \(Self.token("viewer", of: interface))"]) == 0)
      #expect(try jobs(["authorization": "Bearer \(Self.token("admin", of: interface))"]) == 1)
      let key = try accounts.store.addKey(
        "k", owner: "operator", scopes: [.writeCommands], plants: .all, expires: nil, by: requester, at: now)
      #expect(try jobs(["x-api-key": key.secret.text]) == 0)
      let other = try #require(interface.jobs?.submit("report", plant: "other", owner: "operator") { _ in [] })
      #expect(other.id != job.id)
      #expect(try jobs(["authorization": "Bearer \(token)"]) == 1)
    }

    @Test func `a repeated change with its key is done once, and another with the same key is refused`() throws {
      let (interface, _) = try interface()
      defer { interface.stop() }
      let token = try Self.token("admin", of: interface)
      func add(_ name: String, key: String) -> HTTPResponse {
        var request = HTTPRequest(method: "POST", path: "/api/v1/users", address: "192.0.2.1")
        request.headers = [
          "authorization": "Bearer \(token)", "content-type": "application/json", "idempotency-key": key,
        ]
        request.body = Array("{\"name\":\"\(name)\",\"role\":\"viewer\",\"password\":\"another long one\"}".utf8)
        return interface.answer(request)
      }
      #expect(add("berta", key: "1").status == 201)
      #expect(add("berta", key: "1").status == 201)
      #expect(add("berta", key: "2").status == 409)
      #expect(add("carla", key: "1").status == 422)
    }

    @Test func `a plant's file is checked, written with its comments, and changed only as it was read`() throws {
      let (interface, _) = try interface()
      defer { interface.stop() }
      let token = try Self.token("admin", of: interface)
      func send(
        _ method: String, _ path: String, text: String, type: String = "application/yaml", match: String? = nil
      ) -> HTTPResponse {
        var request = HTTPRequest(method: method, path: path, address: "192.0.2.1")
        request.headers = ["authorization": "Bearer \(token)", "content-type": type, "if-match": match]
          .compactMapValues { $0 }
        request.body = Array(text.utf8)
        return interface.answer(request)
      }
      let text = "# a comment\n" + String(decoding: Self.plant("third").bytes, as: UTF8.self)
      #expect(send("POST", "/api/v1/plants", text: text, type: "application/json").status == 415)
      #expect(
        send("POST", "/api/v1/plants", text: String(decoding: Self.plant("own").bytes, as: UTF8.self)).status == 409)
      let made = send("POST", "/api/v1/plants", text: text)
      #expect(made.status == 201, "\(String(decoding: made.body, as: UTF8.self))")
      #expect(try String(contentsOfFile: folder.path + "/third.yaml", encoding: .utf8) == text)
      // What a text without a plant is told.
      #expect(send("POST", "/api/v1/plants", text: "hello").status == 422)
      try text.write(toFile: folder.path + "/own.yaml", atomically: true, encoding: .utf8)
      let changed = send(
        "PUT", "/api/v1/plants/own/file", text: String(decoding: Self.plant("own").bytes, as: UTF8.self),
        match: "\"no\"")
      #expect(changed.status == 412)
      #expect(send("PUT", "/api/v1/plants/own/file", text: text).status == 409)
    }
  }
#endif
