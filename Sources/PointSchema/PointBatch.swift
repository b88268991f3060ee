public import PlantModel
public import WattlineTime

/// Subject of a point. It determines which of the tags plant, asset, sensor and unit the point has.
public enum Subject: Hashable, Sendable {
  /// The process as a whole: none of the four tags.
  case process
  /// A plant: no asset tag.
  case plant
  /// A single asset.
  case asset(AssetIndex)
  /// A single series.
  case series(SeriesIndex)
  /// Plant-wide series: `asset=_plant` and, unless empty, a `sensor`.
  case wholePlant(sensor: String)
}

/// Identity of a series in the database. It is cheap to make and compare; the sink renders each one once.
public struct PointKey: Hashable, Sendable {
  /// Measurement to which points belong.
  public var measurement: Measurement
  /// Subject of the points.
  public var subject: Subject
  /// Values of ``Measurement/qualifierTags``; unused ones are empty.
  public var qualifiers: (String, String)

  /// Creates the identity of a series in the database.
  ///
  /// - Parameters:
  ///   - measurement: Measurement to which points belong.
  ///   - subject: Subject of the points.
  ///   - first: Value of the first qualifier tag, if there is one.
  ///   - second: Value of the second qualifier tag, if there is one.
  public init(_ measurement: Measurement, _ subject: Subject, _ first: String = "", _ second: String = "") {
    self.measurement = measurement
    self.subject = subject
    self.qualifiers = (first, second)
  }

  /// Returns whether all parts are equal.
  public static func == (a: PointKey, b: PointKey) -> Bool {
    a.measurement == b.measurement && a.subject == b.subject && a.qualifiers == b.qualifiers
  }

  /// Hashes all parts.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(measurement)
    hasher.combine(subject)
    hasher.combine(qualifiers.0)
    hasher.combine(qualifiers.1)
  }
}

/// Value of a field.
public enum FieldValue: Hashable, Sendable {
  /// Floating-point number; NaN and infinities mean absent.
  case float(Double)
  /// 64-bit integer.
  case integer(Int64)
  /// Boolean.
  case boolean(Bool)
  /// Text.
  case text(String)
}

extension FieldValue {
  /// Type of the value.
  var type: FieldType {
    switch self {
    case .float: .float
    case .integer: .integer
    case .boolean: .boolean
    case .text: .text
    }
  }
}

/// Field of a point.
public struct Field: Hashable, Sendable {
  /// Name of the field.
  public var name: String
  /// Value of the field.
  public var value: FieldValue

  /// Creates a field.
  public init(_ name: String, _ value: FieldValue) {
    self.name = name
    self.value = value
  }
}

/// Points of one plant in flat arrays, except `raw` and `clean`, which are rendered from a ``ReadingBatch``.
///
/// Usage: ``begin(_:at:)``, then one call per field. Fields that are NaN or infinite are left out; a point without
/// fields is not written.
public struct PointBatch: Sendable {
  /// Identity and time of a point, and the range of its fields.
  public struct Entry: Sendable {
    /// Series of the point.
    public var key: PointKey
    /// Time of the point.
    public var time: Timestamp
    /// Range of its fields in ``PointBatch/fields``.
    public var fields: Range<Int>
  }

  /// One entry per point.
  public private(set) var entries: [Entry] = []
  /// Fields of all points, one point after the other.
  public private(set) var fields: [Field] = []

  /// Creates an empty batch.
  public init() {}

  /// Number of points, including those without fields.
  public var count: Int { entries.count }

  /// Whether the batch has no points.
  public var isEmpty: Bool { entries.isEmpty }

  /// Starts a point, to which the following fields are added.
  public mutating func begin(_ key: PointKey, at time: Timestamp) {
    entries.append(Entry(key: key, time: time, fields: fields.count..<fields.count))
  }

  /// Adds a floating-point field to the current point; NaN, infinities and `nil` are skipped.
  public mutating func field(_ key: FieldKey<Double>, _ value: Double?) {
    if let value, value.isFinite { appendDeclared(Field(key.name, .float(value))) }
  }

  /// Adds an integer field to the current point.
  public mutating func field(_ key: FieldKey<Int64>, integer value: Int64) {
    appendDeclared(Field(key.name, .integer(value)))
  }

  /// Adds a boolean field to the current point.
  public mutating func field(_ key: FieldKey<Bool>, boolean value: Bool) {
    appendDeclared(Field(key.name, .boolean(value)))
  }

  /// Adds a text field to the current point.
  public mutating func field(_ key: FieldKey<String>, text value: String) {
    appendDeclared(Field(key.name, .text(value)))
  }

  /// Returns a floating-point field of a point; `nil` if the point lacks it.
  public func value(of key: FieldKey<Double>, in entry: Entry) -> Double? {
    for field in fields[entry.fields] where field.name == key.name {
      if case .float(let value) = field.value { return value }
    }
    return nil
  }

  /// Empties the batch and keeps its memory.
  public mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    fields.removeAll(keepingCapacity: true)
  }

  /// Adds a field that the point's measurement declares. Debug builds check that it does.
  private mutating func appendDeclared(_ field: Field) {
    assert(
      entries.last.map { $0.key.measurement.declares(field) } ?? true,
      "\(entries.last?.key.measurement.name ?? "") does not declare \(field)")
    append(field)
  }

  /// Adds a field of any name.
  mutating func append(_ field: Field) {
    guard let last = entries.indices.last else { return }
    fields.append(field)
    entries[last].fields = entries[last].fields.lowerBound..<fields.count
  }
}
