/// A JSON value whose members keep their order, so that generated files change only where their content does.
indirect enum JSON: Equatable {
  case text(String)
  case number(Double)
  case truth(Bool)
  case null
  case list([JSON])
  case object([(name: String, value: JSON)])

  static func == (a: JSON, b: JSON) -> Bool { a.rendered() == b.rendered() }

  /// Returns the value as text, with two spaces for each level.
  func rendered(indent: String = "") -> String {
    switch self {
    case .text(let text): JSON.quoted(text)
    case .number(let number): number == number.rounded() ? "\(Int64(number))" : "\(number)"
    case .truth(let truth): truth ? "true" : "false"
    case .null: "null"
    case .list(let items):
      JSON.block(items.map { $0.rendered(indent: indent + "  ") }, brackets: ("[", "]"), indent: indent)
    case .object(let members):
      JSON.block(
        members.map { JSON.quoted($0.name) + ": " + $0.value.rendered(indent: indent + "  ") }, brackets: ("{", "}"),
        indent: indent)
    }
  }

  /// Member of an object; `nil` if there is none. Setting `nil` removes it.
  subscript(name: String) -> JSON? {
    get {
      guard case .object(let members) = self else { return nil }
      return members.first { $0.name == name }?.value
    }
    set {
      guard case .object(var members) = self else { return }
      let position = members.firstIndex { $0.name == name }
      switch (newValue, position) {
      case (let value?, let position?): members[position].value = value
      case (let value?, nil): members.append((name, value))
      case (nil, let position?): members.remove(at: position)
      case (nil, nil): break
      }
      self = .object(members)
    }
  }

  /// Returns the value with every object within it, innermost first, as `change` returns it.
  func mapObjects(_ change: (JSON) -> JSON) -> JSON {
    switch self {
    case .list(let items): .list(items.map { $0.mapObjects(change) })
    case .object(let members): change(.object(members.map { ($0.name, $0.value.mapObjects(change)) }))
    default: self
    }
  }

  private static func block(_ parts: [String], brackets: (String, String), indent: String) -> String {
    if parts.isEmpty { return brackets.0 + brackets.1 }
    let line = brackets.0 + parts.joined(separator: ", ") + brackets.1
    if line.count + indent.count <= 100, !line.contains("\n") { return line }
    let inner = parts.map { indent + "  " + $0 }.joined(separator: ",\n")
    return brackets.0 + "\n" + inner + "\n" + indent + brackets.1
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20:
        quoted += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

extension JSON: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  init(stringLiteral value: String) { self = .text(value) }
  init(integerLiteral value: Int) { self = .number(Double(value)) }
  init(floatLiteral value: Double) { self = .number(value) }
}

extension JSON: ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  init(booleanLiteral value: Bool) { self = .truth(value) }
  init(nilLiteral: ()) { self = .null }
  init(arrayLiteral items: JSON...) { self = .list(items) }
  init(dictionaryLiteral members: (String, JSON)...) { self = .object(members.map { (name: $0.0, value: $0.1) }) }
}

extension JSON {
  /// Returns an integer.
  static func integer(_ value: Int) -> JSON { .number(Double(value)) }
}
