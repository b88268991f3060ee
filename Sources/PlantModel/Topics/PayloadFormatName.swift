/// Name of a payload format, as in `payload:` of a plant file.
///
/// The formats are in `PayloadDecoding`; each declares its name beside its code.
public struct PayloadFormatName: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  /// Word in the plant file.
  public var rawValue: String

  /// Creates the name from its word.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// Creates the name from its word.
  public init(stringLiteral value: String) { rawValue = value }

  /// Word in the plant file.
  public var description: String { rawValue }

  /// Format detected from the payload's first character; see `AutoFormat`.
  public static let auto: PayloadFormatName = "auto"
  /// A single number or switch word.
  public static let number: PayloadFormatName = "number"
  /// One JSON document, or several.
  public static let json: PayloadFormatName = "json"
  /// Rows of separated columns.
  public static let csv: PayloadFormatName = "csv"
  /// InfluxDB line protocol.
  public static let line: PayloadFormatName = "line"
}
