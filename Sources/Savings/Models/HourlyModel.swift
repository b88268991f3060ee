import Glibc

/// Model of the hours within a day's use: time of week and temperature.
///
/// Equation, for hour w of the week in mode m (occupied or not):
///
///     e = l[w] + Σ s[m, k] · min(max(T − t[k], 0), t[k + 1] − t[k])
///
/// The edges t are −1, 7, 13, 18, 24 and 32 °C (CalTRACK 2.0, 3.9). An hour of the week is occupied if at least 65 % of
/// its hours use more than a fit by degrees below 18 and above 10 °C says (Mathieu et al. 2011,
/// doi:10.1109/TSG.2011.2145010). The hours of a day are then moved by the same amount, so that they sum up to the
/// daily model's prediction: there is one figure of a day's energy.
public struct HourlyModel: Sendable, Codable {
  /// Least number of complete hours of a baseline.
  static let leastHours = SavingsRefusal.leastDays * 24 * 9 / 10
  /// Edges of the segments of temperature [°C]; the first and last segments are open.
  static let edges = [-1.0, 7, 13, 18, 24, 32]

  /// Level of each hour of the week, from Monday's first [kWh].
  let levels: [Double]
  /// Slope of each segment of temperature, unoccupied and occupied [kWh/K].
  let slopes: [[Double]]
  /// Whether each hour of the week is occupied.
  let isOccupied: [Bool]
  /// Whole days of the baseline with their residuals, in order.
  let residualDays: [ResidualDay]
  /// Figures of the fit, after the move to the daily prediction.
  public let statistics: HourlyStatistics

  /// Fits the hours of a baseline; `nil` if too few of them are known.
  ///
  /// - Parameters:
  ///   - hours: Hours of the baseline in order.
  ///   - daily: The daily model of the same baseline.
  init?(_ hours: [MeterHour], daily: DailyModel) {
    let holidays = daily.holidays.dates
    let complete = hours.filter(\.isComplete)
    guard complete.count >= HourlyModel.leastHours else { return nil }
    let weekHours = complete.map { HourlyModel.weekHour($0, holidays: holidays) }
    let isOccupied = HourlyModel.occupancy(complete, weekHours: weekHours)
    guard let fit = HourlyModel.fit(complete, weekHours: weekHours, isOccupied: isOccupied) else { return nil }
    (levels, slopes, self.isOccupied) = (fit.levels, fit.slopes, isOccupied)
    let shape = HourlyShape(levels: fit.levels, slopes: fit.slopes, isOccupied: isOccupied, holidays: holidays)
    let totals = Dictionary(zip(daily.days.map(\.date), daily.predict(daily.days))) { first, _ in first }
    let predicted = shape.predict(hours, totals: totals)
    residualDays = HourlyModel.residualDays(hours, predicted: predicted)
    statistics = HourlyStatistics(
      hours, predicted: predicted, parameters: 168 + 2 * (HourlyModel.edges.count - 1) + daily.parameterCount)
  }

  /// Returns the hour of the week from Monday's first, 0 to 167; a holiday is a Sunday.
  static func weekHour(_ hour: MeterHour, holidays: Set<Int>) -> Int {
    24 * (holidays.contains(hour.date) ? 6 : MeterDay.weekday(hour.date)) + hour.hour
  }

  /// Parts of a temperature in each segment [K]; they sum up to its distance from the first edge.
  ///
  /// Worked value: 15 °C has 8, 6, 2, 0 and 0 K in the five segments.
  static func segments(_ temperature: Double) -> [Double] {
    let last = edges.count - 2
    return (0...last).map { place in
      let above = temperature - edges[place]
      let width = edges[place + 1] - edges[place]
      return place == 0 ? min(above, width) : max(0, place == last ? above : min(above, width))
    }
  }

  private static func occupancy(_ hours: [MeterHour], weekHours: [Int]) -> [Bool] {
    var equations = NormalEquations(count: 3)
    func row(_ hour: MeterHour) -> [Double] { [1, max(0, 18 - hour.temperature), max(0, hour.temperature - 10)] }
    for hour in hours { equations.add(row(hour), value: hour.use) }
    for place in 1..<3 { equations.penalise(place, weight: 1e-6 * Double(hours.count)) }
    guard let fit = equations.solution() else { return Array(repeating: true, count: 168) }
    var (above, all) = ([Int](repeating: 0, count: 168), [Int](repeating: 0, count: 168))
    for (hour, place) in zip(hours, weekHours) {
      all[place] += 1
      if hour.use > zip(fit, row(hour)).reduce(0, { $0 + $1.0 * $1.1 }) { above[place] += 1 }
    }
    return zip(above, all).map { 100 * $0 >= 65 * $1 }
  }

  private static func fit(
    _ hours: [MeterHour], weekHours: [Int], isOccupied: [Bool]
  ) -> (levels: [Double], slopes: [[Double]])? {
    let count = edges.count - 1
    let mean = hours.reduce(0) { $0 + $1.use } / Double(hours.count)
    var equations = NormalEquations(count: 168 + 2 * count)
    var row = [Double](repeating: 0, count: equations.count)
    for (hour, weekHour) in zip(hours, weekHours) {
      let first = 168 + (isOccupied[weekHour] ? count : 0)
      let parts = segments(hour.temperature)
      row[weekHour] = 1
      for place in 0..<count { row[first + place] = parts[place] }
      equations.add(row, value: hour.use)
      row[weekHour] = 0
      for place in 0..<count { row[first + place] = 0 }
    }
    // Weak penalties decide what the data do not: an hour of the week or a segment that never occurs.
    for place in 0..<168 { equations.penalise(place, weight: 0.01, center: mean) }
    for place in 168..<equations.count { equations.penalise(place, weight: 10) }
    guard let solution = equations.solution() else { return nil }
    return (
      Array(solution[..<168]), [Array(solution[168..<(168 + count)]), Array(solution[(168 + count)...])]
    )
  }

  private static func residualDays(_ hours: [MeterHour], predicted: [Double]) -> [ResidualDay] {
    var days: [Int: [Int?]] = [:]
    for (hour, value) in zip(hours, predicted) where hour.use.isFinite && value.isFinite {
      days[hour.date, default: Array(repeating: nil, count: 24)][hour.hour] = Int(((hour.use - value) * 1000).rounded())
    }
    return days.sorted { $0.key < $1.key }.compactMap { date, day in
      let known = day.compactMap { $0 }
      return known.count == 24 ? ResidualDay(date: date, residuals: known) : nil
    }
  }
}

/// Whole day of the baseline.
struct ResidualDay: Sendable, Codable {
  /// Local date [days since 1970-01-01].
  let date: Int
  /// Use minus prediction of each hour [Wh].
  let residuals: [Int]
}

/// Shape of the hours of a day.
struct HourlyShape {
  let levels: [Double]
  let slopes: [[Double]]
  let isOccupied: [Bool]
  let holidays: Set<Int>

  /// Returns the predicted use of each hour [kWh]; NaN if the weather of the hour or the day's total is unknown.
  ///
  /// - Parameters:
  ///   - hours: Hours in order.
  ///   - totals: Predicted use of each date [kWh].
  func predict(_ hours: [MeterHour], totals: [Int: Double]) -> [Double] {
    var result = hours.map { hour -> Double in
      let place = HourlyModel.weekHour(hour, holidays: holidays)
      let parts = HourlyModel.segments(hour.temperature)
      return zip(slopes[isOccupied[place] ? 1 : 0], parts).reduce(levels[place]) { $0 + $1.0 * $1.1 }
    }
    var first = 0
    while first < hours.count {
      let date = hours[first].date
      let end = hours[first...].firstIndex { $0.date != date } ?? hours.count
      let known = (first..<end).filter { result[$0].isFinite }
      let sum = known.reduce(0) { $0 + result[$1] }
      // With some hours unknown, the others keep their share of the day's total.
      let share = Double(known.count) / Double(max(1, end - first))
      let move = ((totals[date] ?? .nan) * share - sum) / Double(max(1, known.count))
      for place in first..<end { result[place] += move }
      first = end
    }
    return result
  }
}

/// Figures of an hourly fit after ASHRAE Guideline 14.
public struct HourlyStatistics: Sendable, Equatable, Codable {
  /// CV(RMSE) of the fit, with n − p in its denominator [1].
  public let cvrmse: Double
  /// Normalised mean bias error of the fit, use minus prediction, with n − p in its denominator [1].
  public let nmbe: Double

  /// Whether ASHRAE Guideline 14 accepts the model by its hours: CV(RMSE) at most 30 %, |NMBE| at most 10 %.
  public var isAccepted: Bool { cvrmse <= 0.3 && abs(nmbe) <= 0.1 }

  /// Computes the figures of the hours with use and prediction.
  ///
  /// - Parameters:
  ///   - hours: Hours of the fit.
  ///   - predicted: Prediction of each hour [kWh], or NaN.
  ///   - parameters: Number of parameters.
  init(_ hours: [MeterHour], predicted: [Double], parameters: Int) {
    var (count, use, sum, squares) = (0.0, 0.0, 0.0, 0.0)
    for (hour, value) in zip(hours, predicted) where hour.use.isFinite && value.isFinite {
      count += 1
      use += hour.use
      sum += hour.use - value
      squares += (hour.use - value) * (hour.use - value)
    }
    let freedom = max(1, count - Double(parameters))
    let mean = use / max(1, count)
    cvrmse = sqrt(squares / freedom) / abs(mean)
    nmbe = sum / freedom / mean
  }
}
