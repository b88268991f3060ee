import PlantModel
import WattlineTime

/// Destination of a value.
struct ValueSlot {
  /// Not yet admitted, because no value has arrived.
  static let unresolved: Int32 = -1
  /// The plant had reached its limit of series at the first value.
  static let full: Int32 = -2
  /// Its name is invalid, or the rule does not list it.
  static let ignored: Int32 = -3
  /// The plant had reached its limit of assets at the first value.
  static let fullOfAssets: Int32 = -4
  /// The sensor is derived by the plant's file.
  static let derived: Int32 = -5

  /// Position of the series once admitted, else one of the negative constants.
  var series: Int32
  /// Position of the conversion from the payload's number to the canonical unit, once the series is admitted.
  var conversion: Int32 = 0
  /// The last message or record that provided a value, so that the first of two with one name counts.
  var claim: UInt64 = 0

  /// Returns the reason why a slot has no series.
  static func reason(_ series: Int32) -> RefusalReason {
    switch series {
    case full: .tooManySensors
    case fullOfAssets: .tooManyAssets
    case derived: .derivedSensor
    default: .invalidName
    }
  }
}

/// Name and conversion of a value that has not arrived yet, from topic, rule and payload.
struct ValueName {
  var asset: String
  var sensor: String
  var scale: Double
  var offset: Double
  /// Unit of the number after `scale` and `offset`; `nil` for the sensor's own.
  var unit: Unit?

  /// Creates a name with the conversion of a rule.
  ///
  /// - Parameters:
  ///   - asset: the asset named by topic, rule or record.
  ///   - listed: the name in the rule or payload.
  ///   - name: the same after placeholders are replaced; both may be keys of `scale`, `offset` and `rename`.
  ///   - rule: the rule.
  ///   - detail: conversion of the value.
  ///   - isWritten: whether the name is from the file, so that it may begin with an asset and a dot.
  ///   - assets: the declared assets of the plant.
  ///   - names: the names from the topic.
  init(
    asset: String, listed: String, name: String, rule: TopicRule, detail: ValueDetail, isWritten: Bool,
    assets: Set<String>, names: TopicNames?
  ) {
    let renamed = rule.rename[listed] ?? rule.rename[name]
    let full = renamed.map { names?.substituted($0) ?? $0 } ?? name
    // The file may use any of these names as a key.
    scale = detail.scale ?? rule.scale[listed] ?? rule.scale[name] ?? rule.scale[full] ?? 1
    offset = detail.offset ?? rule.offset[listed] ?? rule.offset[name] ?? rule.offset[full] ?? 0
    unit = detail.unit
    let isOfFile = isWritten || renamed != nil
    if isOfFile, let parts = WrittenName.split(full, assets: assets) {
      (self.asset, sensor) = parts
    } else if isOfFile, asset == Plant.wholePlant, let parts = ValueName.undeclared(full) {
      (self.asset, sensor) = parts
    } else {
      (self.asset, sensor) = (asset, full)
    }
  }

  /// Returns asset and sensor of a name such as `roof.power`, whose asset is not declared; `nil` for other names.
  ///
  /// The name after the dot is that of a sensor that some kind of asset has, so that a dot within a name stays there.
  private static func undeclared(_ name: String) -> (asset: String, sensor: String)? {
    guard let dot = name.firstIndex(of: ".") else { return nil }
    let (asset, sensor) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
    guard !asset.isEmpty, AssetKind.allCases.contains(where: { $0.traits.sensors.contains(sensor) }) else { return nil }
    return (asset, sensor)
  }

  /// Returns a name without a prefix; unchanged if it lacks the prefix or has nothing else.
  static func stripped(_ name: String, prefix: String?) -> String {
    guard let prefix, name.hasPrefix(prefix), name.utf8.count > prefix.utf8.count else { return name }
    return String(name.dropFirst(prefix.count))
  }

  /// Creates a name without scaling.
  ///
  /// - Parameters:
  ///   - asset: name of the asset.
  ///   - sensor: name of the sensor.
  ///   - unit: unit of the number; `nil` for the sensor's own.
  init(asset: String, sensor: String, unit: Unit? = nil) {
    (self.asset, self.sensor, self.unit) = (asset, sensor, unit)
    (scale, offset) = (1, 0)
  }

  /// Whether asset and sensor have valid names.
  var isUsable: Bool { ValueName.isName(asset) && ValueName.isName(sensor) }

  /// Maximum length of a name [bytes]. Four of them must stay far below InfluxDB's limit of 65,535 bytes for a series'
  /// key.
  static let longestName = 1_024

  /// Returns whether a text is a valid name of an asset or sensor: not empty, not too long, no control characters.
  static func isName(_ text: String) -> Bool {
    (1...longestName).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }
}

/// Conversion from a payload's number to the sensor's own unit by the rule, and from there to the canonical unit.
struct Conversion: Hashable {
  var scale = 1.0
  var offset = 0.0
  var unitScale = 1.0
  var unitOffset = 0.0
  /// Whether the rule does not scale the number, so that a unit in the payload applies.
  var isUnscaled = true
}

/// A value found before the whole message is known to be valid.
struct PendingValue {
  var slot: Int
  var number: Double
  /// Position of the payload's unit in ``UnitTexts``; ``UnitTexts/none`` if there is none.
  var unit: Int32
  var time: Timestamp
  var hasSourceTime: Bool
}

/// The values of the current message. The memory is reused, so that emptying it costs nothing.
struct PendingValues {
  private var storage: [PendingValue] = []
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  subscript(position: Int) -> PendingValue { storage[position] }

  mutating func removeAll() { count = 0 }

  mutating func append(_ value: PendingValue) {
    if count < storage.count { storage[count] = value } else { storage.append(value) }
    count += 1
  }
}
