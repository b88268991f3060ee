/// Rule that turns messages of one form of topic into readings: one entry of a plant file's `topics`.
///
/// **Records.** Without ``each`` the message is a single record. ``each`` names an array or object whose elements are
/// records; an object that directly contains one of the values is a single record.
///
/// **Texts with places.** If ``asset``, ``sensor``, ``unit`` or ``time`` begins with `/`, it is a place in the payload.
/// It is looked up in the record, then in the enclosing levels. Otherwise it is a text with placeholders. They are
/// those of the topic, `{key}` for the name of the nearest member at or around the record, and `{parent}` for the next
/// one. Line protocol adds `{measurement}` and `{tag:NAME}`.
public struct TopicRule: Hashable, Sendable {
  /// Unit of a numeric time.
  public enum TimeUnit: String, Sendable, CaseIterable {
    /// Detected from the magnitude of the number.
    case auto
    /// Seconds.
    case seconds = "s"
    /// Milliseconds.
    case milliseconds = "ms"
    /// Microseconds.
    case microseconds = "us"
    /// Nanoseconds.
    case nanoseconds = "ns"
  }

  /// Treatment of retained messages, which the broker sends on subscribing.
  public enum Retained: String, Sendable, CaseIterable {
    /// Count it, but take no reading from it.
    case ignore
    /// Treat it like any other message.
    case accept
  }

  /// Value to be extracted from a payload.
  public struct Value: Hashable, Sendable {
    /// Name of the sensor before ``TopicRule/rename``. It may contain placeholders, and begin with a declared asset and
    /// a dot.
    public var name: String
    /// Place: a JSON pointer, a column number from 0, a key, or a field of line protocol.
    public var path: String
    /// Interpretation of the text or number.
    public var detail: ValueDetail

    /// Creates a value.
    ///
    /// - Parameters:
    ///   - name: Name of the sensor before ``TopicRule/rename``.
    ///   - path: Place in the payload.
    ///   - detail: Interpretation of the text or number.
    public init(name: String, path: String, detail: ValueDetail = ValueDetail()) {
      self.name = name
      self.path = path
      self.detail = detail
    }
  }

  /// Condition on records: the text at a place is one of several.
  public struct Condition: Hashable, Sendable {
    /// Place, looked up in the record, then in the enclosing levels.
    public var path: String
    /// Accepted texts. Numbers and booleans are compared as written.
    public var texts: [String]
    /// Whether an absent or `null` value is also accepted.
    public var allowsAbsent: Bool

    /// Creates a condition.
    ///
    /// - Parameters:
    ///   - path: Place in the record or the enclosing levels.
    ///   - texts: Accepted texts.
    ///   - allowsAbsent: Whether an absent or `null` value is also accepted.
    public init(path: String, texts: [String], allowsAbsent: Bool = false) {
      self.path = path
      self.texts = texts
      self.allowsAbsent = allowsAbsent
    }
  }

  /// Topic with `{placeholders}` for levels or parts of levels; `{asset}` and `{sensor}` name the series.
  public var match: String
  /// Format of the payload.
  public var payload: PayloadFormatName
  /// Array or object whose elements are records; `nil` if the message is a single record.
  public var each: String?
  /// Conditions that a record must all meet; other records go to the next matching rule.
  public var conditions: [Condition]
  /// Asset if the topic does not name it.
  public var asset: String?
  /// Sensor if neither the topic nor `values` names it.
  public var sensor: String?
  /// Unit, if the payload names it.
  public var unit: String?
  /// Place of the reading's time in the payload; `nil` for the usual places, then the receive time.
  public var time: String?
  /// Unit of a numeric time.
  public var timeUnit: TimeUnit
  /// Format of the time in the letters of `strptime`; `nil` for the built-in formats.
  public var timeFormat: String?
  /// Values to extract; empty for the payload's only one.
  public var values: [Value]
  /// Interpretation of values that are not listed.
  public var detail: ValueDetail
  /// Factor by value name, applied before the unit.
  public var scale: [String: Double]
  /// Summand by value name, applied after the factor.
  public var offset: [String: Double]
  /// Prefix removed from names in payloads, before `rename`.
  public var strip: String?
  /// New names by the name of a value, or of an asset named in the payload.
  public var rename: [String: String]
  /// Separator of columns or pairs; `nil` for the default of the format.
  public var separator: String?
  /// Treatment of retained messages.
  public var retained: Retained

  /// Creates a rule; the parameters are the properties of the same names.
  public init(
    match: String, payload: PayloadFormatName = .auto, each: String? = nil, conditions: [Condition] = [],
    asset: String? = nil, sensor: String? = nil, unit: String? = nil, time: String? = nil, timeUnit: TimeUnit = .auto,
    timeFormat: String? = nil, values: [Value] = [], detail: ValueDetail = ValueDetail(),
    scale: [String: Double] = [:], offset: [String: Double] = [:], strip: String? = nil,
    rename: [String: String] = [:], separator: String? = nil, retained: Retained = .ignore
  ) {
    self.match = match
    self.payload = payload
    self.each = each
    self.conditions = conditions
    self.asset = asset
    self.sensor = sensor
    self.unit = unit
    self.time = time
    self.timeUnit = timeUnit
    self.timeFormat = timeFormat
    self.values = values
    self.detail = detail
    self.scale = scale
    self.offset = offset
    self.strip = strip
    self.rename = rename
    self.separator = separator
    self.retained = retained
  }
}
