import Glibc
import PlantModel
import StreamCore
import WattlineTime

/// Detection of values that are off by a factor of a thousand, such as W for kW.
///
/// Worked values:
/// - 52.3 kW, then 51,900, with a range of 0 to 150: 51.9 is in the range and close to the value before.
/// - 52.3 kW, then 0.0519, of a sensor that was not below 30 for a day: the unit has changed.
enum UnitMixup {
  static let factor = 1000.0
  /// Observation time after which a sensor's lowest values are known.
  static let learned = TimeSpan.day

  /// Returns whether a value is a thousand times too large. A thousandth of it must be in the range and within a factor
  /// of five of the last good value.
  ///
  /// - Parameters:
  ///   - value: the value [canonical unit].
  ///   - range: the plausible range [canonical unit].
  ///   - lastGood: the last value of good quality [canonical unit]; 0 without one.
  static func isOne(_ value: Double, range: ClosedRange<Double>, lastGood: Double) -> Bool {
    let right = value / factor
    guard value.isFinite, range.contains(right), lastGood != 0, (right < 0) == (lastGood < 0) else { return false }
    let bound = max(range.lowerBound.magnitude, range.upperBound.magnitude)
    let isFarOut = bound.isInfinite || value.magnitude > 3 * bound
    return isFarOut && (0.2...5).contains(right / lastGood)
  }

  /// Returns the unit that is probably sent instead: a thousandth of the sensor's unit.
  static func smaller(than unit: Unit?) -> String {
    guard let unit else { return "thousandths" }
    return pairs.first { $0.large == unit.symbol }?.small ?? "thousandths of \(unit.symbol)"
  }

  /// Returns the unit that is probably sent instead: a thousand times the sensor's unit.
  static func larger(than unit: Unit?) -> String {
    guard let unit else { return "thousands" }
    return pairs.first { $0.small == unit.symbol }?.large ?? "thousands of \(unit.symbol)"
  }

  private static let pairs = [
    ("W", "kW"), ("kW", "MW"), ("Wh", "kWh"), ("kWh", "MWh"), ("var", "kvar"), ("VA", "kVA"), ("mV", "V"), ("V", "kV"),
    ("mA", "A"), ("A", "kA"), ("W/m²", "kW/m²"),
  ].map { (small: $0.0, large: $0.1) }
}

/// State of a series that detects values that have become thousandths.
///
/// Idle devices take a thousandth of their power every day. A series therefore counts only if it falls far below all
/// values of about the last day.
struct UnitScaleDetector: BitwiseCopyable {
  /// Last value before the run of thousandths [canonical unit].
  var level = Double.nan
  /// Smallest magnitude other than 0 [canonical unit]; it grows by a factor of two a day.
  var least = Double.infinity
  /// Time of the last reading.
  var time = Timestamp.distantPast
  /// Timestamp of the first reading.
  var first = Timestamp.distantPast
  /// Run of readings that are thousandths of the value before (positive) or not (negative).
  var run = AlertRun()

  /// Records a value.
  mutating func observe(_ value: Double, at timestamp: Timestamp) {
    guard value.isFinite, timestamp > time else { return }
    if first == .distantPast { first = timestamp }
    let isThousandth = isThousandth(value, at: timestamp)
    run.count(isThousandth)
    if !isThousandth {
      level = value
      let days = time == .distantPast ? 0 : min((timestamp - time).inHours / 24, 10)
      if value != 0 { least = min(value.magnitude, least * exp2(days)) }
    }
    time = timestamp
  }

  private func isThousandth(_ value: Double, at timestamp: Timestamp) -> Bool {
    // Fast path: the value is not far below the others.
    guard value.magnitude < least / 10, value != 0 else { return false }
    if run.length > 0 { return true }
    return timestamp - first >= UnitMixup.learned && timestamp - time <= .minutes(10)
      && (0.5...2).contains(UnitMixup.factor * value / level)
  }
}
