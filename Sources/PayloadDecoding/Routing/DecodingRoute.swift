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

/// What is known of a topic after its first message: small, since there are as many as sensors.
struct DecodingRoute {
  /// Position of what it has in common with other topics.
  var plan: Int32
  /// Position of the slot of its first value.
  var firstSlot: Int32 = 0
  /// What the topic says of names, where those of the payload go with it.
  var names: TopicNames?
}

/// How the payloads of topics are read, or why they are not.
struct RoutePlan {
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
  /// How many slots each topic has: one for each of the rule's values, in their order; one for ``Naming/single``.
  var slotCount = 0
  /// Places in a JSON payload: values first, then times.
  var pointers = JSONPointers([])
  /// How many of ``pointers`` are values.
  var valuePlaces = 0
}

/// The names in a topic.
final class TopicNames: Sendable {
  /// The asset, where topic or rule say it; the topic's goes before a line's tag, the rule's after it.
  let asset: String?
  let assetIsFromTopic: Bool
  let sensor: String?
  /// What the topic's placeholders stand for.
  private let captures: [(name: String, text: String)]

  init(captures: [(name: String, text: String)], rule: TopicRule) {
    self.captures = captures
    let fromTopic = captures.first { $0.name == "asset" }?.text
    asset = fromTopic ?? rule.asset.map { TopicNames.substituted($0, captures) }
    assetIsFromTopic = fromTopic != nil
    sensor = captures.first { $0.name == "sensor" }?.text ?? rule.sensor.map { TopicNames.substituted($0, captures) }
  }

  /// What the topic itself calls the sensor.
  var sensorFromTopic: String? { captures.first { $0.name == "sensor" }?.text }

  /// A text with each `{placeholder}` of the topic replaced by what it stands for.
  func substituted(_ text: String, escapingPointer: Bool = false) -> String {
    TopicNames.substituted(text, captures, escapingPointer: escapingPointer)
  }

  private static func substituted(
    _ text: String, _ captures: [(name: String, text: String)], escapingPointer: Bool = false
  ) -> String {
    guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      result += rest[..<open]
      rest = rest[open...]
      guard let close = rest.firstIndex(of: "}") else { break }
      let name = rest[rest.index(after: open)..<close]
      if let capture = captures.first(where: { $0.name == name }) {
        result += escapingPointer ? pointerToken(capture.text) : capture.text
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

/// Where a value goes.
struct ValueSlot {
  /// Not yet admitted: nothing is, before its first value has come.
  static let unresolved: Int32 = -1
  /// The plant was full when its first value came.
  static let full: Int32 = -2
  /// Its name is no name, or the rule does not list it.
  static let ignored: Int32 = -3
  /// The plant had as many assets as it may have when its first value came.
  static let fullOfAssets: Int32 = -4

  /// The series, once it is admitted.
  var series: Int32
  /// Position of the way from the payload's number to the canonical unit, once the series is admitted.
  var conversion: Int32 = 0
  /// The message that last gave it a value, so that the first of two with one name counts.
  var message: UInt64 = 0

  /// Why a slot without a series has none.
  static func reason(_ series: Int32) -> RefusalReason {
    switch series {
    case full: .tooManySensors
    case fullOfAssets: .tooManyAssets
    default: .invalidName
    }
  }
}

/// What topic, rule and payload say of a value that has not come yet.
struct ValueName {
  var asset: String
  var sensor: String
  var scale: Double
  var offset: Double

  /// A name and factors from a rule. `listed` is the name in the rule or payload, `name` the one after placeholders are
  /// replaced; both may be keys of `scale`, `offset` and `rename`.
  init(asset: String, listed: String, name: String, rule: TopicRule, names: TopicNames?) {
    self.asset = asset
    scale = rule.scale[listed] ?? rule.scale[name] ?? 1
    offset = rule.offset[listed] ?? rule.offset[name] ?? 0
    let renamed = rule.rename[listed] ?? rule.rename[name]
    sensor = renamed.map { names?.substituted($0) ?? $0 } ?? name
  }

  /// Whether asset and sensor may be called so.
  var isUsable: Bool { ValueName.isName(asset) && ValueName.isName(sensor) }

  /// Longest name [bytes]: four of them must stay far below the 65,535 bytes that InfluxDB allows a series' key.
  static let longestName = 1_024

  /// Whether a text may name an asset or sensor: not empty, not too long, no control characters.
  static func isName(_ text: String) -> Bool {
    (1...longestName).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }
}

/// From a payload's number to the sensor's own unit by the rule, and from there to the canonical one.
struct Conversion: Hashable {
  var scale = 1.0
  var offset = 0.0
  var unitScale = 1.0
  var unitOffset = 0.0
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
