/// What a point is about: it decides which of the tags plant, asset, sensor and unit the point carries.
public enum Subject: Hashable, Sendable {
  /// The process as a whole: none of the four.
  case process
  /// A plant, no asset tag.
  case plant
  /// An asset.
  case asset(AssetIndex)
  /// A series.
  case series(SeriesIndex)
  /// A plant-wide series: `asset=_plant` and, unless empty, a `sensor`.
  case wholePlant(sensor: String)
}

/// The identity of a series in the database, cheap to make and to compare; the sink renders each one once.
public struct PointKey: Hashable, Sendable {
  /// The measurement.
  public var measurement: Measurement
  /// What the point is about.
  public var subject: Subject
  /// Values of ``Measurement/qualifierTags``; the first, and a second where there are two.
  public var qualifiers: (String, String)

  /// The identity of a series in the database.
  public init(_ measurement: Measurement, _ subject: Subject, _ first: String = "", _ second: String = "") {
    self.measurement = measurement
    self.subject = subject
    self.qualifiers = (first, second)
  }

  /// Equal in all parts.
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

/// The value of a field.
public enum FieldValue: Hashable, Sendable {
  /// A float; not finite means absent.
  case float(Double)
  /// A 64-bit integer.
  case integer(Int64)
  /// True or false.
  case boolean(Bool)
  /// Text.
  case text(String)
}

/// One field of a point.
public struct Field: Hashable, Sendable {
  /// The field's name.
  public var name: String
  /// Its value.
  public var value: FieldValue

  /// A field.
  public init(_ name: String, _ value: FieldValue) {
    self.name = name
    self.value = value
  }
}

/// Points of one plant other than `raw` and `clean` (those are rendered from a ``ReadingBatch``), in flat arrays.
///
/// Usage: ``begin(_:at:)``, then one call a field. A field that is NaN or infinite is left out; a point left without
/// fields is not written.
public struct PointBatch: Sendable {
  /// Where a point's fields lie in ``fields``, whose series it belongs to and when.
  public struct Entry: Sendable {
    /// The series.
    public var key: PointKey
    /// The point's time.
    public var time: Timestamp
    /// Its part of ``PointBatch/fields``.
    public var fields: Range<Int>
  }

  /// One entry a point.
  public private(set) var entries: [Entry] = []
  /// The fields of all points, one point after the other.
  public private(set) var fields: [Field] = []

  /// An empty batch.
  public init() {}

  /// How many points, those without fields included.
  public var count: Int { entries.count }

  /// Whether there are none.
  public var isEmpty: Bool { entries.isEmpty }

  /// Starts a point; fields follow.
  public mutating func begin(_ key: PointKey, at time: Timestamp) {
    entries.append(Entry(key: key, time: time, fields: fields.count..<fields.count))
  }

  /// Adds a float to the point that was begun last; nothing if it is NaN, infinite or `nil`.
  public mutating func field(_ name: String, _ value: Double?) {
    if let value, value.isFinite { append(Field(name, .float(value))) }
  }

  /// Adds an integer to the point that was begun last.
  public mutating func field(_ name: String, integer value: Int64) { append(Field(name, .integer(value))) }

  /// Adds a boolean to the point that was begun last.
  public mutating func field(_ name: String, boolean value: Bool) { append(Field(name, .boolean(value))) }

  /// Adds text to the point that was begun last.
  public mutating func field(_ name: String, text value: String) { append(Field(name, .text(value))) }

  /// Empties the batch and keeps its memory.
  public mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    fields.removeAll(keepingCapacity: true)
  }

  private mutating func append(_ field: Field) {
    guard let last = entries.indices.last else { return }
    fields.append(field)
    entries[last].fields = entries[last].fields.lowerBound..<fields.count
  }
}
