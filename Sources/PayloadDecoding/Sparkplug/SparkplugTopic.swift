import PlantModel

/// A topic of the Sparkplug B namespace (Eclipse Sparkplug 3.0.0, section 4.1).
///
/// The forms are `spBv1.0/{group}/{message type}/{edge node}[/{device}]` and `spBv1.0/STATE/{host}`. Some publishers
/// use `spBv1.0/{group}/STATE/{host}`.
struct SparkplugTopic: Equatable {
  /// Message type by the third level.
  enum Kind: String, Sendable, CaseIterable {
    case nodeBirth = "NBIRTH"
    case nodeDeath = "NDEATH"
    case nodeData = "NDATA"
    case nodeCommand = "NCMD"
    case deviceBirth = "DBIRTH"
    case deviceDeath = "DDEATH"
    case deviceData = "DDATA"
    case deviceCommand = "DCMD"
    /// State of a host application.
    case state = "STATE"

    /// Whether the message concerns a device.
    var isOfDevice: Bool {
      switch self {
      case .deviceBirth, .deviceDeath, .deviceData, .deviceCommand: true
      default: false
      }
    }
  }

  /// The first level of every topic.
  static let namespace = "spBv1.0"

  let kind: Kind
  /// Group, edge node and device, as ranges of the topic; empty if the type has none.
  let group: Range<Int>
  let edge: Range<Int>
  let device: Range<Int>

  /// Parses a topic; `nil` if it has another form.
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

  /// Returns the form of a rule's `match` for messages of edge nodes, which lack the device's level. Returns `nil`
  /// unless the `match` has five levels without a final `#`; it is then used as it is.
  ///
  /// Example: `spBv1.0/{group}/+/{edge}/{device}` gives `spBv1.0/{group}/+/{edge}`.
  static func nodeMatch(of match: String) -> String? {
    let own = SharedSubscription.unshared(match)
    let levels = own.split(separator: "/", omittingEmptySubsequences: false)
    guard levels.count == 5, levels[4] != "#" else { return nil }
    return match.dropLast(own.count) + levels[..<4].joined(separator: "/")
  }

  /// Returns the topic forms that a rule matches; for a Sparkplug rule, those of edge nodes too.
  static func matches(of rule: TopicRule) -> [String] {
    guard rule.payload == .sparkplug, let node = nodeMatch(of: rule.match) else { return [rule.match] }
    return [rule.match, node]
  }

  /// Returns the pattern of edge nodes' messages for a pattern of their devices' messages; `nil` for other patterns.
  static func nodePattern(of pattern: TopicPattern) -> TopicPattern? {
    guard SharedSubscription.unshared(pattern.filter).hasPrefix(namespace + "/"),
      let match = nodeMatch(of: pattern.filter)
    else { return nil }
    return try? TopicPattern(match)
  }
}
