#if HTTP
  import CWebSockets
  import Glibc

  /// Reads a request's line and headers from libwebsockets.
  enum RequestReader {
    /// Headers that a request keeps, by their names in small letters.
    private static let tokens: [(name: String, token: lws_token_indexes)] = [
      ("host", WSI_TOKEN_HOST), ("authorization", WSI_TOKEN_HTTP_AUTHORIZATION),
      ("content-type", WSI_TOKEN_HTTP_CONTENT_TYPE), ("content-length", WSI_TOKEN_HTTP_CONTENT_LENGTH),
      ("transfer-encoding", WSI_TOKEN_HTTP_TRANSFER_ENCODING), ("accept", WSI_TOKEN_HTTP_ACCEPT),
      ("accept-encoding", WSI_TOKEN_HTTP_ACCEPT_ENCODING), ("if-none-match", WSI_TOKEN_HTTP_IF_NONE_MATCH),
      ("if-match", WSI_TOKEN_HTTP_IF_MATCH), ("origin", WSI_TOKEN_ORIGIN),
      ("access-control-request-method", WSI_TOKEN_COUNT),
      ("idempotency-key", WSI_TOKEN_COUNT), ("x-api-key", WSI_TOKEN_COUNT), ("cookie", WSI_TOKEN_HTTP_COOKIE),
      ("sec-fetch-site", WSI_TOKEN_COUNT),
      ("connection", WSI_TOKEN_CONNECTION), ("sec-websocket-key", WSI_TOKEN_KEY),
      ("sec-websocket-version", WSI_TOKEN_VERSION), ("sec-websocket-protocol", WSI_TOKEN_PROTOCOL),
    ]
    private static let methods: [(name: String, token: lws_token_indexes)] = [
      ("GET", WSI_TOKEN_GET_URI), ("HEAD", WSI_TOKEN_HEAD_URI), ("POST", WSI_TOKEN_POST_URI),
      ("PUT", WSI_TOKEN_PUT_URI), ("PATCH", WSI_TOKEN_PATCH_URI), ("DELETE", WSI_TOKEN_DELETE_URI),
      ("OPTIONS", WSI_TOKEN_OPTIONS_URI), ("CONNECT", WSI_TOKEN_CONNECT),
    ]
    /// Maximum number of parts of a query.
    private static let mostArguments = 64

    /// Returns the request of a connection, without its body.
    static func request(_ wsi: OpaquePointer, path: String) -> HTTPRequest {
      var request = HTTPRequest(method: method(wsi), path: path, address: address(wsi))
      for (name, token) in tokens { request.headers[name] = header(name, token: token, of: wsi) }
      for position in 0..<Int32(mostArguments) {
        guard let part = fragment(wsi, position) else { break }
        let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        request.query.append((String(halves[0]), halves.count > 1 ? String(halves[1]) : ""))
      }
      return request
    }

    /// Returns whether a request has more than one header `host`.
    static func hasSeveralHosts(_ wsi: OpaquePointer) -> Bool { lws_hdr_fragment_length(wsi, WSI_TOKEN_HOST, 1) > 0 }

    /// Returns whether the first line ended where its bytes end.
    ///
    /// libwebsockets takes an encoded line break in the address for the line's end, and reads the rest of the address
    /// as headers. Such a line has no version of HTTP.
    static func hasWholeLine(_ wsi: OpaquePointer) -> Bool {
      // The lines of HTTP/2 have no version.
      lws_hdr_total_length(wsi, WSI_TOKEN_HTTP) > 0 || lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_COLON_METHOD) > 0
    }

    /// Returns the number of bytes that a header `content-length` names; `nil` if it is more than digits.
    static func length(_ text: String) -> Int? {
      text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
    }

    private static func method(_ wsi: OpaquePointer) -> String {
      if let method = header("", token: WSI_TOKEN_HTTP_COLON_METHOD, of: wsi) { return method }
      return methods.first { lws_hdr_total_length(wsi, $0.token) > 0 }?.name ?? "GET"
    }

    private static func header(_ name: String, token: lws_token_indexes, of wsi: OpaquePointer) -> String? {
      if token == WSI_TOKEN_COUNT {
        let length = lws_hdr_custom_length(wsi, "\(name):", Int32(name.utf8.count + 1))
        guard length > 0 else { return nil }
        return text(capacity: Int(length) + 1) {
          lws_hdr_custom_copy(wsi, $0, Int32($1), "\(name):", Int32(name.utf8.count + 1))
        }
      }
      let length = lws_hdr_total_length(wsi, token)
      guard length > 0 else { return nil }
      return text(capacity: Int(length) + 1) { lws_hdr_copy(wsi, $0, Int32($1), token) }
    }

    private static func fragment(_ wsi: OpaquePointer, _ position: Int32) -> String? {
      let length = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, position)
      guard length > 0 else { return nil }
      return text(capacity: Int(length) + 1) {
        lws_hdr_copy_fragment(wsi, $0, Int32($1), WSI_TOKEN_HTTP_URI_ARGS, position)
      }
    }

    private static func address(_ wsi: OpaquePointer) -> String {
      let found = text(capacity: 64) {
        lws_get_peer_simple(lws_get_network_wsi(wsi), $0, $1) == nil ? 0 : Int32(strlen($0))
      }
      guard let found else { return "" }
      // An IPv4 client of a listener for both families.
      return found.hasPrefix("::ffff:") ? String(found.dropFirst(7)) : found
    }

    private static func text(capacity: Int, _ copy: (UnsafeMutablePointer<CChar>, Int) -> Int32) -> String? {
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { room -> String? in
        guard let base = room.baseAddress else { return nil }
        let count = copy(base, capacity)
        guard count > 0 else { return nil }
        return String(decoding: UnsafeRawBufferPointer(start: base, count: Int(count)), as: UTF8.self)
      }
    }
  }
#endif
