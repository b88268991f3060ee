/// A body of the type `application/x-www-form-urlencoded`.
struct FormBody {
  private let fields: [String: String]
  private static let most = 50

  init(_ body: [UInt8]) {
    var fields: [String: String] = [:]
    for pair in body.split(separator: UInt8(ascii: "&")).prefix(Self.most) {
      let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      fields[Self.decoded(halves[0])] = halves.count > 1 ? Self.decoded(halves[1]) : ""
    }
    self.fields = fields
  }

  /// Returns a field; `nil` if it is missing or empty.
  func text(_ name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// Returns a text with its percent-encoding resolved.
  static func decoded(_ text: some Collection<UInt8>) -> String {
    var bytes: [UInt8] = []
    let text = Array(text)
    var place = 0
    while place < text.count {
      let byte = text[place]
      if byte == UInt8(ascii: "%"), place + 2 < text.count,
        let value = UInt8(String(decoding: text[place + 1...place + 2], as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        place += 3
        continue
      }
      bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      place += 1
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
