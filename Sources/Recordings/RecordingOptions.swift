/// What a person tells of a recording that it does not tell itself. Everything may be left out; what is needed and cannot
/// be told from the file is asked for by a ``RecordingError/Question``.
public struct RecordingOptions: Sendable {
  /// What ends a cell: a comma, semicolon, tabulator or pipe.
  public var delimiter: Delimiter?
  /// The decimal mark of numbers.
  public var decimal: DecimalMark?
  /// How dates like `03/04/2025` are meant.
  public var dates: DateOrder?
  /// The zone of times without an offset, by its IANA name; UTC unless told.
  public var zone: String?
  /// The heading of the column of times.
  public var time: String?
  /// Units of columns by heading, such as `kWh`; that of `""` is of every column that tells none.
  public var units: [String: String] = [:]
  /// Whether rows need a time; tables of cycles have none.
  public var needsTimes = true

  /// Nothing told.
  public init() {}
}

/// What ends a cell.
public enum Delimiter: String, Sendable, CaseIterable {
  case comma, semicolon, tab, pipe

  /// Its character.
  var byte: UInt8 {
    switch self {
    case .comma: UInt8(ascii: ",")
    case .semicolon: UInt8(ascii: ";")
    case .tab: 9
    case .pipe: UInt8(ascii: "|")
    }
  }
}
