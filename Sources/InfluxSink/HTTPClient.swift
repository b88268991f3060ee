import CCurl
import PlantModel

/// An answer, or its absence: status 0.
struct HTTPAnswer {
  var status = 0
  /// The body as far as the client keeps it; the reason where there is no answer.
  var body = ""
  var retryAfter: String?
  var influxVersion: String?
}

/// One connection, kept alive between requests. Not for use from two threads at once.
final class HTTPClient {
  /// Most of a body that is kept unless told otherwise: enough for what a database says of a write.
  static let longestBody = 65_536

  private let handle: UnsafeMutableRawPointer
  private let exchange: Exchange
  /// Asked about once a second during a request; `true` ends it.
  var shouldAbort: () -> Bool {
    get { exchange.shouldAbort }
    set { exchange.shouldAbort = newValue }
  }

  /// What callbacks of libcurl write to while a request runs.
  private final class Exchange {
    var body: [UInt8] = []
    var retryAfter: String?
    var influxVersion: String?
    var shouldAbort: () -> Bool = { false }
    let longestBody: Int

    init(longestBody: Int) { self.longestBody = longestBody }

    func clear() {
      body.removeAll(keepingCapacity: true)
      retryAfter = nil
      influxVersion = nil
    }

    func header(_ line: UnsafeRawBufferPointer) {
      let text = String(decoding: line, as: UTF8.self)
      // An interim or redirecting answer is followed by another; only the last one's headers count.
      if text.hasPrefix("HTTP/") { clear() }
      guard let colon = text.firstIndex(of: ":") else { return }
      let value = text[text.index(after: colon)...].trimmed
      switch text[..<colon].lowercased() {
      case "retry-after": retryAfter = value
      case "x-influxdb-version": influxVersion = value
      default: break
      }
    }
  }

  /// `nil` where libcurl cannot start. `url` tells whether a proxy from the environment is left aside: it is for an
  /// address of this machine.
  init?(
    url: String, caFile: String?, connectTimeout: TimeSpan, totalTimeout: TimeSpan, longestBody: Int = longestBody
  ) {
    guard Self.started, let handle = curl_easy_init() else { return nil }
    self.handle = handle
    exchange = Exchange(longestBody: longestBody)
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_TCP_KEEPALIVE, 1)
    set(CURLOPT_CONNECTTIMEOUT_MS, Int(connectTimeout.nanoseconds / 1_000_000))
    set(CURLOPT_TIMEOUT_MS, Int(totalTimeout.nanoseconds / 1_000_000))
    if let caFile {
      set(CURLOPT_CAINFO, caFile)
      // Who names an authority trusts that one only.
      wattline_curl_set_string(handle, CURLOPT_CAPATH, nil)
    }
    if ["//127.", "//localhost", "//[::1]"].contains(where: { url.range(after: $0) != nil }) {
      set(CURLOPT_NOPROXY, "*")
    }
    set(CURLOPT_USERAGENT, "wattline")
    set(CURLOPT_PROTOCOLS_STR, "http,https")
    connectCallbacks()
  }

  deinit { curl_easy_cleanup(handle) }

  /// Sends a request and waits for the answer. Without a body it is a GET.
  func send(
    _ url: String, body: UnsafeRawBufferPointer?, contentType: String, authorization: Secret?,
    basic: (username: String, password: Secret)?
  ) -> HTTPAnswer {
    exchange.clear()
    set(CURLOPT_URL, url)
    // Without "Expect:" libcurl waits up to a second for an interim answer before it sends a large body.
    var headers = curl_slist_append(nil, "Expect:")
    headers = curl_slist_append(headers, "Content-Type: \(contentType)")
    if let authorization { headers = curl_slist_append(headers, "Authorization: \(authorization.text)") }
    defer { curl_slist_free_all(headers) }
    wattline_curl_set_list(handle, CURLOPT_HTTPHEADER, headers)
    if let basic {
      set(CURLOPT_HTTPAUTH, basicAuthorization)
      set(CURLOPT_USERNAME, basic.username)
      set(CURLOPT_PASSWORD, basic.password.text)
    }
    if let body {
      set(CURLOPT_POST, 1)
      wattline_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
      wattline_curl_set_pointer(handle, CURLOPT_POSTFIELDS, body.baseAddress)
    } else {
      set(CURLOPT_HTTPGET, 1)
    }
    return perform()
  }

  private func perform() -> HTTPAnswer {
    let code = curl_easy_perform(handle)
    // The body belongs to the caller again; it must not be read by a later request.
    wattline_curl_set_pointer(handle, CURLOPT_POSTFIELDS, nil)
    guard code == CURLE_OK else { return HTTPAnswer(body: String(cString: curl_easy_strerror(code))) }
    var status = 0
    wattline_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return HTTPAnswer(
      status: status, body: String(decoding: exchange.body, as: UTF8.self), retryAfter: exchange.retryAfter,
      influxVersion: exchange.influxVersion)
  }

  /// Callbacks get the exchange unretained: it lives as long as the client, and so longer than any transfer.
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

  private func set(_ option: CURLoption, _ value: Int) { wattline_curl_set_long(handle, option, value) }
  private func set(_ option: CURLoption, _ value: String) { wattline_curl_set_string(handle, option, value) }

  private static let started = wattline_curl_init() == CURLE_OK
  /// `CURLAUTH_BASIC`, a cast in C that Swift does not import.
  private let basicAuthorization = 1
}

extension Substring {
  /// Without white space at both ends.
  var trimmed: String {
    let start = drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }
}
