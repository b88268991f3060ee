import PlantModel
import Settings

/// Maps topics to routes: the rules that read a topic and the destination of its values.
struct TopicRouter {
  typealias Bytes = UnsafeRawBufferPointer

  /// Route value for topics of other shares.
  static let elsewhere = -1

  let invalidRules: [(plant: Int, match: String, error: TopicPattern.ParseError)]
  let rules: [CompiledRule]
  private(set) var routes: [DecodingRoute] = []
  /// Plans by ``DecodingRoute/plan``.
  private(set) var plans: [RoutePlan] = []
  /// Keeps the readers of the plans alive.
  private var readers: [PayloadReader] = []
  private let index: PatternIndex
  /// Whether this decoder counts topics that belong to no plant.
  private let takesStrays: Bool
  private var topics = ByteTable()
  /// Plan of each rule; `nil` before its first topic, and if places differ by topic.
  private var planOfRule: [Int?]
  private var refusalRoutes: [RefusalReason: Int] = [:]

  /// Number of cached topics.
  var topicCount: Int { topics.count }
  /// Size of the cached topics [bytes].
  var topicBytes: Int { topics.keyBytes }

  init(plants: [Plant], share: Shard) {
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

  /// Clears all cached topics.
  mutating func forget() {
    topics.removeAll()
    routes.removeAll()
    plans.removeAll()
    readers.removeAll()
    planOfRule = rules.map { _ in nil }
    refusalRoutes.removeAll()
  }

  /// Returns the route of a topic, created with its first message.
  mutating func route(of topic: Bytes, slots: inout SlotTable) -> Int {
    if let known = topics.value(of: topic) { return Int(known) }
    let route = newRoute(topic, slots: &slots) ?? TopicRouter.elsewhere
    topics.insert(topic, value: Int32(truncatingIfNeeded: route))
    return route
  }

  /// Returns the rules that a topic reaches, in order, up to the first without conditions.
  func chain(of topic: Bytes) -> [Int] {
    var found: [Int] = []
    for position in index.candidates(topic) where rules[position].pattern.captures(in: topic) != nil {
      if let first = found.first, rules[first].plant != rules[position].plant { break }
      found.append(position)
      if rules[position].rule.conditions.isEmpty { break }
    }
    return found
  }

  /// Returns the values of a rule's placeholders in a topic.
  func captures(of topic: Bytes, by position: Int) -> [(name: String, text: String)] {
    let pattern = rules[position].pattern
    return zip(pattern.placeholders, pattern.captures(in: topic) ?? []).map { name, range in
      (name, TopicPattern.decodedName(ByteText.slice(topic, range: range)) ?? "")
    }
  }

  /// Creates the route of a new topic; `nil` if it belongs to another share.
  private mutating func newRoute(_ topic: Bytes, slots: inout SlotTable) -> Int? {
    guard ByteText.isUTF8(topic) else { return stray(.notUTF8) }
    var found: [Int] = []
    for position in index.candidates(topic) {
      let rule = rules[position]
      guard let ranges = rule.pattern.captures(in: topic) else { continue }
      if rule.plant == CompiledRule.elsewhere { return found.isEmpty ? nil : chain(found) }
      // Records left out by a rule are passed only to rules of the same plant.
      if let first = found.first, plans[Int(routes[first].plan)].plant != rule.plant { break }
      var captures: [(name: String, text: String)] = []
      for (name, range) in zip(rule.pattern.placeholders, ranges) {
        guard let text = TopicPattern.decodedName(ByteText.slice(topic, start: range.lowerBound, end: range.upperBound))
        else {
          return refused(.notUTF8)
        }
        captures.append((name, text))
      }
      let route = route(of: TopicNames(captures: captures, rule: rule.rule), by: position, slots: &slots)
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

  /// Links each route to the next.
  private mutating func chain(_ found: [Int]) -> Int {
    for (route, next) in zip(found, found.dropFirst()) { routes[route].next = Int32(truncatingIfNeeded: next) }
    return found[0]
  }

  /// Returns the shared route of topics refused for a reason.
  private mutating func refused(_ reason: RefusalReason) -> Int {
    if let known = refusalRoutes[reason] { return known }
    let route = add(RoutePlan(refusal: reason), names: nil)
    refusalRoutes[reason] = route
    return route
  }

  /// Adds a route with a separate plan.
  ///
  /// - Parameters:
  ///   - plan: the plan.
  ///   - names: names from the topic, if needed.
  ///   - firstSlot: position of the first slot.
  /// - Returns: the position of the route.
  private mutating func add(_ plan: RoutePlan, names: TopicNames?, firstSlot: Int = 0) -> Int {
    plans.append(plan)
    return add(plan: plans.count - 1, names: names, firstSlot: firstSlot)
  }

  private mutating func add(plan: Int, names: TopicNames?, firstSlot: Int) -> Int {
    routes.appendSparingly(
      DecodingRoute(
        plan: Int32(truncatingIfNeeded: plan), firstSlot: Int32(truncatingIfNeeded: firstSlot), names: names))
    return routes.count - 1
  }

  private mutating func route(of names: TopicNames, by position: Int, slots: inout SlotTable) -> Int {
    let compiled = rules[position]
    guard [names.asset, names.sensor].allSatisfy({ $0.map(ValueName.isName) ?? true }) else {
      return refused(.invalidName)
    }
    let naming = compiled.naming(isSensorNamed: names.sensor != nil)
    let values = compiled.hasRecordNames ? [] : fixedValues(compiled, names: names)
    guard values.allSatisfy(\.isUsable) else { return refused(.invalidName) }
    let first = slots.count
    for value in values { _ = slots.add(value) }
    if let plan = planOfRule[position] {
      return add(plan: plan, names: plans[plan].needsNames ? names : nil, firstSlot: first)
    }
    let plan = plan(of: compiled, at: position, naming: naming, names: names, slotCount: values.count)
    // Without placeholders in places, all topics of the rule are read alike.
    if compiled.isShared { planOfRule[position] = plans.count }
    return add(plan, names: plan.needsNames ? names : nil, firstSlot: first)
  }

  /// Returns the values whose names are determined by topic and rule.
  private func fixedValues(_ compiled: CompiledRule, names: TopicNames) -> [ValueName] {
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
        asset: asset, listed: sensor, name: isFromTopic ? ValueName.stripped(sensor, prefix: rule.strip) : sensor,
        rule: rule,
        detail: rule.detail, isWritten: !isFromTopic, assets: compiled.assets, names: names)
    ]
  }

  private mutating func plan(
    of compiled: CompiledRule, at position: Int, naming: ReadingPlan.Naming, names: TopicNames, slotCount: Int
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
