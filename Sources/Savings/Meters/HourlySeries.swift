public import WattlineTime

/// Mean values of the hours of UTC, such as temperatures or pieces made in an hour.
public struct HourlySeries: Sendable {
  /// Gaps up to this many hours are interpolated.
  private static let longestGap = 6

  private var first = 0
  private var values: [Double] = []

  /// Creates a series from rows of any step; a value holds until the next row, at most for one and a half usual steps.
  ///
  /// - Parameters:
  ///   - times: Times in order.
  ///   - rows: Value of each row, or NaN.
  public init(times: [Timestamp], rows: [Double]) {
    guard let start = times.first, let end = times.last, rows.contains(where: \.isFinite) else { return }
    let step = max(3600, MeterReadings.usualStep(times))
    first = HourlySeries.hour(start)
    let count = HourlySeries.hour(end) - first + Int(step / 3600)
    guard count > 0, count < 2_000_000 else { return }
    var sums = [Double](repeating: 0, count: count)
    var weights = sums
    for (place, time) in times.enumerated() where rows[place].isFinite {
      let start = HourlySeries.hour(time) - first
      let next = place + 1 < times.count ? Int((times[place + 1] - time).inSeconds) : Int(step)
      let length = max(1, min(next, Int(step) * 3 / 2) / 3600)
      for slot in start..<min(count, start + length) {
        sums[slot] += rows[place]
        weights[slot] += 1
      }
    }
    values = zip(sums, weights).map { $1 > 0 ? $0 / $1 : .nan }
    interpolate()
  }

  private mutating func interpolate() {
    var last: Int?
    for place in values.indices where values[place].isFinite {
      if let before = last, place - before > 1, place - before <= HourlySeries.longestGap + 1 {
        for gap in (before + 1)..<place {
          let part = Double(gap - before) / Double(place - before)
          values[gap] = values[before] + part * (values[place] - values[before])
        }
      }
      last = place
    }
  }

  private static func hour(_ timestamp: Timestamp) -> Int { Int(timestamp.floored(to: .hour).seconds / 3600) }

  /// Whether no hour has a value.
  public var isEmpty: Bool { values.isEmpty }

  /// Returns the value of the hour of a time; NaN if unknown.
  func value(at time: Timestamp) -> Double {
    let place = HourlySeries.hour(time) - first
    return values.indices.contains(place) ? values[place] : .nan
  }

  /// Returns the mean of a span and its number of hours; NaN with more than a tenth missing.
  func mean(from start: Timestamp, to end: Timestamp) -> (value: Double, hours: Int) {
    let range = HourlySeries.hour(start)..<max(HourlySeries.hour(start) + 1, HourlySeries.hour(end))
    var (sum, count) = (0.0, 0)
    for hour in range where values.indices.contains(hour - first) && values[hour - first].isFinite {
      sum += values[hour - first]
      count += 1
    }
    return (10 * count >= 9 * range.count ? sum / Double(count) : .nan, range.count)
  }
}
