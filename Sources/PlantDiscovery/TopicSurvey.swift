/// What was heard of one topic.
public struct SurveyedTopic: Sendable, Equatable {
  /// The topic.
  public var name: String
  /// How many messages came.
  public var messages = 0
  /// How many of them the broker had kept.
  public var retained = 0
  /// Payloads that differ from each other: the first ones and the last ones.
  public var samples: [[UInt8]] = []
  /// How many payloads were too long to be kept as samples.
  public var tooLong = 0

  /// A topic of which nothing was heard yet.
  public init(name: String) { self.name = name }
}

/// What a broker's clients say, gathered message by message within bounds. It has no clock and does no input or output.
public struct TopicSurvey: Sendable {
  /// How much is kept.
  public struct Limits: Sendable {
    /// Most topics.
    public var topics = 20_000
    /// Most samples of a topic, at least 2.
    public var samples = 8
    /// Longest payload that is kept as a sample [bytes].
    public var sampleBytes = 1 << 16
    /// Most bytes of samples in all.
    public var totalBytes = 64 << 20

    /// The usual bounds.
    public init() {}
  }

  /// Topics in the order in which they first came.
  public private(set) var topics: [SurveyedTopic] = []
  /// Messages that came, those of topics beyond the bounds included.
  public private(set) var messages = 0
  /// Messages of topics beyond the bounds.
  public private(set) var beyondLimits = 0

  private let limits: Limits
  private var positions: [String: Int] = [:]
  private var bytes = 0

  /// An empty survey.
  public init(limits: Limits = Limits()) { self.limits = limits }

  /// Takes a message in. Topics of brokers (`$SYS/…`) and of Wattline itself (`wattline/…`) are none of a plant.
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
    keep(payload, position)
  }

  private mutating func position(of topic: String) -> Int? {
    if let known = positions[topic] { return known }
    guard topics.count < limits.topics else { return nil }
    positions[topic] = topics.count
    topics.append(SurveyedTopic(name: topic))
    return topics.count - 1
  }

  /// The first half of the samples stays; the second half makes room for what comes later.
  private mutating func keep(_ payload: [UInt8], _ position: Int) {
    if topics[position].samples.contains(payload) { return }
    if topics[position].samples.count >= max(2, limits.samples) {
      bytes -= topics[position].samples.remove(at: max(2, limits.samples) / 2).count
    }
    guard bytes + payload.count <= limits.totalBytes else { return }
    bytes += payload.count
    topics[position].samples.append(payload)
  }
}
