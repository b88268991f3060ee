import CCurl

/// Reason why a connection failed, as text.
package struct ConnectionError: Error {
  /// The reason.
  package var reason: String
}

/// A byte stream to a server, in plain text or under TLS.
///
/// libcurl resolves the name, connects and verifies the certificate. After that the caller uses the stream directly
/// (`CURLOPT_CONNECT_ONLY`). Reads and writes do not block.
package final class ByteStream {
  /// Address of a server, and how it is verified.
  package struct Address {
    /// Host name, or an address; IPv6 without brackets.
    package var host: String
    /// TCP port.
    package var port: Int
    /// Whether TLS is used.
    package var usesTLS: Bool
    /// File with the only trusted authorities; `nil` trusts those of the system.
    package var caFile: String?
    /// File with the client's certificate, if it has one.
    package var certificateFile: String?
    /// File with the certificate's private key.
    package var keyFile: String?

    /// Creates an address.
    ///
    /// - Parameters:
    ///   - host: Host name, or an address; IPv6 without brackets.
    ///   - port: TCP port.
    ///   - usesTLS: Whether TLS is used.
    ///   - caFile: File with the only trusted authorities; `nil` trusts those of the system.
    ///   - certificateFile: File with the client's certificate, if it has one.
    ///   - keyFile: File with the certificate's private key.
    package init(
      host: String, port: Int, usesTLS: Bool, caFile: String?, certificateFile: String?, keyFile: String?
    ) {
      self.host = host
      self.port = port
      self.usesTLS = usesTLS
      self.caFile = caFile
      self.certificateFile = certificateFile
      self.keyFile = keyFile
    }
  }

  /// Result of a read or write.
  package enum Transfer {
    /// Number of bytes transferred.
    case bytes(Int)
    /// Nothing can be transferred now; `poll` reports when to try again.
    case later
    /// The stream has ended.
    case ended(reason: String)
  }

  /// Maximum size of one read [bytes].
  package static let chunk = 256 << 10

  /// Socket for `poll`.
  package let descriptor: Int32
  /// Whether TLS is used. TLS may hold buffered bytes that `poll` does not report.
  package let isEncrypted: Bool
  private let handle: CurlHandle
  private let errorText: ErrorText

  /// Connects to a server.
  ///
  /// - Parameters:
  ///   - address: The server.
  ///   - shouldAbort: Checked about once a second; `true` aborts.
  /// - Throws: ``ConnectionError`` with the reason.
  package init(_ address: Address, shouldAbort: @escaping () -> Bool) throws(ConnectionError) {
    guard let handle = CurlHandle(longestBody: 0) else { throw ConnectionError(reason: "libcurl cannot be set up") }
    let errorText = ErrorText()
    Self.configure(handle, for: address)
    wattline_curl_set_pointer(handle.pointer, CURLOPT_ERRORBUFFER, errorText.buffer)
    handle.exchange.shouldAbort = shouldAbort
    let code = handle.perform()
    handle.exchange.shouldAbort = { false }
    wattline_curl_set_long(handle.pointer, CURLOPT_NOPROGRESS, 1)
    var socket: curl_socket_t = -1
    guard code == CURLE_OK, wattline_curl_get_socket(handle.pointer, &socket) == CURLE_OK, socket >= 0 else {
      throw ConnectionError(reason: errorText.reason(code))
    }
    self.handle = handle
    self.errorText = errorText
    descriptor = socket
    isEncrypted = address.usesTLS
  }

  /// Reads at most ``chunk`` bytes.
  package func read(into target: UnsafeMutableRawBufferPointer) -> Transfer {
    var count = 0
    errorText.clear()
    let code = curl_easy_recv(handle.pointer, target.baseAddress, min(target.count, Self.chunk), &count)
    switch code {
    case CURLE_OK where count > 0: return .bytes(count)
    case CURLE_OK: return .ended(reason: "the broker closed the connection")
    case CURLE_AGAIN: return .later
    default: return .ended(reason: errorText.reason(code))
    }
  }

  /// Writes as many bytes as possible without blocking.
  package func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    var count = 0
    errorText.clear()
    let code = curl_easy_send(handle.pointer, bytes.baseAddress, bytes.count, &count)
    switch code {
    case CURLE_OK: return .bytes(count)
    case CURLE_AGAIN: return .later
    default: return .ended(reason: errorText.reason(code))
    }
  }

  private static func configure(_ handle: CurlHandle, for address: Address) {
    let host = address.host.contains(":") ? "[\(address.host)]" : address.host
    handle.set(CURLOPT_URL, to: "\(address.usesTLS ? "https" : "http")://\(host):\(address.port)")
    handle.set(CURLOPT_CONNECT_ONLY, to: 1)
    handle.set(CURLOPT_CONNECTTIMEOUT_MS, to: 15_000)
    handle.set(CURLOPT_BUFFERSIZE, to: chunk)
    // Proxies from the environment are meant for HTTP.
    handle.set(CURLOPT_PROXY, to: "")
    guard address.usesTLS else { return }
    handle.set(CURLOPT_SSL_ENABLE_ALPN, to: 0)
    // At least TLS 1.2 (CURL_SSLVERSION_TLSv1_2), whose macro Swift does not import.
    handle.set(CURLOPT_SSLVERSION, to: 6)
    handle.trust(caFile: address.caFile)
    if let file = address.certificateFile { handle.set(CURLOPT_SSLCERT, to: file) }
    if let file = address.keyFile { handle.set(CURLOPT_SSLKEY, to: file) }
  }
}
