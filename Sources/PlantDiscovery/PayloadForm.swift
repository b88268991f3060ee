import PlantModel

/// Form of one payload.
enum PayloadForm {
  case empty
  case number(Double)
  /// A number followed by its unit.
  case measured(Double, unit: String)
  /// A word for on or off.
  case word(Bool)
  /// A word for a device's availability.
  case presence
  /// A missing value, such as `unavailable`.
  case missing
  case text
  case json(JSONNode)
  case line
  case columns([String], separator: Character)
  case pairs([(key: String, value: String)])
  case compressed
  case binary

  /// Determines the form of a payload.
  init(_ bytes: [UInt8]) {
    if PayloadForm.isCompressed(bytes) { self = .compressed; return }
    guard let whole = String(validating: bytes, as: UTF8.self) else { self = .binary; return }
    let text = whole.trimmedOfSpace
    if text.isEmpty { self = .empty; return }
    if text.unicodeScalars.contains(where: { $0.value < 0x20 && !"\t\n\r".unicodeScalars.contains($0) }) {
      self = .binary
      return
    }
    if text.hasPrefix("{") || text.hasPrefix("[") || text.hasPrefix("\"") {
      // A quoted text counts as its content.
      switch JSONNode(Array(text.utf8)) {
      case .text(let inner): self = PayloadForm(scalar: inner) ?? .text
      case let node?: self = .json(node)
      case nil: self = .text
      }
      return
    }
    self = PayloadForm(scalar: text) ?? PayloadForm(rows: text)
  }

  /// Determines the form of a text that is one value; `nil` if it is not.
  init?(scalar text: String) {
    let word = text.lowercased()
    if Self.missingWords.contains(word) { self = .missing; return }
    if ["online", "offline", "available", "connected", "disconnected"].contains(word) { self = .presence; return }
    if Self.switchWords[word] != nil { self = .word(Self.switchWords[word] ?? false); return }
    if let number = Double(text), number.isFinite, !word.hasPrefix("0x") { self = .number(number); return }
    guard let (number, unit) = Self.measured(text) else { return nil }
    self = .measured(number, unit: unit)
  }

  private init(rows text: String) {
    let row = text.split(separator: "\n", omittingEmptySubsequences: true).first.map(String.init) ?? text
    if Self.isLine(row) { self = .line; return }
    for separator in [",", ";", "\t"] as [Character] {
      let cells = row.split(separator: separator, omittingEmptySubsequences: false).map { String($0).trimmedOfSpace }
      if cells.count > 1, cells.count(where: { Double($0) != nil }) * 2 >= cells.count, Self.pairs(row) == nil {
        self = .columns(cells, separator: separator)
        return
      }
    }
    if let pairs = Self.pairs(row) { self = .pairs(pairs); return }
    self = .text
  }

  /// The number of a payload that is one value. Switch words give 1 and 0.
  var lone: Double? {
    switch self {
    case .number(let number), .measured(let number, _): number
    case .word(let isOn): isOn ? 1 : 0
    default: nil
    }
  }

  /// The only number of a payload, also as `{"value": …}`.
  var oneNumber: Double? {
    switch self {
    case .number(let number): number
    case .json(let node): node.members.count == 1 ? node["value"]?.number : node.number
    default: nil
    }
  }

  private static let missingWords: Set<String> = [
    "null", "none", "nan", "inf", "infinity", "unknown", "unavailable", "n/a", "-", "--", "---", "",
  ]
  private static let switchWords: [String: Bool] = [
    "on": true, "true": true, "yes": true, "open": true, "enabled": true,
    "off": false, "false": false, "no": false, "closed": false, "disabled": false,
  ]

  private static func measured(_ text: String) -> (Double, String)? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || "+-.,".contains($0)) }
    let unit = String(text.dropFirst(digits.count)).trimmedOfSpace
    guard !unit.isEmpty, unit.lowercased() != "n", digits.contains(where: \.isNumber),
      Unit.named(unit) != nil || unit.lowercased() == "watts",
      let number = Double(digits.split(separator: ",").joined(separator: digits.contains(".") ? "" : "."))
    else { return nil }
    return (number, unit)
  }

  /// Returns whether a row has the form `measurement,tags fields [time]`.
  private static func isLine(_ row: String) -> Bool {
    let parts = row.split(separator: " ", omittingEmptySubsequences: true)
    guard (2...3).contains(parts.count), !parts[0].contains("=") || parts[0].contains(","),
      parts[0].first.map({ $0.isLetter || $0 == "_" }) ?? false
    else { return false }
    let fields = parts[1].split(separator: ",")
    let areFields = fields.allSatisfy { field in
      let pair = field.split(separator: "=", maxSplits: 1)
      return pair.count == 2 && isField(pair[1])
    }
    return areFields && (parts.count == 2 || Int64(parts[2]) != nil)
  }

  private static func isField(_ text: Substring) -> Bool {
    if text.hasPrefix("\"") || ["t", "f", "true", "false", "T", "F"].contains(text) { return true }
    return Double(text) != nil || (text.last.map { "iu".contains($0) } ?? false && Double(text.dropLast()) != nil)
  }

  /// Returns keys and values; `nil` unless at least one value is a number.
  private static func pairs(_ row: String) -> [(key: String, value: String)]? {
    let marks = [",", ";", "&"].filter { row.contains($0) }
    let parts = row.split { mark in marks.isEmpty ? mark == " " : marks.contains(String(mark)) }
    var found: [(key: String, value: String)] = []
    for part in parts {
      guard let mark = part.firstIndex(where: { $0 == "=" || $0 == ":" }), mark > part.startIndex else { return nil }
      found.append((String(part[..<mark]).trimmedOfSpace, String(part[part.index(after: mark)...]).trimmedOfSpace))
    }
    let isSound = found.allSatisfy { $0.key.first.map { $0.isLetter || $0 == "_" } ?? false && $0.key.count <= 60 }
    return isSound && found.contains { Double($0.value) != nil } ? found : nil
  }

  private static func isCompressed(_ bytes: [UInt8]) -> Bool {
    let starts: [[UInt8]] = [[0x1F, 0x8B], [0x28, 0xB5, 0x2F, 0xFD], [0x78, 0x9C], [0x78, 0xDA]]
    return starts.contains { bytes.starts(with: $0) }
  }
}

extension StringProtocol {
  /// The text without white space and NULs at its ends, and without a byte-order mark.
  var trimmedOfSpace: String {
    func isCut(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.isWhitespace || scalar.value == 0 || scalar.value == 0xFEFF
    }
    var scalars = Substring(self).unicodeScalars
    while let first = scalars.first, isCut(first) { scalars.removeFirst() }
    while let last = scalars.last, isCut(last) { scalars.removeLast() }
    return String(scalars)
  }
}
