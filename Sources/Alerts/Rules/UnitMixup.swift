import Glibc
import PlantModel
import StreamCore

/// Tells a sensor that sends thousandths of its unit, such as W for kW, or thousands, such as kW for W, from one whose
/// values are wrong or low for another reason.
///
/// Worked values: 52.3 kW and then 51,900 of a sensor that may say 0 to 150: 51.9 lies in the range and is what came
/// before. 52.3 kW and then 0.0519 of a sensor that has not been below 30 for a day: it has changed its unit.
enum UnitMixup {
  static let factor = 1000.0
  /// Known for so long, a sensor has shown how low it goes.
  static let learned = TimeSpan.day

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
    return pairs.first { $0.large == unit.symbol }?.small ?? "thousandths of \(unit.symbol)"
  }

  /// The unit that is probably sent: a thousand of a sensor's own.
  static func larger(than unit: Unit?) -> String {
    guard let unit else { return "thousands" }
    return pairs.first { $0.small == unit.symbol }?.large ?? "thousands of \(unit.symbol)"
  }

  private static let pairs = [
    ("W", "kW"), ("kW", "MW"), ("Wh", "kWh"), ("kWh", "MWh"), ("var", "kvar"), ("VA", "kVA"), ("mV", "V"), ("V", "kV"),
    ("mA", "A"), ("A", "kA"), ("W/m²", "kW/m²"),
  ].map { (small: $0.0, large: $0.1) }
}

/// What is remembered of a series to see that its values have become thousandths.
///
/// Devices that rest take a thousandth of their power every day, so that only a sensor that falls far below all that it
/// has said within about a day is taken for one with another unit.
struct ThousandthWatch: BitwiseCopyable {
  /// The last value before them [canonical unit].
  var level = Double.nan
  /// Least magnitude but for 0, which is forgotten by a factor of two a day [canonical unit].
  var least = Double.infinity
  /// Time of the last reading.
  var time = Timestamp.distantPast
  /// When the series was first seen.
  var first = Timestamp.distantPast
  /// Consecutive readings that are thousandths of what came before, and that are not; positive and negative.
  var run = AlertRun()

  /// Takes in a value.
  mutating func take(_ value: Double, at moment: Timestamp) {
    guard value.isFinite, moment > time else { return }
    if first == .distantPast { first = moment }
    let isThousandth = isThousandth(value, moment)
    run.count(isThousandth)
    if !isThousandth {
      level = value
      let days = time == .distantPast ? 0 : min((moment - time).inHours / 24, 10)
      if value != 0 { least = min(value.magnitude, least * exp2(days)) }
    }
    time = moment
  }

  private func isThousandth(_ value: Double, _ moment: Timestamp) -> Bool {
    // The usual case costs a comparison.
    guard value.magnitude < least / 10, value != 0 else { return false }
    if run.length > 0 { return true }
    return moment - first >= UnitMixup.learned && moment - time <= .minutes(10)
      && (0.5...2).contains(UnitMixup.factor * value / level)
  }
}
