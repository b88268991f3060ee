import CCurl

/// Buffer in which libcurl leaves its error message.
final class ErrorText {
  let buffer: UnsafeMutablePointer<CChar>

  init() {
    buffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
    buffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit { buffer.deallocate() }

  func clear() { buffer[0] = 0 }

  func reason(_ code: CURLcode) -> String {
    // The elapsed time is removed, so that a repeated problem has the same text.
    let text = String(cString: buffer).replacing(#/ after \d+ ms/#, with: "")
    return text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
  }
}
