/// Messages received on one topic.
public struct SurveyedTopic: Sendable, Equatable {
  /// Name of the topic.
  public var name: String
  /// Number of messages.
  public var messages = 0
  /// Number of messages that the broker had retained.
  public var retained = 0
  /// Distinct payloads: the first and the latest ones.
  public var samples: [[UInt8]] = []
  /// Number of payloads too long to be kept as samples.
  public var tooLong = 0

  /// Creates a topic without messages.
  public init(name: String) { self.name = name }
}

/// Topics and sample payloads of a broker, collected message by message within limits. It has no clock and does no I/O.
public struct TopicSurvey: Sendable {
  /// Limits on the collected data.
  public struct Limits: Sendable {
    /// Maximum number of topics.
    public var topics = 20_000
    /// Maximum number of samples a topic, at least 2.
    public var samples = 8
    /// Maximum length of a sample [bytes].
    public var sampleBytes = 1 << 16
    /// Maximum size of all samples [bytes].
    public var totalBytes = 64 << 20

    /// Creates the default limits.
    public init() {}
  }

  /// Topics in the order of their first message.
  public private(set) var topics: [SurveyedTopic] = []
  /// Number of messages, including those of topics beyond the limits.
  public private(set) var messages = 0
  /// Number of messages of topics beyond the limits.
  public private(set) var beyondLimits = 0

  private let limits: Limits
  private var positions: [String: Int] = [:]
  private var bytes = 0

  /// Creates an empty survey.
  public init(limits: Limits = Limits()) { self.limits = limits }

  /// Adds a message. Topics of the broker (`$SYS/…`) and of Wattline itself (`wattline/…`) are ignored.
  ///
  /// - Parameters:
  ///   - topic: Topic of the message.
  ///   - payload: Payload of the message.
  ///   - retained: Whether the broker had retained the message.
  public mutating func add(topic: String, payload: [UInt8], retained: Bool = false) {
    if topic.hasPrefix("$") || topic.hasPrefix("wattline/") { return }
    messages += 1
    guard let position = position(of: topic) else {
      beyondLimits += 1
      return
    }
    topics[position].messages += 1
    if retained { topics[position].retained += 1 }
    guard payload.count <= limits.sampleBytes else {
      topics[position].tooLong += 1
      return
    }
    keep(payload, at: position)
  }

  private mutating func position(of topic: String) -> Int? {
    if let known = positions[topic] { return known }
    guard topics.count < limits.topics else { return nil }
    positions[topic] = topics.count
    topics.append(SurveyedTopic(name: topic))
    return topics.count - 1
  }

  /// Adds a sample. The first half of the samples stays; in the second half, the oldest is replaced.
  private mutating func keep(_ payload: [UInt8], at position: Int) {
    if topics[position].samples.contains(payload) { return }
    if topics[position].samples.count >= max(2, limits.samples) {
      bytes -= topics[position].samples.remove(at: max(2, limits.samples) / 2).count
    }
    guard bytes + payload.count <= limits.totalBytes else { return }
    bytes += payload.count
    topics[position].samples.append(payload)
  }
}
