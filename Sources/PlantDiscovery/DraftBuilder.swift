import PlantModel

/// Makes rules of topics with their roles.
struct DraftBuilder {
  /// What topics of one rule have in common.
  private struct Key: Hashable {
    var form: String
    var roles: TopicRoles
    /// Levels that are the same in all of them; `nil` for those that may differ.
    var levels: [String?]
  }

  let topics: [ShapedTopic]
  let roles: [TopicRoles]
  /// Assets that are parts of a device of several, with their kinds.
  private(set) var parts: [(name: String, kind: AssetKind)] = []
  private(set) var rules: [DraftRule] = []
  private let survey: TopicSurvey
  let assetNames: Set<String>
  /// How many first levels there are of topics that are alike but for it.
  private var roots: [Key: Int] = [:]

  init(_ topics: [ShapedTopic], _ survey: TopicSurvey) {
    self.topics = topics
    self.survey = survey
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
      // Many first levels with the same rest are devices; few are written out, so that no topics of others are taken.
      let open = withoutRoot(key)
      if !topics[position].isLone, topics[position].levels.count > 1, roots[open, default: 0] > Self.mostRoots {
        key = open
      }
      if groups.updateValue((groups[key] ?? []) + [position], forKey: key) == nil { order.append(key) }
    }
    for key in order { rules.append(rule(groups[key] ?? [], key)) }
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
    for column in levels.indices where column > 0 && levels[column] != nil && isPassing(column, topic) {
      levels[column] = nil
    }
    if roles.isSplit, roles.sensor[0] > 0, let parts = NameWords.split(topic.levels[roles.sensor[0]]) {
      levels[roles.sensor[0]] = parts.mark + parts.quantity
    }
    if topic.form == "sparkplug" { return Key(form: topic.form, roles: TopicRoles(), levels: ["spBv1.0"]) }
    return Key(form: topic.form, roles: roles, levels: levels)
  }

  /// Whether a level that names neither asset nor sensor differs from site to site: a gateway, a portal, an instance.
  private func isPassing(_ column: Int, _ topic: ShapedTopic) -> Bool {
    if topic.vendor == .victron {
      let service = topic.victronService
      return column == service + 1 || (column == 1 && service == 2)
    }
    return NameWords.isSerial(topic.levels[column])
  }

  // MARK: Rules

  private mutating func rule(_ members: [Int], _ key: Key) -> DraftRule {
    let first = topics[members[0]]
    var rule = DraftRule()
    rule.topics = members.map { topics[$0].position }
    rule.messages = members.reduce(0) { $0 + topics[$1].messages }
    var names = LevelNames()
    if key.form == "sparkplug" {
      sparkplug(&rule)
      return rule
    }
    rule.levels = first.levels.indices.map { level($0, members, key, &names) }
    rule.asset = asset(members, key, rule.levels)
    rule.sensor = sensor(members, key, rule.levels)
    read(members, &rule)
    return rule
  }

  /// Names of placeholders, each once.
  private struct LevelNames {
    private var used: Set<String> = []

    mutating func next(_ wanted: String) -> String {
      var name = wanted
      var count = 2
      while !used.insert(name).inserted { (name, count) = ("\(wanted)\(count)", count + 1) }
      return name
    }
  }

  private func level(_ column: Int, _ members: [Int], _ key: Key, _ names: inout LevelNames) -> DraftRule.Level {
    let texts = Set(members.map { topics[$0].levels[column] })
    let first = topics[members[0]].levels[column]
    if key.roles.isSplit, key.roles.sensor.contains(column) {
      // A pattern that begins with a placeholder would take topics of others.
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
      // Any further device of a known maker is one more asset; of others only what was seen is known.
      let isOpen = texts.count > 1 || NameWords.isSerial(first) || topics[members[0]].vendor != .other
      guard isOpen else { return DraftRule.Level(first) }
      let isWhole = key.roles.asset.count == 1
      return .open(name: names.next(isWhole ? "asset" : NameWords.isIndex(first) ? "channel" : "device"), suffix: "")
    }
    let isIndex = NameWords.isIndex(first)
    return .open(name: names.next(isIndex ? "instance" : "gateway"), suffix: "")
  }

  private func made(_ columns: [Int], _ levels: [DraftRule.Level], _ first: [String]) -> String {
    columns.map { column in
      if case .open(let name, _) = levels[column] { "{\(name)}" } else { TopicTokens.literal(first[column]) }
    }.joined(separator: "_")
  }

  private func asset(_ members: [Int], _ key: Key, _ levels: [DraftRule.Level]) -> String? {
    let first = topics[members[0]].levels
    if key.roles.isSplit {
      return key.roles.sensor == [0] ? NameWords.split(first[0]).map { TopicTokens.literal($0.device) } : nil
    }
    let text = made(key.roles.asset, levels, first)
    return text == "{asset}" || text.isEmpty ? nil : text
  }

  private func sensor(_ members: [Int], _ key: Key, _ levels: [DraftRule.Level]) -> String? {
    guard topics[members[0]].isLone else { return nil }
    let first = topics[members[0]].levels
    if key.roles.isSplit {
      return NameWords.split(first[key.roles.sensor[0]]).map { NameWords.sensor($0.quantity) }
    }
    let text = made(key.roles.sensor, levels, first)
    if text == "{sensor}" { return nil }
    return text.contains("{") ? text : TopicTokens.literal(usual(key.roles, topics[members[0]]))
  }

  /// The name of a sensor that topics name, by what stands before it too.
  private func usual(_ roles: TopicRoles, _ topic: ShapedTopic) -> String {
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

  /// New names of sensors that topics name, unless two of one asset would get the same.
  private func renames(_ members: [Int]) -> [(from: String, to: String)] {
    var taken: [String: String] = [:]
    var result: [String: String] = [:]
    let all = members.map { (asset: roles[$0].assetText(topics[$0].levels), topic: $0) }
    for (asset, position) in all {
      let raw = roles[position].sensorText(topics[position].levels)
      taken[asset + "\0" + raw] = raw
    }
    for (asset, position) in all {
      let raw = roles[position].sensorText(topics[position].levels)
      let name = usual(roles[position], topics[position])
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

  /// Sensors such as `pvPower` and `batterySoc` of one device are those of its parts.
  private mutating func splitNames(_ members: [Int], _ rule: inout DraftRule) {
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

  // MARK: Payloads

  private mutating func read(_ members: [Int], _ rule: inout DraftRule) {
    let first = topics[members[0]]
    switch first.kind {
    case .lone(_, let timePlace):
      for case .lone(let place?, _) in members.map({ topics[$0].kind }) { rule.unit = place }
      rule.time = timePlace
      let isOpen = rule.sensor?.contains("{") ?? true
      if isOpen { rule.rename = renames(members) }
      if rule.sensor == nil { splitNames(members, &rule) }
    case .values: values(members, &rule)
    case .records: records(members, &rule)
    case .line:
      rule.payload = "line"
      var shape: LineShape?
      for case .line(let other) in members.map({ topics[$0].kind }) {
        if shape == nil { shape = other } else { shape?.merge(other) }
      }
      guard let tag = shape?.deviceTag, tag.count > 1 || rule.asset == first.levels[0] else { return }
      rule.asset = "{tag:\(tag.name)}"
      freeAsset(&rule)
      if shape?.fields == ["value"] {
        rule.sensor = "{measurement}"
        rule.values = [DraftRule.Value(name: "{sensor}", path: "value")]
      }
    case .columns(let rows, let separator): columns(rows, separator, &rule)
    case .pairs: pairs(members, &rule)
    case .senml:
      rule.payload = "senml"
      // The records name their devices themselves.
      freeAsset(&rule)
      rule.asset = nil
    case .sparkplug, .unread: break
    }
  }

  private mutating func values(_ members: [Int], _ rule: inout DraftRule) {
    var shape = JSONShape()
    for case .values(let other) in members.map({ topics[$0].kind }) { shape.merge(other) }
    rule.payload = "json"
    let vendor = topics[members[0]].vendor
    let isNamed = rule.asset != topics[members[0]].levels[0] || vendor == .shelly
    if members.count == 1, let device = shape.deviceMember(always: !isNamed) {
      rule.asset = device.pointer
      if let place = rule.levels.firstIndex(where: { $0.text == "{asset}" }) {
        rule.levels[place] = .open(name: "gateway", suffix: "")
      }
    }
    if let time = shape.leaves.first(where: \.isTime), time.tokens.count > 1 || !NameWords.isUsualTime(time.name) {
      rule.time = time.pointer
    }
    for time in shape.leaves where time.isStrangeTime {
      rule.notes.append(
        "the time at \(time.pointer) is not read; to read \"\(time.texts.min() ?? "")\" add time and time_format")
    }
    let taken = Array(shape.taken.prefix(300))
    if shape.taken.count > taken.count { rule.notes.append("only the first \(taken.count) values are listed") }
    let asset = roles[members[0]].assetText(topics[members[0]].levels)
    let known = assetNames
    let isSplit = members.count == 1 && [.other, .shelly].contains(vendor) && !(rule.asset?.hasPrefix("/") ?? false)
    let isTaken = known.contains { KindGuess.kind(ofWord: $0) != nil }
    let names = ValueNames(
      taken, partsOf: isSplit ? { isTaken || KindGuess.kind(ofWord: $0) == nil ? "\(asset)_\($0)" : $0 } : nil)
    if !names.assets.isEmpty {
      // A further device of the pattern would have parts of its own.
      let levels = topics[members[0]].levels
      rule.levels = zip(rule.levels, levels).map { $0.text == "{asset}" ? DraftRule.Level($1) : $0 }
      rule.asset = rule.asset ?? TopicTokens.literal(asset)
    }
    for part in names.assets where !parts.contains(where: { $0.name == part.name }) { parts.append(part) }
    let isFahrenheit = shape.leaves.contains { $0.name == "TempUnit" && $0.texts == ["F"] }
    let array = topics[members[0]].isArray ? topics[members[0]].levels.last : nil
    let powers = Self.powers(taken)
    for (leaf, name) in zip(taken, names.names.map { name in array.map { "\($0)_\(name)" } ?? name }) {
      let sensor =
        name.contains(".") && isSplit
        ? String(name[name.index(after: name.firstIndex(of: ".") ?? name.startIndex)...]) : name
      rule.values.append(value(leaf, name, sensor: sensor, vendor, isFahrenheit, powers: powers))
    }
    let left = shape.leaves.filter { leaf in
      !leaf.numbers.isEmpty && !leaf.isTime && leaf.pointer != rule.asset
        && !taken.contains { $0.tokens == leaf.tokens }
    }
    if !left.isEmpty {
      rule.notes.append("not taken: " + left.prefix(12).map(\.pointer).joined(separator: ", "))
    }
  }

  private func value(
    _ leaf: JSONShape.Leaf, _ name: String, sensor: String, _ vendor: ShapedTopic.Vendor, _ isFahrenheit: Bool,
    powers: [Double]
  ) -> DraftRule.Value {
    var value = DraftRule.Value(name: name, path: leaf.pointer)
    if leaf.statesUnit || leaf.isSwitch { return value }
    let source = leaf.tokens.last.flatMap { NameWords.valueNames.contains($0) ? leaf.tokens.dropLast().last : $0 }
    // Tasmota's energies are those under ENERGY; other parts of a message have makers of their own.
    let maker = vendor == .tasmota && leaf.tokens.first != "ENERGY" ? .other : vendor
    let guess = UnitGuess.of(
      sensor: sensor, source: source ?? name, numbers: leaf.numbers, vendor: maker, unitText: leaf.unitText,
      powers: powers)
    (value.unit, value.note) = (guess.unit, guess.note)
    if isFahrenheit, leaf.name.hasPrefix("Temperature") { (value.unit, value.note) = ("°F", "TempUnit is F") }
    return value
  }

  /// The powers among values, which are likely to have one unit.
  private static func powers(_ leaves: [JSONShape.Leaf]) -> [Double] {
    leaves.filter { !$0.isSwitch && UnitGuess.isPower($0.name) }.flatMap(\.numbers)
  }

  private func records(_ members: [Int], _ rule: inout DraftRule) {
    guard case .records(var list) = topics[members[0]].kind else { return }
    for case .records(let other) in members.dropFirst().map({ topics[$0].kind }) { list.records.merge(other.records) }
    rule.payload = "json"
    rule.each = list.each
    rule.time = list.timePlace
    if !list.leftOut.isEmpty {
      rule.notes.append("outside of the records, and not taken: " + list.leftOut.prefix(12).joined(separator: ", "))
    }
    let marks: Set<String> = ["q", "quality", "good", "valid", "status"]
    if let mark = list.records.leaves.first(where: { $0.isSwitch && marks.contains($0.name.lowercased()) }) {
      rule.notes.append(
        "records say whether they are good; to take those alone add `where: {\"\(mark.pointer)\": true}`")
    }
    if list.arePairs, topics[members[0]].isLone {
      rule.time = "/0"
      let isOpen = rule.sensor?.contains("{") ?? true
      if isOpen { rule.rename = renames(members) }
      let name = rule.sensor ?? "{sensor}"
      rule.sensor = isOpen && name != "{sensor}" ? name : nil
      rule.values = [DraftRule.Value(name: name, path: "/1")]
      return
    }
    if list.arePairs {
      rule.time = "/0"
      let name = list.each.split(separator: "/").last.map(String.init) ?? "value"
      let sensor = NameWords.isQuantity(name) ? NameWords.sensor(name) : "value"
      rule.values = [DraftRule.Value(name: sensor, path: "/1", note: sensor == "value" ? "give it its name" : nil)]
      return
    }
    if list.keyIsDevice {
      rule.asset = "{key}"
      freeAsset(&rule)
    } else if let device = list.deviceMember {
      let leaf = list.records.leaves.first { $0.tokens == [device] }
      let isNamed = rule.asset != topics[members[0]].levels[0]
      if (leaf?.texts.count ?? 0) > 1 || !isNamed {
        rule.asset = "/\(device)"
        freeAsset(&rule)
      }
    } else if list.named == nil, let name = list.partMember {
      rule.asset = "/\(name)"
      freeAsset(&rule)
    }
    guard let named = list.named else {
      let taken = Array(list.records.taken.prefix(300))
      let names = ValueNames(taken, partsOf: nil)
      let powers = Self.powers(taken)
      for (leaf, name) in zip(taken, names.names) {
        rule.values.append(value(leaf, name, sensor: name, topics[members[0]].vendor, false, powers: powers))
      }
      return
    }
    rule.sensor = "/\(named.name)"
    rule.unit = list.unitMember.map { "/\($0)" }
    rule.values = [DraftRule.Value(name: "{sensor}", path: "/\(named.value)")]
    let names = list.names
    let strip = Self.commonPrefix(names)
    if !strip.isEmpty { rule.strip = strip }
    var used: Set<String> = Set(names.map { String($0.dropFirst(strip.count)) })
    for name in names.prefix(200) {
      let bare = String(name.dropFirst(strip.count))
      if let usual = NameWords.usual(bare), usual != bare, used.insert(usual).inserted {
        rule.rename.append((bare, usual))
      }
    }
  }

  /// The topic's device is not the asset, since the payload names that.
  private func freeAsset(_ rule: inout DraftRule) {
    rule.levels = rule.levels.map { $0.text == "{asset}" ? .open(name: "gateway", suffix: "") : $0 }
  }

  /// What several names begin with, up to a dot, slash or colon.
  static func commonPrefix(_ names: [String]) -> String {
    guard names.count > 1, let first = names.first else { return "" }
    var length = first.count
    for name in names { length = min(length, zip(first, name).prefix { $0 == $1 }.count) }
    let common = first.prefix(length)
    guard let end = common.lastIndex(where: { "./:".contains($0) }) else { return "" }
    return String(common[...end])
  }

  private func columns(_ rows: [[String]], _ separator: Character, _ rule: inout DraftRule) {
    rule.payload = "csv"
    if separator != "," { rule.separator = separator == "\t" ? "tab" : String(separator) }
    let width = rows.map(\.count).max() ?? 0
    for column in 0..<min(width, 100) {
      let cells = rows.compactMap { column < $0.count ? $0[column] : nil }
      let numbers = cells.compactMap { Double($0) }
      if column == 0, cells.allSatisfy({ TimeGuess.isReadable($0) }) {
        rule.time = "/0"
      } else if numbers.count == cells.count {
        rule.values.append(
          DraftRule.Value(
            name: "column_\(column)", path: "\(column)", note: "give it its name; \(UnitGuess.spread(numbers))"))
      }
    }
    rule.notes.append("columns have no names; such a row is \(rows[0].prefix(12).joined(separator: String(separator)))")
  }

  private func pairs(_ members: [Int], _ rule: inout DraftRule) {
    var shape = JSONShape()
    for case .pairs(let leaves) in members.map({ topics[$0].kind }) {
      for leaf in leaves { for number in leaf.numbers { shape.note(.number(number), at: leaf.tokens) } }
    }
    rule.payload = "pairs"
    if let time = shape.leaves.first(where: \.isTime) { rule.time = time.name }
    let names = ValueNames(shape.taken, partsOf: nil)
    let powers = Self.powers(shape.taken)
    for (leaf, name) in zip(shape.taken, names.names) {
      var value = value(leaf, name, sensor: name, .other, false, powers: powers)
      value.path = leaf.name
      rule.values.append(value)
    }
  }

  /// One rule takes edge nodes and devices, which name themselves.
  private func sparkplug(_ rule: inout DraftRule) {
    rule.payload = "sparkplug"
    rule.asset = nil
    rule.levels = [
      .literal("spBv1.0"), .open(name: "group", suffix: ""), .any, .open(name: "edge", suffix: ""),
      .open(name: "device", suffix: ""),
    ]
    rule.notes = ["names and units come with births, for which a running pipeline asks where it has heard none"]
  }

  // MARK: Order

  /// Rules that match the same topics cannot all be reached: the one with most messages stays, others are written out.
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

  /// A topic that comes to a rule that was not made for it gets one of its own.
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
      var rule = literal(position, key)
      // Levels with braces are wildcards, so that two of them may be one rule.
      if !matched.insert(rule.matched).inserted { continue }
      if let taker { rule.notes.append("apart from '\(rules[taker].match)', because its payload is another") }
      own.append(rule)
    }
    let moved = Set(own.flatMap(\.topics))
    for number in rules.indices { rules[number].topics.removeAll { moved.contains($0) } }
    rules = own + rules.filter { !$0.topics.isEmpty && !matched.contains($0.matched) }
  }

  /// A rule for one topic as it is.
  private mutating func literal(_ position: Int, _ key: Key) -> DraftRule {
    let (topic, roles) = (topics[position], roles[position])
    var rule = DraftRule()
    rule.topics = [topic.position]
    rule.messages = topic.messages
    rule.levels = topic.levels.map { DraftRule.Level($0) }
    let split = roles.isSplit ? NameWords.split(topic.levels[roles.sensor[0]]) : nil
    let asset = split?.device ?? roles.assetText(topic.levels)
    rule.asset = asset.isEmpty ? nil : TopicTokens.literal(asset)
    if topic.isLone {
      rule.sensor = TopicTokens.literal(split.map { NameWords.sensor($0.quantity) } ?? usual(roles, topic))
    }
    read([position], &rule)
    return rule
  }
}

extension ShapedTopic {
  /// What topics of one rule must have in common in their payloads.
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

/// Names in topics.
enum TopicTokens {
  /// A name out of a topic as a plant file may have it, without braces, which mean placeholders there.
  static func literal(_ text: String) -> String {
    String(decoded(text).map { $0 == "{" ? "(" : $0 == "}" ? ")" : $0 })
  }

  /// A level without percent-encoding, as the decoder takes it.
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
