import LineProtocol
import PlantModel

/// InfluxDB line protocol.
///
/// Each field that is a number or a truth value is a reading at its line's time. The topic's asset goes before the tag
/// `asset`, that before the rule's; likewise for the sensor. A field of a named sensor is that sensor when the field is
/// called `value`, else `sensor_field`; without a sensor the field's name is the sensor, and a field `value` is called
/// like the measurement. Where the rule lists `values`, only the fields that it lists are taken, under its names.
extension MessageDecoder {
  mutating func readLines(_ payload: Bytes, route: Int, received: Timestamp) -> RefusalReason? {
    var start = 0
    while start < payload.count {
      let end = LineScanner.end(payload, start..<payload.count, quotes: true) { $0 == 0x0A }
      var first = start
      while first < end, ByteText.isSpace(payload[first]) { first += 1 }
      if first < end, payload[first] != UInt8(ascii: "#") {
        guard let line = LineScanner(payload, first..<end) else {
          return ByteText.isUTF8(payload) ? .malformedLine : .notUTF8
        }
        if let refusal = readLine(payload, line, route: route, received: received) { return refusal }
      }
      start = end + 1
    }
    return nil
  }

  private mutating func readLine(
    _ payload: Bytes, _ line: LineScanner, route: Int, received: Timestamp
  ) -> RefusalReason? {
    var time = received
    if !line.time.isEmpty {
      let rule = rule(of: route)
      guard
        let moment = TimeText.parse(
          Bytes(rebasing: payload[line.time]), unit: rules[rule].rule.timeUnit, format: nil, received: received,
          calendar: &calendars[rules[rule].plant])
      else { return .badTime }
      time = moment
    }
    guard let (asset, sensor) = tags(payload, line) else { return .malformedLine }
    var rest = line.fields
    while !rest.isEmpty {
      guard let (key, value) = LineScanner.pair(payload, &rest, quotes: true) else { return .malformedLine }
      switch number(payload, value) {
      case .refused(let reason): if reason != .missingValue { setback = reason }
      case .value(let number):
        guard pending.count < JSONLeafVisitor.capacity * 4 else { return .tooLarge }
        let slot = slot(payload, line, asset: asset, sensor: sensor, field: key, route: route)
        guard slots[slot].series != ValueSlot.ignored else { continue }
        pending.append(
          PendingValue(
            slot: slot, number: number.number, unit: 0..<0, time: time, hasSourceTime: !line.time.isEmpty))
      }
    }
    return nil
  }

  /// The tags that name asset and sensor, empty where there are none; `nil` where the tags are broken.
  private func tags(_ payload: Bytes, _ line: LineScanner) -> (asset: Range<Int>, sensor: Range<Int>)? {
    var asset = 0..<0
    var sensor = 0..<0
    var rest = line.tags
    while !rest.isEmpty {
      guard let (key, value) = LineScanner.pair(payload, &rest, quotes: false) else { return nil }
      let name = Bytes(rebasing: payload[key])
      if ByteText.equals(name, "asset") { asset = value }
      if ByteText.equals(name, "sensor") { sensor = value }
    }
    return (asset, sensor)
  }

  private func number(_ payload: Bytes, _ range: Range<Int>) -> ScalarText.Result {
    let text = Bytes(rebasing: payload[range])
    if text.first == 0x22 { return .refused(.notANumber) }
    if ByteText.equals(text, "t") { return .value(ScalarText(number: 1, unit: 0..<0)) }
    if ByteText.equals(text, "f") { return .value(ScalarText(number: 0, unit: 0..<0)) }
    let isInteger = text.last == UInt8(ascii: "i") || text.last == UInt8(ascii: "u")
    if isInteger, let number = DecimalNumber.parse(ByteText.slice(text, 0, text.count - 1)) {
      return number.isFinite ? .value(ScalarText(number: number, unit: 0..<0)) : .refused(.notFinite)
    }
    let result = ScalarText.read(text)
    if case .value(let value) = result, !value.unit.isEmpty { return .refused(.notANumber) }
    return result
  }

  /// The slot of a field, known by all that may go into its name.
  private mutating func slot(
    _ payload: Bytes, _ line: LineScanner, asset: Range<Int>, sensor: Range<Int>, field: Range<Int>, route: Int
  ) -> Int {
    beginNameKey(route: route)
    for range in [asset, sensor, line.measurement] {
      LineScanner.append(payload, range, to: &nameKey)
      nameKey.append(0)
    }
    LineScanner.append(payload, field, to: &nameKey)
    if let known = knownSlot() { return known }
    func text(_ range: Range<Int>) -> String? {
      if range.isEmpty { return nil }
      var bytes: [UInt8] = []
      LineScanner.append(payload, range, to: &bytes)
      return bytes.withUnsafeBytes { ByteText.string($0) } ?? ""
    }
    let topic = routes[route].names
    let isFromTopic = topic?.assetIsFromTopic ?? false
    let owner = (isFromTopic ? topic?.asset : text(asset) ?? topic?.asset) ?? Plant.wholePlant
    let name = text(field) ?? ""
    let rule = rules[rule(of: route)].rule
    guard naming(of: route) == .listed else {
      let sensorName = topic?.sensorFromTopic ?? text(sensor) ?? topic?.sensor
      let full = lineName(sensor: sensorName, measurement: text(line.measurement) ?? "", field: name)
      return addNamedSlot(ValueName(asset: owner, listed: full, name: full, rule: rule, names: topic))
    }
    let listed = rule.values.first { (topic?.substituted($0.path) ?? $0.path) == name }
    return addNamedSlot(
      listed.map {
        let name = topic?.substituted($0.name) ?? $0.name
        return ValueName(asset: owner, listed: $0.name, name: name, rule: rule, names: topic)
      })
  }

  private func lineName(sensor: String?, measurement: String, field: String) -> String {
    if let sensor { return field == "value" ? sensor : "\(sensor)_\(field)" }
    return field == "value" ? measurement : field
  }
}
