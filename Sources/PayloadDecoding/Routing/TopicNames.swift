import PlantModel

/// The names from a topic.
final class TopicNames: Sendable {
  /// The asset, if topic or rule determine it without the payload. In line protocol, the topic's asset takes precedence
  /// over the tag, and the tag over the rule's asset.
  let asset: String?
  let assetIsFromTopic: Bool
  let sensor: String?
  /// Values of the topic's placeholders.
  private let captures: [(name: String, text: String)]
  /// Asset and sensor as determined by the rule.
  private let made: [(name: String, text: String)]

  init(captures: [(name: String, text: String)], rule: TopicRule) {
    self.captures = captures
    func fixed(_ text: String?) -> String? {
      text.flatMap { TextSource.isOfRecord($0) ? nil : TopicNames.substituted($0, captures: captures) }
    }
    let fromTopic = captures.first { $0.name == "asset" }?.text
    // A rule that composes the asset takes precedence over the topic's `{asset}`.
    let isMade = rule.asset.map { $0.contains("{") || $0.hasPrefix("/") } ?? false
    let own = isMade ? fixed(rule.asset) : fromTopic ?? fixed(rule.asset)
    asset = own.map { rule.rename[$0] ?? $0 }
    assetIsFromTopic = fromTopic != nil && !isMade
    sensor = captures.first { $0.name == "sensor" }?.text ?? fixed(rule.sensor)
    // Without such topic placeholders, `{asset}` and `{sensor}` in names stand for the rule's results.
    let known = captures.map(\.name)
    made = [("asset", asset), ("sensor", sensor)].compactMap { name, text in
      known.contains(name) ? nil : text.map { (name: name, text: $0) }
    }
  }

  /// The sensor's name in the topic itself.
  var sensorFromTopic: String? { self["sensor"] }

  /// Returns the value of a topic placeholder.
  subscript(name: String) -> String? { captures.first { $0.name == name }?.text }

  /// Returns a text with each `{placeholder}` replaced by its value.
  func substituted(_ text: String, escapingPointer: Bool = false) -> String {
    TopicNames.substituted(text, captures: captures + made, escapingPointer: escapingPointer)
  }

  /// Returns a text with each `{placeholder}` in `captures` replaced by its value; others stay.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - captures: names and values of placeholders.
  ///   - escapingPointer: whether to escape `~` and `/` in values for a JSON pointer.
  static func substituted(
    _ text: String, captures: [(name: String, text: String)], escapingPointer: Bool = false
  ) -> String {
    guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      result += rest[..<open]
      rest = rest[open...]
      guard let close = rest.firstIndex(of: "}") else { break }
      let name = rest[rest.index(after: open)..<close]
      if let capture = captures.first(where: { $0.name == name }) {
        result += escapingPointer ? pointerToken(capture.text) : capture.text
      } else {
        result += rest[...close]
      }
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }

  private static func pointerToken(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "~": result += "~0"
      case "/": result += "~1"
      default: result.append(character)
      }
    }
  }
}
