import CYAML

/// Parser of one YAML document, based on libyaml's events.
///
/// Limits: 1 MiB, 32 levels, 100,000 nodes. Aliases are refused, so that a small file cannot expand to a huge tree.
struct YAMLParser {
  static let maximumBytes = 1 << 20
  static let maximumDepth = 32
  static let maximumNodes = 100_000

  private let file: String
  private var parser = yaml_parser_t()
  private var nodes = 0
  private var bytes = UnsafeBufferPointer<UInt8>(start: nil, count: 0)

  /// Returns the document in `bytes`; `nil` if there is none.
  ///
  /// - Throws: The first syntax error.
  static func parse(_ bytes: [UInt8], file: String) throws(Diagnostic) -> YAMLNode? {
    guard bytes.count <= maximumBytes else {
      throw Diagnostic(file: file, line: 1, column: 1, message: "the file is larger than 1 MiB; split it by plant")
    }
    let result: Result<YAMLNode?, Diagnostic> = bytes.withUnsafeBufferPointer { buffer in
      var parser = YAMLParser(file: file)
      return Result { () throws(Diagnostic) in try parser.document(buffer) }
    }
    return try result.get()
  }

  private init(file: String) { self.file = file }

  private mutating func document(_ bytes: UnsafeBufferPointer<UInt8>) throws(Diagnostic) -> YAMLNode? {
    guard yaml_parser_initialize(&parser) == 1 else { throw mistake(Mark(line: 1, column: 1), "out of memory") }
    defer { yaml_parser_delete(&parser) }
    self.bytes = bytes
    yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
    var root: YAMLNode?
    while true {
      var event = try next()
      defer { yaml_event_delete(&event) }
      switch event.type {
      case YAML_STREAM_END_EVENT: return root
      case YAML_STREAM_START_EVENT, YAML_DOCUMENT_END_EVENT: continue
      case YAML_DOCUMENT_START_EVENT:
        if root != nil { throw mistake(mark(event), "a second document in one file; use one file for each plant") }
      default: root = try node(event, depth: 0)
      }
    }
  }

  private mutating func node(_ event: yaml_event_t, depth: Int) throws(Diagnostic) -> YAMLNode {
    let place = mark(event)
    nodes += 1
    if depth > YAMLParser.maximumDepth { throw mistake(place, "nested deeper than 32 levels") }
    if nodes > YAMLParser.maximumNodes { throw mistake(place, "more than 100,000 values in one file") }
    switch event.type {
    case YAML_ALIAS_EVENT:
      throw mistake(
        place,
        "aliases (*name) are not supported; write the value out, or quotation marks if it begins with '*'")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      try checkTag(scalar.tag, at: place)
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      let isQuoted = scalar.style != YAML_PLAIN_SCALAR_STYLE
      return YAMLNode(mark: place, content: .scalar(String(decoding: bytes, as: UTF8.self), isQuoted: isQuoted))
    case YAML_SEQUENCE_START_EVENT: return YAMLNode(mark: place, content: .sequence(try elements(depth)))
    default: return YAMLNode(mark: place, content: .mapping(try members(depth)))
    }
  }

  private mutating func elements(_ depth: Int) throws(Diagnostic) -> [YAMLNode] {
    var elements: [YAMLNode] = []
    while true {
      var event = try next()
      defer { yaml_event_delete(&event) }
      if event.type == YAML_SEQUENCE_END_EVENT { return elements }
      elements.append(try node(event, depth: depth + 1))
    }
  }

  private mutating func members(_ depth: Int) throws(Diagnostic) -> [(key: YAMLNode, value: YAMLNode)] {
    var members: [(key: YAMLNode, value: YAMLNode)] = []
    while true {
      var event = try next()
      defer { yaml_event_delete(&event) }
      if event.type == YAML_MAPPING_END_EVENT { return members }
      let key = try node(event, depth: depth + 1)
      var second = try next()
      defer { yaml_event_delete(&second) }
      members.append((key, try node(second, depth: depth + 1)))
    }
  }

  private mutating func next() throws(Diagnostic) -> yaml_event_t {
    var event = yaml_event_t()
    guard yaml_parser_parse(&parser, &event) == 1 else {
      let slip = SyntaxSlip(
        SyntaxSlip.Problem(
          words: parser.problem.map { String(cString: $0) } ?? "this is not YAML", place: mark(parser.problem_mark),
          context: parser.context.map { String(cString: $0) }, began: mark(parser.context_mark)), in: bytes)
      throw mistake(slip.mark, slip.message)
    }
    return event
  }

  private func mark(_ event: yaml_event_t) -> Mark { mark(event.start_mark) }

  private func mark(_ place: yaml_mark_t) -> Mark { Mark(line: Int(place.line) + 1, column: Int(place.column) + 1) }

  /// Refuses a tag of another program, such as `!secret`; the text behind it would stand for itself.
  private func checkTag(_ tag: UnsafeMutablePointer<yaml_char_t>?, at place: Mark) throws(Diagnostic) {
    guard let text = tag.map({ String(cString: $0) }), text.hasPrefix("!"), text != "!" else { return }
    throw mistake(
      place,
      "'\(text)' is a tag of YAML that means nothing here; write password_file: FILE or ${NAME} for a secret, or "
        + "quotation marks if the value begins with '!'")
  }

  private func mistake(_ place: Mark, _ message: String) -> Diagnostic {
    Diagnostic(file: file, line: place.line, column: place.column, message: message)
  }
}
