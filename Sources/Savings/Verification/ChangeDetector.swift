import Glibc

/// Detection of a change of level by a two-sided CUSUM of whitened residuals, day by day.
///
/// A day's standardised residual e is whitened: z = (eₜ − ρ eₜ₋₁) / √(1 − ρ²), clipped to ±3. The sums grow by |z|
/// beyond a slack and raise an alarm at 10 (Page 1954; Lucas and Crosier 1982). The slack is 0.5, and more after
/// measures, where the model may miss seasons: a month's misfit is no change of the building.
struct ChangeDetector {
  /// Half of the change to be detected by a model without misfit [deviations].
  private static let leastSlack = 0.5
  /// Sum at which an alarm is raised [deviations].
  private static let threshold = 10.0
  /// Largest contribution of a day [deviations].
  private static let clip = 3.0

  /// Alarm with the day on which the change is thought to have begun.
  struct Alarm: Equatable {
    /// Date of the alarm.
    var date: Int
    /// Date after the last zero of the sum.
    var start: Int
    /// Whether use has grown.
    var isIncrease: Bool
  }

  /// Correlation of consecutive days.
  let correlation: Double
  private var last: (date: Int, value: Double)?
  private var sums = (upper: 0.0, lower: 0.0)
  private var starts = (upper: 0, lower: 0)

  private let slack: Double

  /// Creates a detector.
  ///
  /// - Parameters:
  ///   - correlation: Correlation of consecutive days.
  ///   - misfit: Deviation of a month's mean that noise does not explain [deviations of a day].
  init(correlation: Double, misfit: Double = 0) {
    self.correlation = correlation
    slack = ChangeDetector.leastSlack + misfit * sqrt((1 - correlation) / (1 + correlation))
  }

  /// Adds a day; returns an alarm, after which the sums start from zero.
  ///
  /// - Parameters:
  ///   - value: Standardised residual.
  ///   - date: Its date.
  mutating func add(_ value: Double, date: Int) -> Alarm? {
    var white = value
    if let last, last.date == date - 1 {
      white = (value - correlation * last.value) / sqrt(1 - correlation * correlation)
    }
    last = (date, max(-ChangeDetector.clip, min(ChangeDetector.clip, value)))
    let z = max(-ChangeDetector.clip, min(ChangeDetector.clip, white))
    if sums.upper == 0 { starts.upper = date }
    if sums.lower == 0 { starts.lower = date }
    sums.upper = max(0, sums.upper + z - slack)
    sums.lower = max(0, sums.lower - z - slack)
    guard max(sums.upper, sums.lower) >= ChangeDetector.threshold else { return nil }
    let isIncrease = sums.upper >= sums.lower
    let alarm = Alarm(date: date, start: isIncrease ? starts.upper : starts.lower, isIncrease: isIncrease)
    sums = (0, 0)
    return alarm
  }

  /// Starts from zero.
  mutating func reset() {
    sums = (0, 0)
    last = nil
  }
}
