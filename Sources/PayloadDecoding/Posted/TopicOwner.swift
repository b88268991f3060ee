public import PlantModel

/// Finds the plant to which a topic belongs.
public struct TopicOwner: Sendable {
  /// The effect of a message's topic on its plant.
  public enum Use: Sendable, Equatable {
    /// It may have readings.
    case readings
    /// It is an instruction to Wattline about a subject, such as the confirmation of a command about `commands`.
    case instruction(subject: String)
  }

  private let patterns: [(plant: String, pattern: TopicPattern)]
  private let names: Set<String>

  /// Creates the owner of the topics of some plants.
  public init(plants: [Plant]) {
    names = Set(plants.map(\.name))
    patterns = plants.flatMap { plant in
      plant.topics.flatMap { rule in
        SparkplugTopic.matches(of: rule).compactMap { match in
          (try? TopicPattern(match)).map { (plant.name, $0) }
        }
      }
    }
  }

  /// Returns the plant of a topic, and what its messages do; `nil` if no plant reads it.
  public func owner(of topic: String) -> (plant: String, use: Use)? {
    var topic = topic
    return topic.withUTF8 { text -> (plant: String, use: Use)? in
      let bytes = UnsafeRawBufferPointer(text)
      if let address = InstructionMessage.address(of: bytes), names.contains(address.plant) {
        return (address.plant, .instruction(subject: address.subject))
      }
      return patterns.first { $0.pattern.captures(in: bytes) != nil }.map { ($0.plant, .readings) }
    }
  }
}
