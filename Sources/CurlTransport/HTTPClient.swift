import CCurl
package import Settings
import SystemCore
package import WattlineTime

/// An HTTP answer. Status 0 means that there was none.
package struct HTTPAnswer {
  /// Status code; 0 if there was no answer.
  package var status = 0
  /// The body, truncated to the client's limit; the failure reason if there is no answer.
  package var body = ""
  /// Values of the kept headers by name in lower case.
  package var headers: [String: String] = [:]

  /// Creates an answer; without a status there is none, and `body` is the reason.
  package init(status: Int = 0, body: String = "", headers: [String: String] = [:]) {
    self.status = status
    self.body = body
    self.headers = headers
  }

  /// The wait that the server asks for by `Retry-After`, if any. A date is compared with the wall clock.
  package var retryAfter: TimeSpan? { headers["retry-after"].flatMap { RetryAfter.span($0, now: SystemClock.now()) } }
}

/// An HTTP client with one kept-alive connection. Not safe for concurrent use.
package final class HTTPClient {
  /// Default number of body bytes kept, enough for the answer to a write.
  package static let longestBody = 65_536

  private let handle: CurlHandle
  private let errorText = ErrorText()
  /// Words of the TLS library or of the system about the last request without an answer; empty after an answer.
  package private(set) var failureDetail = ""

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
  ///   - connectTimeout: Longest time to connect.
  ///   - totalTimeout: Longest time of a request.
  ///   - longestBody: Number of body bytes kept.
  ///   - keptHeaders: Names, in lower case, of the headers kept from answers, beside `retry-after`.
  package init?(
    url: String, caFile: String?, connectTimeout: TimeSpan, totalTimeout: TimeSpan, longestBody: Int = longestBody,
    keptHeaders: Set<String> = []
  ) {
    guard let handle = CurlHandle(longestBody: longestBody, keptHeaders: keptHeaders.union(["retry-after"])) else {
      return nil
    }
    self.handle = handle
    handle.set(CURLOPT_TCP_KEEPALIVE, to: 1)
    handle.set(CURLOPT_CONNECTTIMEOUT_MS, to: Int(connectTimeout.nanoseconds / 1_000_000))
    handle.set(CURLOPT_TIMEOUT_MS, to: Int(totalTimeout.nanoseconds / 1_000_000))
    handle.trust(caFile: caFile)
    if LocalAddress.matches(url) { handle.set(CURLOPT_NOPROXY, to: "*") }
    handle.set(CURLOPT_USERAGENT, to: "wattline")
    handle.set(CURLOPT_PROTOCOLS_STR, to: "http,https")
  }

  /// Sends a request and waits for the answer. Without a body it is a GET request. Redirects are not followed.
  ///
  /// - Parameters:
  ///   - url: The URL.
  ///   - body: Body of a POST request; it must live until the answer.
  ///   - contentType: Value of `Content-Type`.
  ///   - authorization: Value of `Authorization`, if any.
  ///   - basic: User name and password for Basic authorization, if any.
  /// - Returns: The answer; status 0 and the reason if there is none.
  package func send(
    _ url: String, body: UnsafeRawBufferPointer?, contentType: String, authorization: Secret? = nil,
    basic: (username: String, password: Secret)? = nil
  ) -> HTTPAnswer {
    handle.exchange.clear()
    handle.set(CURLOPT_URL, to: url)
    // Without "Expect:" libcurl waits up to a second for an interim answer before it sends a large body.
    var headers = curl_slist_append(nil, "Expect:")
    headers = curl_slist_append(headers, "Content-Type: \(contentType)")
    if let authorization { headers = curl_slist_append(headers, "Authorization: \(authorization.text)") }
    defer { curl_slist_free_all(headers) }
    wattline_curl_set_list(handle.pointer, CURLOPT_HTTPHEADER, headers)
    if let basic {
      handle.set(CURLOPT_HTTPAUTH, to: Self.basicAuthorization)
      handle.set(CURLOPT_USERNAME, to: basic.username)
      handle.set(CURLOPT_PASSWORD, to: basic.password.text)
    }
    if let body {
      handle.set(CURLOPT_POST, to: 1)
      wattline_curl_set_offset(handle.pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
      wattline_curl_set_pointer(handle.pointer, CURLOPT_POSTFIELDS, body.baseAddress)
    } else {
      handle.set(CURLOPT_HTTPGET, to: 1)
    }
    return perform()
  }

  private func perform() -> HTTPAnswer {
    errorText.clear()
    wattline_curl_set_pointer(handle.pointer, CURLOPT_ERRORBUFFER, errorText.buffer)
    let code = handle.perform()
    failureDetail = code == CURLE_OK ? "" : errorText.reason(code)
    // The body belongs to the caller again, and a later request must not read it.
    wattline_curl_set_pointer(handle.pointer, CURLOPT_POSTFIELDS, nil)
    guard code == CURLE_OK else { return HTTPAnswer(body: String(cString: curl_easy_strerror(code))) }
    return HTTPAnswer(
      status: handle.status, body: String(decoding: handle.exchange.body, as: UTF8.self),
      headers: handle.exchange.headers)
  }

  /// `CURLAUTH_BASIC`, which Swift does not import because it is a C cast.
  private static let basicAuthorization = 1
}
