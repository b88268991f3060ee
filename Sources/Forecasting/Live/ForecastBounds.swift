import PlantModel
import StreamCore

/// Limits of forecast values.
enum ForecastBounds {
  /// Returns the limits of a series' forecast.
  ///
  /// These are the sensor's plausible range. The power of generators and consumers is also not below zero, or not below
  /// the last day's minimum if that was negative. For example, an inverter draws some power at night, and an interval
  /// from zero would miss that every night.
  ///
  /// - Parameters:
  ///   - index: The series.
  ///   - register: Assets and series of the plant.
  ///   - recentMinimum: Minimum of the last day [unit of the series].
  static func bounds(
    of index: SeriesIndex, in register: PlantRegister, recentMinimum: Double
  ) -> ClosedRange<Double> {
    let range = register.series[index.position].profile.range
    guard register.kind(of: index).traits.hasOneDirection,
      register.power(of: register.series[index.position].asset) == index
    else { return range }
    let floor = max(range.lowerBound, min(0, recentMinimum))
    return floor <= range.upperBound ? floor...range.upperBound : range
  }

  /// Returns half the width of an interval before errors are known.
  ///
  /// It is the larger of half the spread and half the greatest magnitude of the last day. The minimum is 15 % of a
  /// finite plausible range.
  static func priorHalfWidth(
    _ day: (minimum: Double, maximum: Double, mean: Double, count: Int), range: ClosedRange<Double>
  ) -> Double {
    let spread = day.maximum - day.minimum
    let magnitude = max(day.minimum.magnitude, day.maximum.magnitude)
    let width = range.upperBound - range.lowerBound
    return max(0.5 * spread, 0.5 * magnitude, width.isFinite ? 0.15 * width : 0)
  }
}
