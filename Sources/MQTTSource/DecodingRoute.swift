import PlantModel

/// A rule with all that can be worked out before the first message.
struct CompiledRule {
  /// In place of a plant's position, for plants of other shares.
  static let elsewhere = -1

  var plant: Int
  var rule: TopicRule
  var pattern: TopicPattern
  /// Column of each value for comma separated numbers; `nil` unless all paths are column numbers.
  var columns: [Int]?
  /// Column of the time.
  var timeColumn: Int?
  /// Places in JSON payloads, where no topic's placeholder changes them.
  var pointers: JSONPointers?

  init(plant: Int, rule: TopicRule, pattern: TopicPattern) {
    self.plant = plant
    self.rule = rule
    self.pattern = pattern
    let numbers = rule.values.compactMap { CompiledRule.column($0.path) }
    columns = !numbers.isEmpty && numbers.count == rule.values.count ? numbers : nil
    timeColumn = rule.time.flatMap(CompiledRule.column)
    let paths = rule.values.map(\.path) + [rule.time ?? ""]
    guard plant != CompiledRule.elsewhere else { return }
    guard !paths.contains(where: { $0.utf8.contains(UInt8(ascii: "{")) }) else { return }
    let isSensorNamed = rule.sensor != nil || pattern.placeholders.contains("sensor")
    pointers = JSONPointers(
      CompiledRule.valuePlaces(rule, isSensorNamed: isSensorNamed) { $0 } + CompiledRule.timePlaces(rule) { $0 })
  }

  private static let valueNames = ["value", "Value", "val", "v", "state", "State", "reading"]
  private static let timeNames = ["ts", "time", "timestamp", "t", "Time", "Timestamp", "datetime", "last_seen"]

  /// Where values are looked for: those that are listed, or the document and the usual names in it.
  static func valuePlaces(_ rule: TopicRule, isSensorNamed: Bool, _ substituted: (String) -> String) -> [String] {
    if !rule.values.isEmpty { return rule.values.map { substituted($0.path) } }
    return isSensorNamed ? [""] + valueNames : []
  }

  /// Where the time is looked for.
  static func timePlaces(_ rule: TopicRule, _ substituted: (String) -> String) -> [String] {
    rule.time.map { [substituted($0)] } ?? timeNames
  }

  private static func column(_ path: String) -> Int? {
    guard !path.isEmpty, path.utf8.count <= 5, path.utf8.allSatisfy(ByteText.isDigit) else { return nil }
    return Int(path)
  }
}

/// What is known of a topic after its first message.
struct DecodingRoute {
  /// How the payload's values get their names.
  enum Naming {
    /// From the rule's `values`.
    case listed
    /// The one value is the topic's or rule's sensor.
    case single
    /// From the payload.
    case payload
  }

  /// Why no message of the topic is ever read.
  var refusal: RefusalReason?
  /// Position of the compiled rule.
  var rule = 0
  var plant = 0
  var naming = Naming.single
  /// Slots of the rule's values, in their order; the one slot of ``Naming/single``.
  var slots = 0..<0
  /// Places in a JSON payload: values first, then times.
  var pointers = JSONPointers([])
  /// How many of ``pointers`` are values.
  var valuePlaces = 0
  /// The asset, where topic or rule say it; the topic's goes before a line's tag, the rule's after it.
  var asset: String?
  var assetIsFromTopic = false
  var sensor: String?
  /// What the topic's placeholders stand for.
  var captures: [(name: String, text: String)] = []

  init(refusal: RefusalReason) { self.refusal = refusal }

  init(rule: Int, plant: Int) {
    self.rule = rule
    self.plant = plant
  }

  /// A text with each `{placeholder}` of the topic replaced by what it stands for.
  func substituted(_ text: String, escapingPointer: Bool = false) -> String {
    guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      result += rest[..<open]
      rest = rest[open...]
      guard let close = rest.firstIndex(of: "}") else { break }
      let name = rest[rest.index(after: open)..<close]
      if let capture = captures.first(where: { $0.name == name }) {
        result += escapingPointer ? DecodingRoute.pointerToken(capture.text) : capture.text
      } else {
        result += rest[...close]
      }
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }

  private static func pointerToken(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "~": result += "~0"
      case "/": result += "~1"
      default: result.append(character)
      }
    }
  }
}

/// Where a value goes: the series, and the way from the payload's number to the canonical unit.
struct ValueSlot {
  /// Not yet admitted: nothing is, before its first value has come.
  static let unresolved: Int32 = -1
  /// The plant was full when its first value came.
  static let full: Int32 = -2
  /// Its name is no name, or the rule does not list it.
  static let ignored: Int32 = -3
  /// The plant had as many assets as it may have when its first value came.
  static let fullOfAssets: Int32 = -4

  var series = ValueSlot.unresolved
  /// The message that last gave it a value, so that the first of two with one name counts.
  var message: UInt64 = 0
  var scale = 1.0
  var offset = 0.0
  /// The unit's, once the series is admitted.
  var unitScale = 1.0
  var unitOffset = 0.0
  var asset: String
  var sensor: String

  /// A slot whose name and factors come from a rule. `listed` is the name in the rule or payload, `name` the one after
  /// placeholders are replaced; both may be keys of `scale`, `offset` and `rename`.
  init(asset: String, listed: String, name: String, rule: TopicRule, route: DecodingRoute) {
    self.asset = asset
    scale = rule.scale[listed] ?? rule.scale[name] ?? 1
    offset = rule.offset[listed] ?? rule.offset[name] ?? 0
    sensor = (rule.rename[listed] ?? rule.rename[name]).map { route.substituted($0) } ?? name
    if !ValueSlot.isName(asset) || !ValueSlot.isName(sensor) { series = ValueSlot.ignored }
  }

  /// Why a slot without a series has none.
  static func reason(_ series: Int32) -> RefusalReason {
    switch series {
    case full: .tooManySensors
    case fullOfAssets: .tooManyAssets
    default: .invalidName
    }
  }

  /// Longest name [bytes]: four of them must stay far below the 65,535 bytes that InfluxDB allows a series' key.
  static let longestName = 1_024

  /// Whether a text may name an asset or sensor: not empty, not too long, no control characters.
  static func isName(_ text: String) -> Bool {
    (1...longestName).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }
}

/// A value that was found, before it is known whether the message as a whole is sound.
struct PendingValue {
  var slot: Int
  var number: Double
  /// A unit written behind the number, as a range of the payload.
  var unit: Range<Int>
  var time: Timestamp
  var hasSourceTime: Bool
}
