/// Encoding of names in published topics, in which MQTT reserves `/`, `+` and `#`.
public enum TopicName {
  /// Returns a name with `/`, `+`, `#`, `%` and U+0000 percent-encoded; other characters, Unicode included, stay
  /// unchanged.
  ///
  /// Example: `Hall 3/4` becomes `Hall 3%2F4`.
  public static func encode(_ name: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(name.utf8.count)
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "#"), UInt8(ascii: "%"), 0:
        bytes += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 0xF)]
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Returns a topic of encoded levels: `["wattline", "a/b"]` gives `wattline/a%2Fb`.
  public static func join(_ levels: [String]) -> String { levels.map { encode($0) }.joined(separator: "/") }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }
}
