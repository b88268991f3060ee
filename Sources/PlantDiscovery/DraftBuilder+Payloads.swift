import PlantModel

/// Payload part of the rules.
extension DraftBuilder {
  mutating func read(_ members: [Int], rule: inout DraftRule) {
    let first = topics[members[0]]
    switch first.kind {
    case .lone(_, let timePlace):
      for case .lone(let place?, _) in members.map({ topics[$0].kind }) { rule.unit = place }
      rule.time = timePlace
      let isOpen = rule.sensor?.contains("{") ?? true
      if isOpen { rule.rename = renames(members) }
      if rule.sensor == nil { splitNames(members, rule: &rule) }
    case .values: values(members, rule: &rule)
    case .records: records(members, rule: &rule)
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
    case .columns(let rows, let separator): columns(rows, separator: separator, rule: &rule)
    case .pairs: pairs(members, rule: &rule)
    case .senml:
      rule.payload = "senml"
      // SenML records name their devices themselves.
      freeAsset(&rule)
      rule.asset = nil
    case .sparkplug, .unread: break
    }
  }

  private mutating func values(_ members: [Int], rule: inout DraftRule) {
    var shape = PayloadShape()
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
      // Further devices of the pattern would have parts with names of their own, so the pattern is restricted to this
      // device.
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
      rule.values.append(
        value(leaf, name: name, sensor: sensor, vendor: vendor, isFahrenheit: isFahrenheit, powers: powers))
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
    _ leaf: PayloadShape.Leaf, name: String, sensor: String, vendor: ShapedTopic.Vendor, isFahrenheit: Bool,
    powers: [Double]
  ) -> DraftRule.Value {
    var value = DraftRule.Value(name: name, path: leaf.pointer)
    if leaf.statesUnit || leaf.isSwitch { return value }
    let source = leaf.tokens.last.flatMap { NameWords.valueNames.contains($0) ? leaf.tokens.dropLast().last : $0 }
    // Tasmota's energies are under `ENERGY`; other parts of a message come from other vendors.
    let maker = vendor == .tasmota && leaf.tokens.first != "ENERGY" ? .other : vendor
    let guess = UnitGuess.of(
      sensor: sensor, source: source ?? name, numbers: leaf.numbers, vendor: maker, unitText: leaf.unitText,
      powers: powers)
    (value.unit, value.note) = (guess.unit, guess.note)
    if isFahrenheit, leaf.name.hasPrefix("Temperature") { (value.unit, value.note) = ("°F", "TempUnit is F") }
    return value
  }

  /// Returns the powers among values; they probably have one unit.
  private static func powers(_ leaves: [PayloadShape.Leaf]) -> [Double] {
    leaves.filter { !$0.isSwitch && UnitGuess.isPower($0.name) }.flatMap(\.numbers)
  }

  private func records(_ members: [Int], rule: inout DraftRule) {
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
        rule.values.append(
          value(leaf, name: name, sensor: name, vendor: topics[members[0]].vendor, isFahrenheit: false, powers: powers))
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

  /// Renames the placeholder of the topic's device, since the payload names the asset.
  private func freeAsset(_ rule: inout DraftRule) {
    rule.levels = rule.levels.map { $0.text == "{asset}" ? .open(name: "gateway", suffix: "") : $0 }
  }

  /// Returns the common prefix of several names, up to a dot, slash or colon.
  static func commonPrefix(_ names: [String]) -> String {
    guard names.count > 1, let first = names.first else { return "" }
    var length = first.count
    for name in names { length = min(length, zip(first, name).prefix { $0 == $1 }.count) }
    let common = first.prefix(length)
    guard let end = common.lastIndex(where: { "./:".contains($0) }) else { return "" }
    return String(common[...end])
  }

  private func columns(_ rows: [[String]], separator: Character, rule: inout DraftRule) {
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

  private func pairs(_ members: [Int], rule: inout DraftRule) {
    var shape = PayloadShape()
    for case .pairs(let leaves) in members.map({ topics[$0].kind }) {
      for leaf in leaves { for number in leaf.numbers { shape.observe(.number(number), at: leaf.tokens) } }
    }
    rule.payload = "pairs"
    if let time = shape.leaves.first(where: \.isTime) { rule.time = time.name }
    let names = ValueNames(shape.taken, partsOf: nil)
    let powers = Self.powers(shape.taken)
    for (leaf, name) in zip(shape.taken, names.names) {
      var value = value(leaf, name: name, sensor: name, vendor: .other, isFahrenheit: false, powers: powers)
      value.path = leaf.name
      rule.values.append(value)
    }
  }

  /// Makes the one rule for all Sparkplug edge nodes and devices, which name themselves.
  func sparkplug(_ rule: inout DraftRule) {
    rule.payload = "sparkplug"
    rule.asset = nil
    rule.levels = [
      .literal("spBv1.0"), .open(name: "group", suffix: ""), .any, .open(name: "edge", suffix: ""),
      .open(name: "device", suffix: ""),
    ]
    rule.notes = ["names and units come with births, for which a running pipeline asks where it has heard none"]
  }
}
