/// How the text or number of one value is understood, beyond its place in the payload.
public struct ValueDetail: Hashable, Sendable {
  /// The mark between the whole part and the decimals of a number.
  public enum DecimalMark: String, Sendable, CaseIterable {
    /// `1,234.5`: points are decimal.
    case point = "."
    /// `1.234,5`: commas are decimal, and points stand between thousands.
    case comma = ","
  }

  /// A form in which a text carries a number.
  public enum Encoding: String, Sendable, CaseIterable {
    /// Hexadecimal digits, most significant first, two's complement: `FFFB` is −5.
    case hexadecimal = "hex"
    /// Bytes in Base64 (RFC 4648), most significant first, two's complement.
    case base64
    /// JSON inside the text; pointers go on inside it.
    case json
  }

  /// The unit of the number after factor and summand; `nil` for the sensor's own.
  public var unit: Unit?
  /// Place of the number's unit in the payload, for values whose unit stands apart; ``unit`` is that of a record without.
  public var unitPlace: String?
  /// Factor; `nil` for the rule's by name, else 1.
  public var scale: Double?
  /// Summand after the factor; `nil` for the rule's by name, else 0.
  public var offset: Double?
  /// Place of a power of ten that multiplies the number, as the scale factors of SunSpec: −3 there makes 12345 12.345.
  public var scalePlace: String?
  /// Numbers of words; a word that is not among them is refused. Empty for the usual words of switches.
  public var words: [String: Double]
  /// The decimal mark of texts.
  public var decimal: DecimalMark
  /// The form in which a text carries the number.
  public var encoding: Encoding?
  /// Width of the two's complement [bit], 1...64; `nil` for the length of the text.
  public var bits: Int?

  /// A plain number in the sensor's own unit.
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
