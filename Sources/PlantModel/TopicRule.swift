/// How the messages of one form of topic become readings: one entry of a plant file's `topics`.
///
/// **Records.** Without ``each`` the message is one record. ``each`` names an array or object of which every element is a
/// record; an object that has one of the values itself is one record.
///
/// **Texts with places.** ``asset``, ``sensor``, ``unit`` and ``time`` begin with `/` if they are a place in the payload,
/// which is looked for in the record, then in what is around it. Otherwise they are a text with placeholders: those of
/// the topic, `{key}` for the name of the nearest member at or around the record and `{parent}` for the next one, and in
/// line protocol `{measurement}` and `{tag:NAME}`.
public struct TopicRule: Hashable, Sendable {
  /// The unit in which a time without zone or separators is counted.
  public enum TimeUnit: String, Sendable, CaseIterable {
    /// By the size of the number.
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

  /// What to do with a message that the broker kept and sends on subscribing.
  public enum Retained: String, Sendable, CaseIterable {
    /// Count it and take no reading from it.
    case ignore
    /// Treat it as any other.
    case accept
  }

  /// One value taken out of a payload.
  public struct Value: Hashable, Sendable {
    /// Name of the sensor before ``TopicRule/rename``; may hold placeholders, and begin with a declared asset and a dot.
    public var name: String
    /// Where it stands: a JSON pointer, a column number from 0, a key, or a field of line protocol.
    public var path: String
    /// How it is understood.
    public var detail: ValueDetail

    /// A value by its name and place.
    public init(name: String, path: String, detail: ValueDetail = ValueDetail()) {
      self.name = name
      self.path = path
      self.detail = detail
    }
  }

  /// A condition on records: the text at a place is one of several.
  public struct Condition: Hashable, Sendable {
    /// The place, looked for in the record, then outwards.
    public var path: String
    /// The texts of which one must stand there; numbers and truth values are compared as they are written.
    public var texts: [String]
    /// Whether nothing, or `null`, may stand there as well.
    public var allowsAbsent: Bool

    /// A condition by its place and texts.
    public init(path: String, texts: [String], allowsAbsent: Bool = false) {
      self.path = path
      self.texts = texts
      self.allowsAbsent = allowsAbsent
    }
  }

  /// The topic with `{placeholders}` for levels or parts of levels; `{asset}` and `{sensor}` name the series.
  public var match: String
  /// How the payload is read.
  public var payload: PayloadFormatName
  /// The array or object whose elements are records; `nil` where the message is the one record.
  public var each: String?
  /// Conditions that all must hold of a record; other records go on to the next rule that matches.
  public var conditions: [Condition]
  /// The asset where the topic does not name it.
  public var asset: String?
  /// The sensor where neither the topic nor `values` names it.
  public var sensor: String?
  /// The unit where the payload names it.
  public var unit: String?
  /// Where the reading's time stands in the payload; `nil` for the usual places, then the receive time.
  public var time: String?
  /// The unit of a numeric time.
  public var timeUnit: TimeUnit
  /// The form of the time in the letters of `strptime`; `nil` for the forms that are known without.
  public var timeFormat: String?
  /// The values to take; empty for the payload's only one.
  public var values: [Value]
  /// How values are understood that are not listed.
  public var detail: ValueDetail
  /// Factor by value name, applied before the unit.
  public var scale: [String: Double]
  /// Summand by value name, applied after the factor.
  public var offset: [String: Double]
  /// A beginning that names out of payloads lose, before `rename`.
  public var strip: String?
  /// New name by the name of a value, or of an asset that the payload names.
  public var rename: [String: String]
  /// What stands between columns or pairs; `nil` for the format's usual.
  public var separator: String?
  /// What to do with retained messages.
  public var retained: Retained

  /// A rule for a form of topic.
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
