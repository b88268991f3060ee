#if HTTP
  import Foundation
  import LocalServers
  import PlantTesting
  import SystemCore
  import Testing
  import WebServer

  @testable import HTTPInterface

  /// More connections than a careless limit allows, from another process.
  @Suite("Many connections")
  struct ManyConnectionsTests {
    /// Two thousand connections of which most have sent a part of a request, and then a subscriber for each number.
    private static func script(port: Int) -> String {
      """
      import resource, socket
      soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
      resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
      head = (b"GET /api/v1/live HTTP/1.1\\r\\nHost: a\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
              b"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
      def connect(part):
          s = socket.create_connection(("127.0.0.1", \(port)), timeout=20)
          if part: s.sendall(head[:part])
          return s
      bad = [connect(n % 3 * 40) for n in range(2000)]
      subscribers = [connect(len(head)) for _ in range(200)]
      answers = [s.recv(4096) for s in subscribers]
      print(sum(a.startswith(b"HTTP/1.1 101 ") for a in answers))
      plain = connect(0)
      plain.sendall(b"GET /health/live HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
      print(plain.recv(4096).split(b"\\r\\n")[0].decode())
      """
    }

    @Test func `two hundred subscribers are served beside two thousand connections that send half a request`() throws {
      let files = OpenFileLimit.raise()
      // As many files are open here as connections: both processes need some thousand.
      guard files >= 4_000 else { return }
      let feed = WebSocketHandler(
        accept: { _ in .accept(subprotocol: nil, WebSocketSession()) }, received: { _, _ in }, closed: { _ in })
      var limits = HTTPLimits()
      limits.connections = HTTPLimits.connections(files: files)
      let server = try HTTPServer(
        HTTPListener(address: "127.0.0.1", port: 0), limits: limits, handler: { _ in .text("") }, webSockets: feed)
      defer { server.stop() }
      let client = Process()
      let output = Pipe()
      client.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
      client.arguments = ["-c", Self.script(port: server.port)]
      client.standardOutput = output
      try client.run()
      let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      client.waitUntilExit()
      #expect(said == "200\nHTTP/1.1 200 OK\n")
      #expect(Waiting.until(seconds: 20) { server.webSocketCounts.open == 0 })
      #expect(server.webSocketCounts.opened == 200)
    }

    @Test(
      arguments: [
        (65_536, nil, 8_192), (20_000, nil, 8_192), (1_024, nil, 512), (256, nil, 16), (65_536, 5_000, 5_000),
        (1_024, 5_000, 512), (65_536, 20_000, 20_000),
      ] as [(Int, Int?, Int)])
    func `connections leave files to the rest of the process`(files: Int, wanted: Int?, connections: Int) {
      #expect(HTTPLimits.connections(files: files, wanted: wanted) == connections)
    }

    @Test func `the limit of files is raised as far as it may be, and never lowered`() {
      let before = OpenFileLimit.raise(to: 16)
      #expect(before > 16)
      #expect(OpenFileLimit.raise(to: .max) >= before)
    }
  }
#endif
