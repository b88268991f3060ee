/// Settings of a recording that its file may leave undecided.
///
/// All are optional. If a needed one can be derived from neither the file nor the options, a
/// ``RecordingError/Question`` names it.
public struct RecordingOptions: Sendable {
  /// Character that separates cells.
  public var delimiter: Delimiter?
  /// Decimal mark of numbers.
  public var decimal: DecimalMark?
  /// Order of day and month in dates like `03/04/2025`.
  public var dates: DateOrder?
  /// Time zone of times without an offset, as an IANA name; UTC if `nil`.
  public var zone: String?
  /// Heading of the column of times.
  public var time: String?
  /// Units of columns by heading, such as `kWh`. The unit of `""` applies to every column without one.
  public var units: [String: String] = [:]
  /// Whether rows need a time. Tables of battery cycles have none.
  public var needsTimes = true

  /// Creates options that leave everything to the file.
  public init() {}
}

/// Separator of cells.
public enum Delimiter: String, Sendable, CaseIterable {
  case comma, semicolon, tab, pipe

  /// Byte of the separator.
  var byte: UInt8 {
    switch self {
    case .comma: UInt8(ascii: ",")
    case .semicolon: UInt8(ascii: ";")
    case .tab: 9
    case .pipe: UInt8(ascii: "|")
    }
  }
}
