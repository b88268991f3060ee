import PlantModel

/// The names in a topic.
final class TopicNames: Sendable {
  /// The asset, where topic or rule say it without the payload; the topic's goes before a line's tag, the rule's after it.
  let asset: String?
  let assetIsFromTopic: Bool
  let sensor: String?
  /// What the topic's placeholders stand for.
  private let captures: [(name: String, text: String)]
  /// What the rule makes of asset and sensor.
  private let made: [(name: String, text: String)]

  init(captures: [(name: String, text: String)], rule: TopicRule) {
    self.captures = captures
    func fixed(_ text: String?) -> String? {
      text.flatMap { TextSource.isOfRecord($0) ? nil : TopicNames.substituted($0, captures) }
    }
    let fromTopic = captures.first { $0.name == "asset" }?.text
    // A rule that says what the asset is made of means it, whatever the topic's placeholder is called.
    let isMade = rule.asset.map { $0.contains("{") || $0.hasPrefix("/") } ?? false
    let own = isMade ? fixed(rule.asset) : fromTopic ?? fixed(rule.asset)
    asset = own.map { rule.rename[$0] ?? $0 }
    assetIsFromTopic = fromTopic != nil && !isMade
    sensor = captures.first { $0.name == "sensor" }?.text ?? fixed(rule.sensor)
    // `{asset}` and `{sensor}` in names stand for what the rule makes of them, where the topic has no such placeholder.
    let known = captures.map(\.name)
    made = [("asset", asset), ("sensor", sensor)].compactMap { name, text in
      known.contains(name) ? nil : text.map { (name: name, text: $0) }
    }
  }

  /// What the topic itself calls the sensor.
  var sensorFromTopic: String? { self["sensor"] }

  /// What a placeholder of the topic stands for.
  subscript(name: String) -> String? { captures.first { $0.name == name }?.text }

  /// A text with each `{placeholder}` of the topic replaced by what it stands for.
  func substituted(_ text: String, escapingPointer: Bool = false) -> String {
    TopicNames.substituted(text, captures + made, escapingPointer: escapingPointer)
  }

  /// A text with each `{placeholder}` replaced; those that are not among `captures` stay.
  static func substituted(
    _ text: String, _ captures: [(name: String, text: String)], escapingPointer: Bool = false
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
