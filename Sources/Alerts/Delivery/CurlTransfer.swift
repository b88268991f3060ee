import CCurl
import PlantModel

/// One exchange with libcurl: an HTTP request, or an e-mail over SMTP. Certificates and host names are always verified.
final class CurlTransfer {
  enum Answer {
    /// Status of the protocol, and the first 1,000 bytes of the answer's body.
    case answered(Int, String)
    /// Last status, or 0 without one, and libcurl's error message.
    case failed(Int, String)
  }

  private static let isReady = wattline_curl_init() == CURLE_OK
  private static let longestBody = 1_000
  private static let connectTimeout = 10_000
  private static let totalTimeout = 30_000

  private let handle: UnsafeMutableRawPointer
  private let isLocal: Bool
  private let exchange: Exchange

  /// Data that the callbacks read and write.
  private final class Exchange {
    var upload: [UInt8] = []
    var sent = 0
    var body: [UInt8] = []
    let shouldAbort: () -> Bool

    init(_ shouldAbort: @escaping () -> Bool) { self.shouldAbort = shouldAbort }
  }

  /// Prepares an exchange; `nil` if libcurl cannot be initialised.
  ///
  /// - Parameters:
  ///   - url: the URL; schemes `http`, `https`, `smtp` and `smtps`.
  ///   - caFile: file with certificates of trusted authorities; `nil`: those of the system.
  ///   - shouldAbort: called about once a second; `true` aborts the exchange.
  init?(url: String, caFile: String?, shouldAbort: @escaping () -> Bool) {
    guard Self.isReady, let handle = curl_easy_init() else { return nil }
    self.handle = handle
    isLocal = Self.isLocal(url)
    exchange = Exchange(shouldAbort)
    set(CURLOPT_URL, to: url)
    set(CURLOPT_NOSIGNAL, to: 1)
    set(CURLOPT_CONNECTTIMEOUT_MS, to: Self.connectTimeout)
    set(CURLOPT_TIMEOUT_MS, to: Self.totalTimeout)
    set(CURLOPT_PROTOCOLS_STR, to: "http,https,smtp,smtps")
    set(CURLOPT_USERAGENT, to: "wattline")
    if let caFile { set(CURLOPT_CAINFO, to: caFile) }
    if isLocal { set(CURLOPT_NOPROXY, to: "*") }
    connectCallbacks()
  }

  deinit { curl_easy_cleanup(handle) }

  /// Returns whether a URL refers to this machine: `localhost`, `127.…` or `[::1]`.
  static func isLocal(_ url: String) -> Bool {
    let rest = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).dropFirst(2).first ?? ""
    let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if host.hasPrefix("[::1]") { return true }
    let name = host.prefix { $0 != ":" }
    return name == "localhost" || (name.hasPrefix("127.") && name.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39) ~= $0 })
  }

  /// Sends a POST request and waits for the answer.
  func post(_ body: String, headers: [String]) -> Answer {
    let list = headers.reduce(nil) { curl_slist_append($0, $1) }
    defer { curl_slist_free_all(list) }
    wattline_curl_set_list(handle, CURLOPT_HTTPHEADER, list)
    set(CURLOPT_POSTFIELDSIZE, to: body.utf8.count)
    set(CURLOPT_COPYPOSTFIELDS, to: body)
    return perform()
  }

  /// Sends an e-mail. A refused recipient does not prevent delivery to the others.
  ///
  /// - Parameters:
  ///   - text: headers and body.
  ///   - from: the sender's address.
  ///   - to: the recipients' addresses.
  ///   - username: name of the SMTP account; `nil`: none.
  ///   - password: its password; requires TLS, except to this machine.
  func mail(_ text: String, from: String, to: [String], username: String?, password: Secret?) -> Answer {
    let list = to.reduce(nil) { curl_slist_append($0, "<\($1)>") }
    defer { curl_slist_free_all(list) }
    set(CURLOPT_MAIL_FROM, to: "<\(from)>")
    wattline_curl_set_list(handle, CURLOPT_MAIL_RCPT, list)
    wattline_curl_allow_refused_recipients(handle)
    if let username { set(CURLOPT_USERNAME, to: username) }
    if let password { set(CURLOPT_PASSWORD, to: password.text) }
    // A password must not be sent without encryption. Without a password TLS is used if the server offers it.
    let security = password != nil && !isLocal ? CURLUSESSL_ALL : CURLUSESSL_TRY
    set(CURLOPT_USE_SSL, to: Int(security.rawValue))
    exchange.upload = Array(text.utf8)
    set(CURLOPT_UPLOAD, to: 1)
    return perform()
  }

  private func perform() -> Answer {
    let code = curl_easy_perform(handle)
    var status = 0
    wattline_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    guard code == CURLE_OK else { return .failed(status, String(cString: curl_easy_strerror(code))) }
    return .answered(status, String(decoding: exchange.body, as: UTF8.self))
  }

  /// Registers the callbacks. They hold the exchange unretained; this object keeps it alive longer than the transfer.
  private func connectCallbacks() {
    let context = Unmanaged.passUnretained(exchange).toOpaque()
    wattline_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
    wattline_curl_set_write(handle, CURLOPT_WRITEFUNCTION) { data, size, count, context in
      guard let data, let context else { return 0 }
      let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
      let room = max(0, CurlTransfer.longestBody - exchange.body.count)
      exchange.body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: min(size * count, room)))
      return size * count
    }
    wattline_curl_set_pointer(handle, CURLOPT_READDATA, context)
    wattline_curl_set_write(handle, CURLOPT_READFUNCTION) { data, size, count, context in
      guard let data, let context else { return 0 }
      let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
      let part = exchange.upload[exchange.sent...].prefix(size * count)
      UnsafeMutableRawBufferPointer(start: data, count: size * count).copyBytes(from: part)
      exchange.sent += part.count
      return part.count
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
}
