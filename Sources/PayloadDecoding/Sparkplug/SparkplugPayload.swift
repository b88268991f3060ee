/// The payload of a Sparkplug B message, a Protocol Buffers message (Eclipse Sparkplug 3.0.0, section 6.4.1).
///
/// Nothing is copied: names and texts are ranges of the payload, and metrics are parsed one after another on request.
/// Unused fields and extensions are skipped. If a field occurs twice, the last counts, as in Protocol Buffers.
struct SparkplugPayload {
  /// Maximum number of metrics of a message.
  static let maximumMetrics = 100_000

  let bytes: UnsafeRawBufferPointer
  /// Time of publication [ms since 1970].
  private(set) var timestamp: UInt64?
  /// Number of the message within its session [0...255].
  private(set) var sequence: UInt64?
  private(set) var metricCount = 0
  /// Whether there is a body, which holds publisher-specific data in place of metrics.
  private(set) var hasBody = false

  /// Validates the whole payload once, so that its metrics need no further check.
  init(_ bytes: UnsafeRawBufferPointer) throws(RefusalReason) {
    self.bytes = bytes
    var reader = ProtobufReader(bytes)
    while let field = reader.next() {
      switch (field.number, field.value) {
      case (1, .varint(let value)): timestamp = value
      case (2, .bytes(let range)):
        metricCount += 1
        guard metricCount <= SparkplugPayload.maximumMetrics else { throw .tooLarge }
        guard SparkplugMetric(bytes, range: range) != nil else { throw .malformedProtobuf }
      case (3, .varint(let value)): sequence = value
      case (5, .bytes): hasBody = true
      default: break
      }
    }
    if reader.isMalformed { throw .malformedProtobuf }
  }

  /// The metrics in order.
  var metrics: Metrics { Metrics(bytes: bytes, reader: ProtobufReader(bytes)) }

  /// An iterator over the metrics.
  struct Metrics: Sequence, IteratorProtocol {
    let bytes: UnsafeRawBufferPointer
    var reader: ProtobufReader

    mutating func next() -> SparkplugMetric? {
      while let field = reader.next() {
        if field.number == 2, case .bytes(let range) = field.value { return SparkplugMetric(bytes, range: range) }
      }
      return nil
    }
  }
}

/// One metric of a payload; texts are ranges of the payload's bytes.
struct SparkplugMetric {
  /// The encoded value, before the metric's type is applied.
  enum Value: Equatable {
    case none
    case int(UInt32)
    case long(UInt64)
    case float(Float)
    case double(Double)
    case bool(Bool)
    case string(Range<Int>)
    case bytes
    case dataSet
    case template
    /// An extension.
    case other
  }

  /// Name; `nil` if it is absent or empty.
  private(set) var name: Range<Int>?
  private(set) var alias: UInt64?
  /// Time of capture [ms since 1970].
  private(set) var timestamp: UInt64?
  /// Type, if the message states it.
  private(set) var type: SparkplugType?
  private(set) var isHistorical = false
  private(set) var isTransient = false
  private(set) var isNull = false
  private(set) var value = Value.none
  private(set) var properties = SparkplugProperties()

  /// Parses a metric; `nil` if the bytes of `range` are malformed.
  init?(_ bytes: UnsafeRawBufferPointer, range: Range<Int>) {
    var reader = ProtobufReader(bytes, range: range)
    while let field = reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let range)): name = range.isEmpty ? nil : range
      case (2, .varint(let value)): alias = value
      case (3, .varint(let value)): timestamp = value
      case (4, .varint(let value)): type = SparkplugType(number: value)
      case (5, .varint(let value)): isHistorical = value != 0
      case (6, .varint(let value)): isTransient = value != 0
      case (7, .varint(let value)): isNull = value != 0
      case (9, .bytes(let range)):
        guard properties.read(bytes, range: range) else { return nil }
      case (10, .varint(let number)): value = .int(UInt32(truncatingIfNeeded: number))
      case (11, .varint(let number)): value = .long(number)
      case (12, .fixed32(let bits)): value = .float(Float(bitPattern: bits))
      case (13, .fixed64(let bits)): value = .double(Double(bitPattern: bits))
      case (14, .varint(let number)): value = .bool(number != 0)
      case (15, .bytes(let range)): value = .string(range)
      case (16, .bytes): value = .bytes
      case (17, .bytes): value = .dataSet
      case (18, .bytes): value = .template
      case (19, .bytes): value = .other
      default: break
      }
    }
    if reader.isMalformed { return nil }
  }
}

/// The properties of a metric that are used: its unit and the quality of its value.
struct SparkplugProperties: Equatable {
  /// Value of the `Quality` property (Eclipse Sparkplug 3.0.0, section 6.4.10).
  enum Quality: Equatable {
    case good
    case bad
    case stale
  }

  /// Unit, as a range of the payload.
  private(set) var unit: Range<Int>?
  /// Quality; good if there is no such property.
  private(set) var quality = Quality.good

  /// Names of a unit's property, in lower case. The specification defines none; publishers use these.
  private static let unitNames: [StaticString] = [
    "engunit", "engunits", "engineeringunit", "engineeringunits", "unit", "units",
  ]

  /// Parses a property set: a list of keys and a list of values. Returns `false` if it is malformed. Nested sets are
  /// ignored.
  mutating func read(_ bytes: UnsafeRawBufferPointer, range: Range<Int>) -> Bool {
    var unitAt = -1
    var qualityAt = -1
    var position = 0
    var reader = ProtobufReader(bytes, range: range)
    while let field = reader.next() {
      guard field.number == 1, case .bytes(let range) = field.value else { continue }
      let key = ByteText.slice(bytes, start: range.lowerBound, end: range.upperBound)
      if unitAt < 0, SparkplugProperties.unitNames.contains(where: { ByteText.equals(key, word: $0) }) {
        unitAt = position
      }
      if qualityAt < 0, ByteText.equals(key, word: "quality") { qualityAt = position }
      position += 1
    }
    if reader.isMalformed { return false }
    if unitAt < 0, qualityAt < 0 { return true }
    position = 0
    reader = ProtobufReader(bytes, range: range)
    while let field = reader.next() {
      guard field.number == 2, case .bytes(let range) = field.value else { continue }
      if position == unitAt || position == qualityAt, !readProperties(bytes, range: range, isUnit: position == unitAt) {
        return false
      }
      position += 1
    }
    return true
  }

  private mutating func readProperties(_ bytes: UnsafeRawBufferPointer, range: Range<Int>, isUnit: Bool) -> Bool {
    var number: UInt64?
    var text: Range<Int>?
    var isNull = false
    var reader = ProtobufReader(bytes, range: range)
    while let field = reader.next() {
      switch (field.number, field.value) {
      case (2, .varint(let value)): isNull = value != 0
      case (3, .varint(let value)), (4, .varint(let value)): number = value
      case (8, .bytes(let range)): text = range
      default: break
      }
    }
    if reader.isMalformed { return false }
    if isNull { return true }
    if isUnit {
      if let text, !text.isEmpty { unit = text }
    } else if let number {
      quality = SparkplugProperties.quality(number)
    }
    return true
  }

  /// Returns the quality of a code: 192 is good, 500 stale and 0 bad. Codes 193 to 255, used by OPC servers, are good
  /// too.
  private static func quality(_ code: UInt64) -> Quality {
    switch code {
    case 192...255: .good
    case 500: .stale
    default: .bad
    }
  }
}
