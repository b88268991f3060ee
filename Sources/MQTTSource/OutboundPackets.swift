import CurlTransport
import PlantModel
import Settings

/// Queue of complete packets to send, in order.
struct OutboundPackets {
  /// Protocol version, as encoded in CONNECT.
  enum Version: UInt8 {
    case v311 = 4
    case v5 = 5
  }

  /// Keep-alive interval [s]. The broker may consider the client dead after one and a half intervals of silence.
  static let keepAlive = 30

  private var bytes: [UInt8] = []
  private var sent = 0

  var isEmpty: Bool { sent == bytes.count }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    sent = 0
  }

  /// Sends as much as possible without blocking. Returns the reason if the connection ended.
  mutating func send(over connection: ByteStream) -> String? {
    while !isEmpty {
      let result = bytes.withUnsafeBytes { connection.write(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
      switch result {
      case .bytes(let count): sent += count
      case .later: return nil
      case .ended(let reason): return reason
      }
    }
    removeAll()
    return nil
  }

  /// Queues CONNECT. A kept session never expires, as in MQTT 3.1.1. With MQTT 5 the broker may have 65,535
  /// unacknowledged messages, so that acknowledging in bursts never stalls it.
  ///
  /// - Parameters:
  ///   - settings: client ID and credentials.
  ///   - version: protocol version.
  ///   - cleanStart: whether to start a new session that ends with the connection.
  mutating func connect(_ settings: BrokerSettings, version: Version, cleanStart: Bool) {
    var body: [UInt8] = []
    body.field("MQTT")
    let credentials = (settings.username == nil ? 0 : 0x80) | (settings.password == nil ? 0 : 0x40)
    body += [version.rawValue, UInt8(credentials) | (cleanStart ? 2 : 0)]
    body.short(Self.keepAlive)
    if version == .v5 {
      let expiry: [UInt8] = cleanStart ? [] : [0x11, 0xFF, 0xFF, 0xFF, 0xFF]
      let properties: [UInt8] = expiry + [0x21, 0xFF, 0xFF]
      body.append(UInt8(properties.count))
      body += properties
    }
    body.field(settings.clientID)
    if let name = settings.username { body.field(name) }
    if let password = settings.password { body.field(password.text) }
    packet(0x10, body: body)
  }

  /// Queues PUBACK, which has four bytes in either version.
  mutating func acknowledge(_ identifier: UInt16) {
    bytes.append(0x40)
    bytes.append(2)
    bytes.append(UInt8(truncatingIfNeeded: identifier >> 8))
    bytes.append(UInt8(truncatingIfNeeded: identifier))
  }

  /// Queues SUBSCRIBE. With MQTT 5, retained messages are sent for new subscriptions only, not on each connection.
  ///
  /// - Parameters:
  ///   - filters: topic filters.
  ///   - identifier: packet identifier, not 0.
  ///   - qos: requested QoS, limited to 1.
  ///   - version: protocol version.
  mutating func subscribe(_ filters: [String], identifier: UInt16, qos: Int, version: Version) {
    var body = head(identifier, version: version)
    for filter in filters {
      body.field(filter)
      body.append(UInt8(min(max(qos, 0), 1)) | (version == .v5 ? 0x10 : 0))
    }
    packet(0x82, body: body)
  }

  /// Queues PUBLISH at QoS 1, not retained.
  ///
  /// - Parameters:
  ///   - topic: topic of the message.
  ///   - payload: payload of the message.
  ///   - identifier: packet identifier, not 0.
  ///   - version: protocol version.
  mutating func publish(_ topic: String, payload: String, identifier: UInt16, version: Version) {
    var body: [UInt8] = []
    body.field(topic)
    packet(0x32, body: body + head(identifier, version: version) + Array(payload.utf8))
  }

  /// Queues UNSUBSCRIBE.
  ///
  /// - Parameters:
  ///   - filters: topic filters.
  ///   - identifier: packet identifier, not 0.
  ///   - version: protocol version.
  mutating func unsubscribe(_ filters: [String], identifier: UInt16, version: Version) {
    var body = head(identifier, version: version)
    for filter in filters { body.field(filter) }
    packet(0xA2, body: body)
  }

  /// Queues PINGREQ.
  mutating func ping() { bytes += [0xC0, 0] }

  /// Queues DISCONNECT for a clean end.
  mutating func disconnect() { bytes += [0xE0, 0] }

  private func head(_ identifier: UInt16, version: Version) -> [UInt8] {
    [UInt8(identifier >> 8), UInt8(identifier & 0xFF)] + (version == .v5 ? [0] : [])
  }

  private mutating func packet(_ header: UInt8, body: [UInt8]) {
    bytes.append(header)
    var length = body.count
    repeat {
      bytes.append(UInt8(length & 0x7F) | (length > 0x7F ? 0x80 : 0))
      length >>= 7
    } while length > 0
    bytes += body
  }
}

extension [UInt8] {
  fileprivate mutating func short(_ value: Int) {
    append(UInt8(truncatingIfNeeded: value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }

  /// Appends a text after its length; MQTT limits texts to 65,535 bytes, so longer ones are cut.
  fileprivate mutating func field(_ text: String) {
    let bytes = text.utf8.prefix(65_535)
    short(bytes.count)
    append(contentsOf: bytes)
  }
}
