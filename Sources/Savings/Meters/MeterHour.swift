public import WattlineTime

/// Use and weather of an hour by the local clock.
public struct MeterHour: Sendable, Equatable {
  /// Start of the hour.
  public var start: Timestamp
  /// Local date [days since 1970-01-01].
  public var date: Int
  /// Hour of the local clock, 0 to 23. The hour that a change to winter time repeats is there twice.
  public var hour: Int
  /// Energy used [kWh], which is the mean power [kW]; NaN if too little of the hour was metered.
  public var use: Double
  /// Mean outdoor temperature [°C]; NaN if unknown.
  public var temperature: Double

  /// Creates an hour.
  ///
  /// - Parameters:
  ///   - start: Start of the hour.
  ///   - date: Local date [days since 1970-01-01].
  ///   - hour: Hour of the local clock.
  ///   - use: Energy used [kWh], or NaN.
  ///   - temperature: Mean outdoor temperature [°C], or NaN.
  public init(start: Timestamp, date: Int, hour: Int, use: Double, temperature: Double) {
    (self.start, self.date, self.hour, self.use, self.temperature) = (start, date, hour, use, temperature)
  }

  /// Whether use and temperature are known.
  var isComplete: Bool { use.isFinite && temperature.isFinite }
}

extension MeterReadings {
  /// Returns use and weather of each hour from the first to the last; none unless readings are by the hour or shorter.
  ///
  /// An hour of which less than nine tenths were metered has no use; one of which more were is scaled to the whole.
  ///
  /// - Parameters:
  ///   - clock: Clock of the days.
  ///   - weather: Weather.
  public func hours(_ clock: DayClock, weather: WeatherRecord) -> [MeterHour] {
    guard resolution == .hourly, let first = spans.first, let last = spans.last else { return [] }
    var clock = clock
    // Clocks that are half an hour off those of UTC have their own full hours.
    let shift = TimeSpan.seconds(clock.offset(first.start) % 3600)
    func slot(_ time: Timestamp) -> Int64 { (time + shift).floored(to: .hour).seconds / 3600 }
    let start = slot(first.start)
    let count = Int(slot(last.start) - start) + 1
    guard count > 0, count < 2_000_000 else { return [] }
    var sums = [Double](repeating: 0, count: count)
    var covered = sums
    for span in spans where span.use.isFinite {
      let place = Int(slot(span.start) - start)
      sums[place] += span.use
      covered[place] += (span.end - span.start).inHours
    }
    return (0..<count).map { place in
      let time = Timestamp(nanoseconds: (start + Int64(place)) * TimeSpan.hour.nanoseconds) - shift
      // A span longer than an hour tells nothing of one hour.
      let isMetered = covered[place] >= 0.9 && covered[place] <= 1.1
      return MeterHour(
        start: time, date: clock.date(time), hour: clock.hour(time),
        use: isMetered ? sums[place] / covered[place] : .nan,
        temperature: weather.temperature.value(at: time))
    }
  }
}
