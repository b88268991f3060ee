import Foundation

@testable import PlantConfig

/// Node of a YAML file that is deployed, read with the reader of the plant files.
struct YAMLDocument {
  private let node: YAMLNode?

  /// Reads the documents of a text; `---` on its own line divides them.
  static func all(of text: String) throws -> [YAMLDocument] {
    try text.components(separatedBy: "\n---\n").map {
      YAMLDocument(node: try YAMLParser.parse(Array($0.utf8), file: "document"))
    }
  }

  /// Member of a mapping; the last one of its name.
  subscript(_ key: String) -> YAMLDocument {
    guard case .mapping(let members) = node?.content else { return YAMLDocument(node: nil) }
    return YAMLDocument(node: members.last { $0.key.text == key }?.value)
  }

  /// Names of the members of a mapping.
  var keys: [String] {
    guard case .mapping(let members) = node?.content else { return [] }
    return members.compactMap(\.key.text)
  }

  /// Elements of a list.
  var elements: [YAMLDocument] {
    guard case .sequence(let elements) = node?.content else { return [] }
    return elements.map { YAMLDocument(node: $0) }
  }

  /// Text of a scalar.
  var text: String? { node?.text }
  /// Texts of a list of scalars.
  var texts: [String] { elements.compactMap(\.text) }
}
