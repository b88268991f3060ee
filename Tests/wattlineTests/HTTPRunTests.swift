#if HTTP
  import CommandChannel
  import Foundation
  import LocalServers
  import PlantTesting
  import Testing

  @Suite("The HTTP interface of a running process", .serialized)
  struct HTTPRunTests {
    private struct Answer {
      var status: Int
      var body: String
    }

    /// Asks by curl, a client that no one here wrote.
    private static func get(_ path: String, port: Int, _ further: String...) throws -> Answer {
      let address = "http://127.0.0.1:\(port)\(path)"
      let result = try Program.run(
        ["--silent", "--max-time", "10", "--write-out", "\n%{http_code}"] + further + [address], of: "/usr/bin/curl")
      let parts = result.output.split(separator: "\n", omittingEmptySubsequences: false)
      return Answer(status: Int(parts.last ?? "") ?? 0, body: parts.dropLast().joined(separator: "\n"))
    }

    private static func site(port: Int) throws -> Site {
      let site = try Site()
      let file = site.folder.path + "/wattline.yaml"
      let text = try String(contentsOfFile: file, encoding: .utf8)
      try site.write("wattline.yaml", text: text + "\nhttp: {listen: \"127.0.0.1:\(port)\"}\n")
      try site.add(plant: "first")
      return site
    }

    @Test func `readiness follows broker and database, and the metrics are the counts of what was published`() throws {
      let port = try Loopback.freePort()
      let site = try Self.site(port: port)
      defer { site.stop() }
      try site.runOnline()
      #expect(
        Waiting.until(seconds: 20) { (try? Self.get("/health/ready", port: port))?.status == 200 }, "\(site.logTail)")
      let publisher = site.publisher()
      for number in 0..<5 { try publisher.publish(topic: "first/load/power", payload: "1\(number).5") }
      try publisher.publish(topic: "first/load/power", payload: "soon")
      let isCounted = Waiting.until(seconds: 20) {
        let text = (try? Self.get("/metrics", port: port).body) ?? ""
        return text.contains("\nwattline_messages_received_total 6\n")
          && text.contains("\nwattline_messages_refused_total{reason=\"not_a_number\"} 1\n")
          && text.contains("\nwattline_readings_decoded_total 5\n")
      }
      #expect(isCounted, "\((try? Self.get("/metrics", port: port).body.prefix(2_000)) ?? "")")
      try Self.checkMetrics(port: port)

      site.broker.stop()
      #expect(Waiting.until(seconds: 30) { (try? Self.get("/health/ready", port: port))?.status == 503 })
      let reasons = try Self.get("/health/ready", port: port).body
      #expect(reasons.contains("the broker has not confirmed every subscription"), "\(reasons)")
      #expect(try Self.get("/health/live", port: port).status == 200)
    }

    /// Lets Prometheus's own tool read the metrics, where it is installed.
    private static func checkMetrics(port: Int) throws {
      guard FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool") else { return }
      let script = "curl --silent http://127.0.0.1:\(port)/metrics | promtool check metrics"
      let result = try Program.run(["-c", script], of: "/bin/sh")
      #expect(result.code == 0 && result.errors.isEmpty, "\(result.errors)")
    }

    @Test func `a taken port ends the start with words`() throws {
      let port = try Loopback.freePort()
      let site = try Self.site(port: port)
      defer { site.stop() }
      let taken = try Loopback.listener(port: port)
      defer { close(taken) }
      let result = try Program.run("run", "--config", site.folder.path)
      #expect(result.code == 1)
      #expect(result.errors.contains("cannot listen on 127.0.0.1:\(port)"), "\(result.errors)")
    }
  }
#endif
