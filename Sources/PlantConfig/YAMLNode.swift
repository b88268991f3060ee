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

  /// Returns the value of a key of a mapping; `nil` for other nodes and absent keys.
  func member(_ key: String) -> YAMLNode? {
    if case .mapping(let pairs) = content { return pairs.first { $0.key.text == key }?.value }
    return nil
  }

  /// Returns the position of a key of a mapping.
  func keyMark(_ key: String) -> Mark? {
    if case .mapping(let pairs) = content { return pairs.first { $0.key.text == key }?.key.mark }
    return nil
  }

  /// Keys of a mapping with their positions and values.
  var pairs: [(key: String, mark: Mark, value: YAMLNode)] {
    guard case .mapping(let pairs) = content else { return [] }
    return pairs.compactMap { pair in pair.key.text.map { ($0, pair.key.mark, pair.value) } }
  }

  /// Keys of a mapping.
  var keys: [String] {
    if case .mapping(let pairs) = content { return pairs.compactMap(\.key.text) }
    return []
  }

  /// Elements of a sequence.
  var elements: [YAMLNode]? {
    if case .sequence(let elements) = content { return elements }
    return nil
  }
}
