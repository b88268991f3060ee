import PlantModel

/// What a reader needs of its rule: placeholders in places are replaced by what the topic says.
package struct ReadingPlan {
  /// How the payload's values get their names.
  package enum Naming {
    /// From the rule's `values`.
    case listed
    /// The one value of a record is the sensor that topic or rule name.
    case single
    /// From the payload.
    case payload
  }

  /// The rule; its places are those of the topic.
  package var rule: TopicRule
  /// Position of the compiled rule.
  package var number: Int
  /// The plant, by its position in the share.
  package var plant: Int
  package var naming: Naming
  /// The declared assets of the plant.
  var assets: Set<String>
  /// Whether all topics of the rule share the plan, because no placeholder is in a place.
  package var isShared: Bool

  /// Whether names, units or conditions depend on the record, so that a topic alone does not tell where values go.
  package var hasRecordNames: Bool {
    let dependent = [rule.asset, rule.sensor].contains { $0.map(TextSource.isOfRecord) ?? false }
    return dependent || rule.values.contains { TextSource.isOfRecord($0.name) }
  }

  /// Whether the payload has to be taken apart into records.
  package var needsRecords: Bool {
    rule.each != nil || !rule.conditions.isEmpty || hasRecordNames || rule.unit != nil
      || rule.time.map { !$0.hasPrefix("/") && $0.contains("{") } ?? false
      || (rule.values.map(\.detail) + [rule.detail]).contains {
        $0.scalePlace != nil || $0.unitPlace != nil || $0.encoding == .json
      }
  }

  /// How each value is understood, in the order of the rule's values; one for all where none are listed.
  var details: [CompiledDetail?] {
    rule.values.isEmpty ? [CompiledDetail(rule.detail)] : rule.values.map { CompiledDetail($0.detail) }
  }
}

/// A text of a rule that may depend on topic and record.
enum TextSource {
  /// The text at a place in the payload, by its position among the places of the rule.
  case place(Int)
  /// Pieces that follow each other.
  case template([Piece])

  enum Piece {
    case literal(String)
    /// What the topic says.
    case topic(String)
    /// The name of the nearest member, 0, or of the one around it, 1.
    case key(Int)
    /// The measurement of line protocol.
    case measurement
    /// A tag of line protocol.
    case tag(String)
  }

  /// Whether a text cannot be known from the topic alone.
  static func isOfRecord(_ text: String) -> Bool {
    if text.hasPrefix("/") { return true }
    return ["{key}", "{parent}", "{measurement}", "{tag:"].contains { text.contains($0) }
  }

  /// Takes a text apart; `place` gives the position of a place.
  init(_ text: String, place: (String) -> Int) {
    if text.hasPrefix("/") {
      self = .place(place(text))
      return
    }
    var pieces: [Piece] = []
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      if open > rest.startIndex { pieces.append(.literal(String(rest[..<open]))) }
      let name = String(rest[rest.index(after: open)..<close])
      switch name {
      case "key": pieces.append(.key(0))
      case "parent": pieces.append(.key(1))
      case "measurement": pieces.append(.measurement)
      case _ where name.hasPrefix("tag:"): pieces.append(.tag(String(name.dropFirst(4))))
      default: pieces.append(.topic(name))
      }
      rest = rest[rest.index(after: close)...]
    }
    if !rest.isEmpty { pieces.append(.literal(String(rest))) }
    self = .template(pieces)
  }
}
