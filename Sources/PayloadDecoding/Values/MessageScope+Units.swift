import PlantModel

extension MessageScope {
  /// Converts a value with a unit, or a word, to the sensor's own unit. Returns the reason if that is impossible.
  ///
  /// Separate from the common path of values without a unit.
  ///
  /// - Parameters:
  ///   - value: the pending value.
  ///   - own: the sensor's unit.
  ///   - conversion: the rule's conversion; a scaled value ignores its unit.
  ///   - plant: position of the plant in the share.
  ///   - raw: set to the number in the sensor's unit.
  @inline(never)
  func settleUnit(
    of value: PendingValue, own: Unit?, conversion: Conversion, plant: Int, raw: inout Double
  ) -> RefusalReason? {
    if value.unit == UnitTexts.word { return own == nil ? nil : .unknownWord }
    guard conversion.isUnscaled else { return nil }
    guard let number = number(of: value, in: own, plant: plant) else { return .unknownUnit }
    raw = number
    return nil
  }

  /// Returns a number with a unit in the sensor's own unit; unchanged if the sensor has none.
  ///
  /// - Parameters:
  ///   - value: the pending value.
  ///   - own: the sensor's unit.
  ///   - plant: position of the plant in the share.
  /// - Returns: `nil` if the value's unit is unknown or of another quantity.
  private func number(of value: PendingValue, in own: Unit?, plant: Int) -> Double? {
    guard let written = slots.units[value.unit, plant: plant] else { return nil }
    guard let own, own != written else { return value.number }
    guard own.quantity == written.quantity, own.scale != 0 else { return nil }
    return written.converted(value.number, to: own)
  }
}
