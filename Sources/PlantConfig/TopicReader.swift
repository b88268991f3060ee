import PlantModel

/// Reads one of a plant's topics.
struct TopicReader {
  private let reading: Reading

  init(_ reading: Reading) { self.reading = reading }

  /// The topic, and where its pattern stands; `nil` where it has none.
  func topic(_ node: YAMLNode) -> (rule: TopicRule, place: Mark)? {
    let section = Section(node, "the topic", reading)
    guard let match = section.requiredText("match", "match: \"riverside/{asset}/{sensor}\"") else { return nil }
    let place = section.place(of: "match")
    if let wrong = TopicReader.mistake(inPattern: match) { reading.mistake(place, wrong) }
    var rule = TopicRule(match: match)
    rule.payload = section.choice("payload") ?? .auto
    rule.asset = section.text("asset")
    rule.sensor = section.text("sensor")
    rule.time = section.text("time")
    if let time = rule.time { check(time, of: "time", at: section.place(of: "time"), rule.payload) }
    rule.timeUnit = section.choice("time_unit") ?? .auto
    rule.retained = section.choice("retained") ?? .ignore
    rule.values = section.node("values").map { values($0, rule.payload) } ?? []
    rule.scale = numbers(section, "scale", rule)
    rule.offset = numbers(section, "offset", rule)
    if let node = section.node("rename") { rule.rename = names(node, rule) }
    section.finish()
    return (rule, place)
  }

  private func values(_ node: YAMLNode, _ payload: TopicRule.PayloadFormat) -> [TopicRule.Value] {
    Section(node, "values", reading).entries.compactMap { entry in
      guard let path = entry.value.text else {
        reading.mistake(
          entry.value.mark, "'\(entry.key)' must say where its value stands, such as \"/ENERGY/Power\" or 0")
        return nil
      }
      check(path, of: entry.key, at: entry.value.mark, payload)
      return TopicRule.Value(name: entry.key, path: path)
    }
  }

  /// A place in the payload, if no placeholder stands for a part of it.
  private func check(_ path: String, of key: String, at mark: Mark, _ payload: TopicRule.PayloadFormat) {
    if path.contains("{") { return }
    let isColumn = (1...5).contains(path.utf8.count) && path.utf8.allSatisfy { (0x30...0x39).contains($0) }
    if payload == .csv, !isColumn {
      reading.mistake(mark, "'\(key)' is '\(path)', which is no column; write its number, from 0 to 99999")
    }
    // A name without a slash is that of a member of the top level.
    if payload == .json || payload == .auto, path.contains("/"), !path.hasPrefix("/") {
      reading.mistake(mark, "'\(key)' is '\(path)', which is no place; write \"/\(path)\"")
    }
  }

  /// Numbers by the name of a value.
  private func numbers(_ section: Section, _ key: String, _ rule: TopicRule) -> [String: Double] {
    guard let node = section.node(key) else { return [:] }
    var numbers: [String: Double] = [:]
    let all = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    for entry in Section(node, key, reading).entries {
      numbers[entry.key] = Section.number(entry.value, entry.key, in: all, "any number", reading)
      checkIsListed(entry.key, entry.mark, key, rule)
      if key == "scale", numbers[entry.key] == 0 {
        reading.mistake(
          entry.value.mark, "a scale of 0 makes every '\(entry.key)' 0; write the factor, or leave it out")
      }
    }
    return numbers
  }

  /// New names by the name of a value.
  private func names(_ node: YAMLNode, _ rule: TopicRule) -> [String: String] {
    var names: [String: String] = [:]
    var places: [String: Mark] = [:]
    for entry in Section(node, "rename", reading).entries {
      if let name = entry.value.text, Words.mistake(inName: name) == nil {
        names[entry.key] = name
        places[entry.key] = entry.value.mark
        checkIsListed(entry.key, entry.mark, "rename", rule)
      } else {
        reading.mistake(entry.value.mark, "'\(entry.key)' must get a name, not \(entry.value.form)")
      }
    }
    // Without a list, two payloads of one topic may well have two names for the same thing.
    var owners: [String: String] = [:]
    for value in rule.values.map(\.name) {
      let name = names[value] ?? value
      if let other = owners.updateValue(value, forKey: name), let place = places[value] ?? places[other] {
        reading.mistake(place, "'\(other)' and '\(value)' are both called '\(name)'; give each a name of its own")
      }
    }
    return names
  }

  /// Where `values` lists what is taken, and no placeholder is in the names, nothing else can be meant.
  private func checkIsListed(_ name: String, _ mark: Mark, _ key: String, _ rule: TopicRule) {
    let listed = rule.values.map(\.name)
    if listed.isEmpty || listed.contains(where: { $0.contains("{") }) || listed.contains(name) { return }
    reading.mistake(mark, "'\(key)' has '\(name)', which 'values' has not; it has \(Words.list(listed))")
  }

  /// What is wrong with a pattern, `nil` where nothing is.
  static func mistake(inPattern pattern: String) -> String? {
    let example = "write for example riverside/{asset}/{sensor}"
    if pattern.isEmpty { return "'match' is empty; \(example)" }
    let levels = pattern.split(separator: "/", omittingEmptySubsequences: false)
    if pattern.utf8.count > 65_535 {
      return "'match' is longer than the 65,535 bytes that a topic may have; \(example)"
    }
    if levels.count > 200 { return "'match' has \(levels.count) levels, and brokers take at most 200; \(example)" }
    if pattern.unicodeScalars.contains(where: Words.isForbidden) {
      return "'\(pattern)' has a control character, which no topic may have; \(example)"
    }
    if SharedSubscription(pattern)?.isValid == false {
      return "'$share' in '\(pattern)' must be followed by the name of a group, without +, # and braces, and a pattern; "
        + "write for example $share/workers/riverside/{asset}/{sensor}"
    }
    var depth = 0
    for character in pattern {
      if character == "{" { depth += 1 }
      if character == "}" { depth -= 1 }
      if depth < 0 || depth > 1 { return "braces in '\(pattern)' do not pair; \(example)" }
    }
    if depth != 0 { return "braces in '\(pattern)' do not pair; \(example)" }
    if pattern.contains("{}") { return "a placeholder in '\(pattern)' has no name; \(example)" }
    if pattern.contains("}{") { return "two placeholders in '\(pattern)' touch; put a character between them" }
    for (position, level) in levels.enumerated() {
      if level.contains("#"), level != "#" || position != levels.count - 1 {
        return "'#' must be the last level of '\(pattern)'"
      }
      if level.contains("+"), level != "+" { return "'+' must be a level of its own in '\(pattern)'" }
    }
    return nil
  }
}
