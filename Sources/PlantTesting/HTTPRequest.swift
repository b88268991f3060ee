import CCurl
import Foundation

/// A small HTTP exchange over libcurl, for tests and the demo.
enum HTTPRequest {
  struct Answer {
    var status: Int
    var body: [UInt8]
  }

  private final class Collector {
    var body: [UInt8] = []
  }

  /// Percent-encodes a value of a query string.
  static func encode(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }

  /// Sends GET, or POST if there is a `body`.
  ///
  /// - Parameters:
  ///   - url: The URL.
  ///   - body: Body of a POST request.
  ///   - timeout: Maximum duration [s].
  /// - Throws: ``ServerError`` if there is no answer.
  static func send(_ url: String, body: String? = nil, timeout: Int = 30) throws(ServerError) -> Answer {
    guard let handle = curl_easy_init() else { throw .answer("libcurl cannot be initialised") }
    defer { curl_easy_cleanup(handle) }
    let collector = Collector()
    _ = wattline_curl_set_string(handle, CURLOPT_URL, url)
    _ = wattline_curl_set_long(handle, CURLOPT_TIMEOUT, timeout)
    _ = wattline_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
    _ = wattline_curl_set_string(handle, CURLOPT_NOPROXY, "*")
    if let body {
      // The size must be set first, since libcurl copies that many bytes.
      _ = wattline_curl_set_long(handle, CURLOPT_POSTFIELDSIZE, body.utf8.count)
      _ = wattline_curl_set_string(handle, CURLOPT_COPYPOSTFIELDS, body)
    }
    _ = wattline_curl_set_pointer(handle, CURLOPT_WRITEDATA, Unmanaged.passUnretained(collector).toOpaque())
    _ = wattline_curl_set_write(handle, CURLOPT_WRITEFUNCTION) { data, size, count, context in
      guard let data, let context else { return 0 }
      let collector = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
      collector.body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: size * count))
      return size * count
    }
    let code = curl_easy_perform(handle)
    guard code == CURLE_OK else { throw .answer("\(url): \(String(cString: curl_easy_strerror(code)))") }
    var status = 0
    _ = wattline_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return withExtendedLifetime(collector) { Answer(status: status, body: collector.body) }
  }
}
