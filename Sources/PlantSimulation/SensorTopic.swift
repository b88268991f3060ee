public import PlantModel
public import WattlineTime

/// An error: the plant has no topic rule to publish to.
public struct SensorTopicError: Error, Equatable, CustomStringConvertible {
  /// Message with the cause and the remedy.
  public var description: String
}

/// The messages that a plant's topic rules can read: one of the rules, applied in reverse.
///
/// It uses the plant's first rule whose topic contains `{asset}` and `{sensor}` and whose payload is a single value.
/// Other placeholders are replaced by their names. In names `/ + # %` and U+0000 are percent-encoded. The payload is
/// `{"value":v,"ts":ms}`, with the rule's keys for value and time. A `number` payload is the number alone.
public struct SensorTopic: Sendable {
  private enum Part: Sendable {
    case literal(String)
    case asset
    case sensor
  }

  private let parts: [Part]
  private let rule: TopicRule
  private let valueKey: String
  private let timeKey: String
  private let decimals: Int?

  /// Creates the messages of a plant.
  ///
  /// - Parameters:
  ///   - plant: the plant.
  ///   - decimals: decimals to which values are rounded, 0...12; `nil` sends all digits.
  /// - Throws: ``SensorTopicError`` if the plant has no such rule.
  public init(plant: Plant, decimals: Int? = 6) throws(SensorTopicError) {
    for rule in plant.topics {
      let topic = String(SharedSubscription.unshared(rule.match))
      guard let parts = SensorTopic.parts(of: topic), let keys = SensorTopic.keys(of: rule) else { continue }
      self.parts = parts
      self.rule = rule
      (valueKey, timeKey) = keys
      self.decimals = decimals.map { min(12, max(0, $0)) }
      return
    }
    throw SensorTopicError(
      description: """
        plant '\(plant.name)' has no topic rule that can be published to: add one whose match names {asset} and \
        {sensor} and whose payload is a single value, such as match: "\(plant.name)/{asset}/{sensor}"
        """)
  }

  /// Returns the topic and payload of a reading; `nil` for a value that is not finite, which no payload can represent.
  ///
  /// - Parameters:
  ///   - asset: name of the asset.
  ///   - sensor: name of the sensor.
  ///   - value: value in the unit of the sensor.
  ///   - time: timestamp of the reading.
  public func message(
    asset: String, sensor: String, value: Double, time: Timestamp
  ) -> (topic: String, payload: String)? {
    // Messages carry names before `rename`; if several map to one, the smallest is used.
    let wireName = rule.rename.filter { $0.value == sensor }.keys.min() ?? sensor
    // A name listed in `values` has priority over the actual sensor name.
    let listed = rule.values.first?.name ?? wireName
    let scale = rule.scale[listed] ?? rule.scale[wireName] ?? 1
    let offset = rule.offset[listed] ?? rule.offset[wireName] ?? 0
    let wireValue = (value - offset) / (scale == 0 ? 1 : scale)
    guard wireValue.isFinite else { return nil }
    return (topic(asset: asset, sensor: wireName), payload(wireValue, at: time))
  }

  private func topic(asset: String, sensor: String) -> String {
    var topic = ""
    for part in parts {
      switch part {
      case .literal(let text): topic += text
      case .asset: topic += SensorTopic.encoded(asset)
      case .sensor: topic += SensorTopic.encoded(sensor)
      }
    }
    return topic
  }

  private func payload(_ value: Double, at time: Timestamp) -> String {
    let number = SensorTopic.number(value, decimals: decimals)
    if rule.payload == .number { return number }
    return "{\"\(valueKey)\":\(number),\"\(timeKey)\":\(count(time))}"
  }

  private func count(_ time: Timestamp) -> String {
    switch rule.timeUnit {
    case .auto, .milliseconds: "\(time.milliseconds)"
    case .seconds:
      time.nanoseconds % 1_000_000_000 == 0 ? "\(time.seconds)" : "\(Double(time.milliseconds) / 1000)"
    case .microseconds: "\(time.nanoseconds / 1000)"
    case .nanoseconds: "\(time.nanoseconds)"
    }
  }

  /// Returns a name encoded for a topic: `/ + # %` and U+0000 become `%2F %2B %23 %25 %00`.
  public static func encoded(_ name: String) -> String {
    guard name.utf8.contains(where: { escapes[$0] != nil }) else { return name }
    var bytes: [UInt8] = []
    for byte in name.utf8 {
      if let escape = escapes[byte] { bytes.append(contentsOf: escape.utf8) } else { bytes.append(byte) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Returns a finite value as a JSON number, rounded to a number of decimals.
  public static func number(_ value: Double, decimals: Int?) -> String {
    guard let decimals else { return "\(value)" }
    var factor = 1.0
    for _ in 0..<decimals { factor *= 10 }
    // Larger values have no such decimals; adding zero turns −0 into 0.
    let rounded = abs(value) * factor < 9e15 ? (value * factor).rounded() / factor + 0 : value
    return "\(rounded)"
  }

  private static let escapes: [UInt8: String] = [
    0: "%00", UInt8(ascii: "/"): "%2F", UInt8(ascii: "+"): "%2B", UInt8(ascii: "#"): "%23", UInt8(ascii: "%"): "%25",
  ]

  private static func parts(of match: String) -> [Part]? {
    var parts: [Part] = []
    var rest = Substring(match)
    var seen: (asset: Bool, sensor: Bool) = (false, false)
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      parts.append(.literal(String(rest[..<open])))
      switch rest[rest.index(after: open)..<close] {
      case "asset":
        parts.append(.asset)
        seen.asset = true
      case "sensor":
        parts.append(.sensor)
        seen.sensor = true
      case let other: parts.append(.literal(encoded(other.isEmpty ? "any" : String(other))))
      }
      rest = rest[rest.index(after: close)...]
    }
    parts.append(.literal(String(rest)))
    guard seen == (true, true) else { return nil }
    // A wildcard level matches any text, so no topic can be derived from it.
    let wild = parts.contains {
      if case .literal(let text) = $0 { text.contains("+") || text.contains("#") } else { false }
    }
    return wild ? nil : parts
  }

  /// Returns the JSON keys of value and time; `nil` if the rule cannot read a payload with a single value.
  private static func keys(of rule: TopicRule) -> (String, String)? {
    guard rule.payload != .csv, rule.payload != .line, rule.values.count <= 1, rule.rename["{sensor}"] == nil
    else { return nil }
    var valueKey = "value"
    if let value = rule.values.first {
      guard value.name == "{sensor}", rule.payload != .number, let key = key(ofPointer: value.path) else { return nil }
      valueKey = key
    }
    guard let time = rule.time else { return (valueKey, "ts") }
    return key(ofPointer: time).map { (valueKey, $0) }
  }

  /// Returns the key of a JSON pointer with one level; `nil` for other pointers, and for keys that need escaping in
  /// JSON.
  private static func key(ofPointer pointer: String) -> String? {
    guard pointer.first == "/", pointer.count > 1, !pointer.dropFirst().contains("/") else { return nil }
    var key = ""
    var isEscaped = false
    for scalar in pointer.dropFirst().unicodeScalars {
      if isEscaped {
        key.append(scalar == "1" ? "/" : "~")
        isEscaped = false
      } else if scalar == "~" {
        isEscaped = true
      } else if scalar == "\"" || scalar == "\\" || scalar.value < 0x20 {
        return nil
      } else {
        key.unicodeScalars.append(scalar)
      }
    }
    return key
  }
}
