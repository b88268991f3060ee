import WattlineTime

/// Periods of bills with the weather of their days.
public struct MeterBills: Sendable {
  /// Period of a bill.
  struct Bill: Sendable, Equatable {
    /// Energy [kWh]; NaN if missing.
    var use: Double
    /// Its days, without use.
    var days: [MeterDay]
  }

  let bills: [Bill]

  /// Creates the periods of a meter's readings. A period's first day is in it, its last is the next one's first.
  ///
  /// - Parameters:
  ///   - readings: Readings at billing resolution.
  ///   - clock: Clock of the days.
  ///   - weather: Weather.
  public init(_ readings: MeterReadings, clock: DayClock, weather: WeatherRecord) {
    var clock = clock
    bills = readings.spans.map { span in
      // Readings at noon or midnight belong to the nearer midnight.
      let (first, end) = (clock.date(span.start + .hours(12)), clock.date(span.end + .hours(12)))
      let days = (first..<max(first, end)).map { date in
        let means = weather.means(from: clock.start(date), to: clock.start(date + 1))
        return MeterDay(date: date, use: .nan, temperature: means.temperature, irradiation: means.irradiation)
      }
      return Bill(use: span.use, days: days)
    }
  }

  /// Periods with use and the temperature of at least nine tenths of their days.
  var complete: [Bill] {
    bills.filter { bill in
      let known = bill.days.count(where: \.temperature.isFinite)
      return bill.use.isFinite && !bill.days.isEmpty && 10 * known >= 9 * bill.days.count
    }
  }
}
