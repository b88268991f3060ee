/// A position in a file; line and column from 1.
struct Mark: Hashable {
  var line: Int
  var column: Int
}

/// A node of a YAML tree, with its position in the file.
struct YAMLNode {
  /// Content of a node.
  indirect enum Content {
    case scalar(String, isQuoted: Bool)
    case sequence([YAMLNode])
    case mapping([(key: YAMLNode, value: YAMLNode)])
  }

  var mark: Mark
  var content: Content

  /// Text of a scalar; `nil` for other nodes.
  var text: String? {
    if case .scalar(let text, _) = content { return text }
    return nil
  }

  /// Whether the node is an empty or null scalar.
  var isNull: Bool {
    if case .scalar(let text, let isQuoted) = content { return !isQuoted && ["", "~", "null"].contains(text) }
    return false
  }

  /// Description of the node's form, for messages.
  var form: String {
    switch content {
    case .scalar(let text, _): text.isEmpty ? "nothing" : "'\(text.prefix(60))'"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}
