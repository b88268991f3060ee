public import WattlineTime

/// Lengths of feature windows; the raw value is the `window` tag.
public enum WindowLength: String, Sendable, CaseIterable, BitwiseCopyable {
  /// One minute.
  case minute = "1m"
  /// A quarter of an hour: the step of forecasts and dispatch.
  case quarterHour = "15m"
  /// One hour.
  case hour = "1h"

  /// Length as a time span.
  public var span: TimeSpan { .minutes(Int64(minutes)) }

  /// Length [min].
  public var minutes: Int32 {
    switch self {
    case .minute: 1
    case .quarterHour: 15
    case .hour: 60
    }
  }
}

/// Closed window of a series, or an earlier one that late readings changed.
public struct FeatureWindow: Sendable, Equatable, BitwiseCopyable {
  /// Series of the readings.
  public var series: SeriesIndex
  /// Length of the window.
  public var length: WindowLength
  /// Start; the window ends, exclusive, ``length`` later.
  public var start: Timestamp
  /// Mean, time-weighted for interval samplings and arithmetic otherwise [canonical unit].
  public var mean: Double
  /// Minimum [canonical unit].
  public var minimum: Double
  /// Maximum [canonical unit].
  public var maximum: Double
  /// Population standard deviation [canonical unit].
  public var standardDeviation: Double
  /// Least-squares slope [canonical unit per hour]; NaN with fewer than two distinct times.
  public var slope: Double
  /// Number of readings used: good, late and imputed ones.
  public var count: Int
  /// Energy within the window [kWh] if the series is a power or an energy counter, otherwise NaN.
  public var energyKilowattHours: Double
  /// Share of the window's readings whose quality was good, 0...1.
  public var goodShare: Double
  /// Whether the window replaces an earlier version of itself.
  public var isUpdate: Bool
  /// Weight of the mean in longer periods: the number of readings used, or their time [s] if values hold until the
  /// next.
  public var weight: Double
  /// 10 % quantile of the readings used, to seven digits; NaN if unknown.
  ///
  /// Updates of windows that closed some time ago have no quantiles; the earlier ones remain in the database.
  public var p10 = Double.nan
  /// Median, likewise.
  public var p50 = Double.nan
  /// 90 % quantile, likewise.
  public var p90 = Double.nan

  /// Creates a window; the parameters are the properties of the same names. The weight is `count`, the quantiles are
  /// NaN.
  public init(
    series: SeriesIndex, length: WindowLength, start: Timestamp, mean: Double, minimum: Double, maximum: Double,
    standardDeviation: Double, slope: Double, count: Int, energyKilowattHours: Double, goodShare: Double,
    isUpdate: Bool
  ) {
    self.series = series
    self.length = length
    self.start = start
    self.mean = mean
    self.minimum = minimum
    self.maximum = maximum
    self.standardDeviation = standardDeviation
    self.slope = slope
    self.count = count
    weight = Double(count)
    self.energyKilowattHours = energyKilowattHours
    self.goodShare = goodShare
    self.isUpdate = isUpdate
  }

  /// End, exclusive.
  public var end: Timestamp { start + length.span }
}
