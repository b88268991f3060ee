/// Texts for the broker's reason codes (MQTT 3.1.1, table 3.1; MQTT 5.0, section 2.4).
enum ReasonCode {
  /// Another client has connected with the same client ID.
  static let takenOver: UInt8 = 0x8E
  /// The broker does not support shared subscriptions.
  static let sharingUnknown: UInt8 = 0x9E

  /// Returns whether a CONNACK code refuses the protocol version, in either version's numbering.
  static func refusesVersion(_ code: UInt8) -> Bool { code == 1 || code == 0x84 }

  /// Returns the text for a code. The codes of both versions are distinct, so one table suffices.
  static func text(_ code: UInt8) -> String {
    switch code {
    case 1, 0x84: "it does not speak this version of MQTT"
    case 2, 0x85: "the client id is not allowed"
    case 3, 0x88: "it is not available"
    case 4, 0x86: "wrong user name or password"
    case 5, 0x87: "not authorised; look at user, password and access rules"
    case 0x80: "refused without a reason"
    case 0x81, 0x82: "it found a packet malformed"
    case 0x83: "an error of its own"
    case 0x89: "it is busy"
    case 0x8A: "this client is banned"
    case 0x8B: "it is shutting down"
    case 0x8C: "it wants another way of authentication"
    case 0x8D: "it heard nothing for too long"
    case 0x8F: "the topic filter is not valid"
    case 0x93: "more messages were on their way than it allows"
    case 0x95: "a packet is too large"
    case 0x96: "the rate of messages is too high"
    case 0x97: "a quota is exceeded"
    case 0x98: "an administrator ended it"
    case 0x9C, 0x9D: "use another server"
    case sharingUnknown: "it does not support shared subscriptions"
    case 0x9F: "connections come too fast"
    case 0xA1: "it does not support subscription identifiers"
    case 0xA2: "it does not support wildcards in subscriptions"
    default: "code \(code)"
    }
  }
}
