import PayloadDecoding
import PlantModel

/// Description of a topic rule: its format, its asset, its sensors and their units.
struct RuleMeaning {
  /// Sensor that the rule provides.
  private struct Sensor {
    /// Asset, if it is known before a message arrives.
    var asset: String?
    var sensor: String
    /// Place of the value; `nil` for the payload's only one.
    var place: String?
    /// Unit of the number in the payload; `nil` for the sensor's own.
    var stated: Unit?
    /// Unit of the sensor, if it is known before a message arrives.
    var own: Unit?
    var scale: Double?
    var offset: Double?
    var details: [String] = []
  }

  private let rule: TopicRule
  private let sensors: [Sensor]
  private let asset: String

  init(_ rule: TopicRule, of plant: Plant) {
    self.rule = rule
    let fromTopic = rule.match.contains("{asset}") ? "{asset}" : nil
    let named = rule.asset.flatMap { $0.contains("{") || $0.hasPrefix("/") ? $0 : nil } ?? fromTopic ?? rule.asset
    let usual = rule.payload == .sparkplug ? "{device}, and {edge} for what is the edge node's own" : Plant.wholePlant
    asset = named ?? usual
    let assets = Set(plant.assets.map(\.name))
    let fixed = rule.asset.flatMap { fromTopic == nil && !$0.contains("{") && !$0.hasPrefix("/") ? $0 : nil }
    sensors = rule.values.map { value in
      let name = rule.rename[value.name] ?? value.name
      let parts = WrittenName.split(name, assets: assets)
      var sensor = Sensor(asset: parts?.asset ?? fixed, sensor: parts?.sensor ?? name, place: value.path)
      sensor.stated = value.detail.unit
      sensor.scale = value.detail.scale ?? rule.scale[value.name]
      sensor.offset = value.detail.offset ?? rule.offset[value.name]
      sensor.details = RuleMeaning.text(value.detail)
      sensor.own = RuleMeaning.unit(of: sensor.sensor, asset: sensor.asset, plant: plant) ?? value.detail.unit
      return sensor
    }
  }

  /// Returns the unit of a sensor by its asset's kind; without an asset, by the names common to all kinds.
  private static func unit(of sensor: String, asset: String?, plant: Plant) -> Unit? {
    if sensor.contains("{") { return nil }
    var register = PlantRegister(plant: plant)
    let index = register.admit(asset: asset ?? "any asset", sensor: sensor)
    return register.series[index.position].profile.unit
  }

  private static func text(_ detail: ValueDetail) -> [String] {
    var words: [String] = []
    if let place = detail.scalePlace { words.append("times ten to the power at \"\(place)\"") }
    if !detail.words.isEmpty {
      words.append(detail.words.sorted { $0.key < $1.key }.map { "\($0) is \($1)" }.joined(separator: ", "))
    }
    if detail.decimal == .comma { words.append("decimal comma") }
    if let encoding = detail.encoding { words.append(encoding.rawValue) }
    if let bits = detail.bits { words.append("\(bits) bits, two's complement") }
    return words
  }

  /// Description of the rule, followed by its sensors.
  var lines: [String] {
    var lines = ["topic \(rule.match)  \(rule.payload)"]
    if let each = rule.each { lines.append("  each \(each)") }
    for condition in rule.conditions {
      lines.append("  where \(condition.path) is \(condition.texts.joined(separator: " or "))")
    }
    lines.append("  asset \(asset == Plant.wholePlant ? "the plant as a whole" : asset)")
    if let time = rule.time { lines.append("  time \(time)\(rule.timeFormat.map { " as \($0)" } ?? "")") }
    if let unit = rule.unit { lines.append("  unit \(unit)") }
    if sensors.isEmpty { lines.append("  sensor \(lone)") }
    return lines + sensors.map { "  \(text(of: $0))" }
  }

  /// Name of the sensor if none is listed.
  private var lone: String {
    if let sensor = rule.sensor { return sensor }
    if rule.match.contains("{sensor}") { return "{sensor}, in the unit of its name" }
    return "as the payload names them"
  }

  /// Returns the mapping of a value: `pv.power [kW] = "/InputPower" in W`.
  private func text(of sensor: Sensor) -> String {
    let name = sensor.asset.map { "\($0).\(sensor.sensor)" } ?? sensor.sensor
    let unit = sensor.own.map { " [\($0.symbol)]" } ?? (sensor.sensor.contains("{") ? "" : " [no unit]")
    let scale = sensor.scale.map { "\($0) × " } ?? ""
    let offset = sensor.offset.map { " + \($0)" } ?? ""
    let isColumn = rule.payload == .csv
    let place = sensor.place.map { isColumn ? "column \($0)" : "\"\($0)\"" } ?? ""
    let stated = sensor.stated.map { " in \($0.symbol)" } ?? ""
    let details = sensor.details.isEmpty ? "" : " (\(sensor.details.joined(separator: "; ")))"
    return "\(name)\(unit) = \(scale)\(place)\(offset)\(stated)\(details)"
  }

  /// Description for `--json`.
  var document: [String: Any] {
    [
      "match": rule.match, "payload": rule.payload.rawValue, "asset": asset,
      "sensors": sensors.map { sensor in
        var entry: [String: Any] = ["sensor": sensor.sensor]
        entry["asset"] = sensor.asset
        entry["place"] = sensor.place
        entry["unit"] = sensor.own?.symbol
        entry["stated_unit"] = sensor.stated?.symbol
        return entry
      },
    ]
  }
}
