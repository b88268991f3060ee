/// The quantile (pinball) loss: the cost of an error of a quantile forecast; lower is better, 0 is perfect.
///
/// `loss = p · (actual − q)` if the actual value is not below the forecast `q`, otherwise `(1 − p) · (q − actual)`.
///
/// Worked values: p = 0.9, q = 10: an actual of 12 costs 0.9 × 2 = 1.8, one of 7 costs 0.1 × 3 = 0.3.
public enum PinballLoss {
  /// Returns the loss of one quantile [unit of the values].
  ///
  /// - Parameters:
  ///   - probability: Probability of the quantile, 0...1.
  ///   - forecast: Forecast of the quantile.
  ///   - actual: Actual value.
  public static func loss(probability: Double, forecast: Double, actual: Double) -> Double {
    let error = actual - forecast
    return error >= 0 ? probability * error : (probability - 1) * error
  }

  /// Returns the mean of the losses of the 10 %, 50 % and 90 % quantiles [unit of the values].
  ///
  /// Worked value: 8, 10, 14 with an actual of 12: (0.1 × 4 + 0.5 × 2 + 0.1 × 2) / 3 = 0.5333.
  ///
  /// - Parameters:
  ///   - p10: Forecast of the 10 % quantile.
  ///   - p50: Forecast of the median.
  ///   - p90: Forecast of the 90 % quantile.
  ///   - actual: Actual value.
  public static func mean(p10: Double, p50: Double, p90: Double, actual: Double) -> Double {
    (loss(probability: 0.1, forecast: p10, actual: actual) + loss(probability: 0.5, forecast: p50, actual: actual)
      + loss(probability: 0.9, forecast: p90, actual: actual)) / 3
  }
}
