/// JSON Schema of a body or a parameter (dialect 2020-12, as OpenAPI 3.1 has it).
indirect enum Schema: Sendable {
  case string
  /// A time as RFC 3339 writes it.
  case time
  case number
  case integer
  case boolean
  /// One of these words.
  case word([String])
  case array(Schema)
  /// An object with these members and no others.
  case object([String: Schema])
  /// An object whose names are not known beforehand.
  case map(Schema)
  /// A member that may be missing.
  case optional(Schema)
  /// A number with bounds.
  case within(ClosedRange<Int>)
  /// A text with bounds of its length.
  case text(ClosedRange<Int>)
  /// A value with an example.
  case example(Schema, String)
  /// Anything.
  case any

  /// The schema as a tree for `JSONSerialization`.
  var tree: [String: Any] {
    switch self {
    case .string: return ["type": "string"]
    case .time: return ["type": "string", "format": "date-time"]
    case .number: return ["type": "number"]
    case .integer: return ["type": "integer"]
    case .boolean: return ["type": "boolean"]
    case .word(let words): return ["type": "string", "enum": words]
    case .array(let element): return ["type": "array", "items": element.tree]
    case .map(let element): return ["type": "object", "additionalProperties": element.tree]
    case .optional(let schema): return schema.tree
    case .within(let range): return ["type": "integer", "minimum": range.lowerBound, "maximum": range.upperBound]
    case .text(let range): return ["type": "string", "minLength": range.lowerBound, "maxLength": range.upperBound]
    case .example(let schema, let text): return schema.tree.merging(["examples": [text]]) { first, _ in first }
    case .any: return [:]
    case .object(let members):
      let required = members.filter { !$0.value.isOptional }.map(\.key).sorted()
      return [
        "type": "object", "properties": members.mapValues(\.tree), "required": required, "additionalProperties": false,
      ]
    }
  }

  private var isOptional: Bool {
    if case .optional = self { return true }
    return false
  }
}
