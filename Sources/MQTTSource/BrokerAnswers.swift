/// CONNACK: the broker's answer to CONNECT.
struct ConnectAnswer {
  /// Whether the broker has kept the session.
  let isSessionKept: Bool
  /// Reason code; 0 if the connection is accepted.
  let code: UInt8
  let properties: BrokerProperties

  /// Parses the body of a CONNACK, in answer to a CONNECT of `version`.
  init(_ body: UnsafeRawBufferPointer, version: OutboundPackets.Version) throws(MalformedPacket) {
    var reader = PacketReader(body)
    isSessionKept = try reader.byte() & 1 != 0
    code = try reader.byte()
    // A broker of MQTT 3.1.1 refuses version 5 in its own format, without properties.
    let hasProperties = code == 0 ? version == .v5 : !reader.isAtEnd
    properties = hasProperties ? try BrokerProperties(try reader.properties()) : BrokerProperties()
  }

  /// The broker's reason for refusing the connection; `nil` if it is accepted.
  var refusal: String? {
    if code == 0 { return nil }
    return "the broker refuses the connection: \(ReasonCode.text(code))\(properties.reason.map { " (\($0))" } ?? "")"
  }
}

/// SUBACK: the broker's answer to SUBSCRIBE.
struct SubscribeAnswer {
  /// Identifier of the SUBSCRIBE.
  let identifier: UInt16
  /// Reason code of each filter, valid as long as the packet.
  let codes: UnsafeRawBufferPointer

  /// Parses the body of a SUBACK.
  init(_ body: UnsafeRawBufferPointer, version: OutboundPackets.Version) throws(MalformedPacket) {
    var reader = PacketReader(body)
    identifier = try reader.short()
    if version == .v5 { _ = try reader.properties() }
    codes = reader.rest
  }
}

/// DISCONNECT, which an MQTT 5 broker sends before it closes.
struct DisconnectNotice {
  private let code: UInt8
  private let reason: String?

  /// Parses the body of a DISCONNECT.
  init(_ body: UnsafeRawBufferPointer) throws(MalformedPacket) {
    var reader = PacketReader(body)
    code = reader.isAtEnd ? 0 : try reader.byte()
    reason = reader.isAtEnd ? nil : try BrokerProperties(try reader.properties()).reason
  }

  /// Returns the reason as text for the session of a client.
  func text(clientID: String) -> String {
    code == ReasonCode.takenOver
      ? "another client uses the client id '\(clientID)' and has taken the session over; "
        + "give each an mqtt.client_id of its own"
      : "the broker ends the connection: \(ReasonCode.text(code))\(reason.map { " (\($0))" } ?? "")"
  }
}
