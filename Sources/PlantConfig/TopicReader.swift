import PayloadDecoding
import PlantModel
import WattlineTime

/// Reader of one entry of a plant's `topics`.
struct TopicReader {
  private let reading: ConfigurationContext
  private let currency: String

  /// Creates a reader for a plant with the given currency.
  init(_ reading: ConfigurationContext, currency: String) { (self.reading, self.currency) = (reading, currency) }

  /// Returns the topic with the position of its pattern, preceded by the topic of its devices' availability, if there
  /// is one.
  ///
  /// - Returns: Empty if the entry has no pattern.
  func topics(_ node: YAMLNode) -> [(rule: TopicRule, place: Mark)] {
    let section = Section(node, name: "the topic", reading: reading)
    let availability = section.node("availability").flatMap { self.availability($0) }
    guard var topic = topic(section) else { return [] }
    guard var before = availability else { return [topic] }
    if before.rule.asset == nil, !before.rule.match.contains("{asset}") { before.rule.asset = topic.rule.asset }
    if before.rule.asset == nil, !before.rule.match.contains("{asset}") {
      reading.mistake(
        before.place, "nothing names the asset; write {asset} where the topic has it, or say 'asset' beside 'match'")
    }
    topic.place = section.place(of: "match")
    return [before, topic]
  }

  /// Returns the topic on which devices publish their availability, with their words for online and offline.
  private func availability(_ node: YAMLNode) -> (rule: TopicRule, place: Mark)? {
    let section = Section(node, name: "availability", reading: reading)
    let example = "topic: \"zigbee2mqtt/{asset}/availability\""
    guard let match = section.requiredText("topic", example: example) else { return nil }
    let place = section.place(of: "topic")
    if let wrong = TopicReader.mistake(inPattern: match) { reading.mistake(place, wrong) }
    var rule = TopicRule(match: match, payload: .availability, retained: .accept)
    let (online, offline) = (section.text("online") ?? "online", section.text("offline") ?? "offline")
    if online == offline {
      reading.mistake(place, "'online' and 'offline' are both '\(online)'; write the two words that devices send")
    }
    rule.detail.words = [offline: 0, online: 1]
    section.finish()
    return (rule, place)
  }

  private func topic(_ section: Section) -> (rule: TopicRule, place: Mark)? {
    guard let match = section.requiredText("match", example: "match: \"riverside/{asset}/{sensor}\"") else {
      return nil
    }
    let place = section.place(of: "match")
    if let wrong = TopicReader.mistake(inPattern: match) { reading.mistake(place, wrong) }
    var rule = rule(section, match: match, place: place, format: format(section))
    rule.retained = section.choice("retained") ?? .ignore
    section.finish()
    return (rule, place)
  }

  /// Returns the rule of a section, without the keys that only topics have.
  ///
  /// - Parameters:
  ///   - section: The topic, or another section with the keys of a rule.
  ///   - match: Pattern of topics.
  ///   - place: Position of the pattern.
  ///   - format: Payload format.
  /// - Returns: The rule.
  func rule(_ section: Section, match: String, place: Mark, format: any PayloadFormat.Type) -> TopicRule {
    var rule = TopicRule(match: match)
    rule.payload = format.name
    if format.name == .sparkplug, let wrong = SparkplugMatch.mistake(match) { reading.mistake(place, wrong) }
    let placeholders = (try? TopicPattern(match))?.placeholders ?? []
    let texts = PlaceholderCheck(reading: reading, placeholders: placeholders, format: format)
    records(section, as: format, texts: texts, into: &rule)
    rule.asset = texts.text(section, key: "asset")
    rule.sensor = texts.text(section, key: "sensor")
    if format.name == .sparkplug, rule.sensor != nil {
      reading.mistake(
        section.place(of: "sensor"), "'sensor' is not for Sparkplug, whose metrics have names; use 'values' or 'rename'"
      )
    }
    time(section, texts: texts, into: &rule)
    let values = ValueReader(reading: reading, format: format, currency: currency)
    rule.detail = values.ruleDetail(section)
    if let unit = section.text("unit") {
      if unit.hasPrefix("/") || unit.contains("{") {
        rule.unit = texts.text(section, key: "unit")
      } else {
        rule.detail.unit = values.unit(section, key: "unit")
      }
    }
    rule.values = section.node("values").map { values.values($0, shared: rule.detail, texts: texts) } ?? []
    rule.scale = numbers(section, key: "scale", rule: rule)
    rule.offset = numbers(section, key: "offset", rule: rule)
    rule.strip = section.given("strip")
    if let node = section.node("rename") { rule.rename = names(node, rule: rule, texts: texts) }
    rule.separator = separator(section)
    checkCommas(of: rule, at: place)
    return rule
  }

  /// Refuses commas that both divide columns and mark decimals.
  private func checkCommas(of rule: TopicRule, at place: Mark) {
    let hasCommas = ([rule.detail] + rule.values.map(\.detail)).contains { $0.decimal == .comma }
    if rule.payload == .csv, rule.separator == nil, hasCommas {
      reading.mistake(
        place,
        "commas cannot divide columns and be decimal marks as well; write separator: \";\", or what divides the columns"
      )
    }
  }

  /// Returns the payload format that `payload` names.
  func format(_ section: Section) -> any PayloadFormat.Type {
    guard let text = section.text("payload") else { return PayloadFormats.all[0] }
    if let format = PayloadFormats.named(PayloadFormatName(rawValue: text)) { return format }
    let known = PayloadFormats.all.map { $0.name.rawValue }.joined(separator: ", ")
    reading.mistake(section.place(of: "payload"), "'payload' is '\(text)'; it must be one of \(known)")
    return PayloadFormats.all[0]
  }

  /// Reads `each` and `where`.
  ///
  /// - Parameters:
  ///   - section: The topic.
  ///   - format: Payload format of the topic.
  ///   - texts: Check of placeholders.
  ///   - rule: Receives the path and the conditions.
  private func records(
    _ section: Section, as format: any PayloadFormat.Type, texts: PlaceholderCheck, into rule: inout TopicRule
  ) {
    if let each = section.text("each") {
      let place = section.place(of: "each")
      if !["json", "auto"].contains(format.name.rawValue) {
        reading.mistake(
          place, "'each' is for JSON; rows, lines and pairs of '\(format.name)' are records by themselves")
      } else if !each.hasPrefix("/") {
        reading.mistake(
          place,
          "'each' is '\(each)', which is no place; write \"\(DottedPath.pointer(each) ?? "/" + each)\", or \"/\" for the "
            + "message itself")
      }
      if each.contains("**") {
        reading.mistake(place, "'each' is '\(each)'; '*' stands for one level, '**' for nothing")
      }
      texts.check(each, at: place, of: "each")
      rule.each = each
    }
    guard let node = section.node("where") else { return }
    if !format.hasRecords {
      reading.mistake(node.mark, "'where' is for payloads with records; a payload of '\(format.name)' has none")
    }
    for entry in Section(node, name: "where", reading: reading).entries {
      let choices: [YAMLNode] = if case .sequence(let all) = entry.value.content { all } else { [entry.value] }
      let present = choices.filter { !$0.isNull }
      let wanted = present.compactMap { $0.text.map { text in reading.expanded(text, at: entry.value.mark) } }
      if choices.isEmpty || wanted.count != present.count {
        reading.mistake(
          entry.value.mark, "'\(entry.key)' must be a text or a list of texts, such as [good, uncertain]")
      }
      if let wrong = format.mistake(inPlace: entry.key) {
        reading.mistake(entry.mark, "'where' has '\(entry.key)', which \(wrong)")
      }
      DottedPath.check(entry.key, of: "where", at: entry.mark, format: format, reading: reading)
      rule.conditions.append(
        TopicRule.Condition(path: entry.key, texts: wanted, allowsAbsent: present.count < choices.count))
    }
  }

  private func time(_ section: Section, texts: PlaceholderCheck, into rule: inout TopicRule) {
    if let node = section.node("time"), node.text == nil {
      reading.mistake(
        node.mark,
        "'time' must be a place in the payload, such as \"/Time\", not \(node.form); a time in another topic is not "
          + "supported, and readings then have the time at which they came")
    }
    rule.time = section.node("time")?.text == nil ? nil : section.text("time")
    let place = section.place(of: "time")
    if let time = rule.time {
      if time.hasPrefix("/") || !time.contains("{") {
        if let wrong = texts.format.mistake(inPlace: time), !time.contains("{") {
          let topics = time.contains("/") && !time.hasPrefix("/")
          let hint = topics ? "; if it is a topic: a time in another topic is not supported" : ""
          reading.mistake(place, "'time' is '\(time)', which \(wrong)\(hint)")
        }
      }
      if !DottedPath.isExpression(time) { texts.check(time, at: place, of: "time") }
      DottedPath.check(time, of: "time", at: place, format: texts.format, reading: reading)
    }
    rule.timeUnit = section.choice("time_unit") ?? .auto
    guard let format = section.given("time_format") else { return }
    rule.timeFormat = format
    do throws(TimeFormatError) { _ = try TimeFormat(format) } catch {
      reading.mistake(section.place(of: "time_format"), error.description)
    }
  }

  private func separator(_ section: Section) -> String? {
    guard let text = section.text("separator") else { return nil }
    let words = ["tab": "\t", "space": " "]
    let separator = words[text] ?? text
    if separator.utf8.count != 1 {
      reading.mistake(
        section.place(of: "separator"), "'separator' is '\(text)'; write one character, such as \";\", or tab or space")
      return nil
    }
    return separator
  }

  /// Returns numbers by the name of a value.
  ///
  /// - Parameters:
  ///   - section: The topic.
  ///   - key: `scale` or `offset`.
  ///   - rule: The topic's rule, with its listed values.
  private func numbers(_ section: Section, key: String, rule: TopicRule) -> [String: Double] {
    guard let node = section.node(key) else { return [:] }
    var numbers: [String: Double] = [:]
    let all = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    for entry in Section(node, name: key, reading: reading).entries {
      numbers[entry.key] = Section.number(entry.value, key: entry.key, in: all, meaning: "any number", reading: reading)
      checkIsListed(entry.key, at: entry.mark, key: key, rule: rule)
      if key == "scale", numbers[entry.key] == 0 {
        reading.mistake(
          entry.value.mark, "a scale of 0 makes every '\(entry.key)' 0; write the factor, or leave it out")
      }
    }
    return numbers
  }

  /// Returns new names by the name of a value.
  ///
  /// - Parameters:
  ///   - node: Value of `rename`.
  ///   - rule: The topic's rule, with its listed values.
  ///   - texts: Check of placeholders.
  private func names(_ node: YAMLNode, rule: TopicRule, texts: PlaceholderCheck) -> [String: String] {
    var names: [String: String] = [:]
    var places: [String: Mark] = [:]
    for entry in Section(node, name: "rename", reading: reading).entries {
      if let name = entry.value.text, Words.mistake(inName: name) == nil {
        names[entry.key] = name
        places[entry.key] = entry.value.mark
        texts.check(name, at: entry.value.mark, of: entry.key)
        // Assets that the payload names may be renamed as well.
        if rule.asset.map({ !$0.hasPrefix("/") && !$0.contains("{") }) ?? true {
          checkIsListed(entry.key, at: entry.mark, key: "rename", rule: rule)
        }
      } else {
        reading.mistake(entry.value.mark, "'\(entry.key)' must get a name, not \(entry.value.form)")
      }
    }
    // Without a list, two payloads of one topic may use two names for the same value.
    var owners: [String: String] = [:]
    for value in rule.values.map(\.name) {
      let name = names[value] ?? value
      if let other = owners.updateValue(value, forKey: name), let place = places[value] ?? places[other] {
        reading.mistake(place, "'\(other)' and '\(value)' are both called '\(name)'; give each a name of its own")
      }
    }
    return names
  }

  /// Reports a name that is not among the listed `values`. Without a list, or with placeholders in it, any name may
  /// occur.
  ///
  /// - Parameters:
  ///   - name: Name of a value.
  ///   - mark: Position of the name.
  ///   - key: Key whose entry has the name.
  ///   - rule: The topic's rule, with its listed values.
  private func checkIsListed(_ name: String, at mark: Mark, key: String, rule: TopicRule) {
    let listed = rule.values.flatMap { [$0.name, rule.rename[$0.name] ?? $0.name] }
    if listed.isEmpty || listed.contains(where: { $0.contains("{") }) || listed.contains(name) { return }
    // Assets that the topic names may be renamed as well. A name close to a listed one is still a typing error.
    let isNear = listed.contains { EditDistance.between($0, name) <= 2 }
    if key == "rename", rule.match.contains("{asset}"), !isNear { return }
    reading.mistake(mark, "'\(key)' has '\(name)', which 'values' has not; it has \(Words.list(listed))")
  }

  /// Returns what is wrong with a topic pattern; `nil` if it is valid.
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
    if pattern.contains("$wattline/") {
      return "'\(pattern)' is for what Wattline itself puts into its journal; \(example)"
    }
    if SharedSubscription(pattern)?.isValid == false {
      return
        "'$share' in '\(pattern)' must be followed by the name of a group, without +, # and braces, and a pattern; "
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

/// Check of the texts of a rule that may have placeholders.
struct PlaceholderCheck {
  let reading: ConfigurationContext
  /// Placeholders of the topic pattern.
  let placeholders: [String]
  let format: any PayloadFormat.Type

  /// Returns the value of a key: a place in the payload, or a text with placeholders.
  func text(_ section: Section, key: String) -> String? {
    guard let text = section.text(key) else { return nil }
    let mark = section.place(of: key)
    if text.hasPrefix("/"), let wrong = format.mistake(inPlace: text), !text.contains("{") {
      reading.mistake(mark, "'\(key)' is '\(text)', which \(wrong)")
    }
    check(text, at: mark, of: key)
    return text
  }

  /// Reports every placeholder in a text that has no value.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - mark: Position of the text.
  ///   - key: Key of the text, for messages.
  ///   - alsoKnown: Names of further placeholders.
  func check(_ text: String, at mark: Mark, of key: String, alsoKnown: [String] = []) {
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      let name = String(rest[rest.index(after: open)..<close])
      rest = rest[rest.index(after: close)...]
      if placeholders.contains(name) || alsoKnown.contains(name) || isOfRecord(name) { continue }
      let known = (placeholders + alsoKnown + ofRecord).map { "{\($0)}" }
      let nearest = known.min { EditDistance.between($0, "{\(name)}") < EditDistance.between($1, "{\(name)}") }
      let isNear = nearest.map { EditDistance.between($0, "{\(name)}") <= 2 } ?? false
      let hint =
        isNear
        ? "did you mean \(nearest ?? "")?" : known.isEmpty ? "'match' names nothing" : "known are \(Words.list(known))"
      reading.mistake(mark, "'\(key)' has {\(name)}, which nothing stands for; \(hint)")
    }
  }

  private var ofRecord: [String] {
    switch format.name {
    case .json, .auto: ["key", "parent"]
    case .line: ["measurement", "tag:NAME"]
    // Every Sparkplug topic has these levels, even if `match` does not name them.
    case .sparkplug: ["group", "edge", "device"].filter { !placeholders.contains($0) }
    default: []
    }
  }

  private func isOfRecord(_ name: String) -> Bool {
    ofRecord.contains(name) || (format.name == .line && name.hasPrefix("tag:") && name.utf8.count > 4)
  }
}
