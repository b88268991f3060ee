import CCurl
import Settings

/// One easy handle of libcurl and the data that its callbacks read and write. Not safe for concurrent use.
///
/// Certificates and host names are always verified. A configured authority is the only one trusted.
final class CurlHandle {
  private static let isLibraryReady = wattline_curl_init() == CURLE_OK

  let pointer: UnsafeMutableRawPointer
  let exchange: Exchange

  /// Data that libcurl's callbacks read and write while a transfer runs.
  final class Exchange {
    /// Bytes to upload, and the number of those sent.
    var upload: [UInt8] = []
    var sent = 0
    /// Body of the answer, truncated to ``longestBody``.
    var body: [UInt8] = []
    /// Kept headers of the answer by name in lower case.
    var headers: [String: String] = [:]
    /// Checked about once a second; `true` aborts the transfer.
    var shouldAbort: () -> Bool = { false }
    /// Whether a body above ``longestBody`` ends the transfer, instead of being truncated.
    var refusesLonger = false
    /// Whether that has happened.
    var isTooLong = false
    let longestBody: Int
    let keptHeaders: Set<String>

    init(longestBody: Int, keptHeaders: Set<String>) {
      self.longestBody = longestBody
      self.keptHeaders = keptHeaders
    }

    func clear() {
      body.removeAll(keepingCapacity: true)
      headers.removeAll()
      isTooLong = false
    }

    func readHeader(_ line: UnsafeRawBufferPointer) {
      let text = String(decoding: line, as: UTF8.self)
      // An interim or redirecting answer is followed by another; only the last one's headers count.
      if text.hasPrefix("HTTP/") { clear() }
      guard let colon = text.firstIndex(of: ":") else { return }
      let name = text[..<colon].lowercased()
      if keptHeaders.contains(name) { headers[name] = text[text.index(after: colon)...].trimmed }
    }
  }

  /// Creates a handle; `nil` if libcurl cannot be initialised.
  ///
  /// - Parameters:
  ///   - longestBody: Number of bytes kept of an answer's body.
  ///   - keptHeaders: Names, in lower case, of the headers kept from answers.
  init?(longestBody: Int, keptHeaders: Set<String> = []) {
    guard Self.isLibraryReady, let pointer = curl_easy_init() else { return nil }
    self.pointer = pointer
    exchange = Exchange(longestBody: longestBody, keptHeaders: keptHeaders)
    set(CURLOPT_NOSIGNAL, to: 1)
    installCallbacks()
  }

  deinit { curl_easy_cleanup(pointer) }

  func set(_ option: CURLoption, to value: Int) { wattline_curl_set_long(pointer, option, value) }
  func set(_ option: CURLoption, to value: String?) { wattline_curl_set_string(pointer, option, value) }

  /// Trusts only the authorities in `caFile`; `nil` trusts those of the system.
  func trust(caFile: String?) {
    guard let caFile else { return }
    set(CURLOPT_CAINFO, to: caFile)
    // The system's folder would be searched as well.
    set(CURLOPT_CAPATH, to: nil)
  }

  /// Runs the transfer that the options describe, and returns libcurl's result.
  func perform() -> CURLcode { curl_easy_perform(pointer) }

  /// Status of the last answer; 0 without one.
  var status: Int {
    var status = 0
    wattline_curl_get_long(pointer, CURLINFO_RESPONSE_CODE, &status)
    return status
  }

  /// Installs the callbacks. They hold the exchange unretained; it lives as long as the handle, which outlives any
  /// transfer.
  private func installCallbacks() {
    let context = Unmanaged.passUnretained(exchange).toOpaque()
    wattline_curl_set_pointer(pointer, CURLOPT_WRITEDATA, context)
    wattline_curl_set_write(pointer, CURLOPT_WRITEFUNCTION) { data, size, count, context in
      guard let data, let context else { return 0 }
      let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
      let room = max(0, exchange.longestBody - exchange.body.count)
      if exchange.refusesLonger, size * count > room {
        exchange.isTooLong = true
        return 0
      }
      exchange.body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: min(size * count, room)))
      return size * count
    }
    wattline_curl_set_pointer(pointer, CURLOPT_HEADERDATA, context)
    wattline_curl_set_write(pointer, CURLOPT_HEADERFUNCTION) { data, size, count, context in
      guard let data, let context else { return 0 }
      Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
        .readHeader(UnsafeRawBufferPointer(start: data, count: size * count))
      return size * count
    }
    wattline_curl_set_pointer(pointer, CURLOPT_READDATA, context)
    wattline_curl_set_write(pointer, CURLOPT_READFUNCTION) { data, size, count, context in
      guard let data, let context else { return 0 }
      let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
      let part = exchange.upload[exchange.sent...].prefix(size * count)
      UnsafeMutableRawBufferPointer(start: data, count: size * count).copyBytes(from: part)
      exchange.sent += part.count
      return part.count
    }
    wattline_curl_set_progress(
      pointer,
      { context, _, _, _, _ in
        guard let context else { return 0 }
        return Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue().shouldAbort() ? 1 : 0
      }, context)
  }
}

extension Substring {
  /// The text without white space at both ends.
  fileprivate var trimmed: String {
    let start = drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }
}
