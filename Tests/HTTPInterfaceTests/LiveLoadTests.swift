#if HTTP
  import Foundation
  import LocalServers
  import Pipeline
  import Settings
  import SystemCore
  import Testing
  import WebServer

  @testable import HTTPInterface

  /// Cost of subscribers for the stages. `WATTLINE_LIVE_SECONDS` gives the length of a run.
  @Suite(
    "The load of the live feed", .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["WATTLINE_LIVE_SECONDS"] != nil))
  struct LiveLoadTests {
    private static let seconds = Int(ProcessInfo.processInfo.environment["WATTLINE_LIVE_SECONDS"] ?? "") ?? 10
    private static let rounds = 3

    /// CPU time of the threads of this process by their names [ns].
    private static func threadTimes() -> [String: Int64] {
      var times: [String: Int64] = [:]
      for task in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? [] {
        guard let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8),
          let text = try? String(contentsOfFile: "/proc/self/task/\(task)/schedstat", encoding: .utf8),
          let time = text.split(separator: " ").first.flatMap({ Int64($0) })
        else { continue }
        times[name.filter { $0 != "\n" }, default: 0] += time
      }
      return times
    }

    private static func residentMegabytes() -> Int {
      let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
      return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4 / 1_024
    }

    /// Clients in a process of their own: readers that take all, and others that never read, or are silent.
    private static func clients(port: Int, readers: Int, others: Int) throws -> Process {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
      process.arguments = [
        "-c",
        """
        import selectors, socket, sys, time
        head = (b"GET /api/v1/live HTTP/1.1\\r\\nHost: a\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
                b"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
        pong = b"\\x8a\\x80\\0\\0\\0\\0"
        def open(part):
            s = socket.create_connection(("127.0.0.1", \(port)))
            s.sendall(head[:part] if part else head)
            return s
        others = [open(40 if n % 3 == 0 else 0) for n in range(\(others))]
        for n, s in enumerate(others):
            if n % 3 == 1: s.sendall(pong)
        wait = selectors.DefaultSelector()
        readers = [open(0) for _ in range(\(readers))]
        for s in readers:
            s.recv(4096)
            s.sendall(pong)
            wait.register(s, selectors.EVENT_READ)
        last = time.monotonic()
        while True:
            for key, _ in wait.select(1):
                if not key.fileobj.recv(262144): wait.unregister(key.fileobj)
            if time.monotonic() - last > 10:
                last = time.monotonic()
                for s in readers: s.sendall(pong)
        """,
      ]
      try process.run()
      return process
    }

    /// Appends two thousand messages a second for a run.
    ///
    /// - Returns: CPU time of the stages, and of all else that serves the feed, a message [µs].
    private static func run(_ pipeline: RunningPipeline, number: inout Int) -> (stages: Double, feed: Double) {
      usleep(1_000_000)
      let (before, first) = (threadTimes(), number)
      let start = SystemClock.monotonic()
      while SystemClock.monotonic() - start < Int64(seconds) * 1_000_000_000 {
        let messages = (0..<20).map { _ -> PostedMessage in
          number += 1
          return PostedMessage(topic: "first/a\(number % 500)/power", payload: Array("\(Double(number % 97) / 4)".utf8))
        }
        _ = pipeline.append(messages)
        let next = start + Int64(number - first) * 500_000
        let wait = next - SystemClock.monotonic()
        if wait > 0 { usleep(UInt32(wait / 1_000)) }
      }
      let after = threadTimes()
      func spent(_ names: [String]) -> Double {
        let used = names.reduce(Int64(0)) { $0 + (after[$1] ?? 0) - (before[$1] ?? 0) }
        return Double(used) / 1_000 / Double(number - first)
      }
      return (spent(["stages", "stages-1", "stages-2"]), spent(["http", "live", "texts-0", "texts-1"]))
    }

    @Test func `two hundred subscribers, and thousands that read nothing, cost the stages next to nothing`() throws {
      let folder = try TemporaryFolder(prefix: "live-load")
      defer { folder.remove() }
      let influx = try LocalInflux.started()
      defer { influx.stop() }
      let broker = try LocalBroker.started()
      defer { broker.stop() }
      try """
      plant: first
      location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
      topics: [{match: "first/{asset}/{sensor}"}]
      """.write(toFile: folder.path + "/first.yaml", atomically: true, encoding: .utf8)
      let pipeline = try RunningPipeline(
        directory: folder.path, environment: [:],
        adjust: {
          ($0.mqtt, $0.influxdb, $0.journal.path) = (broker.settings, influx.settings(), folder.path + "/journal")
          $0.http = HTTPSettings(address: "127.0.0.1", port: 0)
        }, note: { _ in })
      try pipeline.start()
      defer { pipeline.stop() }
      let endpoint = LiveEndpoint(LiveSource(pipeline), origins: []) { _ in .success(LiveAccess(plants: .all)) }
      var limits = HTTPLimits()
      (limits.webSockets.sessions, limits.webSockets.sessionsOfAddress) = (2_000, 2_000)
      let server = try HTTPServer(
        HTTPListener(address: "127.0.0.1", port: 0), limits: limits, handler: { _ in .text("") },
        webSockets: endpoint.webSockets)
      defer {
        server.stop()
        endpoint.stop()
      }
      var number = 0
      _ = Self.run(pipeline, number: &number)
      for others in [0, 1_700] {
        var (without, with, feed) = (0.0, 0.0, 0.0)
        var memory = (before: 0, after: 0)
        for _ in 0..<Self.rounds {
          memory.before = Self.residentMegabytes()
          without += Self.run(pipeline, number: &number).stages
          let clients = try Self.clients(port: server.port, readers: 200, others: others)
          #expect(Waiting.until(seconds: 20) { server.webSocketCounts.open >= 200 + others / 3 })
          let found = Self.run(pipeline, number: &number)
          (with, feed) = (with + found.stages, feed + found.feed)
          memory.after = Self.residentMegabytes()
          kill(clients.processIdentifier, SIGKILL)
          clients.waitUntilExit()
          #expect(Waiting.until(seconds: 20) { server.webSocketCounts.open == 0 })
        }
        print(
          "live feed beside \(others) bad connections: stages \(without / Double(Self.rounds)) µs a message without, "
            + "\(with / Double(Self.rounds)) with 200 subscribers (\((with / without - 1) * 100) %); "
            + "server and feed \(feed / Double(Self.rounds)) µs; memory \(memory) MB; \(server.webSocketCounts)")
        #expect(with < without * 1.05)
      }
    }
  }
#endif
