import CCurl
import PlantModel

/// An HTTP answer. Status 0 means that there was none.
package struct HTTPAnswer {
  /// Status code; 0 if there was no answer.
  package var status = 0
  /// The body, truncated to the client's limit; the failure reason if there is no answer.
  package var body = ""
  /// Values of the kept headers by name in lower case.
  package var headers: [String: String] = [:]

  /// The wait that the server asks for by `Retry-After`, if any. A date is compared with the wall clock.
  package var retryAfter: TimeSpan? { headers["retry-after"].flatMap { RetryAfter.span($0, now: Delivery.now()) } }
}

/// An HTTP client with one kept-alive connection, for endpoints. Not safe for concurrent use.
package final class HTTPClient {
  /// Default number of body bytes kept, enough for the answer to a write.
  package static let longestBody = 65_536

  private let handle: UnsafeMutableRawPointer
  private let exchange: Exchange
  /// Checked about once a second during a request; `true` aborts it.
  package var shouldAbort: () -> Bool {
    get { exchange.shouldAbort }
    set { exchange.shouldAbort = newValue }
  }

  /// Results that libcurl's callbacks write while a request runs.
  private final class Exchange {
    var body: [UInt8] = []
    var headers: [String: String] = [:]
    var shouldAbort: () -> Bool = { false }
    let longestBody: Int
    let keptHeaders: Set<String>

    init(longestBody: Int, keptHeaders: Set<String>) {
      self.longestBody = longestBody
      self.keptHeaders = keptHeaders
    }

    func clear() {
      body.removeAll(keepingCapacity: true)
      headers.removeAll()
    }

    func header(_ line: UnsafeRawBufferPointer) {
      let text = String(decoding: line, as: UTF8.self)
      // An interim or redirecting answer is followed by another; only the last one's headers count.
      if text.hasPrefix("HTTP/") { clear() }
      guard let colon = text.firstIndex(of: ":") else { return }
      let name = text[..<colon].lowercased()
      if keptHeaders.contains(name) { headers[name] = text[text.index(after: colon)...].trimmed }
    }
  }

  /// Creates a client; `nil` if libcurl cannot be started.
  ///
  /// - Parameters:
  ///   - url: used only to detect a loopback address, for which a proxy from the environment is ignored.
  ///   - caFile: the only trusted certificate authorities; `nil` uses those of the system.
  ///   - connectTimeout: longest time to connect.
  ///   - totalTimeout: longest time of a request.
  ///   - longestBody: number of body bytes kept.
  ///   - keptHeaders: names, in lower case, of the headers kept from answers, beside `retry-after`.
  package init?(
    url: String, caFile: String?, connectTimeout: TimeSpan, totalTimeout: TimeSpan, longestBody: Int = longestBody,
    keptHeaders: Set<String> = []
  ) {
    guard Self.started, let handle = curl_easy_init() else { return nil }
    self.handle = handle
    exchange = Exchange(longestBody: longestBody, keptHeaders: keptHeaders.union(["retry-after"]))
    set(CURLOPT_NOSIGNAL, to: 1)
    set(CURLOPT_TCP_KEEPALIVE, to: 1)
    set(CURLOPT_CONNECTTIMEOUT_MS, to: Int(connectTimeout.nanoseconds / 1_000_000))
    set(CURLOPT_TIMEOUT_MS, to: Int(totalTimeout.nanoseconds / 1_000_000))
    if let caFile {
      set(CURLOPT_CAINFO, to: caFile)
      // A configured authority is the only one trusted, so the system's folder is disabled.
      wattline_curl_set_string(handle, CURLOPT_CAPATH, nil)
    }
    if ["//127.", "//localhost", "//[::1]"].contains(where: { url.contains($0) }) {
      set(CURLOPT_NOPROXY, to: "*")
    }
    set(CURLOPT_USERAGENT, to: "wattline")
    set(CURLOPT_PROTOCOLS_STR, to: "http,https")
    connectCallbacks()
  }

  deinit { curl_easy_cleanup(handle) }

  /// Sends a request and waits for the answer. Without a body it is a GET request.
  ///
  /// - Parameters:
  ///   - contentType: value of `Content-Type`.
  ///   - authorization: value of `Authorization`, if any.
  ///   - basic: user name and password for Basic authorization, if any.
  package func send(
    _ url: String, body: UnsafeRawBufferPointer?, contentType: String, authorization: Secret?,
    basic: (username: String, password: Secret)?
  ) -> HTTPAnswer {
    exchange.clear()
    set(CURLOPT_URL, to: url)
    // Without "Expect:" libcurl waits up to a second for an interim answer before it sends a large body.
    var headers = curl_slist_append(nil, "Expect:")
    headers = curl_slist_append(headers, "Content-Type: \(contentType)")
    if let authorization { headers = curl_slist_append(headers, "Authorization: \(authorization.text)") }
    defer { curl_slist_free_all(headers) }
    wattline_curl_set_list(handle, CURLOPT_HTTPHEADER, headers)
    if let basic {
      set(CURLOPT_HTTPAUTH, to: basicAuthorization)
      set(CURLOPT_USERNAME, to: basic.username)
      set(CURLOPT_PASSWORD, to: basic.password.text)
    }
    if let body {
      set(CURLOPT_POST, to: 1)
      wattline_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
      wattline_curl_set_pointer(handle, CURLOPT_POSTFIELDS, body.baseAddress)
    } else {
      set(CURLOPT_HTTPGET, to: 1)
    }
    return perform()
  }

  private func perform() -> HTTPAnswer {
    let code = curl_easy_perform(handle)
    // The body belongs to the caller again, and a later request must not read it.
    wattline_curl_set_pointer(handle, CURLOPT_POSTFIELDS, nil)
    guard code == CURLE_OK else { return HTTPAnswer(body: String(cString: curl_easy_strerror(code))) }
    var status = 0
    wattline_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return HTTPAnswer(
      status: status, body: String(decoding: exchange.body, as: UTF8.self), headers: exchange.headers)
  }

  /// Installs the callbacks. They hold the exchange unretained; it lives as long as the client and outlives any
  /// transfer.
  private func connectCallbacks() {
    let context = Unmanaged.passUnretained(exchange).toOpaque()
    wattline_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
    wattline_curl_set_write(handle, CURLOPT_WRITEFUNCTION) { data, size, count, context in
      guard let data, let context else { return 0 }
      let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
      let room = max(0, exchange.longestBody - exchange.body.count)
      exchange.body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: min(size * count, room)))
      return size * count
    }
    wattline_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
    wattline_curl_set_write(handle, CURLOPT_HEADERFUNCTION) { data, size, count, context in
      guard let data, let context else { return 0 }
      Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
        .header(UnsafeRawBufferPointer(start: data, count: size * count))
      return size * count
    }
    wattline_curl_set_progress(
      handle,
      { context, _, _, _, _ in
        guard let context else { return 0 }
        return Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue().shouldAbort() ? 1 : 0
      }, context)
  }

  private func set(_ option: CURLoption, to value: Int) { wattline_curl_set_long(handle, option, value) }
  private func set(_ option: CURLoption, to value: String) { wattline_curl_set_string(handle, option, value) }

  private static let started = wattline_curl_init() == CURLE_OK
  /// `CURLAUTH_BASIC`, which Swift does not import because it is a C cast.
  private let basicAuthorization = 1
}

extension Substring {
  /// The text without white space at both ends.
  fileprivate var trimmed: String {
    let start = drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }
}
