public import WattlineTime

/// Outdoor temperature and, where known, solar irradiance by the hour of UTC.
public struct WeatherRecord: Sendable {
  /// Gaps up to this many hours are interpolated.
  private static let longestGap = 6

  private var first = 0
  private var temperatures: [Double] = []
  private var irradiances: [Double] = []

  /// Creates a record from rows of any step; a value holds until the next row, at most for one and a half usual steps.
  ///
  /// - Parameters:
  ///   - times: Times in order.
  ///   - temperatures: Temperature of each row [°C], or NaN.
  ///   - irradiances: Irradiance of each row [W/m²], or NaN; empty if unknown.
  public init(times: [Timestamp], temperatures: [Double], irradiances: [Double] = []) {
    guard let start = times.first, let end = times.last else { return }
    let step = max(3600, MeterReadings.usualStep(times))
    first = WeatherRecord.hour(start)
    let count = WeatherRecord.hour(end) - first + Int(step / 3600)
    guard count > 0, count < 2_000_000 else { return }
    self.temperatures = WeatherRecord.hours(times, values: temperatures, first: first, count: count, step: step)
    if irradiances.contains(where: \.isFinite) {
      self.irradiances = WeatherRecord.hours(times, values: irradiances, first: first, count: count, step: step)
    }
  }

  private static func hour(_ timestamp: Timestamp) -> Int { Int(timestamp.floored(to: .hour).seconds / 3600) }

  private static func hours(
    _ times: [Timestamp], values: [Double], first: Int, count: Int, step: Int64
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    var weights = sums
    for (place, time) in times.enumerated() where values[place].isFinite {
      let start = hour(time) - first
      let next = place + 1 < times.count ? Int((times[place + 1] - time).inSeconds) : Int(step)
      let length = max(1, min(next, Int(step) * 3 / 2) / 3600)
      for slot in start..<min(count, start + length) {
        sums[slot] += values[place]
        weights[slot] += 1
      }
    }
    var result = zip(sums, weights).map { $1 > 0 ? $0 / $1 : .nan }
    interpolate(&result)
    return result
  }

  private static func interpolate(_ values: inout [Double]) {
    var last: Int?
    for place in values.indices where values[place].isFinite {
      if let before = last, place - before > 1, place - before <= longestGap + 1 {
        for gap in (before + 1)..<place {
          let part = Double(gap - before) / Double(place - before)
          values[gap] = values[before] + part * (values[place] - values[before])
        }
      }
      last = place
    }
  }

  /// Whether irradiance is known.
  var hasSun: Bool { !irradiances.isEmpty }

  /// Returns the temperature of an hour of UTC since 1970 [°C]; NaN if unknown.
  func temperature(hour: Int) -> Double {
    temperatures.indices.contains(hour - first) ? temperatures[hour - first] : .nan
  }

  /// Returns the irradiance of an hour of UTC since 1970 [W/m²]; NaN if unknown.
  func irradiance(hour: Int) -> Double {
    irradiances.indices.contains(hour - first) ? irradiances[hour - first] : .nan
  }

  /// Returns the means of temperature [°C] and the irradiation [kWh/m²] of a span; NaN with more than a tenth missing.
  func means(from start: Timestamp, to end: Timestamp) -> (temperature: Double, irradiation: Double) {
    let range = WeatherRecord.hour(start)..<max(WeatherRecord.hour(start) + 1, WeatherRecord.hour(end))
    func mean(_ values: [Double]) -> Double {
      var (sum, count) = (0.0, 0)
      for hour in range where values.indices.contains(hour - first) && values[hour - first].isFinite {
        sum += values[hour - first]
        count += 1
      }
      return 10 * count >= 9 * range.count ? sum / Double(count) : .nan
    }
    return (mean(temperatures), mean(irradiances) * Double(range.count) / 1000)
  }
}
