#if HTTP
  import CWebSockets

  /// The opening handshake of RFC 6455, section 4.2.
  enum WebSocketHandshake {
    /// Returns the refusal of a request that cannot become a WebSocket; `nil` if it can.
    static func mistake(in request: HTTPRequest) -> HTTPResponse? {
      guard request.method == "GET" else { return .problem(405, "a WebSocket is opened by GET") }
      guard request.headers["sec-websocket-version"] == "13" else {
        var response = HTTPResponse.problem(426, "the header sec-websocket-version must be 13")
        response.headers.append(("sec-websocket-version", "13"))
        return response
      }
      guard isKey(request.headers["sec-websocket-key"] ?? "") else {
        return .problem(400, "the header sec-websocket-key must be 16 bytes in base64")
      }
      guard request.headers["transfer-encoding"] == nil, (request.headers["content-length"] ?? "0") == "0" else {
        return .problem(400, "a request for a WebSocket has no body")
      }
      let words = (request.headers["connection"] ?? "").lowercased().split { $0 == "," || $0 == " " }
      guard words.contains("upgrade") else { return .problem(400, "the header connection must name upgrade") }
      return nil
    }

    /// Whether a text is base64 of 16 bytes.
    private static func isKey(_ text: String) -> Bool {
      let bytes = Array(text.utf8)
      return bytes.count == 24 && bytes[22...].allSatisfy { $0 == UInt8(ascii: "=") }
        && bytes[..<22].allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// Returns the subprotocols that a client offers, in its order; what is no token (RFC 9110) is left out.
    static func offered(by request: HTTPRequest) -> [Substring] {
      (request.headers["sec-websocket-protocol"] ?? "").split { $0 == "," || $0 == " " || $0 == "\t" }
        .filter { $0.utf8.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) } }
    }

    /// Returns the answer by which a connection becomes a WebSocket.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - subprotocol: Chosen subprotocol; left out if the client has not offered it.
    static func answer(to request: HTTPRequest, subprotocol: String?) -> [UInt8] {
      var lines = [
        "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Accept: \(accept(request.headers["sec-websocket-key"] ?? ""))",
      ]
      if let subprotocol, offered(by: request).contains(subprotocol[...]) {
        lines.append("Sec-WebSocket-Protocol: \(subprotocol)")
      }
      return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    private static func accept(_ key: String) -> String {
      let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
      var digest = [UInt8](repeating: 0, count: 20)
      var coded = [CChar](repeating: 0, count: 64)
      lws_SHA1(text, text.count, &digest)
      let count = digest.withUnsafeBytes {
        lws_b64_encode_string($0.baseAddress?.assumingMemoryBound(to: CChar.self), 20, &coded, Int32(coded.count))
      }
      return String(decoding: coded.prefix(Int(max(0, count))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
#endif
