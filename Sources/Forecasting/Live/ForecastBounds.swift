import PlantModel
import StreamCore

/// What a forecast may not leave.
enum ForecastBounds {
  /// The sensor's plausible range; for the power of generators and consumers not below zero either, unless the last day
  /// had values below zero: then not below those (an inverter draws a little at night, and an interval that denies it
  /// would be wrong every night).
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

  /// Half the width of an interval about which nothing is known yet: half the spread of the last day or half the
  /// latest magnitude, whichever is more, and not less than 15 % of a finite plausible range.
  static func priorHalfWidth(
    _ day: (minimum: Double, maximum: Double, mean: Double, count: Int), range: ClosedRange<Double>
  ) -> Double {
    let spread = day.maximum - day.minimum
    let magnitude = max(day.minimum.magnitude, day.maximum.magnitude)
    let width = range.upperBound - range.lowerBound
    return max(0.5 * spread, 0.5 * magnitude, width.isFinite ? 0.15 * width : 0)
  }
}
