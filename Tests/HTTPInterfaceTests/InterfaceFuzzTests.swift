#if HTTP
  import Foundation
  import LocalServers
  import Pipeline
  import PlantConfig
  import PlantTesting
  import Settings
  import SystemCore
  import Testing
  import WattlineTime
  import WebServer

  @testable import Accounts
  @testable import HTTPInterface

  @Suite("Damaged requests at the interface")
  final class InterfaceFuzzTests {
    /// Number of requests; more by environment variable.
    private static let rounds =
      (ProcessInfo.processInfo.environment["WATTLINE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 100_000) / 40
    private static let password = "a long password"
    private static let plant = """
      plant: own
      location: {latitude: 48, longitude: 11, timezone: Europe/Berlin}
      topics: [{match: "own/{asset}/{sensor}"}]
      assets: {bess: {kind: battery, energy_kwh: 10, power_kw: 5}}
      """

    private let folder: TemporaryFolder
    private let interface: Interface
    /// Number of readings that reached the journal.
    private let appended: Locked<Int>
    /// Status codes by path and method, as the document lists them.
    private let documented: [String: [String: Set<Int>]]
    private var mutator = ByteMutator(
      seed: 9,
      pieces: ["%", "/", "..", "\"", "'", ";", "--", "*", "q=0", "\r\n", "-1", "1e999", "null", "{", "[", "<script>"])
    private var token = ""

    init() throws {
      folder = try TemporaryFolder(prefix: "fuzz")
      let store = try AccountStore(path: folder.path + "/accounts.sqlite", cost: .least)
      try store.add(
        Account(name: "chief", role: .admin, plants: .all), password: Secret(Self.password),
        by: Requester(user: "cli:test", address: ""), at: Timestamp(seconds: 1_796_061_600))
      let loaded = ConfigurationLoader.load(
        files: [("own.yaml", Array(Self.plant.utf8))], environment: [:], readFile: { _ in nil })
      var pipeline = PipelineAccess(status: { PipelineStatus() }, configuration: { loaded })
      let (root, appended) = (folder.path, Locked(0))
      pipeline.path = { "\(root)/\($0)" }
      pipeline.append = { readings, _, _ in
        appended.with { $0 += readings.count }
        return .accepted(appended: readings.count, repeated: 0)
      }
      pipeline.database = {
        var settings = DatabaseSettings()
        settings.url = "http://127.0.0.1:1"
        return settings
      }
      self.appended = appended
      interface = try Interface(
        settings: HTTPSettings(address: "127.0.0.1", port: 0), program: ProgramFacts(version: "1", commit: "a"),
        pipeline: pipeline, accounts: try Authenticator(store, issuers: []) { _ in }, services: .none)
      let document = interface.answer(HTTPRequest(method: "GET", path: "/openapi.json"))
      let tree = try JSONSerialization.jsonObject(with: Data(document.body)) as? [String: Any]
      let paths = try #require(tree?["paths"] as? [String: [String: [String: Any]]])
      documented = paths.mapValues { operations in
        operations.mapValues { Set(($0["responses"] as? [String: Any] ?? [:]).keys.compactMap { Int($0) }) }
      }
    }

    deinit {
      interface.stop()
      folder.remove()
    }

    // MARK: Requests

    private func logIn() throws {
      // Not the address whose damaged logins lock it.
      var request = HTTPRequest(method: "POST", path: "/api/v1/login", address: "198.51.100.7")
      request.headers["content-type"] = "application/json"
      request.body = Array("{\"username\":\"chief\",\"password\":\"\(Self.password)\"}".utf8)
      let answer = interface.answer(request)
      let members = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
      token = try #require(members?["access_token"] as? String)
    }

    /// Returns a value in JSON that a schema allows; rarely, one that it does not.
    private func json(_ schema: Schema) -> String {
      let words = [
        "own", "", "a/b", "2026-10", "-7d", "\\u0000", "\\ud83d\\ude00", String(repeating: "e\\u0301", count: 300),
      ]
      if mutator.happens(0.05) {
        return mutator.choice(["null", "true", "-1e308", "[]", "{}", "\"x\"", "1.5", "1e400"])
      }
      switch schema {
      case .string, .time, .any: return "\"\(mutator.choice(words))\""
      case .number: return mutator.choice(["0", "-1", "1.5", "1e308", "-0.0", "1e-320", "99999999999999999999"])
      case .integer: return mutator.choice(["0", "1", "-1", "9223372036854775807", "9223372036854775808"])
      case .within(let bounds):
        return "\(mutator.choice([bounds.lowerBound, bounds.upperBound, bounds.lowerBound - 1, bounds.upperBound + 1]))"
      case .boolean: return mutator.choice(["true", "false"])
      case .word(let all): return "\"\(mutator.choice(all))\""
      case .text(let bounds):
        return "\"\(String(repeating: "n", count: mutator.choice([bounds.lowerBound, bounds.upperBound + 1, 8])))\""
      case .example(let inner, let text): return mutator.happens(0.5) ? "\"\(text)\"" : json(inner)
      case .optional(let inner): return json(inner)
      case .array(let element), .map(let element):
        return "[" + (0..<mutator.random.index(below: 4)).map { _ in json(element) }.joined(separator: ",") + "]"
      case .object(let members):
        var parts = members.sorted { $0.key < $1.key }.compactMap { name, schema -> String? in
          var presence = 0.95
          if case .optional = schema { presence = 0.5 }
          return mutator.happens(presence) ? "\"\(name)\":\(json(schema))" : nil
        }
        if mutator.happens(0.03) { parts.append("\"further\":1") }
        return "{" + parts.joined(separator: ",") + "}"
      }
    }

    private func body(of endpoint: Endpoint, type: String, schema: Schema) -> [UInt8] {
      let text: String
      switch type {
      case "application/json": text = json(schema)
      case "application/yaml": text = Self.plant
      case "text/csv": text = "time,asset,sensor,value\n2026-01-01T00:00:00Z,bess,power,1\n,bess,energy,2\n"
      case "application/x-www-form-urlencoded":
        text =
          "do=\(mutator.choice(["login", "acknowledge", "shelve", "scenario", "stop", "x"]))&id=a%2Fb&plant=own&events=heat"
      default: text = "m,asset=bess,sensor=power value=1.5 1767225600000000000\nm,asset=bess energy=2i\n"
      }
      return mutator.happens(0.4) ? mutator.damaged(Array(text.utf8)) : Array(text.utf8)
    }

    private func request(_ endpoint: Endpoint) -> HTTPRequest {
      var path = endpoint.path.description
      for name in endpoint.path.parameters {
        let words = name == "plant" ? ["own", "own", "own", "other"] : ["mqtt", "viewer", "a/b/1796061600000", "x y"]
        let value = mutator.choice(words)
        path = path.replacingOccurrences(of: "{\(name)}", with: mutator.happens(0.2) ? mutator.damaged(value) : value)
      }
      var request = HTTPRequest(method: endpoint.method, path: path, address: "192.0.2.1")
      for parameter in endpoint.parameters where mutator.happens(0.6) {
        let seeds = json(parameter.schema).filter { $0 != "\"" } + mutator.choice(["", "", ",own"])
        let times = ["2026-10-25", "-1d", "2026-10-25T02:30:00", "1796061600000000000.1", "+99999999999d", "now"]
        let value = mutator.happens(0.5) ? seeds : mutator.choice(times)
        request.query.append((parameter.name, mutator.happens(0.3) ? mutator.damaged(value) : value))
      }
      var headers = ["authorization": "Bearer \(token)", "cookie": "wattline=\(token)"]
      if mutator.happens(0.3) {
        headers["accept"] = mutator.damaged("text/csv;q=0.5, application/json, */*;q=0.1, application/openmetrics-text")
      }
      if mutator.happens(0.2) { headers["if-match"] = mutator.damaged("W/\"a-b\", \"c-d\"") }
      if mutator.happens(0.2) { headers["if-none-match"] = mutator.damaged("\"a-b\", *") }
      if mutator.happens(0.2) { headers["idempotency-key"] = mutator.damaged("key") }
      if mutator.happens(0.1) { headers["range"] = mutator.damaged("bytes=0-5,7-") }
      if mutator.happens(0.1) { headers["authorization"] = mutator.damaged(headers["authorization"] ?? "") }
      if let own = endpoint.body {
        let type = mutator.choice(own.contentTypes)
        headers["content-type"] =
          mutator.happens(0.1) ? mutator.damaged(type) : type + mutator.choice(["", "; charset=utf-8"])
        request.body = mutator.happens(0.03) ? [] : body(of: endpoint, type: type, schema: own.schema)
      }
      request.headers = headers
      return request
    }

    /// Status codes that the document allows for a request.
    private func allowed(_ request: HTTPRequest) -> Set<Int> {
      var statuses: Set<Int> = []
      var isKnown = false
      for endpoint in interface.endpoints where endpoint.path.match(request.path) != nil {
        isKnown = true
        if endpoint.method != request.method { continue }
        statuses.formUnion(documented[endpoint.path.description]?[endpoint.method.lowercased()] ?? [])
      }
      return statuses.isEmpty ? [isKnown ? 405 : 404] : statuses
    }

    // MARK: Tests

    @Test func `every answer to a damaged request is one of the document, and readings are taken all or none`() throws {
      try logIn()
      let endpoints = interface.endpoints.filter { !["logout", "removePlant"].contains($0.id) }
      var counts: [Int: Int] = [:]
      for round in 0..<Self.rounds {
        let request = request(endpoints[round % endpoints.count])
        let before = appended.value
        let answer = interface.answer(request)
        counts[answer.status, default: 0] += 1
        let words = "\(request.method) \(request.path) \(request.query) \(request.headers) "
        #expect(
          allowed(request).contains(answer.status),
          "\(answer.status) \(words)\(String(decoding: request.body.prefix(500), as: UTF8.self))")
        #expect(
          answer.headers.allSatisfy { !$0.value.utf8.contains { $0 < 0x20 } && $0.value.utf8.count < 8_000 }, "\(words)"
        )
        if answer.contentType.hasSuffix("json"), !answer.body.isEmpty {
          #expect(throws: Never.self, "\(words)") { try JSONSerialization.jsonObject(with: Data(answer.body)) }
        }
        if answer.status >= 400, request.path.hasPrefix("/api") {
          #expect(answer.contentType == "application/problem+json")
        }
        let taken = appended.value - before
        if request.path.hasSuffix("/readings"), answer.status == 200 {
          let members = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
          #expect(taken > 0 && members?["appended"] as? Int == taken || request.headers["idempotency-key"] != nil)
        } else {
          #expect(taken == 0)
        }
        if answer.status == 401 { try logIn() }
      }
      print("statuses of damaged requests: \(counts.sorted { $0.key < $1.key })")
      #expect((counts[200] ?? 0) > Self.rounds / 10 && (counts[422] ?? 0) > 0 && counts[500] == nil)
    }

    @Test func `a path of thousands of parts costs no more than a look`() {
      for part in ["a", "assets", "plants", "file", "acknowledge", "forecasts"] {
        let path = "/api/v1/plants" + String(repeating: "/\(part)", count: 8_000 / (part.utf8.count + 1))
        let start = SystemClock.monotonic()
        _ = interface.answer(HTTPRequest(method: "GET", path: path))
        #expect(SystemClock.monotonic() - start < 1_000_000_000, "\(part)")
      }
    }

    @Test(
      arguments: [
        (nil, "a/json"), ("", "a/json"), ("*/*", "a/json"), ("text/csv", "text/csv"), ("text/*", "text/csv"),
        ("text/csv;q=0.5, a/json", "a/json"), ("a/json;q=0.1, text/*;q=0.2", "text/csv"),
        ("text/csv, a/json", "text/csv"), ("a/json;q=0, */*", "text/csv"), ("text/csv;q=0", nil), ("image/png", nil),
        ("TEXT/CSV ; Q=1", "text/csv"), ("text/csv;q=x", "text/csv"), (";;;,,", nil), ("*/*;q=0", nil),
      ] as [(String?, String?)])
    func `the type of an answer is what the client likes best`(header: String?, type: String?) {
      #expect(AcceptHeader.best(header, of: ["a/json", "text/csv"]) == type)
    }

    @Test func `entity tags are compared as lists, and weak ones do not match a change`() {
      #expect(EntityTag.matches("\"x\", W/\"a-b\"", "\"a-b\"") && EntityTag.matches("*", "\"a-b\""))
      #expect(!EntityTag.matches("W/\"a-b\"", "\"a-b\"", isStrong: true) && !EntityTag.matches("a-b", "\"a-b\""))
      #expect(EntityTag.matches("\"x\",\"a-b\"", "\"a-b\"", isStrong: true))
    }

    @Test func `a form has its fields however it is damaged, and signs are no digits`() {
      #expect(FormBody.decoded("%+5a%4g%C3%A4+%".utf8) == "% 5a%4gä %")
      for _ in 0..<Self.rounds {
        let form = FormBody(mutator.damaged(Array("do=login&username=a%20b&password=%2B%C3%A4&x".utf8)))
        #expect(form.text("do").map { !$0.isEmpty } ?? true)
        let text = String(decoding: (0..<20).map { _ in UInt8(mutator.random.index(below: 256)) }, as: UTF8.self)
        #expect(FormBody.decoded(URLText.encoded(text).utf8) == text)
      }
    }
  }
#endif
