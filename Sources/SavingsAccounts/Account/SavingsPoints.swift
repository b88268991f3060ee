public import PlantModel
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
    appendOperation(from: first, to: &points, start: start)
    return points
  }

  /// Appends the points of days and months against the operational model.
  private func appendOperation(from first: Int, to points: inout PointBatch, start: (Int) -> Timestamp) {
    func append(_ deviation: Deviation, of measurement: Measurement, at date: Int) {
      points.begin(PointKey(measurement, .plant, plan.meter), at: start(date))
      points.field(.expectedEnergy, deviation.expected)
      points.field(.actualEnergy, deviation.actual)
      points.field(.deviation, deviation.percent)
      points.field(.halfInterval, deviation.half)
      if measurement == .savingsOperationMonth { points.field(.state, text: deviation.state.rawValue) }
      points.field(.model, text: operational.model.version)
    }
    guard let last = allDays.last?.date else { return }
    for date in outlook.dates where date >= first {
      if let day = outlook.deviation(date...date) { append(day, of: .savingsOperation, at: date) }
    }
    for month in DeviationWatch(outlook, yesterday: last).months where month.last >= first {
      let day = CivilTime.date(daysSinceEpoch: month.first).day
      append(month, of: .savingsOperationMonth, at: month.first - day + 1)
    }
  }
}

extension LogbookRecord {
  /// Returns the points of events, investigations and work. Those of a changed logbook replace the earlier ones.
  ///
  /// - Parameter plant: Plant of the logbook.
  public func points(of plant: Plant) -> PointBatch {
    var points = PointBatch()
    var calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    func start(_ date: Int) -> Timestamp {
      let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
      return calendar.timestamp(of: CivilTime(year: year, month: month, day: day))
    }
    for event in events {
      points.begin(PointKey(.savingsEvent, .plant, event.meter), at: start(event.finding.first))
      points.field(.id, text: event.id)
      points.field(.lastDay, text: MeterDay.text(ofDate: event.event.end))
      points.field(.eventEffect, event.event.effect)
      points.field(.decision, text: event.decision.rawValue)
      if let deciding = event.deciding { points.field(.author, text: deciding.author) }
    }
    for found in investigations {
      let opening = found.opening
      points.begin(
        PointKey(.savingsInvestigation, .plant, found.meter), at: Timestamp(milliseconds: opening.milliseconds))
      points.field(.id, text: found.id)
      points.field(.state, text: found.state.rawValue)
      points.field(.severity, text: found.severity)
      points.field(.sinceDay, text: MeterDay.text(ofDate: opening.first))
      points.field(.deviation, opening.percent)
      points.field(.halfInterval, opening.half)
      points.field(.candidates, text: found.candidates.joined(separator: "; "))
      if let cause = found.cause { points.field(.cause, text: cause) }
      if let last = found.closing ?? found.assignment { points.field(.author, text: last.author) }
    }
    for (number, work) in works.enumerated() {
      // Points of one time would replace each other.
      points.begin(PointKey(.savingsWork, .plant), at: start(work.first) + .milliseconds(Int64(number)))
      points.field(.id, text: work.subject)
      points.field(.work, text: work.kind.rawValue)
      points.field(.text, text: work.words)
      if !work.asset.isEmpty { points.field(.workedAsset, text: work.asset) }
      points.field(.author, text: work.author)
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
