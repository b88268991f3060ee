import PlantModel

extension MessageScope {
  /// Puts a value that came with a unit, or as a word, into the sensor's own unit, or says why it is none.
  ///
  /// Apart from the way of values without a unit, which are by far the most.
  @inline(never)
  func settleUnit(
    of value: PendingValue, _ own: Unit?, _ conversion: Conversion, _ plant: Int, _ raw: inout Double
  ) -> RefusalReason? {
    if value.unit == UnitTexts.word { return own == nil ? nil : .unknownWord }
    guard conversion.isUnscaled else { return nil }
    guard let number = number(of: value, in: own, plant) else { return .unknownUnit }
    raw = number
    return nil
  }

  /// A number with a unit in the payload in the sensor's own unit; as it stands if the sensor has none.
  private func number(of value: PendingValue, in own: Unit?, _ plant: Int) -> Double? {
    guard let written = slots.units[value.unit, plant: plant] else { return nil }
    guard let own, own != written else { return value.number }
    guard own.quantity == written.quantity, own.scale != 0 else { return nil }
    return written.converted(value.number, to: own)
  }
}
