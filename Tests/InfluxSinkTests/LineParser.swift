/// A small reader of line protocol, written apart from the encoder and from the database's documentation.
///
/// Databases differ in how they read a backslash: some look at the byte before a separator, others take a backslash and
/// what follows as a pair. Text is well written only if both readings agree.
struct LineParser {
  enum Reading: CaseIterable { case byteBefore, pairs }

  struct Point: Equatable {
    var measurement = ""
    var tags: [[String]] = []
    var fields: [[String]] = []
    var time = ""
  }

  let reading: Reading

  func parse(_ text: [UInt8]) -> [Point]? {
    var points: [Point] = []
    for line in text.split(separator: UInt8(ascii: "\n")) {
      guard let point = parse(line: Array(line)) else { return nil }
      points.append(point)
    }
    return points
  }

  func parse(line: [UInt8]) -> Point? {
    guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    let parts = split(line, at: UInt8(ascii: " "), quotes: true)
    guard parts.count == 3 else { return nil }
    let key = split(parts[0], at: UInt8(ascii: ","), quotes: false)
    var point = Point(measurement: unescape(key[0]), time: String(decoding: parts[2], as: UTF8.self))
    for tag in key.dropFirst() {
      let pair = split(tag, at: UInt8(ascii: "="), quotes: false)
      guard pair.count == 2, !pair[0].isEmpty, !pair[1].isEmpty else { return nil }
      point.tags.append(pair.map(unescape))
    }
    for field in split(parts[1], at: UInt8(ascii: ","), quotes: true) {
      let pair = split(field, at: UInt8(ascii: "="), quotes: true)
      guard pair.count == 2, !pair[0].isEmpty, !pair[1].isEmpty else { return nil }
      point.fields.append([unescape(pair[0]), value(pair[1])])
    }
    return point
  }

  /// Splits at separators that are neither escaped nor inside a text field.
  private func split(_ text: [UInt8], at separator: UInt8, quotes: Bool) -> [[UInt8]] {
    var parts: [[UInt8]] = [[]]
    var isQuoted = false
    var position = 0
    var spaces = 0
    while position < text.count {
      let byte = text[position]
      let before = position > 0 ? text[position - 1] : 0
      if isQuoted {
        if byte == UInt8(ascii: "\\"), position + 1 < text.count {
          parts[parts.count - 1] += text[position...position + 1]
          position += 2
          continue
        }
        if byte == UInt8(ascii: "\"") { isQuoted = false }
      } else {
        if reading == .pairs, byte == UInt8(ascii: "\\"), position + 1 < text.count {
          parts[parts.count - 1] += text[position...position + 1]
          position += 2
          continue
        }
        let isEscaped = reading == .byteBefore && before == UInt8(ascii: "\\")
        if byte == UInt8(ascii: " "), !isEscaped { spaces += 1 }
        // A quote opens a text field only as the first byte of a value.
        if quotes, byte == UInt8(ascii: "\""), before == UInt8(ascii: "="),
          position < 2 || text[position - 2] != UInt8(ascii: "\\")
        {
          if separator != UInt8(ascii: " ") || spaces > 0 { isQuoted = true }
        } else if byte == separator, !isEscaped {
          parts.append([])
          position += 1
          continue
        }
      }
      parts[parts.count - 1].append(byte)
      position += 1
    }
    return parts
  }

  private func unescape(_ text: [UInt8]) -> String {
    var result: [UInt8] = []
    for (position, byte) in text.enumerated() {
      let next = position + 1 < text.count ? text[position + 1] : 0
      if byte == UInt8(ascii: "\\"), [UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: " ")].contains(next) {
        continue
      }
      result.append(byte)
    }
    return String(decoding: result, as: UTF8.self)
  }

  private func value(_ text: [UInt8]) -> String {
    guard text.first == UInt8(ascii: "\"") else { return String(decoding: text, as: UTF8.self) }
    var result: [UInt8] = []
    var isEscaped = false
    for byte in text.dropFirst().dropLast() {
      if !isEscaped, byte == UInt8(ascii: "\\") {
        isEscaped = true
        continue
      }
      result.append(byte)
      isEscaped = false
    }
    return String(decoding: result, as: UTF8.self)
  }
}
