#if HTTP
  import Foundation
  import SystemCore
  import Testing

  @testable import WebServer

  @Suite("The HTTP server")
  struct HTTPServerTests {
    /// A server that says what it was asked.
    private static func echo(_ change: (inout HTTPLimits) -> Void = { _ in }) throws -> HTTPServer {
      var limits = HTTPLimits()
      change(&limits)
      return try HTTPServer(HTTPListener(address: "127.0.0.1", port: 0), limits: limits) { request in
        if request.path == "/slow" { usleep(300_000) }
        if request.path == "/big" { return .text(String(repeating: "x", count: 300_000)) }
        let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        return .text("\(request.method) \(request.path) \(query) \(request.body.count) \(request.address)")
      }
    }

    /// Sends bytes and returns all that comes until the server closes, or until a wait of a second.
    private static func exchange(_ text: String, port: Int) throws -> String {
      let client = try PlainClient(port: port)
      client.send(Array(text.utf8))
      return client.receive()
    }

    @Test func `method, path, query, body and address arrive`() throws {
      let server = try Self.echo()
      defer { server.stop() }
      let answer = try Self.exchange(
        "POST /a%20b?x=1&y=%26z HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
        port: server.port)
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(answer.hasSuffix("POST /a b x=1&y=&z 5 127.0.0.1"))
    }

    @Test(arguments: [
      "Content-Length: 0, 44", "Content-Length: 0x2c", "Content-Length: +44", "Content-Length: 0\r\nContent-Length: 44",
      "Transfer-Encoding: chunked", "Host: b\r\nContent-Length: 44",
    ])
    func `a body whose length is not understood ends the connection, and is no request of its own`(
      headers: String
    ) throws {
      let server = try Self.echo()
      defer { server.stop() }
      let body = "GET /hidden HTTP/1.1\r\nHost: a\r\nX: 123456\r\n\r\n"
      let answer = try Self.exchange("POST /a HTTP/1.1\r\nHost: a\r\n\(headers)\r\n\r\n\(body)", port: server.port)
      #expect(answer.hasPrefix("HTTP/1.1 4") && !answer.contains("hidden"), "\(answer)")
      #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
    }

    @Test(arguments: [
      "/a%0a/b", "/a%0D%0AX-Api-Key:%20of-a-link", "/a%0aOrigin:%20http://a%0d%0a", "/a?x=%0a", "/a%0AGET%20/hidden",
      "/a%0AUpgrade:%20websocket%0AConnection:%20upgrade%0A",
    ])
    func `an address with an encoded line break is refused, and adds no header`(path: String) throws {
      let server = try Self.echo()
      defer { server.stop() }
      let answer = try Self.exchange(
        "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", port: server.port)
      #expect(answer.hasPrefix("HTTP/1.0 4") && !answer.contains("GET /"), "\(answer)")
    }

    @Test func `one address takes three quarters of the connections at most`() {
      var peers = PeerConnections(most: 8)
      let connections = (1...8).compactMap { OpaquePointer(bitPattern: $0) }
      var taken = 0
      // A socket that is not connected has the address of nobody.
      for connection in connections where peers.admits(socket: -1) {
        peers.began(connection)
        taken += 1
      }
      #expect(taken == 6 && peers.mostOfAddress == 6)
      peers.ended(connections[0])
      let isAdmitted = peers.admits(socket: -1)
      #expect(isAdmitted)
    }

    @Test func `a long body arrives whole, and to HEAD none`() throws {
      let server = try Self.echo()
      defer { server.stop() }
      let big = try Self.exchange("GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", port: server.port)
      #expect(big.components(separatedBy: "\r\n\r\n").last?.count == 300_000)
      let head = try Self.exchange("HEAD /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", port: server.port)
      #expect(head.contains("content-length: 300000"))
      #expect(head.hasSuffix("\r\n\r\n"))
    }

    @Test func `a slow handler does not keep others waiting`() throws {
      let server = try Self.echo()
      defer { server.stop() }
      let slow = try PlainClient(port: server.port)
      slow.send(Array("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
      let start = SystemClock.monotonic()
      #expect(
        try Self.exchange("GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", port: server.port).contains(
          "GET /b"))
      #expect(SystemClock.monotonic() - start < 250_000_000)
      #expect(slow.receive().contains("GET /slow"))
    }

    @Test func `a body that is too long, or without a length, is refused with words`() throws {
      let server = try Self.echo { $0.body = 10 }
      defer { server.stop() }
      let long = try Self.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", port: server.port)
      #expect(long.contains(" 413 ") && long.contains("a body may have 10 bytes"))
      let odd = try Self.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", port: server.port)
      #expect(odd.contains(" 400 "))
      let chunked = try Self.exchange(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", port: server.port)
      #expect(chunked.contains(" 411 "))
    }

    @Test(arguments: [
      "\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nContent-Length: -5\r\n\r\n",
      "GET /../../etc/passwd HTTP/1.1\r\n\r\n", "TRACE / HTTP/1.1\r\n\r\n", String(repeating: "A", count: 100_000),
      "GET /" + String(repeating: "a/", count: 20_000) + " HTTP/1.1\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    ])
    func `what is no request does no harm`(_ junk: String) throws {
      let server = try Self.echo()
      defer { server.stop() }
      _ = try Self.exchange(junk, port: server.port)
      let after = try Self.exchange("GET /fine HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", port: server.port)
      #expect(after.contains("GET /fine"))
    }

    @Test func `hundreds of half requests do not keep others out`() throws {
      let server = try Self.echo()
      defer { server.stop() }
      let halves = try (0..<300).map { _ in
        let client = try PlainClient(port: server.port)
        client.send(Array("GET /x HTTP/1.1\r\nHost: a\r\n".utf8))
        return client
      }
      let answer = try Self.exchange("GET /fine HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", port: server.port)
      #expect(answer.contains("GET /fine"))
      #expect(halves.count == 300)
    }

    @Test func `it listens on the address that was named, and on no other`() throws {
      let server = try Self.echo()
      defer { server.stop() }
      let table = try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)
      let port = String(server.port, radix: 16, uppercase: true)
      let padded = String(repeating: "0", count: 4 - port.count) + port
      let listening = table.split(separator: "\n").filter { $0.contains(":\(padded) 00000000:0000 0A") }
      #expect(listening.count == 1 && listening[0].contains("0100007F:\(padded)"))
      let six = (try? String(contentsOfFile: "/proc/net/tcp6", encoding: .utf8)) ?? ""
      #expect(!six.split(separator: "\n").contains { $0.contains(":\(padded) ") && $0.contains(" 0A ") })
    }

    @Test func `a taken port and a missing certificate are told`() throws {
      let server = try Self.echo()
      defer { server.stop() }
      #expect {
        _ = try HTTPServer(HTTPListener(address: "127.0.0.1", port: server.port)) { _ in .text("") }
      } throws: { "\($0)".hasPrefix("cannot listen on 127.0.0.1:\(server.port): ") }
      #expect {
        _ = try HTTPServer(
          HTTPListener(address: "127.0.0.1", port: 0, certificate: (chain: "/no/cert.pem", key: "/no/key.pem"))
        ) { _ in .text("") }
      } throws: { "\($0)".contains("/no/cert.pem") && "\($0)".contains("No such file") }
    }
  }
#endif
