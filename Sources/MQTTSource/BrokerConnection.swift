import CCurl
import Foundation
import PlantModel

/// Reason why a connection failed, as text.
struct ConnectionError: Error {
  var reason: String
}

/// A byte stream to the broker, in plain text or under TLS.
///
/// libcurl resolves the name, connects and verifies the certificate. After that the caller uses the stream directly
/// (`CURLOPT_CONNECT_ONLY`). Reads and writes do not block.
final class BrokerConnection {
  /// Result of a read or write.
  enum Transfer {
    case bytes(Int)
    /// Nothing can be transferred now; `poll` reports when to try again.
    case later
    case ended(reason: String)
  }

  /// Maximum size of one read [bytes].
  static let chunk = 256 << 10
  private static let isLibraryReady = wattline_curl_init() == CURLE_OK

  /// Socket for `poll`.
  let descriptor: Int32
  /// Whether TLS is used. TLS may hold buffered bytes that `poll` does not report.
  let isEncrypted: Bool
  private let handle: UnsafeMutableRawPointer
  private let words: UnsafeMutablePointer<CChar>

  /// Connects to the broker. `shouldAbort` is checked about once a second; `true` aborts.
  init(_ settings: BrokerSettings, shouldAbort: @escaping () -> Bool) throws(ConnectionError) {
    guard Self.isLibraryReady, let handle = curl_easy_init() else {
      throw ConnectionError(reason: "libcurl cannot be set up")
    }
    let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    Self.configure(handle, settings: settings)
    wattline_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, words)
    let code = withExtendedLifetime(Abort(shouldAbort)) { abort in
      let context = Unmanaged.passUnretained(abort).toOpaque()
      wattline_curl_set_progress(
        handle,
        { context, _, _, _, _ in
          guard let context else { return 0 }
          return Unmanaged<Abort>.fromOpaque(context).takeUnretainedValue().isWanted() ? 1 : 0
        }, context)
      return curl_easy_perform(handle)
    }
    // The callback's context is valid only during the attempt.
    wattline_curl_set_long(handle, CURLOPT_NOPROGRESS, 1)
    var socket: curl_socket_t = -1
    guard code == CURLE_OK, wattline_curl_get_socket(handle, &socket) == CURLE_OK, socket >= 0 else {
      let reason = Self.reason(code, words: words)
      curl_easy_cleanup(handle)
      words.deallocate()
      throw ConnectionError(reason: reason)
    }
    self.handle = handle
    self.words = words
    descriptor = socket
    isEncrypted = settings.tls
  }

  deinit {
    curl_easy_cleanup(handle)
    words.deallocate()
  }

  /// Reads at most ``chunk`` bytes.
  func read(into target: UnsafeMutableRawBufferPointer) -> Transfer {
    var count = 0
    words[0] = 0
    let code = curl_easy_recv(handle, target.baseAddress, min(target.count, Self.chunk), &count)
    switch code {
    case CURLE_OK where count > 0: return .bytes(count)
    case CURLE_OK: return .ended(reason: "the broker closed the connection")
    case CURLE_AGAIN: return .later
    default: return .ended(reason: Self.reason(code, words: words))
    }
  }

  /// Writes as many bytes as possible without blocking.
  func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    var count = 0
    words[0] = 0
    let code = curl_easy_send(handle, bytes.baseAddress, bytes.count, &count)
    switch code {
    case CURLE_OK: return .bytes(count)
    case CURLE_AGAIN: return .later
    default: return .ended(reason: Self.reason(code, words: words))
    }
  }

  private final class Abort {
    let isWanted: () -> Bool
    init(_ isWanted: @escaping () -> Bool) { self.isWanted = isWanted }
  }

  private static func configure(_ handle: UnsafeMutableRawPointer, settings: BrokerSettings) {
    func set(_ option: CURLoption, to value: Int) { wattline_curl_set_long(handle, option, value) }
    func set(_ option: CURLoption, to value: String?) { wattline_curl_set_string(handle, option, value) }
    let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
    set(CURLOPT_URL, to: "\(settings.tls ? "https" : "http")://\(host):\(settings.port)")
    set(CURLOPT_CONNECT_ONLY, to: 1)
    set(CURLOPT_NOSIGNAL, to: 1)
    set(CURLOPT_CONNECTTIMEOUT_MS, to: 15_000)
    set(CURLOPT_BUFFERSIZE, to: chunk)
    // Proxies from the environment are meant for HTTP.
    set(CURLOPT_PROXY, to: "")
    guard settings.tls else { return }
    set(CURLOPT_SSL_ENABLE_ALPN, to: 0)
    set(CURLOPT_SSLVERSION, to: 6)  // At least TLS 1.2 (CURL_SSLVERSION_TLSv1_2), whose macro Swift does not import.
    if let file = settings.caFile {
      set(CURLOPT_CAINFO, to: file)
      // A configured authority is the only one trusted, so the system's folder is disabled.
      set(CURLOPT_CAPATH, to: nil)
    }
    if let file = settings.certificateFile { set(CURLOPT_SSLCERT, to: file) }
    if let file = settings.keyFile { set(CURLOPT_SSLKEY, to: file) }
  }

  private static func reason(_ code: CURLcode, words: UnsafePointer<CChar>) -> String {
    // The elapsed time is removed, so that a repeated problem has the same text.
    let text = String(cString: words).replacing(#/ after \d+ ms/#, with: "")
    return text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
  }
}
