/// Interpretation of the text or number of one value, beyond its place in the payload.
public struct ValueDetail: Hashable, Sendable {
  /// Decimal separator of numbers.
  public enum DecimalMark: String, Sendable, CaseIterable {
    /// `1,234.5`: the point is the decimal mark.
    case point = "."
    /// `1.234,5`: the comma is the decimal mark, and points separate thousands.
    case comma = ","
  }

  /// Encoding of a number in a text.
  public enum Encoding: String, Sendable, CaseIterable {
    /// Hexadecimal digits, most significant first, two's complement: `FFFB` is −5.
    case hexadecimal = "hex"
    /// Bytes in Base64 (RFC 4648), most significant first, two's complement.
    case base64
    /// JSON inside the text; the value's pointer continues inside it.
    case json
  }

  /// Unit of the number after factor and summand; `nil` for the sensor's own.
  public var unit: Unit?
  /// Place of the number's unit in the payload. ``unit`` applies to records without it.
  public var unitPlace: String?
  /// Factor; `nil` for the rule's factor by name, else 1.
  public var scale: Double?
  /// Summand after the factor; `nil` for the rule's summand by name, else 0.
  public var offset: Double?
  /// Place of a power of ten that multiplies the number, like the scale factors of SunSpec: −3 turns 12345 into 12.345.
  public var scalePlace: String?
  /// Numbers by word; other words are refused. If empty, the usual words of switches apply.
  public var words: [String: Double]
  /// Decimal mark of texts.
  public var decimal: DecimalMark
  /// Encoding of the number in a text; `nil` for plain digits.
  public var encoding: Encoding?
  /// Width of the two's complement [bit], 1...64; `nil` for the length of the text.
  public var bits: Int?

  /// Creates an interpretation; by default a plain number in the sensor's own unit. The parameters are the properties
  /// of the same names.
  public init(
    unit: Unit? = nil, unitPlace: String? = nil, scale: Double? = nil, offset: Double? = nil, scalePlace: String? = nil,
    words: [String: Double] = [:], decimal: DecimalMark = .point, encoding: Encoding? = nil, bits: Int? = nil
  ) {
    self.unit = unit
    self.unitPlace = unitPlace
    self.scale = scale
    self.offset = offset
    self.scalePlace = scalePlace
    self.words = words
    self.decimal = decimal
    self.encoding = encoding
    self.bits = bits
  }
}
