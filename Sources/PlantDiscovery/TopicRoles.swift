/// Levels of a topic that name the device and the quantity.
struct TopicRoles: Hashable {
  /// Indexes of the levels that form the asset's name, in order.
  var asset: [Int] = []
  /// Indexes of the levels that form the sensor's name, in order; empty if the payload names it.
  var sensor: [Int] = []
  /// Whether the single level of ``sensor`` starts with the device: `grid_power`.
  var isSplit = false

  func assetText(_ levels: [String]) -> String { asset.map { levels[$0] }.joined(separator: "_") }
  func sensorText(_ levels: [String]) -> String { sensor.map { levels[$0] }.joined(separator: "_") }
}

/// Finder of the roles of levels, by their words and by their variation between topics.
struct RoleFinder {
  private struct Family: Hashable {
    var root: String
    var count: Int
    var isLone: Bool
  }

  private let topics: [ShapedTopic]
  private var roles: [TopicRoles]
  private var families: [Family: [Int]] = [:]
  private var byRoot: [String: [Int]] = [:]

  /// Returns the roles of each topic's levels.
  static func roles(of topics: [ShapedTopic]) -> [TopicRoles] {
    var finder = RoleFinder(topics)
    finder.find()
    for _ in 0..<6 where finder.separate() {}
    return finder.roles
  }

  private init(_ topics: [ShapedTopic]) {
    self.topics = topics
    roles = topics.map { _ in TopicRoles() }
    for (position, topic) in topics.enumerated() {
      families[family(of: topic), default: []].append(position)
      byRoot[topic.levels[0], default: []].append(position)
    }
  }

  private func family(of topic: ShapedTopic) -> Family {
    Family(root: topic.levels[0], count: topic.levels.count, isLone: topic.isLone)
  }

  private mutating func find() {
    for members in families.values {
      let count = topics[members[0]].levels.count
      let varies = (0..<count).map { column in
        members.contains { topics[$0].levels[column] != topics[members[0]].levels[column] }
      }
      // The quantity is the last level at which most topics have one; otherwise, the last level that varies.
      let shares = (0..<count).map { column in
        members.count { NameWords.isQuantity(topics[$0].levels[column]) } * 2 >= members.count
      }
      let usual = shares.lastIndex(of: true).flatMap { $0 > 0 ? $0 : nil } ?? varies.lastIndex(of: true) ?? count - 1
      for member in members {
        roles[member] = roles(of: topics[member], varies: varies, usual: max(usual, min(1, count - 1)))
      }
    }
  }

  private func roles(of topic: ShapedTopic, varies: [Bool], usual: Int) -> TopicRoles {
    let levels = topic.levels
    if topic.vendor == .victron { return victron(topic) }
    if topic.vendor == .homeAssistant, topic.isLone, levels.count == 4 { return homeAssistant(levels) }
    var roles = TopicRoles()
    var end = levels.count
    if topic.isLone {
      roles.sensor = sensor(levels, usual: usual)
      end = roles.sensor[0]
    }
    if topic.isArray, end > 1 { end -= 1 }
    let candidates = (min(1, end)..<max(end, min(1, end))).filter {
      !levels[$0].isEmpty && !NameWords.isStructure(levels[$0]) && NameWords.usual(levels[$0]) == nil
    }
    let marked = candidates.last { levels[$0].contains(where: \.isNumber) }
    if let column = candidates.last(where: { varies[$0] }) ?? marked ?? candidates.last {
      roles.asset = [column]
    } else if topic.isLone, roles.sensor.count == 1, NameWords.split(levels[roles.sensor[0]]) != nil {
      roles.isSplit = true
    } else if end > 0, !levels[0].isEmpty {
      roles.asset = [0]
    }
    if !roles.isSplit { roles.sensor = withPhase(roles.sensor, levels: levels, asset: roles.asset.last) }
    return roles
  }

  /// Returns the last level that is a quantity, with the meaningful levels after it; without one, the usual level.
  ///
  /// - Parameters:
  ///   - levels: Levels of the topic.
  ///   - usual: Index of the level that holds the quantity in similar topics.
  private func sensor(_ levels: [String], usual: Int) -> [Int] {
    let first =
      levels.indices.last {
        $0 > 0 && NameWords.isQuantity(levels[$0])
          && !(["state", "status", "value"].contains(levels[$0].lowercased()))
      } ?? usual
    let rest = levels.indices.dropFirst(first + 1).filter { !NameWords.isStructure(levels[$0]) }
    // `energy/import` is one name.
    let sides: Set<String> = ["total", "import", "export", "today", "in", "out", "forward", "reverse", "sum"]
    let isPart = first > 1 && sides.contains(levels[first].lowercased()) && NameWords.isQuantity(levels[first - 1])
    return (isPart ? [first - 1, first] : [first]) + rest
  }

  /// Returns the roles of `N/portal/service/instance/path…`. Some gateways omit the portal.
  private func victron(_ topic: ShapedTopic) -> TopicRoles {
    let service = topic.victronService
    let path = min(service + 2, topic.levels.count - 1)..<topic.levels.count
    guard topic.isLone else { return TopicRoles(asset: [service]) }
    let quantity = path.last { NameWords.isQuantity(topic.levels[$0]) } ?? topic.levels.count - 1
    return TopicRoles(
      asset: [service], sensor: withPhase(Array(quantity..<topic.levels.count), levels: topic.levels, asset: service))
  }

  /// Returns the roles of `homeassistant/domain/object/state`.
  private func homeAssistant(_ levels: [String]) -> TopicRoles {
    if NameWords.split(levels[2]) != nil { return TopicRoles(sensor: [2], isSplit: true) }
    return NameWords.isQuantity(levels[2]) ? TopicRoles(asset: [0], sensor: [2]) : TopicRoles(asset: [2], sensor: [3])
  }

  /// Adds a phase between device and quantity to the sensor's name, since the power of a phase is not that of the
  /// device.
  ///
  /// - Parameters:
  ///   - sensor: Indexes of the sensor's levels.
  ///   - levels: Levels of the topic.
  ///   - asset: Index of the asset's last level.
  private func withPhase(_ sensor: [Int], levels: [String], asset: Int?) -> [Int] {
    guard let first = sensor.first, let phase = levels[..<first].lastIndex(where: NameWords.isPhase),
      asset.map({ phase > $0 }) ?? true
    else { return sensor }
    return sensor + [phase]
  }

  // MARK: Distinguishing

  /// Adds levels to names that two topics share.
  ///
  /// - Returns: Whether any name was changed.
  private mutating func separate() -> Bool {
    var owners: [String: Int] = [:]
    var isChanged = false
    for position in topics.indices where topics[position].isRead && !roles[position].isSplit {
      let levels = topics[position].levels
      let name = roles[position].assetText(levels) + "\0" + roles[position].sensorText(levels)
      guard let owner = owners.updateValue(position, forKey: topics[position].isLone ? name : "\(levels.count)" + name)
      else { continue }
      if separate(position, other: owner) { isChanged = true }
    }
    return isChanged
  }

  private mutating func separate(_ one: Int, other: Int) -> Bool {
    let (a, b) = (topics[one].levels, topics[other].levels)
    guard a.count == b.count, a[0] == b[0], roles[one] == roles[other] else {
      guard topics[one].isLone, topics[other].isLone else { return false }
      // For paths of different lengths, the level before the quantity makes the difference.
      let isFirst = lengthen(one)
      return lengthen(other) || isFirst
    }
    let used = Set(roles[one].asset + roles[one].sensor)
    guard let column = a.indices.last(where: { a[$0] != b[$0] && !used.contains($0) }) else { return false }
    let areIndexes = NameWords.isIndex(a[column]) && NameWords.isIndex(b[column])
    if !topics[one].isLone, !areIndexes { return false }
    let old = roles[one]
    var new = old
    let isBehindAsset = old.asset.last.map { column > $0 } ?? true
    if topics[one].isLone, NameWords.isPhase(a[column]), NameWords.isPhase(b[column]) {
      new.sensor.append(column)
    } else if topics[one].isLone, isBehindAsset, !areIndexes {
      new.sensor.insert(column, at: 0)
    } else {
      new.asset = (new.asset + [column]).sorted()
    }
    for member in families[family(of: topics[one])] ?? [] where roles[member] == old { roles[member] = new }
    if areIndexes, new.asset != old.asset { extend(old.asset, by: column, root: a[0]) }
    return true
  }

  /// Adds the same level to an asset's name in all topics of a first level, so that a device has one name.
  ///
  /// - Parameters:
  ///   - asset: Indexes of the asset's levels so far.
  ///   - column: Index of the level to add.
  ///   - root: First level of the topics.
  private mutating func extend(_ asset: [Int], by column: Int, root: String) {
    for member in byRoot[root] ?? [] where roles[member].asset == asset && !roles[member].sensor.contains(column) {
      let levels = topics[member].levels
      guard column < levels.count, NameWords.isIndex(levels[column]) else { continue }
      roles[member].asset = (asset + [column]).sorted()
    }
  }

  /// Prefixes the sensor's name with the level before the quantity, in all topics with the same path.
  private mutating func lengthen(_ position: Int) -> Bool {
    let (old, levels) = (roles[position], topics[position].levels)
    guard let first = old.sensor.first, let asset = old.asset.last, first - 1 > asset else { return false }
    var new = old
    new.sensor.insert(first - 1, at: 0)
    for member in families[family(of: topics[position])] ?? []
    where roles[member] == old && topics[member].levels[(asset + 1)..<first].elementsEqual(levels[(asset + 1)..<first])
    {
      if !old.sensor.contains(first - 1) { roles[member] = new }
    }
    return true
  }
}

extension ShapedTopic {
  /// Index of the service level in a Victron topic.
  var victronService: Int {
    let services: Set<String> = [
      "system", "battery", "solarcharger", "pvinverter", "grid", "vebus", "genset", "acload", "evcharger", "settings",
      "tank", "temperature", "multi", "inverter", "meteo", "hub4", "platform", "gps", "digitalinput", "dcload",
    ]
    return levels.count > 2 && services.contains(levels[1]) && !services.contains(levels[2]) ? 1 : 2
  }

  /// Whether a message is an array of values whose quantity the topic names.
  var isArray: Bool {
    if case .values(let shape) = kind {
      shape.taken.allSatisfy { $0.tokens.count == 1 && Int($0.name) != nil }
    } else {
      false
    }
  }

  /// Whether a message has a single value.
  var isLone: Bool {
    switch kind {
    case .lone: true
    case .records(let list): list.arePairs && levels.last.map(NameWords.isQuantity) ?? false
    default: false
    }
  }
}
