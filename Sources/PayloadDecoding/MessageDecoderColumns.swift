import PlantModel

/// Numbers separated by commas: each line of the payload is a set of readings.
extension MessageDecoder {
  /// Most columns that are read.
  static var maximumColumns: Int { 4_096 }

  mutating func readColumns(_ payload: Bytes, route: Int, received: Timestamp) -> RefusalReason? {
    var start = 0
    while start <= payload.count {
      var end = start
      while end < payload.count, payload[end] != 0x0A { end += 1 }
      if let refusal = readRow(payload, start..<end, route: route, received: received) { return refusal }
      start = end + 1
    }
    return nil
  }

  private mutating func readRow(
    _ payload: Bytes, _ row: Range<Int>, route: Int, received: Timestamp
  ) -> RefusalReason? {
    let rule = rule(of: route)
    var time = received
    var hasSourceTime = false
    if let column = rules[rule].timeColumn, let cell = cell(column, of: payload, row), !cell.isEmpty {
      let text = Bytes(rebasing: payload[cell])
      guard
        let moment = TimeText.parse(
          text, unit: rules[rule].rule.timeUnit, format: nil, received: received,
          calendar: &calendars[rules[rule].plant])
      else { return .badTime }
      time = moment
      hasSourceTime = true
    }
    switch naming(of: route) {
    case .single:
      take(cell(0, of: payload, row), payload, slot: slots(of: route).lowerBound, time, hasSourceTime)
    case .listed:
      for (position, slot) in slots(of: route).enumerated() {
        guard let columns = rules[rule].columns else { return .missingValue }
        take(cell(columns[position], of: payload, row), payload, slot: slot, time, hasSourceTime)
      }
    case .payload: return takeAll(payload, row, route: route, time, hasSourceTime)
    }
    return pending.count > JSONLeafVisitor.capacity * 4 ? .tooLarge : nil
  }

  private mutating func takeAll(
    _ payload: Bytes, _ row: Range<Int>, route: Int, _ time: Timestamp, _ hasSourceTime: Bool
  ) -> RefusalReason? {
    var column = 0
    var start = row.lowerBound
    while start <= row.upperBound {
      guard column < MessageDecoder.maximumColumns else { return .tooLarge }
      var end = start
      while end < row.upperBound, payload[end] != UInt8(ascii: ",") { end += 1 }
      if column != rules[rule(of: route)].timeColumn {
        beginNameKey(route: route)
        nameKey.append(contentsOf: "column_".utf8)
        appendDecimal(column)
        if let slot = namedSlot(route: route, nameStart: MessageDecoder.nameKeyHeader) {
          take(inner(start..<end, of: payload), payload, slot: slot, time, hasSourceTime)
        }
      }
      column += 1
      start = end + 1
    }
    return pending.count > JSONLeafVisitor.capacity * 4 ? .tooLarge : nil
  }

  private mutating func appendDecimal(_ number: Int) {
    var divisor = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      nameKey.append(UInt8(truncatingIfNeeded: 0x30 + number / divisor % 10))
      divisor /= 10
    }
  }

  private mutating func take(
    _ cell: Range<Int>?, _ payload: Bytes, slot: Int, _ time: Timestamp, _ hasSourceTime: Bool
  ) {
    guard let cell else { return }
    switch ScalarText.read(Bytes(rebasing: payload[cell])) {
    case .refused(let reason):
      if reason != .missingValue { setback = reason }
    case .value(let value):
      let unit = value.unit.lowerBound + cell.lowerBound..<value.unit.upperBound + cell.lowerBound
      pending.append(
        PendingValue(slot: slot, number: value.number, unit: unit, time: time, hasSourceTime: hasSourceTime))
    }
  }

  private func cell(_ column: Int, of payload: Bytes, _ row: Range<Int>) -> Range<Int>? {
    var start = row.lowerBound
    for _ in 0..<column {
      while start < row.upperBound, payload[start] != UInt8(ascii: ",") { start += 1 }
      guard start < row.upperBound else { return nil }
      start += 1
    }
    var end = start
    while end < row.upperBound, payload[end] != UInt8(ascii: ",") { end += 1 }
    return inner(start..<end, of: payload)
  }

  /// Without the white space and the quotation marks around it.
  private func inner(_ range: Range<Int>, of payload: Bytes) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    func isAround(_ byte: UInt8) -> Bool { ByteText.isSpace(byte) || byte == UInt8(ascii: "\"") }
    while start < end, isAround(payload[start]) { start += 1 }
    while end > start, isAround(payload[end - 1]) { end -= 1 }
    return start..<end
  }
}
