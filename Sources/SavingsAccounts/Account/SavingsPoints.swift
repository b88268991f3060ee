import PlantModel
public import PointSchema
import Savings
import WattlineTime

extension SavingsAccount {
  /// Returns the points `savings` of measured days, and the points `savings_month` of closed months.
  ///
  /// The points of an account replace those of an earlier one, since times and tags are the same.
  ///
  /// - Parameter first: Date of the first day [days since 1970-01-01]; months that end before it are left out.
  public func points(from first: Int = .min) -> PointBatch {
    var points = PointBatch()
    var calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    func start(_ date: Int) -> Timestamp {
      let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
      return calendar.timestamp(of: CivilTime(year: year, month: month, day: day))
    }
    let (meter, version) = (plan.meter, baseline.model.version)
    var pending = plan.measures[...]
    var contractDays = 0
    for day in days {
      if let contract = plan.guarantee, day.date >= contract.from { contractDays += 1 }
      var begun: [String] = []
      while let measure = pending.first, measure.date <= day.date {
        begun.append(measure.name)
        pending.removeFirst()
      }
      guard day.date >= first else { continue }
      points.begin(PointKey(.savings, .plant, meter, version), at: start(day.date))
      points.field(.predictedEnergy, day.predicted)
      points.field(.actualEnergy, day.actual)
      points.field(.deviation, 100 * (day.actual - day.predicted) / day.predicted)
      points.field(.halfInterval, day.half)
      points.field(.cumulativeSaving, day.cumulative)
      if contractDays > 0, let contract = plan.guarantee {
        points.field(.guaranteedSaving, contract.kilowattHoursPerYear * Double(contractDays) / 365)
      }
      points.field(.costSaved, day.cost)
      points.field(.carbonSaved, day.carbon)
      if !begun.isEmpty { points.field(.measures, text: begun.joined(separator: ", ")) }
    }
    for month in months where month.isClosed && month.nextDate > first {
      points.begin(PointKey(.savingsMonth, .plant, meter, version), at: start(month.date))
      points.field(.predictedEnergy, month.figures.predicted)
      points.field(.actualEnergy, month.figures.actual)
      points.field(.deviation, month.figures.deviationPercent)
      points.field(.halfInterval, month.figures.half)
      if let state = month.figures.state { points.field(.state, text: state.rawValue) }
      points.field(.cumulativeSaving, month.cumulative.value)
      points.field(.cumulativeHalfInterval, month.cumulative.half)
      points.field(.guaranteedSaving, month.guaranteed)
      points.field(.costSaved, month.cost)
      points.field(.carbonSaved, month.carbon)
    }
    return points
  }
}

extension SavingsAccount.Month {
  /// First date of the next month [days since 1970-01-01].
  fileprivate var nextDate: Int {
    let (year, month, _) = CivilTime.date(daysSinceEpoch: date)
    return date + CivilTime.days(inMonth: month, of: year)
  }
}
