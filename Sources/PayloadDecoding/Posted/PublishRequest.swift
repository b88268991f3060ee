/// A device's request over WebSocket to publish a message, or readings.
///
/// `{"id": 7, "topic": "…", "payload": …}`, with `payload_base64` in place of `payload` for binary data; or
/// `{"id": 7, "plant": "…", "readings": [{"asset", "sensor", "time", "value", "unit"?}]}`. A payload that is a text
/// is sent as its characters, any other as the JSON that it is.
public struct PublishRequest: Sendable, Equatable {
  /// The message to publish.
  public enum Content: Sendable, Equatable {
    /// A message as over MQTT.
    case message(topic: String, payload: [UInt8])
    /// Readings of a plant, as JSON.
    case readings(plant: String, json: [UInt8])
  }

  /// The request's own identifier, as JSON; `null` if it has none.
  public var id: String
  /// The message to publish.
  public var content: Content

  /// A request that cannot be read.
  public struct Mistake: Error, Equatable {
    /// Identifier of the request, as JSON; `null` if it is not known.
    public var id: String
    /// The error, and what would be right.
    public var reason: String
  }

  /// Maximum length of an identifier [bytes].
  static let longestIdentifier = 128

  /// Reads a request.
  ///
  /// - Throws: `Mistake` with the identifier, where it is known.
  public init(_ text: [UInt8]) throws(Mistake) {
    var parts: [String: Member] = [:]
    let failure = text.withUnsafeBytes { PublishRequest.members(of: $0, into: &parts) }
    guard !failure else {
      throw Mistake(id: "null", reason: "a message is an object of JSON with id, topic and payload")
    }
    let id = parts["id"].map { String(decoding: text[$0.range], as: UTF8.self) } ?? "null"
    guard id.utf8.count <= Self.longestIdentifier, parts["id"]?.isContainer != true else {
      throw Mistake(id: "null", reason: "id is a number or a text of at most \(Self.longestIdentifier) bytes")
    }
    self.id = id
    func plain(_ name: String) -> [UInt8]? {
      guard let part = parts[name], part.isText else { return nil }
      return text[part.range.dropFirst().dropLast()].withUnsafeBytes { JSONEscapes.plain($0) }
    }
    if let readings = parts["readings"] {
      guard let plant = plain("plant") else { throw Mistake(id: id, reason: "plant is missing") }
      content = .readings(plant: String(decoding: plant, as: UTF8.self), json: Array(text[readings.range]))
      return
    }
    guard let topic = plain("topic"), !topic.isEmpty, topic.count <= 65_535, topic.first != UInt8(ascii: "$"),
      !topic.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: "+") })
    else { throw Mistake(id: id, reason: "topic is a text without wildcards that does not begin with $") }
    let payload: [UInt8]
    if let part = parts["payload"], parts["payload_base64"] == nil {
      payload = part.isText ? plain("payload") ?? [] : Array(text[part.range])
    } else if let coded = plain("payload_base64"), parts["payload"] == nil, let bytes = Base64.decode(coded) {
      payload = bytes
    } else {
      throw Mistake(id: id, reason: "one of payload and payload_base64 is needed, the latter in base64")
    }
    content = .message(topic: String(decoding: topic, as: UTF8.self), payload: payload)
  }

  private struct Member {
    /// Range of the whole value, quotation marks included.
    var range: Range<Int>
    var isText: Bool
    var isContainer: Bool
  }

  /// Finds the members of an object; the first of a name counts. Returns whether the text is none.
  private static func members(of bytes: UnsafeRawBufferPointer, into members: inout [String: Member]) -> Bool {
    struct Visitor: JSONVisitor {
      let bytes: UnsafeRawBufferPointer
      var found: [(name: String, start: Int, kind: JSONValue.Kind, end: Int)] = []
      var isObject = false

      init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

      mutating func member(_ key: JSONKey, of context: String?, depth: Int) -> String? {
        depth == 1 ? String(decoding: key.bytes, as: UTF8.self) : nil
      }
      mutating func element(_ index: Int, of context: String?, depth: Int) -> String? { nil }
      mutating func visit(_ value: JSONValue, in context: String?, depth: Int) {
        if depth == 0 { isObject = value.kind == .container && bytes[value.range.lowerBound] == UInt8(ascii: "{") }
        guard depth == 1, let context else { return }
        let margin = value.kind == .string ? 1 : 0
        found.append((context, value.range.lowerBound - margin, value.kind, value.range.upperBound + margin))
      }
    }
    var visitor = Visitor(bytes)
    var scanner = JSONScanner<Visitor>(bytes)
    guard scanner.scan(from: nil, with: &visitor) == nil, visitor.isObject else { return true }
    for (name, start, kind, end) in visitor.found where members[name] == nil {
      var range = start..<end
      if kind == .container {
        // The value's own end is where a scan from its start stops.
        var inner = Visitor(bytes)
        var scanner = JSONScanner<Visitor>(bytes, at: start)
        _ = scanner.scanDocument(from: nil, with: &inner)
        var end = scanner.at
        while end > start, ByteText.isSpace(bytes[end - 1]) { end -= 1 }
        range = start..<end
      }
      members[name] = Member(range: range, isText: kind == .string, isContainer: kind == .container)
    }
    return false
  }
}

/// Base64 of RFC 4648, with padding.
enum Base64 {
  /// Returns the decoded bytes; `nil` if the text is not base64.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var (group, count) = (UInt32(0), 0)
    for byte in text.dropLast(padding) {
      guard let digit = digit(byte) else { return nil }
      group = group << 6 | UInt32(digit)
      count += 1
      if count % 4 == 0 {
        bytes += [
          UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8),
          UInt8(truncatingIfNeeded: group),
        ]
      }
    }
    switch count % 4 {
    case 2: bytes.append(UInt8(truncatingIfNeeded: group >> 4))
    case 3: bytes += [UInt8(truncatingIfNeeded: group >> 10), UInt8(truncatingIfNeeded: group >> 2)]
    default: break
    }
    return bytes
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
