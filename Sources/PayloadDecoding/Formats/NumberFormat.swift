import PlantModel

/// One number, optionally followed by a unit, or the word of a switch.
enum NumberFormat: PayloadFormat {
  static let name = PayloadFormatName.number
  static let summary = "one number such as 21.5, 230.1 V or 1e3, or a word such as ON"
  static let examplePlace = "\"\""
  static let hasRecords = false

  static func mistake(inPlace place: String) -> String? {
    ["", "/", "0"].contains(place) ? nil : "is no place, since the payload is one number; write payload: json, or \"\""
  }

  static func reader(for plan: ReadingPlan) -> PayloadReader { NumberReader(plan) }
}

private final class NumberReader: PayloadReader {
  private let detail: CompiledDetail?
  private let unit: String?
  private let isNamedByRecord: Bool
  /// Whether topic or rule names the sensor and no unit is stated.
  private let isSimple: Bool

  override init(_ plan: ReadingPlan) {
    detail = plan.details[0]
    // A unit's place refers to an object; a lone number is in the sensor's own unit.
    unit = plan.rule.unit.flatMap { $0.hasPrefix("/") ? nil : $0 }
    isNamedByRecord = plan.hasRecordNames
    isSimple = plan.naming == .single && !isNamedByRecord && unit == nil
    super.init(plan)
  }

  override func read(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    if isSimple {
      scope.step.markSeen(0)
      // Fast path: nearly every payload is a plain number.
      if detail == nil, let number = DecimalNumber.parse(payload), number.isFinite {
        scope.append(number: number, slot: scope.step.slot(0), at: scope.received, hasSourceTime: false)
        return nil
      }
      scope.append(
        text: payload, detail: detail, value: 0, slot: scope.step.slot(0), at: scope.received, hasSourceTime: false)
      return nil
    }
    return readNamed(payload, into: &scope)
  }

  private func readNamed(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    // A lone number contains neither an asset nor a sensor name.
    guard !isNamedByRecord else { return .missingName }
    let slot: Int
    switch plan.naming {
    case .single: slot = scope.step.slot(0)
    case .payload: slot = scope.sensorSlot(named: UsualPlaces.loneName, plan: plan)
    case .listed:
      // A lone value is the rule's only listed value.
      guard scope.step.slotCount == 1 else { return .missingValue }
      slot = scope.step.slot(0)
    }
    guard !scope.slots.isIgnored(slot) else { return .invalidName }
    var stated = UnitTexts.none
    if let unit { stated = scope.slots.units.position(named: scope.step.names?.substituted(unit) ?? unit) }
    scope.step.markSeen(0)
    scope.append(
      text: payload, detail: detail, value: 0, unit: stated, slot: slot, at: scope.received, hasSourceTime: false)
    return nil
  }
}
