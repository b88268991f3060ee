import PayloadDecoding
import PlantModel

/// Review of a plant's file as a whole: what is taken, and cannot have the effect that was probably meant.
///
/// Everything here can be intended, so each finding is a warning. A folder is reviewed; files in memory are not.
struct PlantReview {
  let plant: Plant
  let root: YAMLNode
  let reading: ConfigurationContext
  let offer: TopicOffer
  let names: [String]
  private let declared: [String: Asset]
  private let nameSet: Set<String>

  /// Creates the review of a plant and the tree that it was read from.
  init(_ plant: Plant, root: YAMLNode, reading: ConfigurationContext) {
    (self.plant, self.root, self.reading) = (plant, root, reading)
    var fed = plant
    fed.topics += plant.sources.map(\.rule)
    offer = TopicOffer(fed)
    names = plant.assets.map(\.name)
    nameSet = Set(names)
    declared = Dictionary(plant.assets.map { ($0.name, $0) }) { first, _ in first }
  }

  /// Records the warnings.
  func check() {
    checkParts()
    checkTexts(root)
    EmptyValues(reading).check(root)
    checkConversions()
    checkPlaceholders()
    checkTopicAssets()
    checkTopicSensors()
    checkSilentAssets()
    checkOverrides()
    checkInputs()
    TopicOverlap(plant, root: root, reading: reading).check()
    SizeReview(plant, root: root, reading: reading).check()
  }

  // MARK: Parts

  private func checkParts() {
    let place = root.member("plant")?.mark ?? root.mark
    if plant.topics.isEmpty, plant.sources.isEmpty {
      let example = "topics: [{match: \"\(plant.name)/{asset}/{sensor}\"}]"
      reading.warning(
        root.member("topics")?.mark ?? place, "the plant has no topic, so that nothing reaches it; write \(example)")
    }
    if plant.assets.isEmpty {
      reading.warning(
        root.member("assets")?.mark ?? place,
        "the plant has no asset, so that there is no balance, forecast or advice; write assets: {roof: {kind: pv, "
          + "capacity_kw: 30}, grid: {kind: grid}}")
    }
  }

  /// Characters of word processors in keys and values.
  private func checkTexts(_ node: YAMLNode) {
    switch node.content {
    case .scalar(let text, _):
      if let oddity = LookAlike.oddity(of: text) { reading.warning(node.mark, oddity) }
    case .sequence(let elements): elements.forEach(checkTexts)
    case .mapping(let pairs):
      for pair in pairs {
        checkTexts(pair.key)
        checkTexts(pair.value)
      }
    }
  }

  // MARK: Topics

  /// Topics of the file by their entry; one entry may give two rules.
  private var entries: [(entry: YAMLNode, rule: TopicRule)] {
    let nodes = root.member("topics")?.elements ?? []
    let rules = plant.topics.filter { $0.payload != .availability }
    guard nodes.count == rules.count else { return [] }
    return Array(zip(nodes, rules))
  }

  private func checkTopicAssets() {
    var told: Set<String> = []
    for (entry, rule) in entries {
      if let asset = rule.asset, TopicOffer.isLiteral(asset), declared[asset] == nil, told.insert(asset).inserted {
        reading.warning(
          entry.member("asset")?.mark ?? entry.mark, missing(asset, by: "this topic names asset '\(asset)'"))
      }
      for (name, mark) in offer.renamedAssets(of: rule, in: entry)
      where declared[name] == nil && told.insert(name).inserted {
        reading.warning(mark, missing(name, by: "'rename' names asset '\(name)'"))
      }
      for value in rule.values {
        let name = rule.rename[value.name] ?? value.name
        guard let parts = dotted(name), told.insert(parts.asset).inserted else { continue }
        let mark = entry.member("values")?.keyMark(value.name) ?? entry.mark
        reading.warning(mark, missing(parts.asset, by: "'\(name)' is a sensor of asset '\(parts.asset)'"))
      }
    }
  }

  /// Returns the parts of a name that looks like a sensor of an asset that is not declared.
  private func dotted(_ name: String) -> (asset: String, sensor: String)? {
    guard !name.contains("{"), WrittenName.split(name, assets: nameSet) == nil, let dot = name.firstIndex(of: ".")
    else { return nil }
    let (asset, sensor) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
    guard !asset.isEmpty, AssetKind.allCases.contains(where: { $0.traits.sensors.contains(sensor) }) else { return nil }
    return (asset, sensor)
  }

  private func missing(_ asset: String, by reason: String) -> String {
    let near = NearName.hint(asset, of: names)
    return "\(reason), which 'assets' has not, so that it counts as kind generic\(near); else write "
      + "\(asset): {kind: …} under 'assets'"
  }

  /// Sensors that a rule names and that are slips of those that the assets' kinds have.
  private func checkTopicSensors() {
    for (entry, rule) in entries {
      let literal = rule.asset.flatMap { declared[$0] }
      var written = rule.values.map { value in
        let mark = entry.member("rename")?.member(value.name)?.mark ?? entry.member("values")?.keyMark(value.name)
        return (rule.rename[value.name] ?? value.name, mark ?? entry.mark)
      }
      if let sensor = rule.sensor { written.append((sensor, entry.member("sensor")?.mark ?? entry.mark)) }
      for (name, mark) in written where TopicOffer.isLiteral(name) {
        let parts = WrittenName.split(name, assets: nameSet)
        let owner = parts.flatMap { declared[$0.asset] } ?? literal
        let kinds = owner.map { [$0.kind] } ?? plant.assets.map(\.kind)
        checkSpelling(parts?.sensor ?? name, kinds: kinds, at: mark)
      }
    }
  }

  private func checkSpelling(_ sensor: String, kinds: [AssetKind], at mark: Mark) {
    // An entry of 'sensors' with a unit says that the name is meant.
    if plant.sensors.contains(where: { $0.unit != nil && $0.match.hasSuffix(".\(sensor)") }) { return }
    guard let near = slip(sensor, kinds: kinds) else { return }
    reading.warning(
      mark, "no kind of asset has a sensor '\(sensor)', so that nothing is known of it; perhaps '\(near)' is meant")
  }

  private func slip(_ sensor: String, kinds: [AssetKind], further: [String] = []) -> String? {
    let asset = Asset(name: "", kind: kinds.first ?? .generic)
    let known = Set(kinds.flatMap { $0.traits.sensors })
    guard !known.contains(sensor.lowercased()), SensorCatalogue.profile(sensor: sensor, of: asset).unit == nil,
      !further.contains(sensor)
    else { return nil }
    return NearName.slip(sensor, of: known.union(further).union(TopicOffer.commonSensors))
  }

  /// Placeholders that are a slip of `{asset}` or `{sensor}`, and those of other programs.
  private func checkPlaceholders() {
    for (entry, rule) in entries {
      let mark = entry.member("match")?.mark ?? entry.mark
      for name in (try? TopicPattern(rule.match))?.placeholders ?? [] {
        let near =
          ["asset", "sensor"].first { $0 != name && $0 == name.lowercased() }
          ?? NearName.slip(name, of: ["asset", "sensor"])
        guard let near, !rule.match.contains("{\(near)}"), rule.values.allSatisfy({ !$0.name.contains("{\(name)}") }),
          rule.asset?.contains("{\(name)}") != true, rule.sensor?.contains("{\(name)}") != true
        else { continue }
        reading.warning(
          mark, "{\(name)} is a part of the topic that nothing uses, and does not name the \(near); write {\(near)}")
      }
      for level in rule.match.split(separator: "/") {
        let name = level.filter { $0.isLetter }.lowercased()
        guard ["asset", "sensor"].contains(name), let first = level.first, "<$:%[".contains(first) else { continue }
        reading.warning(mark, "'\(level)' in '\(rule.match)' stands for itself; write {\(name)}")
      }
    }
  }

  /// A unit and a factor of a thousand that convert the same value twice.
  private func checkConversions() {
    for (entry, rule) in entries {
      for value in rule.values {
        let scale = value.detail.scale ?? rule.scale[value.name]
        guard let unit = value.detail.unit, scale == 0.001, ["W", "Wh", "var", "VA", "mV", "mA"].contains(unit.symbol)
        else { continue }
        let node = entry.member("values")?.member(value.name)
        reading.warning(
          node?.member("scale")?.mark ?? node?.mark ?? entry.mark,
          "'\(value.name)' is divided by 1,000 and is then in \(unit.symbol), which divides again; keep the unit or the "
            + "scale")
      }
    }
  }

  private func checkSilentAssets() {
    guard !plant.topics.isEmpty, !offer.hasOpenAssets else { return }
    for asset in plant.assets where !offer.assets.contains(asset.name) {
      let brought = offer.assets.filter { declared[$0] == nil }
      reading.warning(
        root.member("assets")?.keyMark(asset.name) ?? root.mark,
        "no topic brings anything of asset '\(asset.name)'\(NearName.hint(asset.name, of: Array(brought))); write "
          + "{asset} into a 'match', or asset: \(asset.name) beside one")
    }
  }

  // MARK: Sensors

  private func checkOverrides() {
    let nodes = root.member("sensors")?.elements ?? []
    guard nodes.count == plant.sensors.count else { return }
    let sizes = SizeReview(plant, root: root, reading: reading)
    for (node, override) in zip(nodes, plant.sensors) {
      let mark = node.member("match")?.mark ?? node.mark
      if let words = mistake(inMatch: override.match) { reading.warning(mark, words) }
      sizes.check(override, at: node.member("range")?.mark ?? mark)
    }
  }

  /// Returns why a pattern fits no sensor that a topic brings or a kind has; `nil` if one may come.
  private func mistake(inMatch match: String) -> String? {
    guard let dot = match.lastIndex(of: ".") else { return nil }
    let (asset, sensor) = (String(match[..<dot]), String(match[match.index(after: dot)...]))
    // A dot may belong to the sensor's or the asset's name.
    if let parts = WrittenName.split(match, assets: nameSet) {
      return mistake(inSensor: parts.sensor, of: parts.asset)
    }
    let all = names + offer.assets.filter { declared[$0] == nil }
    let fitting = all.filter { Wildcard.matches(pattern: asset, text: $0) }
    if fitting.isEmpty {
      if asset.contains("*") {
        if offer.hasOpenAssets { return nil }
        return "'\(match)' fits no asset; the plant has \(Words.list(names))"
      }
      let near = NearName.hint(asset, of: all)
      if offer.hasOpenAssets {
        return "no asset '\(asset)' is declared\(near); if a topic brings it, write it under 'assets' with its kind"
      }
      return "'\(match)' fits no sensor, because there is no asset '\(asset)' and no topic brings one\(near)"
    }
    if sensor.contains("*") { return nil }
    let mistakes = fitting.map { mistake(inSensor: sensor, of: $0) }
    return mistakes.contains { $0 == nil } ? nil : mistakes[0]
  }

  private func mistake(inSensor sensor: String, of asset: String) -> String? {
    let known = declared[asset]
    let brought = offer.sensors(of: asset)
    let kind = known?.kind ?? .generic
    let own = kind.traits.sensors
    if sensor.contains("*") {
      let isAny = offer.isOpen(asset) || (own + brought).contains { Wildcard.matches(pattern: sensor, text: $0) }
      return isAny ? nil : "'\(sensor)' fits no sensor of '\(asset)', which has \(Words.list((own + brought).sorted()))"
    }
    let base = sensor.hasSuffix("_forecast") ? String(sensor.dropLast(9)) : sensor
    if own.contains(base.lowercased()) || brought.contains(sensor) || brought.contains(base) { return nil }
    if plant.derived.contains(where: { $0.name.asset == asset && $0.name.sensor == sensor }) { return nil }
    if let near = slip(sensor, kinds: [kind], further: brought) {
      return "no topic or kind has a sensor '\(sensor)' of '\(asset)'; perhaps '\(near)' is meant"
    }
    if offer.isOpen(asset)
      || SensorCatalogue.profile(sensor: base, of: known ?? Asset(name: "", kind: kind)).unit != nil
    {
      return nil
    }
    return "no topic brings a sensor '\(sensor)' of '\(asset)', and its kind \(kind) has none; they have "
      + Words.list(Set(own + brought).sorted())
  }

  private func checkInputs() {
    // The file's key may be written with quotation marks, so that names are compared.
    var marks: [SensorName: Mark] = [:]
    for (key, _, value) in root.member("derive")?.pairs ?? [] {
      guard let parts = WrittenName.split(key, assets: nameSet) else { continue }
      marks[SensorName(asset: parts.asset, sensor: parts.sensor)] = value.mark
    }
    for sensor in plant.derived {
      let mark = marks[sensor.name] ?? root.mark
      for input in sensor.expression.inputs where input != sensor.name {
        guard let words = mistake(inSensor: input.sensor, of: input.asset) else { continue }
        reading.warning(mark, "'\(sensor.name)' never has a value: \(words)")
      }
    }
  }
}

/// Assets and sensors that a plant's topics can bring.
struct TopicOffer {
  /// Sensors that every kind of asset may have.
  static let commonSensors = [
    "power", "energy", "energy_import", "energy_export", "voltage", "current", "frequency", "temperature", "humidity",
    "irradiance", "wind_speed", "status", "state",
  ]

  /// Assets that the topics name.
  private(set) var assets: Set<String> = []
  /// Whether messages name assets.
  private(set) var hasOpenAssets = false
  /// Sensors by asset; under an empty name those of every asset.
  private var sensorsByAsset: [String: Set<String>] = [:]
  /// Assets whose sensors messages name; an empty name is every asset.
  private var open: Set<String> = []

  /// Creates what the topics of a plant can bring.
  init(_ plant: Plant) {
    let names = Set(plant.assets.map(\.name))
    for rule in plant.topics where rule.payload != .availability { add(rule, names: names) }
    assets.formUnion(plant.derived.map(\.name.asset))
    assets.formUnion(names.intersection(plant.topics.flatMap(\.rename.values)))
  }

  /// Returns whether a text is neither a place in the payload nor has placeholders.
  static func isLiteral(_ text: String) -> Bool { !text.contains("{") && !text.hasPrefix("/") }

  /// Returns whether messages name the sensors of an asset.
  func isOpen(_ asset: String) -> Bool { open.contains("") || open.contains(asset) }

  /// Returns the sensors that topics bring of an asset.
  func sensors(of asset: String) -> [String] {
    (sensorsByAsset[""] ?? []).union(sensorsByAsset[asset] ?? []).sorted()
  }

  /// Returns the assets among the new names of a rule whose values are listed, with their positions.
  func renamedAssets(of rule: TopicRule, in entry: YAMLNode) -> [(name: String, mark: Mark)] {
    guard !rule.values.isEmpty, !rule.values.contains(where: { $0.name.contains("{") }) else { return [] }
    let listed = Set(rule.values.map(\.name))
    return rule.rename.filter { !listed.contains($0.key) && TopicOffer.isLiteral($0.value) }.sorted { $0.key < $1.key }
      .map { ($0.value, entry.member("rename")?.member($0.key)?.mark ?? entry.mark) }
  }

  private mutating func add(_ rule: TopicRule, names: Set<String>) {
    let isNamed = rule.match.contains("{asset}") || rule.payload == .sparkplug
    var owner = ""
    if let asset = rule.asset, TopicOffer.isLiteral(asset) {
      assets.insert(asset)
      owner = asset
    } else if isNamed || rule.asset != nil {
      hasOpenAssets = true
    } else {
      owner = Plant.wholePlant
    }
    let written = rule.values.map { rule.rename[$0.name] ?? $0.name } + [rule.sensor].compactMap(\.self)
    for name in written {
      if let parts = WrittenName.split(name, assets: names) {
        assets.insert(parts.asset)
        sensorsByAsset[parts.asset, default: []].insert(parts.sensor)
      } else if TopicOffer.isLiteral(name) {
        sensorsByAsset[owner, default: []].insert(name)
      } else {
        open.insert(owner)
        // A placeholder may stand for an asset with its dot.
        if name.contains(".") || owner == Plant.wholePlant { hasOpenAssets = true }
      }
    }
    guard written.isEmpty else { return }
    open.insert(owner)
    sensorsByAsset[owner, default: []].formUnion(rule.rename.values)
    // Names of the payload may be written as asset.sensor, by 'rename' too.
    if owner == Plant.wholePlant {
      for name in rule.rename.values {
        guard let parts = WrittenName.split(name, assets: names) else { continue }
        assets.insert(parts.asset)
        sensorsByAsset[parts.asset, default: []].insert(parts.sensor)
      }
      hasOpenAssets = true
      open.insert("")
    }
  }
}

/// Keys that are written without a value, which are as if they were not there.
struct EmptyValues {
  private let reading: ConfigurationContext
  /// Sections whose entries may have no value.
  private static let free: Set<String> = ["where", "map"]

  init(_ reading: ConfigurationContext) { self.reading = reading }

  /// Records a warning for each key without a value, unless its line has a mistake.
  func check(_ root: YAMLNode) {
    visit(root, depth: 0)
  }

  private func visit(_ node: YAMLNode, depth: Int) {
    node.elements?.forEach { visit($0, depth: depth + 1) }
    for (key, mark, value) in node.pairs where !EmptyValues.free.contains(key) {
      visit(value, depth: depth + 1)
      // Topics and assets have words of their own.
      guard value.isNull, depth > 0 || !["topics", "assets"].contains(key) else { continue }
      if reading.diagnostics.contains(where: { $0.line == mark.line }) { continue }
      reading.warning(
        mark,
        "'\(key)' has no value, so that it is left out; write one, in quotation marks if it begins with '#', indent what "
          + "belongs to it, or delete the key")
    }
  }
}
