#if HTTP
  import CommandChannel
  import Foundation
  import LocalServers
  import PlantTesting
  import Testing

  @Suite("Programs and people at the interface of a running process", .serialized)
  struct InterfaceRunTests {
    private struct Answer {
      var status: Int
      var body: String

      var members: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
      }

      var items: [[String: Any]] { members["items"] as? [[String: Any]] ?? [] }
    }

    private let port: Int
    private let site: Site

    init() throws {
      port = try Loopback.freePort()
      site = try Site()
      let text = try String(contentsOfFile: site.folder.path + "/wattline.yaml", encoding: .utf8)
      try site.write("wattline.yaml", text: text + "\nhttp: {listen: \"127.0.0.1:\(port)\"}\n")
      let further = "assets: {pv1: {kind: pv, capacity_kw: 10}, load: {kind: load}}"
      try site.add(plant: "first", further: further)
      try site.add(plant: "second", further: further)
    }

    /// Sends a request by curl, a client that no one here wrote.
    private func send(
      _ method: String, _ path: String, token: String? = nil, body: String? = nil, type: String = "application/json"
    ) throws -> Answer {
      var options = ["--silent", "--max-time", "20", "--write-out", "\n%{http_code}", "--request", method]
      if let token { options += ["--header", "authorization: Bearer \(token)"] }
      if let body { options += ["--header", "content-type: \(type)", "--data-binary", body] }
      let result = try Program.run(options + ["http://127.0.0.1:\(port)\(path)"], of: "/usr/bin/curl")
      let parts = result.output.split(separator: "\n", omittingEmptySubsequences: false)
      return Answer(status: Int(parts.last ?? "") ?? 0, body: parts.dropLast().joined(separator: "\n"))
    }

    private func logIn(_ name: String) throws -> String {
      let body = "{\"username\":\"\(name)\",\"password\":\"a long password\"}"
      let answer = try send("POST", "/api/v1/login", body: body)
      return try #require(answer.members["access_token"] as? String, "\(answer)")
    }

    private func add(_ name: String, role: String, plants: String? = nil) throws {
      let file = site.folder.path + "/password"
      try "a long password\n".write(toFile: file, atomically: true, encoding: .utf8)
      let further = plants.map { ["--plants", $0] } ?? []
      let result = try Program.run(
        ["user", "add", name, "--role", role, "--config", site.folder.path, "--password-file", file] + further)
      #expect(result.code == 0, "\(result.errors)")
    }

    @Test func `readings that are posted raise an alert, which an operator acknowledges, and the audit has it`() throws
    {
      defer { site.stop() }
      // The first account is made before the process has ever run.
      try add("chief", role: "admin")
      try site.runOnline()
      #expect(
        Waiting.until(seconds: 20) { (try? send("GET", "/health/ready"))?.status == 200 }, "\(site.logTail)")
      try add("anna", role: "operator", plants: "first")
      let (chief, anna) = (try logIn("chief"), try logIn("anna"))
      #expect(try send("GET", "/api/v1/plants", token: anna).items.map { $0["name"] as? String } == ["first"])

      // Readings in watts at an asset of 10 kW.
      let now = Int(Date().timeIntervalSince1970)
      let rows = (0..<6).map {
        "{\"asset\":\"pv1\",\"sensor\":\"power\",\"time\":\(now - 60 + $0 * 10),\"value\":5400}"
      }
      let readings = "[\(rows.joined(separator: ","))]"
      #expect(try send("POST", "/api/v1/plants/first/readings", token: anna, body: readings).status == 403)
      let posted = try send("POST", "/api/v1/plants/first/readings", token: chief, body: readings)
      #expect(posted.status == 200 && posted.members["appended"] as? Int == 6, "\(posted)")
      let again = try send("POST", "/api/v1/plants/first/readings", token: chief, body: readings)
      #expect(again.members["repeated"] as? Int == 6, "\(again)")

      var alert: [String: Any] = [:]
      let isRaised = Waiting.until(seconds: 20) {
        alert =
          (try? send("GET", "/api/v1/alerts", token: anna).items.first { $0["rule"] as? String == "watts" }) ?? [:]
        return !alert.isEmpty
      }
      #expect(isRaised, "\((try? send("GET", "/api/v1/alerts", token: anna)) as Any) \(site.logTail)")
      let id = try #require(alert["id"] as? String)
      let encoded = try #require(id.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
      let done = try send("POST", "/api/v1/alerts/\(encoded)/acknowledge", token: anna)
      #expect(done.status == 200 && done.members["state"] as? String == "acknowledged", "\(done)")
      #expect(try send("GET", "/api/v1/alerts/\(encoded)", token: anna).members["state"] as? String == "acknowledged")

      // The points are in the database with their quality beside them, in each form.
      var series = Answer(status: 0, body: "")
      let isStored = Waiting.until(seconds: 20) {
        series =
          (try? send("GET", "/api/v1/plants/first/series?asset=pv1&sensor=power&from=-1h", token: anna)) ?? series
        return series.items.count == 6
      }
      #expect(isStored && series.items.allSatisfy { $0["quality"] != nil }, "\(series)")
      let page = try send("GET", "/api/v1/plants/first/series?asset=pv1&from=-1h&limit=4", token: anna)
      let next = try #require(page.members["next"] as? String)
      let rest = try send("GET", "/api/v1/plants/first/series?asset=pv1&from=-1h&limit=4&cursor=\(next)", token: anna)
      #expect(page.items.count == 4 && rest.items.count == 2 && rest.members["next"] == nil, "\(rest)")

      let audit = try send("GET", "/api/v1/audit", token: chief).items
      let handled = audit.first { $0["action"] as? String == "alerts.handle" }
      #expect(handled?["user"] as? String == "anna" && handled?["result"] as? String == "done", "\(audit)")
      #expect(handled?["address"] as? String == "127.0.0.1")
      #expect((handled?["target"] as? String)?.contains(id) == true)
      let refused = audit.contains {
        $0["action"] as? String == "readings.write" && ($0["result"] as? String)?.hasPrefix("refused") == true
      }
      #expect(refused, "\(audit)")
      // The audit is in the database too.
      #expect(
        Waiting.until(seconds: 20) {
          ((try? site.influx.query("SELECT result FROM audit WHERE action = 'alerts.handle'")) ?? []).count == 1
        })

      // A method that the server's library does not know is told too.
      #expect(try send("TRACE", "/api/v1/plants").status == 405)
      #expect(try send("POST", "/api/v1/logout", token: anna).status == 204)
      #expect(try send("GET", "/api/v1/me", token: anna).status == 401)
      try stopAndStart(chief)
    }

    /// A source that is stopped receives nothing, and loses nothing.
    private func stopAndStart(_ token: String) throws {
      #expect(try send("POST", "/api/v1/sources/mqtt/stop", token: token).members["state"] as? String == "stopped")
      #expect(try send("GET", "/health/ready").status == 503)
      let publisher = site.publisher()
      defer { publisher.stop() }
      try publisher.publish(topic: "second/load/power", payload: "3.5")
      let path = "/api/v1/plants/second/sensors"
      #expect(try send("GET", path, token: token).items.isEmpty)
      #expect(try send("POST", "/api/v1/sources/mqtt/start", token: token).status == 200)
      let isReceived = Waiting.until(seconds: 30) {
        ((try? send("GET", path, token: token))?.items ?? []).contains { $0["value"] as? Double == 3.5 }
      }
      #expect(isReceived, "\((try? send("GET", path, token: token)) as Any) \(site.logTail)")
    }
  }
#endif
