/// Entity tags of bodies (RFC 9110, section 8.8.3).
enum EntityTag {
  /// Returns the tag of a body: two FNV-1a hashes of 64 bits from different starts.
  static func of(_ body: some Sequence<UInt8>) -> String {
    var (one, other): (UInt64, UInt64) = (0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15)
    for byte in body {
      one = (one ^ UInt64(byte)) &* 0x100_0000_01b3
      other = (other ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return "\"\(String(one, radix: 16))-\(String(other, radix: 16))\""
  }

  /// Returns whether a header `if-none-match` or `if-match` has a tag.
  ///
  /// - Parameters:
  ///   - header: The header.
  ///   - tag: The tag.
  ///   - isStrong: Whether a weak tag is none, as for `if-match`.
  static func matches(_ header: String, _ tag: String, isStrong: Bool = false) -> Bool {
    header == "*"
      || header.split(separator: ",").contains { part in
        let plain = part.drop { $0 == " " }.prefix { $0 != " " }
        return (plain.hasPrefix("W/") && !isStrong ? plain.dropFirst(2) : plain) == tag
      }
  }
}
