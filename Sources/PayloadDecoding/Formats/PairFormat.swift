public import PlantModel

extension PayloadFormatName {
  /// Keys and values such as `p=0,w=230`.
  public static let pairs: PayloadFormatName = "pairs"
}

/// Keys and values such as `p=0,w=230` or `power:5;energy:1.2`: each line is a record.
///
/// Pairs are separated by commas, semicolons or ampersands, or by the rule's `separator`. If no separator occurs and
/// the rule states none, white space separates them. Key and value are separated by the first `=` or `:`.
enum PairFormat: PayloadFormat {
  static let name = PayloadFormatName.pairs
  static let summary = "keys and values such as p=0,w=230; places are keys"
  static let examplePlace = "w"
  static let hasRecords = true

  static func mistake(inPlace place: String) -> String? { place.isEmpty ? "is empty; write the key" : nil }

  static func reader(for plan: ReadingPlan) -> PayloadReader { PairReader(plan) }
}

private final class PairReader: PayloadReader {
  private var source: PairSource
  private var recordReader: PayloadRecordReader

  override init(_ plan: ReadingPlan) {
    let records = RecordPlan(plan)
    recordReader = PayloadRecordReader(records)
    source = PairSource(records)
    super.init(plan)
  }

  override func read(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    source.payload = payload
    defer { source.payload = UnsafeRawBufferPointer(start: nil, count: 0) }
    for line in TextLines(payload) {
      guard source.split(line) else { return source.pairs.isEmpty ? noPairs(payload) : .tooLarge }
      if let refusal = recordReader.read(&source, into: &scope) { return refusal }
    }
    return nil
  }

  private func noPairs(_ payload: UnsafeRawBufferPointer) -> RefusalReason {
    ByteText.isUTF8(payload) ? .unknownFormat : .notUTF8
  }

  override func places(in payload: UnsafeRawBufferPointer) -> [String] {
    source.payload = payload
    defer { source.payload = UnsafeRawBufferPointer(start: nil, count: 0) }
    guard let line = TextLines(payload).first(where: { _ in true }), source.split(line) else { return [] }
    return source.pairs.map { String(decoding: payload[$0.key], as: UTF8.self) }
  }
}

/// The pairs of the current line.
private struct PairSource: RecordSource {
  /// Maximum number of pairs read.
  static let maximumPairs = 4_096

  var payload = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var pairs: [(key: Range<Int>, value: Range<Int>)] = []
  private let keys: [[UInt8]]
  private let separator: UInt8?

  init(_ plan: RecordPlan) {
    keys = plan.places.map { Array(($0.hasPrefix("/") ? $0.dropFirst() : $0[...]).utf8) }
    separator = plan.plan.rule.separator?.utf8.first
  }

  /// Splits a line into pairs. Returns `false` if a part is not a pair, or if there are too many.
  mutating func split(_ line: Range<Int>) -> Bool {
    pairs.removeAll(keepingCapacity: true)
    let bySpace = separator == nil && !line.contains { isSeparator(payload[$0]) }
    var start = line.lowerBound
    while start < line.upperBound {
      var end = start
      while end < line.upperBound, !(bySpace ? ByteText.isSpace(payload[end]) : isSeparator(payload[end])) { end += 1 }
      let part = ByteText.trimmed(payload, range: start..<end)
      start = end + 1
      if part.isEmpty { continue }
      guard pairs.count < Self.maximumPairs else { return false }
      guard let mark = part.first(where: { payload[$0] == UInt8(ascii: "=") || payload[$0] == UInt8(ascii: ":") })
      else {
        pairs.removeAll(keepingCapacity: true)
        return false
      }
      pairs.append((bare(part.lowerBound..<mark), bare(mark + 1..<part.upperBound)))
    }
    return !pairs.isEmpty
  }

  private func isSeparator(_ byte: UInt8) -> Bool {
    guard let separator else {
      return byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "&")
    }
    return byte == separator
  }

  /// Returns a range without surrounding white space and quotation marks.
  private func bare(_ range: Range<Int>) -> Range<Int> {
    let trimmed = ByteText.trimmed(payload, range: range)
    guard trimmed.count >= 2, payload[trimmed.lowerBound] == UInt8(ascii: "\""),
      payload[trimmed.upperBound - 1] == UInt8(ascii: "\"")
    else { return trimmed }
    return trimmed.lowerBound + 1..<trimmed.upperBound - 1
  }

  var recordStart: Int { pairs.first?.key.lowerBound ?? 0 }

  func value(at place: Int, outwards: Bool) -> JSONValue {
    for pair in pairs where keys[place].elementsEqual(payload[pair.key]) {
      return JSONValue(kind: pair.value.isEmpty ? .null : .string, range: pair.value)
    }
    return JSONValue()
  }

  func memberName(level: Int) -> JSONValue { JSONValue() }
  func tag(_ name: String) -> JSONValue { JSONValue() }

  func bytes(_ range: Range<Int>, body: (UnsafeRawBufferPointer) -> Void) {
    body(ByteText.slice(payload, range: range))
  }

  func forEachLeaf(_ body: (UnsafeRawBufferPointer, JSONValue) -> Void) {
    for pair in pairs where !pair.value.isEmpty {
      // Texts are not values unless the rule lists them.
      guard DecimalNumber.prefix(of: ByteText.slice(payload, range: pair.value)) != nil else { continue }
      body(ByteText.slice(payload, range: pair.key), JSONValue(kind: .string, range: pair.value))
    }
  }
}
