/// Which terms a daily model has. Cross-validation on the baseline decides.
struct DailySpecification: Hashable, Sendable, Codable {
  var types = DayTypes.one
  var hasHeating = false
  var hasCooling = false
  /// Whether each day type has its own slopes and balance points; otherwise its own base only.
  var hasOwnSlopes = false
  /// Number of days before, whose temperatures count.
  var lags = 0
  var usesSun = false
  /// Whether the temperature of the night and the sun of the day before count.
  var usesNight = false
  /// Number of yearly harmonics in the effective temperature: ground and thermal mass follow the year late.
  var harmonics = 0
  /// Number of yearly harmonics of the base: light, hot water and habits.
  var baseHarmonics = 0
  /// Whether each weekday has its own base.
  var hasWeekdays = false
  /// Quiet weeks about New Year: first day from 1 December and last day from 1 January, counted from 1; `nil` if none.
  var quiet: QuietWeeks?
  /// Further independent variables; `nil` if none.
  var variables: [VariableTerm]?

  /// Number of terms that shift the effective temperature.
  var shifts: Int { lags + (usesSun ? 1 : 0) + (usesNight ? 2 : 0) + 2 * harmonics }

  /// Name in the field's terms.
  var name: String {
    let parts = hasHeating && hasCooling ? "5P" : hasHeating ? "3PH" : hasCooling ? "3PC" : "mean"
    let further = variables == nil ? "" : ", with further variables"
    return "\(parts) of effective temperature by day type\(further)"
  }
}

/// Linear term of an independent variable: its difference from the baseline's mean in standard deviations.
struct VariableTerm: Hashable, Sendable, Codable {
  /// Place among the meter's variables.
  var place: Int
  /// Mean over the baseline.
  var mean: Double
  /// Standard deviation over the baseline.
  var deviation: Double

  /// Creates the term of a variable; `nil` if it is the same on all days.
  init?(_ place: Int, days: [MeterDay]) {
    let values = days.map { $0.variables[place] }
    let mean = values.reduce(0, +) / Double(values.count)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    guard deviation > 1e-9 * abs(mean), deviation.isNormal else { return nil }
    (self.place, self.mean, self.deviation) = (place, mean, deviation)
  }

  /// Returns the term of a day; NaN if the variable is unknown.
  func value(_ day: MeterDay) -> Double {
    place < day.variables.count ? (day.variables[place] - mean) / deviation : .nan
  }
}

/// Weeks about New Year in which a building is used less.
struct QuietWeeks: Hashable, Sendable, Codable {
  /// First day of December.
  var first: Int
  /// Last day of January.
  var last: Int
}
