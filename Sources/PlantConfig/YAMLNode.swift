/// A place in a file; line and column from 1.
struct Mark: Hashable {
  var line: Int
  var column: Int
}

/// YAML as a tree in which every node knows its place.
struct YAMLNode {
  /// What a node holds.
  indirect enum Content {
    case scalar(String, isQuoted: Bool)
    case sequence([YAMLNode])
    case mapping([(key: YAMLNode, value: YAMLNode)])
  }

  var mark: Mark
  var content: Content

  /// The text of a scalar.
  var text: String? {
    if case .scalar(let text, _) = content { return text }
    return nil
  }

  /// Whether the node is an empty or null scalar.
  var isNull: Bool {
    if case .scalar(let text, let isQuoted) = content { return !isQuoted && ["", "~", "null"].contains(text) }
    return false
  }

  /// A word for the node's form, for messages.
  var form: String {
    switch content {
    case .scalar(let text, _): text.isEmpty ? "nothing" : "'\(text.prefix(60))'"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}
