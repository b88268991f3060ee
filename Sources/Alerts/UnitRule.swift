import PlantModel

/// Tells a sensor that sends thousandths of its unit, such as W for kW, from one that is out of range for another reason.
///
/// Worked value: 52.3 kW and then 51,900 of a sensor that may say 0 to 150: 51.9 lies in the range and is what came before.
enum UnitMixup {
  static let factor = 1000.0

  /// Whether a value far outside of a range is one inside it, a thousand times too large, and in the order of what was said
  /// before.
  static func isOne(_ value: Double, range: ClosedRange<Double>, lastGood: Double) -> Bool {
    let right = value / factor
    guard value.isFinite, range.contains(right), lastGood != 0, (right < 0) == (lastGood < 0) else { return false }
    let bound = max(range.lowerBound.magnitude, range.upperBound.magnitude)
    let isFarOut = bound.isInfinite || value.magnitude > 3 * bound
    return isFarOut && (0.2...5).contains(right / lastGood)
  }

  /// The unit that is probably sent: a thousandth of a sensor's own.
  static func smaller(than unit: Unit?) -> String {
    guard let unit else { return "thousandths" }
    let table = ["kW": "W", "MW": "kW", "kWh": "Wh", "MWh": "kWh", "kvar": "var", "kVA": "VA", "V": "mV", "A": "mA"]
    return table[unit.symbol] ?? "thousandths of \(unit.symbol)"
  }
}
