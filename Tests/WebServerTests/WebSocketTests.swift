#if HTTP
  import Foundation
  import LocalServers
  import SystemCore
  import Testing

  @testable import WebServer

  /// A server that answers each text with itself, and knows what has happened to its sessions.
  final class EchoServer: Sendable {
    let server: HTTPServer
    let sessions: Locked<[WebSocketSession]>
    let texts: Locked<[String]>
    let ended: Locked<Int>

    init(_ change: (inout WebSocketLimits) -> Void = { _ in }, certificate: (chain: String, key: String)? = nil) throws
    {
      var limits = HTTPLimits()
      change(&limits.webSockets)
      let (sessions, texts, ended) = (Locked<[WebSocketSession]>([]), Locked<[String]>([]), Locked(0))
      (self.sessions, self.texts, self.ended) = (sessions, texts, ended)
      let handler = WebSocketHandler(
        accept: { request in
          if request.path != "/live" { return .refuse(.problem(404, "there is no \(request.path)")) }
          if request.headers["origin"] == "https://evil.example" { return .refuse(.problem(403, "not from there")) }
          let offered = (request.headers["sec-websocket-protocol"] ?? "").split(separator: ",").map {
            String($0.trimmingCharacters(in: .whitespaces))
          }
          if request.argument("token") != nil, !offered.contains(where: { $0.hasPrefix("bearer.") }) {
            return .refuse(.problem(401, "a token is needed"))
          }
          let session = WebSocketSession()
          sessions.with { $0.append(session) }
          return .accept(subprotocol: offered.contains("wattline.v1") ? "wattline.v1" : offered.first, session)
        },
        received: { session, text in
          texts.with { $0.append(String(decoding: text, as: UTF8.self)) }
          session.send(text: text)
        },
        closed: { _ in ended.with { $0 += 1 } })
      server = try HTTPServer(
        HTTPListener(address: "127.0.0.1", port: 0, certificate: certificate), limits: limits,
        handler: { .text("plain \($0.path)") }, webSockets: handler)
    }

    /// Runs a Python program that knows `uri`, with the package websockets.
    func python(_ program: String, scheme: String = "ws") throws -> String {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
      let head = """
        import asyncio, ssl, sys, websockets
        uri = "\(scheme)://127.0.0.1:\(server.port)/live"
        context = ssl._create_unverified_context() if uri.startswith("wss") else None

        """
      process.arguments = ["-c", head + program]
      let pipe = Pipe()
      (process.standardOutput, process.standardError) = (pipe, pipe)
      try process.run()
      let output = pipe.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return String(decoding: output, as: UTF8.self)
    }

    /// Waits at most five seconds for a condition.
    static func wait(_ condition: () -> Bool) -> Bool {
      for _ in 0..<500 {
        if condition() { return true }
        usleep(10_000)
      }
      return false
    }
  }

  @Suite("WebSockets")
  struct WebSocketTests {
    @Test func `a client gets its texts back, long and short ones, in order`() throws {
      let echo = try EchoServer()
      defer { echo.server.stop() }
      let output = try echo.python(
        """
        async def main():
            async with websockets.connect(uri) as socket:
                for size in (0, 1, 125, 126, 60000, 65535, 65536):
                    await socket.send("ä" * (size // 2) + "x" * (size % 2))
                    text = await socket.recv()
                    assert len(text.encode()) == size, size
                for number in range(500): await socket.send(str(number))
                for number in range(500): assert await socket.recv() == str(number)
                print("fine", socket.subprotocol)
        asyncio.run(main())
        """)
      #expect(output == "fine None\n")
      #expect(EchoServer.wait { echo.ended.value == 1 })
      #expect(echo.server.webSocketCounts.open == 0)
      #expect(echo.server.webSocketCounts.received == 507)
    }
  }
#endif
