import PlantModel

/// A topic of the Sparkplug B namespace: `spBv1.0/{group}/{message type}/{edge node}[/{device}]`, or
/// `spBv1.0/STATE/{host}` (Eclipse Sparkplug 3.0.0, section 4.1), which some publishers have as `spBv1.0/{group}/STATE/{host}`.
struct SparkplugTopic: Equatable {
  /// What a message is, by the third level.
  enum Kind: String, Sendable, CaseIterable {
    case nodeBirth = "NBIRTH"
    case nodeDeath = "NDEATH"
    case nodeData = "NDATA"
    case nodeCommand = "NCMD"
    case deviceBirth = "DBIRTH"
    case deviceDeath = "DDEATH"
    case deviceData = "DDATA"
    case deviceCommand = "DCMD"
    /// Of a host application.
    case state = "STATE"

    /// Whether it is about a device.
    var isOfDevice: Bool {
      switch self {
      case .deviceBirth, .deviceDeath, .deviceData, .deviceCommand: true
      default: false
      }
    }
  }

  /// The first level.
  static let namespace = "spBv1.0"

  let kind: Kind
  /// Group, edge node and device, as ranges of the topic. Empty where the kind has none.
  let group: Range<Int>
  let edge: Range<Int>
  let device: Range<Int>

  /// Reads a topic; `nil` for one that is of another form.
  init?(_ topic: UnsafeRawBufferPointer) {
    var levels = (0..<0, 0..<0, 0..<0, 0..<0, 0..<0)
    var count = 0
    var start = 0
    for position in 0...topic.count where position == topic.count || topic[position] == UInt8(ascii: "/") {
      let level = start..<position
      start = position + 1
      switch count {
      case 0: levels.0 = level
      case 1: levels.1 = level
      case 2: levels.2 = level
      case 3: levels.3 = level
      case 4: levels.4 = level
      default: return nil
      }
      count += 1
    }
    guard count >= 3, topic[levels.0].elementsEqual(SparkplugTopic.namespace.utf8) else { return nil }
    let none = 0..<0
    if count == 3 {
      guard topic[levels.1].elementsEqual(Kind.state.rawValue.utf8), !levels.2.isEmpty else { return nil }
      (kind, group, edge, device) = (.state, none, none, none)
      return
    }
    guard let kind = SparkplugTopic.kind(UnsafeRawBufferPointer(rebasing: topic[levels.2])),
      kind.isOfDevice == (count == 5), !levels.1.isEmpty, !levels.3.isEmpty, count == 4 || !levels.4.isEmpty
    else { return nil }
    (self.kind, group, edge, device) = (kind, levels.1, levels.3, count == 5 ? levels.4 : none)
  }

  private static let words = Kind.allCases.map { ($0, Array($0.rawValue.utf8)) }

  private static func kind(_ level: UnsafeRawBufferPointer) -> Kind? {
    for (kind, word) in words where level.elementsEqual(word) { return kind }
    return nil
  }

  /// The form of a rule's `match` for messages of edge nodes, which have no device's level. `nil` where the rule has no
  /// five levels: then it matches them as it stands, or means nothing else.
  ///
  /// Example: `spBv1.0/{group}/+/{edge}/{device}` has `spBv1.0/{group}/+/{edge}`.
  static func nodeMatch(of match: String) -> String? {
    let own = SharedSubscription.unshared(match)
    let levels = own.split(separator: "/", omittingEmptySubsequences: false)
    guard levels.count == 5, levels[4] != "#" else { return nil }
    return match.dropLast(own.count) + levels[..<4].joined(separator: "/")
  }

  /// The forms of topic that a rule matches: of a Sparkplug rule those of edge nodes too.
  static func matches(of rule: TopicRule) -> [String] {
    guard rule.payload == .sparkplug, let node = nodeMatch(of: rule.match) else { return [rule.match] }
    return [rule.match, node]
  }

  /// What an edge node's messages match where a pattern is for those of its devices; `nil` for other patterns.
  static func nodePattern(of pattern: TopicPattern) -> TopicPattern? {
    guard SharedSubscription.unshared(pattern.filter).hasPrefix(namespace + "/"),
      let match = nodeMatch(of: pattern.filter)
    else { return nil }
    return try? TopicPattern(match)
  }
}
