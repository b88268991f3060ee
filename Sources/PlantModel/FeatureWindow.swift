/// The lengths of feature windows; the raw value is the `window` tag.
public enum WindowLength: String, Sendable, CaseIterable, BitwiseCopyable {
  /// One minute.
  case minute = "1m"
  /// A quarter of an hour: the step of forecasts and dispatch.
  case quarterHour = "15m"
  /// One hour.
  case hour = "1h"

  /// The length.
  public var span: TimeSpan { .minutes(Int64(minutes)) }

  /// The length [min].
  public var minutes: Int32 {
    switch self {
    case .minute: 1
    case .quarterHour: 15
    case .hour: 60
    }
  }
}

/// A window of a series that has closed, or was closed before and changed by late readings.
public struct FeatureWindow: Sendable, Equatable, BitwiseCopyable {
  /// The series.
  public var series: SeriesIndex
  /// The window's length.
  public var length: WindowLength
  /// The window's start; it ends, exclusive, ``length`` later.
  public var start: Timestamp
  /// Time-weighted mean for interval samplings, arithmetic mean otherwise [canonical unit].
  public var mean: Double
  /// Least value.
  public var minimum: Double
  /// Greatest value.
  public var maximum: Double
  /// Standard deviation of the population.
  public var standardDeviation: Double
  /// Least-squares slope [canonical unit per hour]; NaN with fewer than two distinct times.
  public var slope: Double
  /// Readings that were used: good, late and imputed ones.
  public var count: Int
  /// Energy within the window [kWh] where the series is a power or an energy counter, else NaN.
  public var energyKilowattHours: Double
  /// Share of the window's readings whose quality was good, 0...1.
  public var goodShare: Double
  /// Whether an earlier emission of this window is replaced.
  public var isUpdate: Bool
  /// What the mean weighs in longer periods: the readings that were used, or, where values hold, their time [s].
  public var weight: Double
  /// 10 % quantile of the readings that were used, to seven digits; NaN where it is not known, as in updates of windows
  /// that closed some time ago, which leave the earlier quantiles as they are.
  public var p10 = Double.nan
  /// Median, likewise.
  public var p50 = Double.nan
  /// 90 % quantile, likewise.
  public var p90 = Double.nan

  /// A window.
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

  /// The window's end, exclusive.
  public var end: Timestamp { start + length.span }
}
