#if HTTP
  import Foundation
  import LocalServers
  import Pipeline
  import PlantConfig
  import Settings
  import Testing
  import WattlineTime
  import WebServer

  @testable import Accounts
  @testable import HTTPInterface

  @Suite("Communities at the interface")
  final class CommunityEndpointTests {
    private static let password = "a long password"
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder(prefix: "communities") }

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

    private static let village = """
      community:
        name: village
        members: [own, other]
        objective: risk
        tariff: {import: 0.3, export: 0.08}
      """

    private func admin() throws -> AdminInterface {
      let files = [Self.plant("own"), Self.plant("other"), ("village.yaml", Array(Self.village.utf8))]
      for file in files { try Data(file.1).write(to: URL(fileURLWithPath: "\(folder.path)/\(file.0)")) }
      let root = folder.path
      return try AdminInterface(in: folder) { pipeline in
        pipeline.configuration = { ConfigurationLoader.load(directory: root, environment: [:]) }
        pipeline.checked = { change in
          var all: [(name: String, bytes: [UInt8])] = files.map { ($0.0, $0.1) }
          if let change {
            all.removeAll { $0.name == change.name }
            if let bytes = change.bytes { all.append((change.name, bytes)) }
          }
          return ConfigurationLoader.load(files: all, environment: [:], readFile: { _ in nil })
        }
      }
    }

    @Test func `a community is listed, changed and studied, and mistakes say what would be right`() throws {
      let admin = try admin()
      defer { admin.interface.stop() }
      let list = AdminInterface.members(admin.send("GET", "/api/v1/communities"))
      let first = (list["items"] as? [[String: Any]])?.first
      #expect(first?["name"] as? String == "village" && first?["members"] as? [String] == ["other", "own"], "\(list)")
      #expect(first?["objective"] as? String == "risk")
      #expect(admin.send("GET", "/api/v1/communities/town").status == 404)
      #expect(admin.send("GET", "/api/v1/communities/village/decision").status == 404)

      let file = admin.send("GET", "/api/v1/communities/village/file")
      #expect(file.status == 200 && String(decoding: file.body, as: UTF8.self) == Self.village)
      let yaml = "application/yaml"
      let other = Self.village.replacingOccurrences(of: "risk", with: "cost")
      #expect(admin.send("PUT", "/api/v1/communities/village/file", body: other, type: yaml).status == 200)
      #expect(
        admin.send("POST", "/api/v1/communities", body: other, type: yaml).status == 409)
      let wrong = other.replacingOccurrences(of: "[own, other]", with: "[own, othr]")
      let refused = admin.send("PUT", "/api/v1/communities/village/file", body: wrong, type: yaml)
      #expect(refused.status == 422 && String(decoding: refused.body, as: UTF8.self).contains("other"), "\(refused)")

      #expect(admin.send("POST", "/api/v1/communities/village/tariff", body: "{}").status == 422)
      #expect(admin.send("POST", "/api/v1/communities/village/dispatch", body: #"{"objective": "fun"}"#).status == 422)
      for (kind, body) in [
        ("dispatch", #"{"objective": "cost", "incentive_budget": 5}"#), ("forecast", #"{"hours": 48}"#),
        ("tariff", #"{"tariffs": ["flat=0.3"]}"#), ("scenarios", #"{"variants": ["sun:pv=+20"], "runs": 10}"#),
      ] {
        let job = admin.send("POST", "/api/v1/communities/village/\(kind)", body: body)
        let document = AdminInterface.members(job)
        #expect(job.status == 202 && document["community"] as? String == "village", "\(kind): \(document)")
        #expect(document["kind"] as? String == "community_\(kind)")
      }
      #expect(admin.send("DELETE", "/api/v1/communities/village").status == 204)
      #expect(admin.send("GET", "/api/v1/communities/village").status == 404)
    }

    @Test func `a community is nobody's who has not the right to each of its members, nor are its jobs`() throws {
      let admin = try admin()
      defer { admin.interface.stop() }
      let requester = Requester(user: "cli:test", address: "")
      for (name, plants) in [("some", Set(["own"])), ("all", ["own", "other"])] {
        try admin.store.add(
          Account(name: name, role: .operator, plants: .some(plants)), password: Secret(Self.password), by: requester,
          at: Timestamp(seconds: 1_796_061_600))
      }
      func send(_ user: String, _ method: String, _ path: String) throws -> HTTPResponse {
        var login = HTTPRequest(method: "POST", path: "/api/v1/login", address: "192.0.2.1")
        login.headers["content-type"] = "application/json"
        login.body = Array("{\"username\":\"\(user)\",\"password\":\"\(Self.password)\"}".utf8)
        let token = try #require(
          AdminInterface.members(admin.interface.answer(login))["access_token"] as? String)
        var request = HTTPRequest(method: method, path: path, address: "192.0.2.1")
        request.headers["authorization"] = "Bearer \(token)"
        return admin.interface.answer(request)
      }
      let path = "/api/v1/communities/village"
      #expect(try send("all", "GET", path).status == 200 && send("some", "GET", path).status == 404)
      #expect(try send("some", "POST", path + "/dispatch").status == 404)
      let items = try AdminInterface.members(send("some", "GET", "/api/v1/communities"))["items"] as? [Any]
      #expect(items?.isEmpty == true)
      let job = try AdminInterface.members(send("all", "POST", path + "/dispatch"))["id"] as? String
      let id = try #require(job)
      #expect(try send("all", "GET", "/api/v1/jobs/\(id)").status == 200)
      #expect(try send("some", "GET", "/api/v1/jobs/\(id)").status == 404)
    }
  }
#endif
