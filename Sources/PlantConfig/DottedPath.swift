import PayloadDecoding
import PlantModel

/// Paths as other programs write them, which are names of members of the top level here.
enum DottedPath {
  /// Returns the JSON pointer that a path with dots probably means; `nil` if it looks like a name.
  ///
  /// Examples: `ENERGY.Power` is `/ENERGY/Power`, `$.data[0].value` is `/data/0/value`, `value_json.power` is `/power`.
  static func pointer(_ path: String) -> String? {
    guard !path.hasPrefix("/"), Double(path) == nil else { return nil }
    var text = path.filter { $0 != " " }
    if text.hasPrefix("{{"), text.hasSuffix("}}") { text = String(text.dropFirst(2).dropLast(2)) }
    text = String(text.prefix { $0 != "|" })
    if text.hasPrefix("$.") || text.hasPrefix("$[") { text.removeFirst() }
    for start in ["value_json", "payload", "msg.payload"]
    where text.hasPrefix(start + ".") || text.hasPrefix(start + "[") {
      text.removeFirst(start.count)
      break
    }
    let isBracketed = text.contains("[") && text.hasSuffix("]") || text.contains("].")
    guard text.contains(".") || isBracketed || text != path else { return nil }
    let parts = text.split { ".[]".contains($0) }.map { $0.trimmed("'").trimmed("\"") }
    // A name such as `1.8.0` of a meter is one name.
    guard !parts.isEmpty, !parts.allSatisfy({ $0.allSatisfy(\.isNumber) }), !text.contains("/") else { return nil }
    guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isLetter || $0.isNumber || "_-".contains($0) } }) else {
      return nil
    }
    guard parts.contains(where: { $0.first?.isLetter == true }) else { return nil }
    return "/" + parts.joined(separator: "/")
  }

  /// Reports a path with dots at the place of a JSON pointer. A member may be called so, unless it is an expression of
  /// another program.
  ///
  /// - Parameters:
  ///   - path: Place in the payload.
  ///   - name: Name of the value or key.
  ///   - mark: Position of the path.
  ///   - format: Payload format of the topic.
  ///   - reading: Collects findings.
  static func check(
    _ path: String, of name: String, at mark: Mark, format: any PayloadFormat.Type, reading: ConfigurationContext
  ) {
    guard ["json", "auto"].contains(format.name.rawValue), let pointer = self.pointer(path) else { return }
    if isExpression(path) {
      reading.mistake(mark, "'\(name)' is '\(path)', which is no place; write \"\(pointer)\"")
    } else {
      reading.warning(
        mark,
        "'\(name)' is '\(path)', a member of that name, with its dots; write \"\(pointer)\" for a member within others")
    }
  }

  /// Returns whether no payload has a member of that name: it is an expression of another program.
  static func isExpression(_ path: String) -> Bool {
    path.hasPrefix("$.") || path.hasPrefix("$[") || path.hasPrefix("{{")
  }
}

extension Substring {
  fileprivate func trimmed(_ mark: Character) -> Substring {
    var text = self
    if text.first == mark { text.removeFirst() }
    if text.last == mark { text.removeLast() }
    return text
  }
}
