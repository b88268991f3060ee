import PayloadDecoding
import PlantModel
import WattlineTime

/// Reader of `keepalive` in a plant's file: one mapping, or a list of them.
struct KeepaliveReader {
  private let reading: ConfigurationContext
  private let plant: Plant

  /// Creates a reader.
  ///
  /// - Parameters:
  ///   - reading: Collects mistakes.
  ///   - plant: The plant with its topics.
  init(_ reading: ConfigurationContext, plant: Plant) { (self.reading, self.plant) = (reading, plant) }

  /// Returns the valid requests of a node.
  func requests(_ node: YAMLNode) -> [KeepaliveRequest] {
    let nodes: [YAMLNode]
    if case .sequence(let elements) = node.content { nodes = elements } else { nodes = [node] }
    return nodes.compactMap { request(Section($0, name: "keepalive", reading: reading)) }
  }

  private func request(_ section: Section) -> KeepaliveRequest? {
    let topic = section.requiredText("topic", example: "topic: R/c0619ab12345/keepalive")
    var request = KeepaliveRequest(topic: topic ?? "")
    if let text = section.text("every") {
      if let span = TimeSpan(text), (.seconds(5) ... .hour).contains(span) {
        request.every = span
      } else {
        reading.mistake(section.place(of: "every"), "'every' must be a time from 5s to 1h, such as 30s, not '\(text)'")
      }
    }
    request.payload = payload("payload", of: section) ?? ""
    request.first = payload("first", of: section)
    section.finish()
    guard let topic else { return nil }
    if let wrong = mistake(inTopic: topic) {
      reading.mistake(section.place(of: "topic"), wrong)
      return nil
    }
    return request
  }

  private func payload(_ key: String, of section: Section) -> String? {
    guard let text = section.text(key) else { return nil }
    if text.utf8.count <= 4_096 { return text }
    reading.mistake(section.place(of: key), "'\(key)' must be of at most 4096 bytes")
    return nil
  }

  private func mistake(inTopic topic: String) -> String? {
    if topic.contains(where: { "+#{}".contains($0) }) {
      return "'topic' is one topic, without wildcards and placeholders, such as R/c0619ab12345/keepalive"
    }
    if let wrong = Words.mistake(inName: topic) { return "'topic' \(wrong)" }
    if topic.hasPrefix("$") || topic == "wattline" || topic.hasPrefix("wattline/") {
      return "'topic' must not begin with $ or wattline/; name a topic that a device listens on"
    }
    guard let own = try? TopicPattern(topic) else { return "'topic' is no topic; name one such as R/c0619ab/keepalive" }
    for rule in plant.topics {
      if let pattern = try? TopicPattern(rule.match), pattern.covers(own) {
        return "'\(topic)' would come back as readings by '\(rule.match)'; name a topic that the device listens on"
      }
    }
    return nil
  }
}
