/// One feature of a slot to forecast, as it is known at the origin of the forecast.
public enum FeatureColumn: Sendable, Hashable {
  /// Local clock [h].
  case hour
  /// Monday is 1.
  case weekday
  /// Day of the year.
  case dayOfYear
  /// Whether the slot is on a holiday; with a shift, whether the slot so many days later is.
  case holiday(shift: Int)
  /// From the origin to the slot's end [h].
  case lead
  /// What the sun would give under a clear sky at the middle of the slot [kW/m²].
  case clearSky
  /// The target at the same time of day so many days ago; counted from the latest day on which that was known. The time
  /// of day is the local clock's, see ``SlotCalendar/sameTime(as:daysBefore:)``; that of solar power is the sun's.
  case sameSlot(days: Int)
  /// Mean of ``sameSlot(days:)`` over the last seven days.
  case weekMean
  /// Standard deviation of the same.
  case weekDeviation
  /// Mean over the same weekday of the last four weeks.
  case weekdayMean
  /// Mean within an hour around the same time a day ago.
  case around
  /// Of the 24 hours before the origin.
  case day(DayStatistic)
  /// Mean of the seven days before the origin.
  case weekLevel
  /// Of a series that may explain the target.
  case exogenous(Int, ExogenousFeature)

  /// What is taken from the 24 hours before the origin.
  public enum DayStatistic: Sendable, Hashable, CaseIterable {
    case mean, minimum, maximum, last, lastFour
  }

  /// What is taken from a series that may explain the target.
  public enum ExogenousFeature: Sendable, Hashable {
    /// At the slot itself.
    case now
    /// At the slot, less a day before.
    case change
    /// Mean from the origin over the next day that contains the slot.
    case dayMean
    /// Greatest of the same.
    case dayMaximum
    /// Mean of so many hours up to and with the slot.
    case rolling(hours: Int)
    /// A day before.
    case yesterday
    /// Mean of the 24 hours before the origin.
    case previousMean
  }

  /// The features for an input. `hasLeads`: whether a slot is forecast from more than one origin; `uses`: how each
  /// series that may explain the target is used.
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
