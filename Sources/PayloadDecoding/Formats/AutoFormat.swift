import PlantModel

/// The format chosen by the payload. The first character decides on JSON. Otherwise the payload is read as columns if
/// the rule's places are columns and the separator occurs, else as one number or word.
enum AutoFormat: PayloadFormat {
  static let name = PayloadFormatName.auto
  static let summary = "a number, a word, JSON or columns, by the first character"
  static let examplePlace = "\"/ENERGY/Power\" or 0"
  static let hasRecords = true

  static func mistake(inPlace place: String) -> String? { JSONFormat.mistake(inPlace: place) }

  static func reader(for plan: ReadingPlan) -> PayloadReader { AutoReader(plan) }
}

private final class AutoReader: PayloadReader {
  private let json: PayloadReader
  private let columns: PayloadReader?
  private let number: PayloadReader
  private let separator: UInt8
  private let unretainedJSON: Unmanaged<PayloadReader>
  private let unretainedNumber: Unmanaged<PayloadReader>

  override init(_ plan: ReadingPlan) {
    json = JSONFormat.reader(for: plan)
    number = NumberFormat.reader(for: plan)
    let areColumns = !plan.rule.values.isEmpty && plan.rule.values.allSatisfy { ColumnFormat.column($0.path) != nil }
    columns = areColumns ? ColumnFormat.reader(for: plan) : nil
    separator = ColumnFormat.separator(of: plan.rule)
    unretainedJSON = Unmanaged.passUnretained(json)
    unretainedNumber = Unmanaged.passUnretained(number)
    super.init(plan)
  }

  override func read(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    // This reader keeps the unretained readers alive.
    unretained(of: payload)._withUnsafeGuaranteedRef { $0.read(payload, into: &scope) }
  }

  private func unretained(of payload: UnsafeRawBufferPointer) -> Unmanaged<PayloadReader> {
    switch payload[0] {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""): return unretainedJSON
    default: return columns == nil ? unretainedNumber : Unmanaged.passUnretained(reader(of: payload))
    }
  }

  private func reader(of payload: UnsafeRawBufferPointer) -> PayloadReader {
    switch payload[0] {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""): return json
    default:
      if let columns, payload.contains(separator) { return columns }
      return number
    }
  }

  override func places(in payload: UnsafeRawBufferPointer) -> [String] { reader(of: payload).places(in: payload) }
}
