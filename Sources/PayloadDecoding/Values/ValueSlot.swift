import PlantModel

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
  /// The plant's file derives the sensor.
  static let derived: Int32 = -5

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
    case derived: .derivedSensor
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
  /// The unit of the number after factor and summand; `nil` for the sensor's own.
  var unit: Unit?

  /// A name and factors from a rule.
  /// - Parameters:
  ///   - asset: The asset that topic, rule or record name.
  ///   - listed: The name in the rule or payload.
  ///   - name: The same after placeholders are replaced; both may be keys of `scale`, `offset` and `rename`.
  ///   - rule: The rule.
  ///   - detail: How the value is understood.
  ///   - isWritten: Whether the name stands in the file, so that it may begin with an asset and a dot.
  ///   - assets: The declared assets of the plant.
  ///   - names: What the topic says.
  init(
    asset: String, listed: String, name: String, rule: TopicRule, detail: ValueDetail, isWritten: Bool,
    assets: Set<String>, names: TopicNames?
  ) {
    let renamed = rule.rename[listed] ?? rule.rename[name]
    let full = renamed.map { names?.substituted($0) ?? $0 } ?? name
    // By whichever of its names the file has it.
    scale = detail.scale ?? rule.scale[listed] ?? rule.scale[name] ?? rule.scale[full] ?? 1
    offset = detail.offset ?? rule.offset[listed] ?? rule.offset[name] ?? rule.offset[full] ?? 0
    unit = detail.unit
    if isWritten || renamed != nil, let parts = WrittenName.split(full, assets) {
      (self.asset, sensor) = parts
    } else {
      (self.asset, sensor) = (asset, full)
    }
  }

  /// A name as it stands, without factors.
  init(asset: String, sensor: String, unit: Unit? = nil) {
    (self.asset, self.sensor, self.unit) = (asset, sensor, unit)
    (scale, offset) = (1, 0)
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
  /// Whether the rule leaves the number as it stands, so that a unit in the payload decides.
  var isUnscaled = true
}

/// A value that was found, before it is known whether the message as a whole is sound.
struct PendingValue {
  var slot: Int
  var number: Double
  /// The unit that the payload names for the number, by its position in ``UnitTexts``; ``UnitTexts/none`` without one.
  var unit: Int32
  var time: Timestamp
  var hasSourceTime: Bool
}

/// The values of the message at hand. The memory is that of the messages before: emptying it touches nothing.
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
