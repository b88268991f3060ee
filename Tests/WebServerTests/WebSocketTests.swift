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
          if text.count == 1_000 { usleep(2_000) }
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

    @Test func `a client is refused with a status of HTTP, and its connection goes on`() throws {
      let echo = try EchoServer()
      defer { echo.server.stop() }
      let output = try echo.python(
        """
        import http.client
        async def status(path, **more):
            try:
                async with websockets.connect(uri.replace("/live", path), **more): return 101
            except websockets.exceptions.InvalidStatusCode as e: return e.status_code
        async def main():
            print(await status("/nothing"), await status("/live", origin="https://evil.example"),
                  await status("/live?token=1"), await status("/live?token=1", subprotocols=["bearer.x"]))
            line = http.client.HTTPConnection("127.0.0.1", \(echo.server.port))
            head = {"Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
            line.request("GET", "/nothing", headers=head)
            answer = line.getresponse()
            print(answer.status, answer.getheader("content-type"), answer.read().decode())
            line.request("GET", "/after")
            print(line.getresponse().read().decode())
            for name, value in (("Sec-WebSocket-Version", "8"), ("Sec-WebSocket-Key", "short"), ("Connection", "x")):
                line = http.client.HTTPConnection("127.0.0.1", \(echo.server.port))
                line.request("GET", "/live", headers=head | {name: value})
                print(line.getresponse().status)
        asyncio.run(main())
        """)
      #expect(
        output == """
          404 403 401 101
          404 application/problem+json {"detail":"there is no /nothing","status":404,"title":"Not Found"}
          plain /after
          426
          400
          400

          """)
      #expect(echo.server.webSocketCounts.refused == 7)
    }

    @Test func `a token of a thousand bytes may be offered, and the answer names what was chosen`() throws {
      let echo = try EchoServer()
      defer { echo.server.stop() }
      let output = try echo.python(
        """
        async def main():
            token = "bearer." + "eyJhbGciOiJIUzI1NiJ9." * 48
            for offered in ([token], ["wattline.v1", token], [token, "wattline.v1"]):
                async with websockets.connect(uri + "?token=1", subprotocols=offered) as socket:
                    print(len(socket.subprotocol))
        asyncio.run(main())
        """)
      #expect(output == "1015\n11\n11\n")
    }

    @Test(.enabled(if: LocalAuthority.isAvailable))
    func `it works over TLS`() throws {
      let authority = try LocalAuthority()
      defer { authority.remove() }
      let echo = try EchoServer(certificate: (chain: authority.serverCertificate, key: authority.serverKey))
      defer { echo.server.stop() }
      let output = try echo.python(
        """
        async def main():
            async with websockets.connect(uri, ssl=context) as socket:
                for number in range(100): await socket.send("x" * 1000 + str(number))
                for number in range(100): assert (await socket.recv())[1000:] == str(number)
                await asyncio.wait_for(await socket.ping(), 3)
                print("fine")
        asyncio.run(main())
        """, scheme: "wss")
      #expect(output == "fine\n")
    }

    @Test(
      arguments: [
        (RawSocketClient.frame(0x81, [65], isMasked: false), 1_002), (RawSocketClient.frame(0x82, [65]), 1_003),
        (RawSocketClient.frame(0x81, [0xFF]), 1_007), (RawSocketClient.frame(0x81, [], length: 65_537), 1_009),
        (RawSocketClient.frame(0x88, [0x0F, 0xA0]), 4_000), (Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), nil),
      ] as [([UInt8], Int?)])
    func `a client that breaks the protocol is told so, and others go on`(bytes: [UInt8], code: Int?) throws {
      let echo = try EchoServer { $0.farewell = 1 }
      defer { echo.server.stop() }
      let other = try RawSocketClient(port: echo.server.port)
      let client = try RawSocketClient(port: echo.server.port)
      #expect(client.head().hasSuffix("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
      client.send(bytes)
      #expect(client.closeCode() == code)
      _ = other.head()
      other.send(RawSocketClient.frame(0x01, [65]) + RawSocketClient.frame(0x80, [66]))
      #expect(other.frame()?.opcode == 9)
      #expect(other.frame()?.payload == [65, 66])
      #expect(EchoServer.wait { echo.ended.value == 1 })
    }

    @Test func `a ping is answered, and a flood of them costs no memory`() throws {
      let echo = try EchoServer()
      defer { echo.server.stop() }
      let client = try RawSocketClient(port: echo.server.port)
      _ = client.head()
      for _ in 0..<20_000 { client.send(RawSocketClient.frame(0x89, Array(repeating: 7, count: 125))) }
      client.send(RawSocketClient.frame(0x81, [65]))
      var (pongs, text) = (0, false)
      while !text, let (opcode, payload) = client.frame() {
        if opcode == 10 { pongs += payload == Array(repeating: 7, count: 125) ? 1 : 20_001 }
        text = opcode == 1
      }
      #expect(text && pongs > 0 && pongs <= 20_000)
    }

    @Test func `thousands of messages of any length arrive, in order, while nothing is said back`() throws {
      let echo = try EchoServer()
      defer { echo.server.stop() }
      let client = try RawSocketClient(port: echo.server.port)
      _ = client.head()
      client.send(RawSocketClient.frame(0x81, [65]))
      #expect(client.frame()?.opcode == 9 && client.frame()?.payload == [65])
      let session = echo.sessions.value[0]
      for length in 1...1_200 {
        #expect(session.send(text: Array(repeating: UInt8(ascii: "x"), count: length % 900)))
      }
      for length in 1...1_200 {
        guard let (_, payload) = client.frame(), payload.count == length % 900 else {
          return #expect(Bool(false), "message \(length)")
        }
      }
    }

    @Test func `a client that sends faster than its texts are handled waits, and others do not`() throws {
      let echo = try EchoServer()
      defer { echo.server.stop() }
      let fast = try RawSocketClient(port: echo.server.port)
      let other = try RawSocketClient(port: echo.server.port)
      for client in [fast, other] { #expect(client.head().hasPrefix("HTTP/1.1 101")) }
      for number in 0..<400 {
        let text = Array("\(1_000 + number)".utf8) + Array(repeating: UInt8(ascii: "x"), count: 996)
        fast.send(RawSocketClient.frame(0x81, text))
      }
      let start = SystemClock.monotonic()
      other.send(RawSocketClient.frame(0x81, [65]))
      #expect(other.frame()?.opcode == 9 && other.frame()?.payload == [65])
      #expect(SystemClock.monotonic() - start < 500_000_000)
      #expect(echo.texts.value.count < 400)
      #expect(fast.frame()?.opcode == 9)
      for number in 0..<400 {
        guard let (_, payload) = fast.frame(), payload.starts(with: "\(1_000 + number)".utf8) else {
          return #expect(Bool(false), "message \(number)")
        }
      }
    }

    @Test func `a client that does not read is dropped, and no one waits for it`() throws {
      let echo = try EchoServer { $0.farewell = 1 }
      defer { echo.server.stop() }
      func connect(receiveBuffer: Int32? = nil) throws -> RawSocketClient {
        let client = try RawSocketClient(port: echo.server.port, receiveBuffer: receiveBuffer)
        _ = client.head()
        client.send(RawSocketClient.frame(0x81, [65]))
        #expect(client.frame()?.opcode == 9 && client.frame()?.payload == [65])
        return client
      }
      // One after the other: the first session is that of the slow client.
      let slow = try connect(receiveBuffer: 4_096)
      defer { withExtendedLifetime(slow) {} }
      let reader = try connect()
      let start = SystemClock.monotonic()
      let session = echo.sessions.value[0]
      var sent = 0
      while session.send(text: Array(repeating: UInt8(ascii: "x"), count: 9_000)), sent < 3_000 { sent += 1 }
      #expect(SystemClock.monotonic() - start < 3_000_000_000)
      #expect(sent > 100 && sent < 3_000 && session.waitingBytes == 0)
      #expect(EchoServer.wait { echo.server.webSocketCounts.open == 1 })
      #expect(echo.server.webSocketCounts.slow == 1 && echo.ended.value == 1)
      reader.send(RawSocketClient.frame(0x81, [66]))
      #expect(reader.frame()?.payload == [66])
    }

    @Test func `a client that gives no sign of life is closed in time, one that answers stays`() throws {
      let echo = try EchoServer { ($0.ping, $0.silence) = (1, 2) }
      defer { echo.server.stop() }
      let silent = try RawSocketClient(port: echo.server.port)
      _ = silent.head()
      silent.send(RawSocketClient.frame(0x8A, []))
      #expect(EchoServer.wait { echo.server.webSocketCounts.open == 1 })
      let output = try echo.python(
        """
        async def main():
            async with websockets.connect(uri, ping_interval=None) as socket:
                await asyncio.sleep(3)
                await socket.send("still here")
                print(await socket.recv())
        asyncio.run(main())
        """)
      #expect(output == "still here\n")
      #expect(echo.server.webSocketCounts.silent == 1)
    }

    @Test func `no more sessions are opened than there are places`() throws {
      let echo = try EchoServer { ($0.sessions, $0.sessionsOfAddress) = (4, 3) }
      let clients = try (0..<3).map { _ in try RawSocketClient(port: echo.server.port) }
      #expect(clients.allSatisfy { $0.head().hasPrefix("HTTP/1.1 101") })
      let refused = try RawSocketClient(port: echo.server.port).head()
      #expect(refused.hasPrefix("HTTP/1.1 429") && refused.lowercased().contains("retry-after: 30"))
      clients[0].send(RawSocketClient.frame(0x88, []))
      #expect(clients[0].closeCode() == 0)
      #expect(EchoServer.wait { echo.server.webSocketCounts.open == 2 })
      #expect(try RawSocketClient(port: echo.server.port).head().hasPrefix("HTTP/1.1 101"))
      clients[1].send(RawSocketClient.frame(0x8A, []))
      #expect(EchoServer.wait { echo.sessions.value.count == 4 })
      usleep(100_000)
      echo.server.stop()
      #expect(clients[1].closeCode() == 1_001)
      #expect(echo.ended.value == echo.sessions.value.count)
    }
  }
#endif
