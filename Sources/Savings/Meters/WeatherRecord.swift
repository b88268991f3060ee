public import WattlineTime

/// Outdoor temperature and, where known, solar irradiance by the hour of UTC.
public struct WeatherRecord: Sendable {
  /// Outdoor temperature [°C].
  let temperature: HourlySeries
  /// Irradiance [W/m²].
  let irradiance: HourlySeries

  /// Creates a record from rows of any step; a value holds until the next row, at most for one and a half usual steps.
  ///
  /// - Parameters:
  ///   - times: Times in order.
  ///   - temperatures: Temperature of each row [°C], or NaN.
  ///   - irradiances: Irradiance of each row [W/m²], or NaN; empty if unknown.
  public init(times: [Timestamp], temperatures: [Double], irradiances: [Double] = []) {
    temperature = HourlySeries(times: times, rows: temperatures)
    irradiance = HourlySeries(times: times, rows: irradiances)
  }

  /// Returns the means of temperature [°C] and the irradiation [kWh/m²] of a span; NaN with more than a tenth missing.
  func means(from start: Timestamp, to end: Timestamp) -> (temperature: Double, irradiation: Double) {
    let sun = irradiance.mean(from: start, to: end)
    return (temperature.mean(from: start, to: end).value, sun.value * Double(sun.hours) / 1000)
  }
}
