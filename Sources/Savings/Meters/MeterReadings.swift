public import WattlineTime

/// Readings of a meter: energies of spans.
public struct MeterReadings: Sendable {
  /// Usual length of a span.
  public enum Resolution: String, Sendable {
    /// An hour or less.
    case hourly
    /// A day.
    case daily
    /// Longer than a day and a half, as the periods of bills.
    case billing
  }

  /// Energy of a span.
  public struct Span: Sendable, Equatable {
    /// Start of the span.
    public let start: Timestamp
    /// End of the span.
    public let end: Timestamp
    /// Energy [kWh]; NaN if missing.
    public let use: Double
  }

  /// Spans in order, without overlap.
  public let spans: [Span]
  /// Usual length of a span.
  public let resolution: Resolution

  /// Creates readings from rows.
  ///
  /// A span reaches to the next row; after a gap, and from the last row, it is as long as usual. The periods of bills
  /// are uneven: the last row closes the period before it, and its own value is left out.
  ///
  /// - Parameters:
  ///   - times: Starts in order, each once.
  ///   - values: Energy of each row [kWh], or NaN.
  public init(times: [Timestamp], values: [Double]) {
    let step = MeterReadings.usualStep(times)
    resolution = step <= 2 * 3600 ? .hourly : step <= 36 * 3600 ? .daily : .billing
    var spans: [Span] = []
    for (place, start) in times.enumerated() {
      let next = place + 1 < times.count ? times[place + 1] : nil
      if resolution == .billing {
        guard let next else { break }
        spans.append(Span(start: start, end: next, use: values[place]))
      } else {
        // Days have 23 to 25 hours.
        let longest = TimeSpan.seconds(step + (resolution == .daily ? 2 * 3600 : step / 2))
        let usual = start + .seconds(step)
        let end = next.flatMap { $0 - start <= longest ? $0 : nil } ?? usual
        spans.append(Span(start: start, end: end, use: values[place]))
      }
    }
    self.spans = spans
  }

  /// Returns the median distance of rows [s]; an hour with fewer than two.
  static func usualStep(_ times: [Timestamp]) -> Int64 {
    let steps = zip(times.dropFirst(), times).map { Int64(($0 - $1).inSeconds) }.filter { $0 > 0 }.sorted()
    return steps.isEmpty ? 3600 : steps[steps.count / 2]
  }

  /// Whether the readings start at a time of day and cover whole days, so that this time is likely local midnight.
  public var coversWholeDays: Bool {
    guard let first = spans.first, let last = spans.last else { return false }
    let length = (last.end - first.start).nanoseconds
    return length > 0 && length % TimeSpan.day.nanoseconds == 0
  }

  /// Returns use and weather of each local day from the first to the last.
  ///
  /// A day of which less than nine tenths were metered has no use; one of which more were is scaled to the whole.
  ///
  /// - Parameters:
  ///   - clock: Clock of the days.
  ///   - weather: Weather.
  ///   - variables: Further independent variables.
  public func days(_ clock: DayClock, weather: WeatherRecord, variables: [HourlySeries] = []) -> [MeterDay] {
    var clock = clock
    guard let first = spans.first, let last = spans.last else { return [] }
    func middle(_ span: Span) -> Timestamp {
      resolution == .daily ? span.start + TimeSpan(nanoseconds: (span.end - span.start).nanoseconds / 2) : span.start
    }
    let start = clock.date(middle(first))
    let count = clock.date(middle(last)) - start + 1
    guard count > 0, count < 100_000 else { return [] }
    var sums = [Double](repeating: 0, count: count)
    var covered = sums
    for span in spans where span.use.isFinite {
      let place = clock.date(middle(span)) - start
      sums[place] += span.use
      covered[place] += (span.end - span.start).inHours
    }
    return (0..<count).map { place in
      let (from, to) = (clock.start(start + place), clock.start(start + place + 1))
      let hours = (to - from).inHours
      let isMetered = covered[place] >= 0.9 * hours
      let isScaled = resolution == .hourly && isMetered
      let means = weather.means(from: from, to: to)
      return MeterDay(
        date: start + place, use: isMetered ? sums[place] * (isScaled ? hours / covered[place] : 1) : .nan,
        temperature: means.temperature, nightTemperature: weather.means(from: from, to: from + .hours(7)).temperature,
        irradiation: means.irradiation, variables: variables.map { $0.mean(from: from, to: to).value })
    }
  }
}
