/// Rendering of text in line protocol: escaping and replacement of characters that cannot be written.
///
/// Tags and field names: comma, equals sign and space get a backslash. A control character has no valid form. A
/// backslash directly before a comma, an equals sign, a space or the end has none that all databases read alike. Each
/// of these is replaced by U+FFFD.
///
/// Text fields: quote and backslash get a backslash. A control character becomes a space, so that a point is always one
/// whole line.
public enum LineText {
  /// Maximum length of a tag value or field name [bytes before escaping]; databases accept 65,535 for the whole key.
  public static let longestName = 1024
  /// Maximum length of a text field [bytes before escaping]; databases accept 65,535.
  public static let longestText = 16_384

  private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

  /// Appends a tag value, tag name, field name or measurement.
  public static func appendName(_ name: String, to bytes: inout [UInt8]) {
    if name.utf8.withContiguousStorageIfAvailable({ appendName($0, to: &bytes) }) == nil {
      Array(name.utf8).withUnsafeBufferPointer { appendName($0, to: &bytes) }
    }
  }

  /// Appends `,name=value`, or nothing if the value is empty. `name` is a constant that needs no escaping.
  ///
  /// - Parameters:
  ///   - name: name of the tag.
  ///   - value: value of the tag, which is escaped and limited to ``longestName``.
  ///   - bytes: destination.
  public static func appendTag(_ name: String, value: String, to bytes: inout [UInt8]) {
    if value.isEmpty { return }
    bytes.append(UInt8(ascii: ","))
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: "="))
    appendName(value, to: &bytes)
  }

  /// Appends a text field's value in quotes.
  public static func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    if text.utf8.withContiguousStorageIfAvailable({ appendText($0, to: &bytes) }) == nil {
      Array(text.utf8).withUnsafeBufferPointer { appendText($0, to: &bytes) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func appendName(_ source: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    guard source.count > longestName else { return appendEscaped(source[...], to: &bytes) }
    // A digest of the whole name distinguishes long names with a common start.
    appendEscaped(source[..<boundary(of: source, before: longestName - 17)], to: &bytes)
    bytes.append(UInt8(ascii: "~"))
    let digest = fnv1a(source)
    for shift in stride(from: 60, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: digest >> UInt64(shift)) & 0xF
      bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }

  private static func appendEscaped(_ source: Slice<UnsafeBufferPointer<UInt8>>, to bytes: inout [UInt8]) {
    for position in source.indices {
      let byte = source[position]
      if isSeparator(byte) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      } else if isControl(byte) {
        bytes.append(contentsOf: replacement)
      } else if byte == UInt8(ascii: "\\"), position + 1 == source.endIndex || isSeparator(source[position + 1]) {
        bytes.append(contentsOf: replacement)
      } else {
        bytes.append(byte)
      }
    }
  }

  private static func appendText(_ source: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    for byte in source[..<boundary(of: source, before: longestText)] {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
      bytes.append(isControl(byte) ? UInt8(ascii: " ") : byte)
    }
  }

  /// Returns the last start of a character at or before `limit`, or the end of a source that is not longer.
  private static func boundary(of source: UnsafeBufferPointer<UInt8>, before limit: Int) -> Int {
    guard source.count > limit else { return source.count }
    var end = limit
    while end > 0, source[end] & 0xC0 == 0x80 { end -= 1 }
    return end
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "=") || byte == UInt8(ascii: " ")
  }

  private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

  private static func fnv1a(_ source: UnsafeBufferPointer<UInt8>) -> UInt64 {
    source.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
