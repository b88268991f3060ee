import PlantModel

/// From topics to routes: which rules read a topic, and where its values go.
struct TopicRouter {
  typealias Bytes = UnsafeRawBufferPointer

  /// In place of a route, for topics of other shares.
  static let elsewhere = -1

  let invalidRules: [(plant: Int, match: String, error: TopicPattern.ParseError)]
  let rules: [CompiledRule]
  private(set) var routes: [DecodingRoute] = []
  /// How topics are read; by ``DecodingRoute/plan``.
  private(set) var plans: [RoutePlan] = []
  /// What reads by the plans, kept alive here.
  private var readers: [PayloadReader] = []
  private let index: PatternIndex
  /// Whether topics of no plant are this decoder's to refuse.
  private let takesStrays: Bool
  private var topics = ByteTable()
  /// By rule; `nil` where none of its topics has reported yet, and where each topic's places are its own.
  private var planOfRule: [Int?]
  private var refusalRoutes: [RefusalReason: Int] = [:]

  /// How many topics are remembered.
  var topicCount: Int { topics.count }
  /// Bytes of those topics.
  var topicBytes: Int { topics.keyBytes }

  init(plants: [Plant], share: PlantShare) {
    var rules: [CompiledRule] = []
    var invalid: [(plant: Int, match: String, error: TopicPattern.ParseError)] = []
    var own = 0
    for plant in plants {
      let isOwn = share.has(plant.name)
      let position = isOwn ? own : CompiledRule.elsewhere
      if isOwn { own += 1 }
      let assets = Set(plant.assets.map(\.name))
      for rule in plant.topics {
        do throws(TopicPattern.ParseError) {
          for match in SparkplugTopic.matches(of: rule) {
            rules.append(CompiledRule(plant: position, rule: rule, pattern: try TopicPattern(match), assets: assets))
          }
        } catch {
          invalid.append((position, rule.match, error))
        }
      }
    }
    self.rules = rules
    index = PatternIndex(rules.map(\.pattern))
    takesStrays = share.number == 0
    planOfRule = rules.map { _ in nil }
    invalidRules = invalid
  }

  /// Forgets all topics.
  mutating func forget() {
    topics.removeAll()
    routes.removeAll()
    plans.removeAll()
    readers.removeAll()
    planOfRule = rules.map { _ in nil }
    refusalRoutes.removeAll()
  }

  /// The route of a topic, which is made with its first message.
  mutating func route(of topic: Bytes, _ slots: inout SlotTable) -> Int {
    if let known = topics.value(of: topic) { return Int(known) }
    let route = newRoute(topic, &slots) ?? TopicRouter.elsewhere
    topics.insert(topic, value: Int32(truncatingIfNeeded: route))
    return route
  }

  /// The rules that a topic comes to, in their order: those up to the first without conditions.
  func chain(of topic: Bytes) -> [Int] {
    var found: [Int] = []
    for position in index.candidates(topic) where rules[position].pattern.captures(in: topic) != nil {
      if let first = found.first, rules[first].plant != rules[position].plant { break }
      found.append(position)
      if rules[position].rule.conditions.isEmpty { break }
    }
    return found
  }

  /// What the placeholders of a rule stand for in a topic.
  func captures(of topic: Bytes, by position: Int) -> [(name: String, text: String)] {
    let pattern = rules[position].pattern
    return zip(pattern.placeholders, pattern.captures(in: topic) ?? []).map { name, range in
      (name, TopicPattern.decodedName(ByteText.slice(topic, range)) ?? "")
    }
  }

  /// The route of a topic that reports for the first time; `nil` where it belongs to another share.
  private mutating func newRoute(_ topic: Bytes, _ slots: inout SlotTable) -> Int? {
    guard ByteText.isUTF8(topic) else { return stray(.notUTF8) }
    var found: [Int] = []
    for position in index.candidates(topic) {
      let rule = rules[position]
      guard let ranges = rule.pattern.captures(in: topic) else { continue }
      if rule.plant == CompiledRule.elsewhere { return found.isEmpty ? nil : chain(found) }
      // What a rule leaves out goes on within the plant.
      if let first = found.first, plans[Int(routes[first].plan)].plant != rule.plant { break }
      var captures: [(name: String, text: String)] = []
      for (name, range) in zip(rule.pattern.placeholders, ranges) {
        guard let text = TopicPattern.decodedName(ByteText.slice(topic, range.lowerBound, range.upperBound)) else {
          return refused(.notUTF8)
        }
        captures.append((name, text))
      }
      let route = route(of: TopicNames(captures: captures, rule: rule.rule), by: position, &slots)
      if plans[Int(routes[route].plan)].refusal != nil {
        if found.isEmpty { return route }
        continue
      }
      found.append(route)
      if rule.rule.conditions.isEmpty { break }
    }
    return found.isEmpty ? stray(.unmatchedTopic) : chain(found)
  }

  private mutating func stray(_ reason: RefusalReason) -> Int? { takesStrays ? refused(reason) : nil }

  /// Ties routes together, each to the next.
  private mutating func chain(_ found: [Int]) -> Int {
    for (route, next) in zip(found, found.dropFirst()) { routes[route].next = Int32(truncatingIfNeeded: next) }
    return found[0]
  }

  /// Where the route of topics that are refused for one reason is kept.
  private mutating func refused(_ reason: RefusalReason) -> Int {
    if let known = refusalRoutes[reason] { return known }
    let route = add(RoutePlan(refusal: reason), nil)
    refusalRoutes[reason] = route
    return route
  }

  /// Keeps a route with a plan of its own.
  private mutating func add(_ plan: RoutePlan, _ names: TopicNames?, firstSlot: Int = 0) -> Int {
    plans.append(plan)
    return add(plan: plans.count - 1, names, firstSlot: firstSlot)
  }

  private mutating func add(plan: Int, _ names: TopicNames?, firstSlot: Int) -> Int {
    routes.appendSparingly(
      DecodingRoute(
        plan: Int32(truncatingIfNeeded: plan), firstSlot: Int32(truncatingIfNeeded: firstSlot), names: names))
    return routes.count - 1
  }

  private mutating func route(of names: TopicNames, by position: Int, _ slots: inout SlotTable) -> Int {
    let compiled = rules[position]
    guard [names.asset, names.sensor].allSatisfy({ $0.map(ValueName.isName) ?? true }) else {
      return refused(.invalidName)
    }
    let naming = compiled.naming(isSensorNamed: names.sensor != nil)
    let values = compiled.hasRecordNames ? [] : fixedValues(compiled, names)
    guard values.allSatisfy(\.isUsable) else { return refused(.invalidName) }
    let first = slots.count
    for value in values { _ = slots.add(value) }
    if let plan = planOfRule[position] {
      return add(plan: plan, plans[plan].needsNames ? names : nil, firstSlot: first)
    }
    let plan = plan(of: compiled, position, naming, names, slotCount: values.count)
    // Without a placeholder in a place all topics of the rule are read alike.
    if compiled.isShared { planOfRule[position] = plans.count }
    return add(plan, plan.needsNames ? names : nil, firstSlot: first)
  }

  /// The values whose names topic and rule tell.
  private func fixedValues(_ compiled: CompiledRule, _ names: TopicNames) -> [ValueName] {
    let rule = compiled.rule
    let asset = names.asset ?? Plant.wholePlant
    if !rule.values.isEmpty {
      return rule.values.map {
        ValueName(
          asset: asset, listed: $0.name, name: names.substituted($0.name), rule: rule, detail: $0.detail,
          isWritten: true, assets: compiled.assets, names: names)
      }
    }
    guard let sensor = names.sensor else { return [] }
    let isFromTopic = names.sensorFromTopic == sensor
    return [
      ValueName(
        asset: asset, listed: sensor, name: isFromTopic ? ValueName.stripped(sensor, rule.strip) : sensor, rule: rule,
        detail: rule.detail, isWritten: !isFromTopic, assets: compiled.assets, names: names)
    ]
  }

  private mutating func plan(
    of compiled: CompiledRule, _ position: Int, _ naming: ReadingPlan.Naming, _ names: TopicNames, slotCount: Int
  ) -> RoutePlan {
    var rule = compiled.rule
    func place(_ text: String) -> String { names.substituted(text, escapingPointer: text.hasPrefix("/")) }
    for value in rule.values.indices {
      rule.values[value].path = place(rule.values[value].path)
      rule.values[value].detail.scalePlace = rule.values[value].detail.scalePlace.map(place)
      rule.values[value].detail.unitPlace = rule.values[value].detail.unitPlace.map(place)
    }
    rule.each = rule.each.map(place)
    for condition in rule.conditions.indices {
      rule.conditions[condition].path = place(rule.conditions[condition].path)
      rule.conditions[condition].texts = rule.conditions[condition].texts.map { names.substituted($0) }
    }
    func textPlace(_ text: String?) -> String? { text.map { $0.hasPrefix("/") ? place($0) : $0 } }
    rule.asset = textPlace(rule.asset)
    rule.sensor = textPlace(rule.sensor)
    rule.unit = textPlace(rule.unit)
    rule.time = textPlace(rule.time)
    let reading = ReadingPlan(
      rule: rule, number: position, plant: compiled.plant, naming: naming, assets: compiled.assets,
      isShared: compiled.isShared)
    let format: any PayloadFormat.Type = PayloadFormats.named(rule.payload) ?? AutoFormat.self
    let needsNames =
      naming == .payload || rule.payload == .line || rule.payload == .senml || rule.payload == .availability
      || reading.needsRecords
      || format.isBinary
    let reader = format.reader(for: reading)
    readers.append(reader)
    return RoutePlan(
      rule: position, plant: compiled.plant, slotCount: slotCount, needsNames: needsNames, isBinary: format.isBinary,
      reader: reader)
  }
}
