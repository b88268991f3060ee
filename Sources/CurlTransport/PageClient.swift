import CCurl
package import WattlineTime

/// An answer of which nothing is missing, or the reason why there is none.
package enum PageAnswer: Sendable {
  /// A whole answer: status, body and the kept headers by name in lower case.
  case answer(status: Int, body: [UInt8], headers: [String: String])
  /// The body is longer than the limit.
  case tooLong
  /// There is no answer, or it broke off.
  case none(String)
}

/// An HTTP client for pages of data: whole, bounded, unpacked. Not safe for concurrent use.
package final class PageClient {
  private let handle: CurlHandle
  private let errorText = ErrorText()

  /// Checked about once a second during a request; `true` aborts it.
  package var shouldAbort: () -> Bool {
    get { handle.exchange.shouldAbort }
    set { handle.exchange.shouldAbort = newValue }
  }

  /// Creates a client; `nil` if libcurl cannot be started.
  ///
  /// - Parameters:
  ///   - url: Used only to detect a loopback address, for which a proxy from the environment is ignored.
  ///   - caFile: The only trusted certificate authorities; `nil` uses those of the system.
  ///   - timeout: Longest time of a request.
  ///   - longestBody: Most bytes of an unpacked body.
  package init?(url: String, caFile: String?, timeout: TimeSpan, longestBody: Int) {
    let kept: Set<String> = ["retry-after", "etag", "link", "content-type", "location"]
    guard let handle = CurlHandle(longestBody: longestBody, keptHeaders: kept) else { return nil }
    self.handle = handle
    handle.exchange.refusesLonger = true
    handle.set(CURLOPT_TCP_KEEPALIVE, to: 1)
    handle.set(CURLOPT_CONNECTTIMEOUT_MS, to: Int(min(timeout, .seconds(20)).nanoseconds / 1_000_000))
    handle.set(CURLOPT_TIMEOUT_MS, to: Int(timeout.nanoseconds / 1_000_000))
    handle.trust(caFile: caFile)
    if LocalAddress.matches(url) { handle.set(CURLOPT_NOPROXY, to: "*") }
    handle.set(CURLOPT_USERAGENT, to: "wattline")
    handle.set(CURLOPT_PROTOCOLS_STR, to: "http,https")
    // Every packing that libcurl knows; it unpacks the body.
    handle.set(CURLOPT_ACCEPT_ENCODING, to: "")
  }

  /// Sends a request and waits for the whole answer. Redirects are not followed.
  ///
  /// - Parameters:
  ///   - url: The address.
  ///   - headers: Names and texts of headers.
  ///   - body: Body of a POST request; `nil` for GET.
  /// - Returns: The answer.
  package func send(_ url: String, headers: [(name: String, text: String)], body: [UInt8]?) -> PageAnswer {
    handle.exchange.clear()
    handle.set(CURLOPT_URL, to: url)
    var list = curl_slist_append(nil, "Expect:")
    for header in headers { list = curl_slist_append(list, "\(header.name): \(header.text)") }
    defer { curl_slist_free_all(list) }
    wattline_curl_set_list(handle.pointer, CURLOPT_HTTPHEADER, list)
    guard let body else {
      handle.set(CURLOPT_HTTPGET, to: 1)
      return perform()
    }
    return body.withUnsafeBytes { bytes in
      handle.set(CURLOPT_POST, to: 1)
      wattline_curl_set_offset(handle.pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
      wattline_curl_set_pointer(handle.pointer, CURLOPT_POSTFIELDS, bytes.baseAddress)
      defer { wattline_curl_set_pointer(handle.pointer, CURLOPT_POSTFIELDS, nil) }
      return perform()
    }
  }

  private func perform() -> PageAnswer {
    errorText.clear()
    wattline_curl_set_pointer(handle.pointer, CURLOPT_ERRORBUFFER, errorText.buffer)
    let code = handle.perform()
    if handle.exchange.isTooLong { return .tooLong }
    guard code == CURLE_OK else { return .none(errorText.reason(code)) }
    return .answer(status: handle.status, body: handle.exchange.body, headers: handle.exchange.headers)
  }
}
