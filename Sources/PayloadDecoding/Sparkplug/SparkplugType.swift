/// Types of metrics, by their number in Sparkplug B (Eclipse Sparkplug 3.0.0, section 6.4.16).
enum SparkplugType: UInt8, Sendable, CaseIterable {
  /// Not stated, or a number that the specification does not define.
  case unknown = 0
  case int8 = 1
  case int16 = 2
  case int32 = 3
  case int64 = 4
  case uint8 = 5
  case uint16 = 6
  case uint32 = 7
  case uint64 = 8
  case float = 9
  case double = 10
  case boolean = 11
  case string = 12
  case dateTime = 13
  case text = 14
  case uuid = 15
  case dataSet = 16
  case bytes = 17
  case file = 18
  case template = 19
  case propertySet = 20
  case propertySetList = 21
  case int8Array = 22
  case int16Array = 23
  case int32Array = 24
  case int64Array = 25
  case uint8Array = 26
  case uint16Array = 27
  case uint32Array = 28
  case uint64Array = 29
  case floatArray = 30
  case doubleArray = 31
  case booleanArray = 32
  case stringArray = 33
  case dateTimeArray = 34

  /// Creates the type of a number; ``unknown`` if the specification does not define it.
  init(number: UInt64) { self = UInt8(exactly: number).flatMap(SparkplugType.init) ?? .unknown }
}

/// Value of a metric after its type is applied.
enum SparkplugValue: Equatable {
  /// A number. Truth values are 1 and 0; a `DateTime` is in milliseconds since 1970.
  case number(Double)
  /// A text, as a range of the payload.
  case text(Range<Int>)
  /// A value that a reading cannot hold, with the reason.
  case leftOut(SparkplugLeftOut)
}

/// Reason why a metric gave no reading. The raw value is the position in an array of counters.
enum SparkplugLeftOut: Int, Sendable, CaseIterable {
  /// `is_null`, no value, or a number that is not finite.
  case null
  /// The `Quality` property is bad.
  case badQuality
  /// The `Quality` property is stale.
  case stale
  /// A `DataSet`.
  case dataSet
  /// A `Template`.
  case template
  /// `Bytes` or a `File`.
  case binary
  /// An array of any type.
  case array
  /// A `UUID`.
  case uuid
  /// `is_transient`: not intended to be stored.
  case transient
  /// The value has another type than the metric, or exceeds its range.
  case mismatch
  /// An alias that no birth has defined.
  case unknownAlias
  /// Neither alias nor name, an invalid name, or a metric beyond the maximum number.
  case unnamed

  /// Name in counters.
  var name: String {
    switch self {
    case .null: "null"
    case .badQuality: "bad_quality"
    case .stale: "stale"
    case .dataSet: "data_set"
    case .template: "template"
    case .binary: "binary"
    case .array: "array"
    case .uuid: "uuid"
    case .transient: "transient"
    case .mismatch: "mismatch"
    case .unknownAlias: "unknown_alias"
    case .unnamed: "unnamed"
    }
  }
}

extension SparkplugMetric {
  /// Returns the value by the metric's type.
  ///
  /// Integers of up to 32 bits are in `int_value` and those of 64 in `long_value`, negative ones as two's complement.
  /// Some publishers sign-extend an `Int8` or `Int16` and others do not; some put a `UInt32` in `long_value`. All of
  /// these are accepted. An integer that its type cannot hold, or whose sign no type determines, is left out.
  ///
  /// Example: -5 as `Int8` is 251 (8 bits) or 4,294,967,291 (32 bits).
  func value(as type: SparkplugType) -> SparkplugValue {
    if isNull { return .leftOut(.null) }
    switch type {
    case .dataSet: return .leftOut(.dataSet)
    case .template: return .leftOut(.template)
    case .bytes, .file: return .leftOut(.binary)
    case .uuid: return .leftOut(.uuid)
    case .propertySet, .propertySetList: return .leftOut(.mismatch)
    case _ where type.rawValue >= SparkplugType.int8Array.rawValue: return .leftOut(.array)
    default: break
    }
    switch value {
    case .none: return .leftOut(.null)
    case .int(let value): return SparkplugMetric.integer(UInt64(value), isLong: false, as: type)
    case .long(let value): return SparkplugMetric.integer(value, isLong: true, as: type)
    case .float(let value): return SparkplugMetric.real(Double(value), as: type)
    case .double(let value): return SparkplugMetric.real(value, as: type)
    case .bool(let value):
      return type == .boolean || type == .unknown ? .number(value ? 1 : 0) : .leftOut(.mismatch)
    case .string(let range):
      return type == .string || type == .text || type == .unknown ? .text(range) : .leftOut(.mismatch)
    case .bytes: return .leftOut(.binary)
    case .dataSet: return .leftOut(.dataSet)
    case .template: return .leftOut(.template)
    case .other: return .leftOut(.mismatch)
    }
  }

  private static func real(_ value: Double, as type: SparkplugType) -> SparkplugValue {
    switch type {
    case .float, .double, .unknown: value.isFinite ? .number(value) : .leftOut(.null)
    default: .leftOut(.mismatch)
    }
  }

  private static func integer(_ value: UInt64, isLong: Bool, as type: SparkplugType) -> SparkplugValue {
    switch type {
    case .int8: signed(value, isLong: isLong, bits: 8)
    case .int16: signed(value, isLong: isLong, bits: 16)
    case .int32: signed(value, isLong: isLong, bits: 32)
    case .int64: .number(isLong ? Double(Int64(bitPattern: value)) : Double(value))
    case .uint8: unsigned(value, bits: 8)
    case .uint16: unsigned(value, bits: 16)
    case .uint32: unsigned(value, bits: 32)
    case .uint64, .dateTime, .float, .double: .number(Double(value))
    case .boolean: value <= 1 ? .number(Double(value)) : .leftOut(.mismatch)
    default: .leftOut(.mismatch)
    }
  }

  private static func unsigned(_ value: UInt64, bits: UInt64) -> SparkplugValue {
    value >> bits == 0 ? .number(Double(value)) : .leftOut(.mismatch)
  }

  /// Decodes two's complement of the type's own width, or sign-extended to 32 or 64 bits.
  ///
  /// - Parameters:
  ///   - value: the encoded value.
  ///   - isLong: whether it is from `long_value`.
  ///   - bits: width of the type: 8, 16 or 32.
  private static func signed(_ value: UInt64, isLong: Bool, bits: UInt64) -> SparkplugValue {
    if value >> bits == 0 {
      let shift = 64 - bits
      return .number(Double(Int64(bitPattern: value << shift) >> Int64(shift)))
    }
    let extended =
      !isLong || value >> 32 == 0
      ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    let bound = Int64(1) << Int64(bits - 1)
    return (-bound..<0).contains(extended) ? .number(Double(extended)) : .leftOut(.mismatch)
  }
}
