/// One feature of a slot to be forecast, as known at the origin of the forecast.
public enum FeatureColumn: Sendable, Hashable {
  /// Local time of day [h].
  case hour
  /// Weekday; Monday is 1.
  case weekday
  /// Day of the year.
  case dayOfYear
  /// Whether the slot is on a holiday; with a shift, whether the slot that many days later is.
  case holiday(shift: Int)
  /// Time from the origin to the slot's end [h].
  case lead
  /// Irradiance under a clear sky at the middle of the slot [kW/m²].
  case clearSky
  /// Target at the same time of day that many days before, counted from the latest day on which that was known.
  ///
  /// The time of day is local, see ``SlotCalendar/sameTime(as:daysBefore:)``; for solar power it is in steps of 24
  /// hours.
  case sameSlot(days: Int)
  /// Mean of ``sameSlot(days:)`` over the last seven days.
  case weekMean
  /// Standard deviation of ``sameSlot(days:)`` over the last seven days.
  case weekDeviation
  /// Mean over the same weekday of the last four weeks.
  case weekdayMean
  /// Mean within an hour around the same time a day ago.
  case around
  /// Statistic of the 24 hours before the origin.
  case day(DayStatistic)
  /// Mean of the seven days before the origin.
  case weekLevel
  /// Feature of an explaining series.
  case exogenous(Int, ExogenousFeature)

  /// A statistic of the 24 hours before the origin.
  public enum DayStatistic: Sendable, Hashable, CaseIterable {
    case mean, minimum, maximum, last, lastFour
  }

  /// A feature of an explaining series.
  public enum ExogenousFeature: Sendable, Hashable {
    /// Value at the slot itself.
    case now
    /// Value at the slot minus the value a day before.
    case change
    /// Mean over the 24 hours, counted from the origin, that contain the slot.
    case dayMean
    /// Maximum over the same 24 hours.
    case dayMaximum
    /// Mean of that many hours up to and including the slot.
    case rolling(hours: Int)
    /// Value a day before.
    case yesterday
    /// Mean of the 24 hours before the origin.
    case previousMean
  }

  /// Returns the features for an input.
  ///
  /// - Parameters:
  ///   - input: The target and its explaining series.
  ///   - hasLeads: Whether a slot is forecast from more than one origin.
  ///   - uses: Use of each explaining series.
  static func all(for input: ForecastInput, hasLeads: Bool, uses: [ExogenousUse]) -> [FeatureColumn] {
    var columns: [FeatureColumn] = [.hour, .weekday, .dayOfYear]
    if input.sun != nil { columns.append(.clearSky) }
    if input.knowsHolidays { columns += [-7, -1, 0, 1].map { .holiday(shift: $0) } }
    if hasLeads { columns.append(.lead) }
    columns += [1, 2, 3, 7, 14].map { .sameSlot(days: $0) }
    columns += [.weekMean, .weekDeviation, .weekdayMean, .around]
    columns += DayStatistic.allCases.map { .day($0) } + [.weekLevel]
    for (index, use) in zip(input.exogenous.indices, uses) {
      let features: [ExogenousFeature] =
        switch use {
        case .none: []
        case .past: [.yesterday, .previousMean]
        case .ahead:
          [
            .now, .change, .dayMean, .dayMaximum, .rolling(hours: 3), .rolling(hours: 24), .rolling(hours: 72),
            .yesterday,
          ]
        }
      columns += features.map { .exogenous(index, $0) }
    }
    return columns
  }
}
