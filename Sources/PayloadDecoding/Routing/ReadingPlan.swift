package import PlantModel

/// A rule prepared for its reader: topic placeholders in places are replaced by their values.
package struct ReadingPlan {
  /// Source of the values' names.
  package enum Naming {
    /// The rule's `values`.
    case listed
    /// The only value of a record belongs to the sensor named by topic or rule.
    case single
    /// The payload.
    case payload
  }

  /// The rule, with the places resolved for the topic.
  package var rule: TopicRule
  /// Position of the compiled rule.
  package var number: Int
  /// Position of the plant in the share.
  package var plant: Int
  package var naming: Naming
  /// Declared assets of the plant.
  var assets: Set<String>
  /// Whether all topics of the rule share the plan, because no place contains a placeholder.
  package var isShared: Bool

  /// Whether names depend on the record, so that the topic alone does not determine the destination of values.
  package var hasRecordNames: Bool {
    let dependent = [rule.asset, rule.sensor].contains { $0.map(TextSource.isOfRecord) ?? false }
    return dependent || rule.values.contains { TextSource.isOfRecord($0.name) }
  }

  /// Whether the payload must be split into records.
  package var needsRecords: Bool {
    rule.each != nil || !rule.conditions.isEmpty || hasRecordNames || rule.unit != nil
      || rule.time.map { !$0.hasPrefix("/") && $0.contains("{") } ?? false
      || (rule.values.map(\.detail) + [rule.detail]).contains {
        $0.scalePlace != nil || $0.unitPlace != nil || $0.encoding == .json
      }
  }

  /// Conversion of each value, in the order of the rule's values; one for all if none are listed.
  var details: [CompiledDetail?] {
    rule.values.isEmpty ? [CompiledDetail(rule.detail)] : rule.values.map { CompiledDetail($0.detail) }
  }

  /// Returns the value name for a name from the payload, after stripping and renaming.
  ///
  /// - Parameters:
  ///   - name: name in the payload.
  ///   - asset: the asset, unless the rule's renaming includes another.
  ///   - names: the names from the topic.
  func valueName(ofPayload name: String, asset: String, names: TopicNames?) -> ValueName {
    let stripped = ValueName.stripped(name, prefix: rule.strip)
    return ValueName(
      asset: asset, listed: name, name: stripped, rule: rule, detail: rule.detail, isWritten: false, assets: assets,
      names: names)
  }
}

/// A text of a rule that may depend on topic and record.
enum TextSource {
  /// The text at a place in the payload, by its position among the places of the rule.
  case place(Int)
  /// Concatenated pieces.
  case template([Piece])

  enum Piece {
    case literal(String)
    /// A placeholder of the topic.
    case topic(String)
    /// The name of the nearest member, 0, or of the next enclosing one, 1.
    case key(Int)
    /// The measurement of line protocol.
    case measurement
    /// A tag of line protocol.
    case tag(String)
  }

  /// Returns whether a text depends on more than the topic.
  static func isOfRecord(_ text: String) -> Bool {
    if text.hasPrefix("/") { return true }
    return ["{key}", "{parent}", "{measurement}", "{tag:"].contains { text.contains($0) }
  }

  /// Parses a text. `place` returns the position of a place.
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
