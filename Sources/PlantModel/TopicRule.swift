/// How the messages of one form of topic become readings: one entry of a plant file's `topics`.
public struct TopicRule: Hashable, Sendable {
  /// How a payload is read.
  public enum PayloadFormat: String, Sendable, CaseIterable {
    /// By its first character: a number, a switch word, JSON, or comma separated numbers.
    case auto
    /// One number or switch word.
    case number
    /// A JSON value.
    case json
    /// Numbers separated by commas.
    case csv
    /// InfluxDB line protocol.
    case line
  }

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
    /// Name of the sensor before ``TopicRule/rename``; may hold `{placeholders}` of the topic.
    public var name: String
    /// Where it stands: a JSON pointer, a column number from 0, or a field of line protocol.
    public var path: String

    /// A value by its name and place.
    public init(name: String, path: String) {
      self.name = name
      self.path = path
    }
  }

  /// The topic with `{placeholders}` for levels or parts of levels; `{asset}` and `{sensor}` name the series.
  public var match: String
  /// How the payload is read.
  public var payload: PayloadFormat
  /// The asset where the topic does not name it.
  public var asset: String?
  /// The sensor where neither the topic nor `values` names it.
  public var sensor: String?
  /// Where the reading's time stands in the payload; `nil` for the usual places, then the receive time.
  public var time: String?
  /// The unit of a numeric time.
  public var timeUnit: TimeUnit
  /// The values to take; empty for the payload's only one.
  public var values: [Value]
  /// Factor by value name, applied before the unit.
  public var scale: [String: Double]
  /// Summand by value name, applied after the factor.
  public var offset: [String: Double]
  /// New name by value name.
  public var rename: [String: String]
  /// What to do with retained messages.
  public var retained: Retained

  /// A rule for a form of topic.
  public init(
    match: String, payload: PayloadFormat = .auto, asset: String? = nil, sensor: String? = nil, time: String? = nil,
    timeUnit: TimeUnit = .auto, values: [Value] = [], scale: [String: Double] = [:], offset: [String: Double] = [:],
    rename: [String: String] = [:], retained: Retained = .ignore
  ) {
    self.match = match
    self.payload = payload
    self.asset = asset
    self.sensor = sensor
    self.time = time
    self.timeUnit = timeUnit
    self.values = values
    self.scale = scale
    self.offset = offset
    self.rename = rename
    self.retained = retained
  }
}
