import PayloadDecoding
import PlantModel

/// Reader of a topic's `values` and of the details by which values are interpreted.
struct ValueReader {
  let reading: ConfigurationContext
  let format: any PayloadFormat.Type
  /// Currency of the plant.
  let currency: String

  /// Returns the listed values. Each is a place in the payload, optionally with details.
  ///
  /// - Parameters:
  ///   - node: Value of `values`.
  ///   - shared: Details of the rule, used unless a value has its own.
  ///   - texts: Check of placeholders.
  func values(_ node: YAMLNode, shared: ValueDetail, texts: PlaceholderCheck) -> [TopicRule.Value] {
    Section(node, name: "values", reading: reading).entries.compactMap { entry in
      texts.check(entry.key, at: entry.mark, of: "values", alsoKnown: ["asset", "sensor"])
      if let path = entry.value.text {
        return value(entry.key, path: path, at: entry.value.mark, detail: shared, texts: texts)
      }
      guard case .mapping = entry.value.content else {
        reading.mistake(
          entry.value.mark, "'\(entry.key)' must say where its value stands, such as \(format.examplePlace)")
        return nil
      }
      let section = Section(entry.value, name: "value '\(entry.key)'", reading: reading)
      guard let path = section.requiredText("at", example: "at: \(format.examplePlace)") else { return nil }
      var own = detail(section, shared: shared)
      if let text = section.given("unit"), text.hasPrefix("/") {
        own.unitPlace = texts.text(section, key: "unit")
      } else if section.has("unit") {
        own.unit = unit(section, key: "unit")
      }
      own.scale = section.number("scale", in: ValueReader.all, meaning: "a factor") ?? own.scale
      if own.scale == 0 {
        reading.mistake(
          section.place(of: "scale"), "a scale of 0 makes every '\(entry.key)' 0; write the factor, or leave it out")
      }
      own.offset = section.number("offset", in: ValueReader.all, meaning: "a summand") ?? own.offset
      section.finish()
      return value(entry.key, path: path, at: section.place(of: "at"), detail: own, texts: texts)
    }
  }

  private static let all = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude

  private func value(
    _ name: String, path: String, at mark: Mark, detail: ValueDetail, texts: PlaceholderCheck
  ) -> TopicRule.Value {
    if !DottedPath.isExpression(path) { texts.check(path, at: mark, of: name) }
    // With a placeholder, the place depends on the topic.
    if path.split(separator: "/").contains("*") {
      reading.mistake(
        mark, "'\(name)' is '\(path)', and '*' is for 'each': name the records there, and a place in one here")
    } else if !path.contains("{"), let wrong = format.mistake(inPlace: path) {
      reading.mistake(mark, "'\(name)' is '\(path)', which \(wrong)")
    } else {
      DottedPath.check(path, of: name, at: mark, format: format, reading: reading)
    }
    return TopicRule.Value(name: name, path: path, detail: detail)
  }

  /// Returns the details that a rule gives for all its values, without the unit, which may be a place in the payload.
  func ruleDetail(_ section: Section) -> ValueDetail { detail(section, shared: ValueDetail()) }

  private func detail(_ section: Section, shared: ValueDetail) -> ValueDetail {
    var detail = shared
    if let place = section.text("scale_at") {
      if let wrong = format.mistake(inPlace: place) {
        reading.mistake(section.place(of: "scale_at"), "'scale_at' is '\(place)', which \(wrong)")
      }
      detail.scalePlace = place
    }
    if let node = section.node("map") { detail.words = choices(node) }
    detail.decimal = section.choice("decimal") ?? detail.decimal
    detail.encoding = section.choice("encoding") ?? detail.encoding
    if let bits = section.number("bits", in: 1...64, meaning: "a width from 1 to 64 bits") {
      if bits.rounded() != bits { reading.mistake(section.place(of: "bits"), "'bits' must be a whole number") }
      detail.bits = Int(bits)
    }
    if detail.encoding == .json, !["json", "auto"].contains(format.name.rawValue) {
      reading.mistake(
        section.place(of: "encoding"), "JSON inside texts is for payloads of JSON, not of '\(format.name)'")
    }
    return detail
  }

  /// Returns numbers by word.
  private func choices(_ node: YAMLNode) -> [String: Double] {
    var words: [String: Double] = [:]
    for entry in Section(node, name: "map", reading: reading).entries {
      words[entry.key] = Section.number(
        entry.value, key: entry.key, in: ValueReader.all, meaning: "the number that the word stands for",
        reading: reading)
    }
    if words.isEmpty {
      reading.mistake(node.mark, "'map' is empty; write the words with their numbers, such as {Charging: 1, Ready: 0}")
    }
    return words
  }

  /// Returns the unit that a key names; reports unknown units.
  func unit(_ section: Section, key: String) -> Unit? {
    guard let name = section.given(key) else { return nil }
    if let unit = Unit.named(name, currency: currency) { return unit }
    let symbols = Unit.symbols
    let nearest = symbols.min { EditDistance.between($0, name) < EditDistance.between($1, name) } ?? ""
    let same = symbols.filter { $0.lowercased() == name.lowercased() }
    let hint =
      same.count > 1
      ? "that may be \(same.joined(separator: " or "))"
      : "did you mean '\(nearest)'? Known are \(symbols.joined(separator: ", "))"
    reading.mistake(section.place(of: key), "there is no unit '\(name)'; \(hint)")
    return nil
  }
}
