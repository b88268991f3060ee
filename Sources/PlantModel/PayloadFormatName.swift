/// The name of a payload format, as `payload:` in a plant file has it. The formats themselves are in `PayloadDecoding`,
/// each of which declares its name beside its code.
public struct PayloadFormatName: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  /// The word in the plant file.
  public var rawValue: String

  /// The name with a given word.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// The name with a given word.
  public init(stringLiteral value: String) { rawValue = value }

  /// The word in the plant file.
  public var description: String { rawValue }

  /// By the payload's first character; see `AutoFormat`.
  public static let auto: PayloadFormatName = "auto"
  /// One number or switch word.
  public static let number: PayloadFormatName = "number"
  /// A JSON document, or several.
  public static let json: PayloadFormatName = "json"
  /// Rows of columns.
  public static let csv: PayloadFormatName = "csv"
  /// InfluxDB line protocol.
  public static let line: PayloadFormatName = "line"
}
