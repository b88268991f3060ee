import WattlineTime

/// Use and weather of a local day.
public struct MeterDay: Sendable, Equatable, Codable {
  /// Local date [days since 1970-01-01].
  public var date: Int
  /// Energy used [kWh]; NaN if too little of the day was metered.
  public var use: Double
  /// Mean outdoor temperature [°C]; NaN if unknown.
  public var temperature: Double
  /// Mean outdoor temperature from midnight to seven [°C]; NaN if unknown.
  public var nightTemperature: Double
  /// Solar irradiation on the horizontal plane [kWh/m²]; NaN if unknown.
  public var irradiation: Double

  /// Creates a day.
  ///
  /// - Parameters:
  ///   - date: Local date [days since 1970-01-01].
  ///   - use: Energy used [kWh], or NaN.
  ///   - temperature: Mean outdoor temperature [°C], or NaN.
  ///   - nightTemperature: Mean temperature from midnight to seven [°C], or NaN.
  ///   - irradiation: Solar irradiation [kWh/m²], or NaN.
  public init(
    date: Int, use: Double, temperature: Double, nightTemperature: Double = .nan, irradiation: Double = .nan
  ) {
    self.date = date
    self.use = use
    self.temperature = temperature
    self.nightTemperature = nightTemperature
    self.irradiation = irradiation
  }

  /// Whether use and temperature are known.
  public var isComplete: Bool { use.isFinite && temperature.isFinite }

  /// Weekday of the date: 0 is Monday.
  var weekday: Int { MeterDay.weekday(date) }

  /// Returns the weekday of a date: 0 is Monday.
  static func weekday(_ date: Int) -> Int { (((date + 3) % 7) + 7) % 7 }

  /// Month of the date, counted from January of year 0.
  var month: Int {
    let (year, month, _) = CivilTime.date(daysSinceEpoch: date)
    return year * 12 + month - 1
  }

  /// Returns a date as ISO 8601: `2013-05-20`.
  public static func text(ofDate date: Int) -> String {
    let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
    func padded(_ number: Int, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
  }
}
