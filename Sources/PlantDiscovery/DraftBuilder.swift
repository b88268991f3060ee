import PlantModel

/// Builder of topic rules from topics and the roles of their levels.
struct DraftBuilder {
  /// Properties shared by the topics of one rule.
  private struct Key: Hashable {
    var form: String
    var roles: TopicRoles
    /// Levels that are the same in all topics; `nil` for those that may differ.
    var levels: [String?]
  }

  let topics: [ShapedTopic]
  let roles: [TopicRoles]
  /// Assets that are parts of a device with several, with their kinds.
  var parts: [(name: String, kind: AssetKind)] = []
  private(set) var rules: [DraftRule] = []
  let assetNames: Set<String>
  /// Number of different first levels of topics that are otherwise alike.
  private var roots: [Key: Int] = [:]

  init(_ topics: [ShapedTopic]) {
    self.topics = topics
    let roles = RoleFinder.roles(of: topics)
    self.roles = roles
    assetNames = Set(zip(topics, roles).map { $1.assetText($0.levels) })
    build()
  }

  private mutating func build() {
    for position in topics.indices where topics[position].isRead && roles[position].asset == [0] {
      roots[withoutRoot(key(of: position)), default: 0] += 1
    }
    var groups: [Key: [Int]] = [:]
    var order: [Key] = []
    for position in topics.indices where topics[position].isRead {
      var key = key(of: position)
      // Many first levels with the same rest are devices. A few are written out, so that no topics of other senders
      // match.
      let open = withoutRoot(key)
      if !topics[position].isLone, topics[position].levels.count > 1, roots[open, default: 0] > Self.mostRoots {
        key = open
      }
      if groups.updateValue((groups[key] ?? []) + [position], forKey: key) == nil { order.append(key) }
    }
    for key in order { rules.append(rule(groups[key] ?? [], key: key)) }
    rules.sort { ($0.breadth, $1.messages) < ($1.breadth, $0.messages) }
    mergeSame()
    repair()
  }

  private static let mostRoots = 20

  private func withoutRoot(_ key: Key) -> Key {
    var key = key
    key.levels[0] = nil
    return key
  }

  // MARK: Grouping

  private func key(of position: Int) -> Key {
    let (topic, roles) = (topics[position], roles[position])
    var levels: [String?] = topic.levels
    for column in roles.sensor where column > 0 && !roles.isSplit { levels[column] = nil }
    for column in roles.asset where column > 0 { levels[column] = nil }
    for column in levels.indices where column > 0 && levels[column] != nil && isPassing(column, topic: topic) {
      levels[column] = nil
    }
    if roles.isSplit, roles.sensor[0] > 0, let parts = NameWords.split(topic.levels[roles.sensor[0]]) {
      levels[roles.sensor[0]] = parts.mark + parts.quantity
    }
    if topic.form == "sparkplug" { return Key(form: topic.form, roles: TopicRoles(), levels: ["spBv1.0"]) }
    return Key(form: topic.form, roles: roles, levels: levels)
  }

  /// Returns whether a level without asset or sensor differs between sites: a gateway, a portal, an instance.
  private func isPassing(_ column: Int, topic: ShapedTopic) -> Bool {
    if topic.vendor == .victron {
      let service = topic.victronService
      return column == service + 1 || (column == 1 && service == 2)
    }
    return NameWords.isSerial(topic.levels[column])
  }

  // MARK: Rules

  private mutating func rule(_ members: [Int], key: Key) -> DraftRule {
    let first = topics[members[0]]
    var rule = DraftRule()
    rule.topics = members.map { topics[$0].position }
    rule.messages = members.reduce(0) { $0 + topics[$1].messages }
    var names = LevelNames()
    if key.form == "sparkplug" {
      sparkplug(&rule)
      return rule
    }
    rule.levels = first.levels.indices.map { level($0, members: members, key: key, names: &names) }
    rule.asset = asset(members, key: key, levels: rule.levels)
    rule.sensor = sensor(members, key: key, levels: rule.levels)
    read(members, rule: &rule)
    return rule
  }

  /// Generator of unique placeholder names.
  private struct LevelNames {
    private var used: Set<String> = []

    mutating func next(_ wanted: String) -> String {
      var name = wanted
      var count = 2
      while !used.insert(name).inserted { (name, count) = ("\(wanted)\(count)", count + 1) }
      return name
    }
  }

  private func level(_ column: Int, members: [Int], key: Key, names: inout LevelNames) -> DraftRule.Level {
    let texts = Set(members.map { topics[$0].levels[column] })
    let first = topics[members[0]].levels[column]
    if key.roles.isSplit, key.roles.sensor.contains(column) {
      // A pattern that begins with a placeholder would match topics of other senders.
      if column == 0 { return DraftRule.Level(first) }
      return .open(name: names.next("asset"), suffix: key.levels[column] ?? "")
    }
    guard key.levels[column] == nil else { return DraftRule.Level(first) }
    if texts.contains(where: \.isEmpty) { return texts.count == 1 ? .literal("") : .any }
    if key.roles.sensor.contains(column) {
      if texts.count == 1 { return DraftRule.Level(first) }
      let isWhole = key.roles.sensor.count == 1
      return .open(name: names.next(isWhole ? "sensor" : NameWords.isPhase(first) ? "phase" : "quantity"), suffix: "")
    }
    if key.roles.asset.contains(column) {
      // Further devices of a known vendor are further assets. For other vendors, only the observed devices are known.
      let isOpen = texts.count > 1 || NameWords.isSerial(first) || topics[members[0]].vendor != .other
      guard isOpen else { return DraftRule.Level(first) }
      let isWhole = key.roles.asset.count == 1
      return .open(name: names.next(isWhole ? "asset" : NameWords.isIndex(first) ? "channel" : "device"), suffix: "")
    }
    let isIndex = NameWords.isIndex(first)
    return .open(name: names.next(isIndex ? "instance" : "gateway"), suffix: "")
  }

  private func made(_ columns: [Int], levels: [DraftRule.Level], first: [String]) -> String {
    columns.map { column in
      if case .open(let name, _) = levels[column] { "{\(name)}" } else { TopicTokens.literal(first[column]) }
    }.joined(separator: "_")
  }

  private func asset(_ members: [Int], key: Key, levels: [DraftRule.Level]) -> String? {
    let first = topics[members[0]].levels
    if key.roles.isSplit {
      return key.roles.sensor == [0] ? NameWords.split(first[0]).map { TopicTokens.literal($0.device) } : nil
    }
    let text = made(key.roles.asset, levels: levels, first: first)
    return text == "{asset}" || text.isEmpty ? nil : text
  }

  private func sensor(_ members: [Int], key: Key, levels: [DraftRule.Level]) -> String? {
    guard topics[members[0]].isLone else { return nil }
    let first = topics[members[0]].levels
    if key.roles.isSplit {
      return NameWords.split(first[key.roles.sensor[0]]).map { NameWords.sensor($0.quantity) }
    }
    let text = made(key.roles.sensor, levels: levels, first: first)
    if text == "{sensor}" { return nil }
    return text.contains("{") ? text : TopicTokens.literal(usual(key.roles, topic: topics[members[0]]))
  }

  /// Returns the name of a sensor that a topic names, also considering the levels before it.
  private func usual(_ roles: TopicRoles, topic: ShapedTopic) -> String {
    let levels = topic.levels
    let raw = roles.sensorText(levels)
    if let usual = NameWords.usual(raw) { return usual }
    let asset = roles.assetText(levels)
    if !asset.isEmpty, raw.hasPrefix(asset + "_"), let usual = NameWords.usual(String(raw.dropFirst(asset.count + 1))) {
      return usual
    }
    if topic.vendor == .shelly, raw == "total" { return "energy" }
    let phases = roles.sensor.filter { NameWords.isPhase(levels[$0]) }
    let rest = TopicRoles(sensor: roles.sensor.filter { !NameWords.isPhase(levels[$0]) })
    if !phases.isEmpty, let usual = NameWords.usual(rest.sensorText(levels)) {
      return usual + "_" + phases.map { levels[$0].lowercased() }.joined(separator: "_")
    }
    return raw
  }

  /// Returns new names of sensors that topics name, except those that would coincide within an asset.
  func renames(_ members: [Int]) -> [(from: String, to: String)] {
    var taken: [String: String] = [:]
    var result: [String: String] = [:]
    let all = members.map { (asset: roles[$0].assetText(topics[$0].levels), topic: $0) }
    for (asset, position) in all {
      let raw = roles[position].sensorText(topics[position].levels)
      taken[asset + "\0" + raw] = raw
    }
    for (asset, position) in all {
      let raw = roles[position].sensorText(topics[position].levels)
      let name = usual(roles[position], topic: topics[position])
      guard name != raw else { continue }
      let owner = taken[asset + "\0" + name]
      if owner == nil || owner == raw {
        taken[asset + "\0" + name] = raw
        result[raw] = name
      } else {
        result[raw] = nil
      }
    }
    return result.sorted { $0.key < $1.key }.map { (TopicTokens.decoded($0.key), $0.value) }
  }

  /// Assigns sensors such as `pvPower` and `batterySoc` of one device to its parts.
  mutating func splitNames(_ members: [Int], rule: inout DraftRule) {
    guard let asset = rule.asset, !asset.contains("{") else { return }
    let found = members.compactMap { position in
      let raw = roles[position].sensorText(topics[position].levels)
      return NameWords.kindAndQuantity(raw).map { (raw: TopicTokens.decoded(raw), part: $0) }
    }
    guard Set(found.map(\.part.kind)).count > 1 else { return }
    let isTaken = assetNames.contains { KindGuess.kind(ofWord: $0) != nil }
    for (raw, part) in found {
      let name = isTaken ? "\(asset)_\(part.word)" : part.word
      if !parts.contains(where: { $0.name == name }) { parts.append((name, part.kind)) }
      rule.rename.removeAll { $0.from == raw }
      rule.rename.append((raw, "\(name).\(part.rest)"))
    }
  }

  // MARK: Order

  /// Keeps the first of the rules that match the same topics, which has the most messages. The others are written out
  /// later.
  private mutating func mergeSame() {
    var kept: [DraftRule] = []
    var places: [String: Int] = [:]
    for rule in rules {
      guard let place = places[rule.matched] else {
        places[rule.matched] = kept.count
        kept.append(rule)
        continue
      }
      kept[place].notes.append("topics of other payloads match this too; they have rules of their own above")
    }
    rules = kept
  }

  /// Adds a literal rule for each topic that another rule would match first.
  private mutating func repair() {
    let positions = Dictionary(topics.indices.map { (topics[$0].position, $0) }) { first, _ in first }
    var owners: [Int: Int] = [:]
    for (number, rule) in rules.enumerated() { for topic in rule.topics { owners[topic] = number } }
    var own: [DraftRule] = []
    var matched: Set<String> = []
    let index = RuleIndex(rules)
    for topic in topics where topic.isRead && topic.form != "sparkplug" && own.count < 500 {
      let taker = index.first(for: topic.levels)
      if let taker, owners[topic.position] == taker { continue }
      guard let position = positions[topic.position] else { continue }
      var key = key(of: position)
      key.levels = topic.levels
      var rule = literal(position, key: key)
      // Levels with braces are wildcards, so two such topics may share a rule.
      if !matched.insert(rule.matched).inserted { continue }
      if let taker { rule.notes.append("apart from '\(rules[taker].match)', because its payload is another") }
      own.append(rule)
    }
    let moved = Set(own.flatMap(\.topics))
    for number in rules.indices { rules[number].topics.removeAll { moved.contains($0) } }
    rules = own + rules.filter { !$0.topics.isEmpty && !matched.contains($0.matched) }
  }

  /// Returns a rule for one topic, without placeholders.
  private mutating func literal(_ position: Int, key: Key) -> DraftRule {
    let (topic, roles) = (topics[position], roles[position])
    var rule = DraftRule()
    rule.topics = [topic.position]
    rule.messages = topic.messages
    rule.levels = topic.levels.map { DraftRule.Level($0) }
    let split = roles.isSplit ? NameWords.split(topic.levels[roles.sensor[0]]) : nil
    let asset = split?.device ?? roles.assetText(topic.levels)
    rule.asset = asset.isEmpty ? nil : TopicTokens.literal(asset)
    if topic.isLone {
      rule.sensor = TopicTokens.literal(split.map { NameWords.sensor($0.quantity) } ?? usual(roles, topic: topic))
    }
    read([position], rule: &rule)
    return rule
  }
}

extension ShapedTopic {
  /// Payload properties that topics of one rule must share.
  var form: String {
    switch kind {
    case .lone(_, let time): "lone \(time ?? "")"
    case .values: "values"
    case .records(let list): "records \(list.each) \(list.named?.name ?? "") \(list.named?.value ?? "")"
    case .line: "line"
    case .columns(let rows, let separator): "columns \(separator) \(rows.first?.count ?? 0)"
    case .pairs: "pairs"
    case .senml: "senml"
    case .sparkplug: "sparkplug"
    case .unread: "unread"
    }
  }
}

/// Conversions of names in topics.
enum TopicTokens {
  /// Returns a name from a topic for use in a plant file, with parentheses for braces, which are placeholders there.
  static func literal(_ text: String) -> String {
    String(decoded(text).map { $0 == "{" ? "(" : $0 == "}" ? ")" : $0 })
  }

  /// Returns a level without percent-encoding, as the decoder reads it.
  static func decoded(_ level: String) -> String {
    guard level.contains("%") else { return level }
    var bytes: [UInt8] = []
    var rest = Array(level.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(code)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
