/// Texts in JSON (RFC 8259).
enum JSONText {
  /// Appends a text in quotation marks.
  static func append(_ text: some Sequence<UInt8>, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension JSONText {
  /// Returns an object whose members are texts.
  static func object(_ members: [String: String]) -> [UInt8] {
    object(members.mapValues { value in { append(value.utf8, to: &$0) } })
  }

  /// Returns an object whose members are lists of texts.
  static func object(_ members: [String: [String]]) -> [UInt8] {
    object(
      members.mapValues { values in
        { bytes in
          bytes.append(UInt8(ascii: "["))
          for (number, value) in values.enumerated() {
            if number > 0 { bytes.append(UInt8(ascii: ",")) }
            append(value.utf8, to: &bytes)
          }
          bytes.append(UInt8(ascii: "]"))
        }
      })
  }

  private static func object(_ members: [String: (inout [UInt8]) -> Void]) -> [UInt8] {
    var bytes = Array("{".utf8)
    for (number, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
      if number > 0 { bytes.append(UInt8(ascii: ",")) }
      append(member.key.utf8, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      member.value(&bytes)
    }
    return bytes + Array("}".utf8)
  }
}
