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
  /// Means of the independent variables that the plant has besides weather, such as pieces made in an hour; NaN if
  /// unknown.
  public var variables: [Double]

  /// Creates a day.
  ///
  /// - Parameters:
  ///   - date: Local date [days since 1970-01-01].
  ///   - use: Energy used [kWh], or NaN.
  ///   - temperature: Mean outdoor temperature [°C], or NaN.
  ///   - nightTemperature: Mean temperature from midnight to seven [°C], or NaN.
  ///   - irradiation: Solar irradiation [kWh/m²], or NaN.
  ///   - variables: Means of further independent variables, or NaN.
  public init(
    date: Int, use: Double, temperature: Double, nightTemperature: Double = .nan, irradiation: Double = .nan,
    variables: [Double] = []
  ) {
    self.date = date
    self.use = use
    self.temperature = temperature
    self.nightTemperature = nightTemperature
    self.irradiation = irradiation
    self.variables = variables
  }

  /// Whether use, temperature and all variables are known.
  public var isComplete: Bool { use.isFinite && temperature.isFinite && variables.allSatisfy(\.isFinite) }

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

extension MeterDay {
  private enum CodingKeys: String, CodingKey { case date, use, temperature, nightTemperature, irradiation, variables }

  /// Writes a day. Without variables there is no key of that name, as in models that were frozen before there were any.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(date, forKey: .date)
    try container.encode(use, forKey: .use)
    try container.encode(temperature, forKey: .temperature)
    try container.encode(nightTemperature, forKey: .nightTemperature)
    try container.encode(irradiation, forKey: .irradiation)
    if !variables.isEmpty { try container.encode(variables, forKey: .variables) }
  }

  /// Reads a day.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      date: try container.decode(Int.self, forKey: .date), use: try container.decode(Double.self, forKey: .use),
      temperature: try container.decode(Double.self, forKey: .temperature),
      nightTemperature: try container.decode(Double.self, forKey: .nightTemperature),
      irradiation: try container.decode(Double.self, forKey: .irradiation),
      variables: try container.decodeIfPresent([Double].self, forKey: .variables) ?? [])
  }
}
