import CurlTransport
import LineProtocol
import PlantModel
import SinkCore
import WattlineTime

/// The text format of Prometheus as the endpoint of a sink; the example of the guide AddASink.md.
///
/// Posts to servers that import this format, such as VictoriaMetrics. A field becomes a sample named
/// `measurement_field`, tags become labels, and text fields are left out.
final class PrometheusEndpoint: SinkEndpoint {
  private let url: String
  private let client: HTTPClient

  init(_ url: String, isOver: @escaping () -> Bool) throws(SinkError) {
    let made = HTTPClient(url: url, caFile: nil, connectTimeout: .seconds(5), totalTimeout: .seconds(30))
    guard let client = made else { throw .cannotStart("libcurl") }
    client.shouldAbort = isOver
    (self.url, self.client) = (url, client)
  }

  func post(_ lines: ArraySlice<UInt8>) -> SinkAnswer {
    let body = lines.withUnsafeBytes { PrometheusText.text(of: $0) }
    let answer = body.withUnsafeBytes {
      client.send(
        "\(url)/api/v1/import/prometheus", body: $0, contentType: "text/plain", authorization: nil, basic: nil)
    }
    return SinkAnswer(Self.action(after: answer), status: answer.status, message: answer.body)
  }

  private static func action(after answer: HTTPAnswer) -> SinkAction {
    switch answer.status {
    case 200, 204: .accepted
    case 400: .refused(.malformed, count: nil)
    case 401: .hold(.credentials)
    case 403: .hold(.permission)
    case 413: .tooLarge
    case 404, 405: .hold(.unexpected)
    case 500: .serverFault
    default: .retry(after: answer.retryAfter)
    }
  }
}

/// Converts line protocol to the text format of Prometheus.
enum PrometheusText {
  /// Returns the samples of all lines. Lines that are not valid have none.
  ///
  /// Worked value: `raw,plant=p value=1.5,flags=0i 1700000000000` gives `raw_value{plant="p"} 1.5 1700000000000` and
  /// `raw_flags{plant="p"} 0 1700000000000`.
  static func text(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var text: [UInt8] = []
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      if let line = LineScanner(bytes, line: start..<end) { append(line, of: bytes, to: &text) }
      start = end + 1
    }
    return text
  }

  private static func append(_ line: LineScanner, of bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
    var labels: [UInt8] = []
    var rest = line.tags
    while let tag = LineScanner.pair(bytes, rest: &rest, quotes: false) {
      labels += labels.isEmpty ? Array("{".utf8) : Array(",".utf8)
      LineScanner.append(bytes, range: tag.key, to: &labels)
      var value: [UInt8] = []
      LineScanner.append(bytes, range: tag.value, to: &value)
      labels += Array("=\"".utf8) + value.flatMap { $0 == 0x22 || $0 == 0x5C ? [0x5C, $0] : [$0] } + Array("\"".utf8)
    }
    if !labels.isEmpty { labels += Array("}".utf8) }
    rest = line.fields
    while let field = LineScanner.pair(bytes, rest: &rest, quotes: true) {
      guard let number = number(Array(bytes[field.value])) else { continue }
      LineScanner.append(bytes, range: line.measurement, to: &text)
      text += Array("_".utf8)
      LineScanner.append(bytes, range: field.key, to: &text)
      text += labels + Array(" ".utf8) + number + Array(" ".utf8) + Array(bytes[line.time]) + Array("\n".utf8)
    }
  }

  /// Returns a field's value as a number, `nil` if it is text.
  private static func number(_ value: [UInt8]) -> [UInt8]? {
    switch value.last {
    case UInt8(ascii: "\""), nil: nil
    case UInt8(ascii: "i"): value.dropLast()
    case UInt8(ascii: "e"): Array((value.first == UInt8(ascii: "t") ? "1" : "0").utf8)
    default: value
    }
  }
}
