public import PlantModel
public import Savings
import WattlineTime

/// Verified savings of a meter, from the database and a frozen baseline.
///
/// Sums have the days with reading and prediction only. What is unknown is `nil`.
public struct SavingsAccount: Sendable {
  /// Closed day with reading and prediction.
  public struct Day: Sendable, Equatable {
    /// Local date [days since 1970-01-01].
    public var date: Int
    /// Predicted use [kWh].
    public var predicted: Double
    /// Actual use [kWh].
    public var actual: Double
    /// Half of the interval of the day's saving [kWh].
    public var half: Double
    /// Sum of savings since the start of the reporting period [kWh].
    public var cumulative: Double
    /// Money saved [currency]: the saving of each hour at its price, or without a model of hours the saving of the day
    /// at its mean price.
    public var cost: Double?
    /// Emissions saved [kg CO₂].
    public var carbon: Double?
  }

  /// Local month, or its part that is over.
  public struct Month: Sendable, Equatable {
    /// Predicted and actual use, interval and state.
    public var figures: SavingsAssessment.Month
    /// Local date of its first day [days since 1970-01-01].
    public var date: Int
    /// Whether it is over.
    public var isClosed: Bool
    /// Sum of savings from the start of the reporting period to its end [kWh].
    public var cumulative: SavingsAssessment.Estimate
    /// Guaranteed saving up to its end [kWh]; `nil` without a contract or before it.
    public var guaranteed: Double?
    /// Money saved [currency].
    public var cost: Double?
    /// Emissions saved [kg CO₂].
    public var carbon: Double?
  }

  /// Contract compared with what was saved.
  public struct GuaranteeReview: Sendable, Equatable {
    /// State of a contract.
    public enum State: String, Sendable {
      /// The whole interval of the saving is at or above the guarantee.
      case met
      /// The whole interval of the saving is below it.
      case missed
      /// The guarantee lies within the interval.
      case open
    }
    /// Guaranteed saving of the measured days [kWh].
    public var guaranteed: Double
    /// Saving of these days [kWh].
    public var saved: SavingsAssessment.Estimate
    /// Number of measured days of the contract.
    public var measuredDays: Int
    /// The comparison.
    public var state: State {
      if saved.value - saved.half >= guaranteed { return .met }
      return saved.value + saved.half < guaranteed ? .missed : .open
    }
  }

  /// Plant of the meter.
  public let plant: Plant
  /// Settings of the meter.
  public let plan: SavingsPlan
  /// Frozen baseline.
  public let baseline: SealedModel
  /// SHA-256 of the days of the reporting period; see ``DataDigest``.
  public let dataDigest: String
  /// Savings, months, changes and events.
  public let assessment: SavingsAssessment
  /// Days with reading and prediction in order.
  public let days: [Day]
  /// Months in order.
  public let months: [Month]
  /// Number of closed days of the reporting period, measured or not.
  public let elapsedDays: Int
  /// Savings of the monthly peak; none unless the model has hours that ASHRAE Guideline 14 accepts.
  public let demand: [DemandSaving]
  /// Comparison with the contract; `nil` without one, or before its first measured day.
  public let guarantee: GuaranteeReview?
  /// Frozen model that the operation is held against: the baseline, that after a measure, or a recalibrated one.
  public let operational: SealedModel
  /// Expectations of the operational model.
  public let outlook: OperationalOutlook
  /// Use and weather of the reporting period and a few days before.
  let allDays: [MeterDay]
  /// Mean price of a day's kWh by date [currency/kWh].
  let prices: [Int: Double]
  /// Local hours with use.
  let readings: MeterReadings
  /// Content of the plant's logbook.
  public let logbook: LogbookRecord
  /// Non-routine events of the meter in the logbook, as they are found now, with decisions.
  public let events: [LoggedEvent]
  /// Events that are found now and not in the logbook yet.
  public let unloggedEvents: [SavingsAssessment.Event]

  /// Assesses a reporting period.
  ///
  /// - Parameters:
  ///   - baseline: Frozen baseline.
  ///   - plan: Settings of the meter.
  ///   - plant: Its plant.
  ///   - record: Readings of the reporting period.
  ///   - dates: First and last date of the reporting period.
  ///   - operational: Frozen model that the operation is held against; `nil` for the baseline.
  ///   - logbook: What the plant's logbook says.
  init(
    _ baseline: SealedModel, plan: SavingsPlan, plant: Plant, record: MeterRecord, dates: ClosedRange<Int>,
    operational: SealedModel? = nil, logbook: LogbookRecord = LogbookRecord()
  ) {
    (self.plant, self.plan, self.baseline) = (plant, plan, baseline)
    (self.operational, self.logbook) = (operational ?? baseline, logbook)
    (readings, prices) = (record.readings, record.prices)
    elapsedDays = dates.count
    let verifier = baseline.model.verifier
    // Days before the period have weather that the first ones depend on, and are in no sum.
    let all = record.days.map { day in
      var day = day
      if day.date < dates.lowerBound { day.use = .nan }
      return day
    }
    allDays = all
    dataDigest = DataDigest.hex(all)
    assessment = SavingsAssessment(
      verifier, days: all,
      measures: plan.measures.map { SavingsAssessment.Measure(date: $0.date, name: $0.name) },
      confidence: plan.confidence)
    (events, unloggedEvents) = SavingsAccount.matched(
      assessment.events, logged: logbook.events.filter { $0.meter == plan.meter })
    outlook = SavingsAccount.outlook(self.operational, plan: plan, days: all, events: events)
    days = SavingsAccount.days(all, plan: plan, record: record, verifier: verifier)
    demand = verifier.demand(
      record.hours.filter { dates.contains($0.date) }, days: all, confidence: plan.confidence)
    let known = days
    func sum(from start: Int, to end: Int) -> SavingsAssessment.Estimate {
      verifier.estimates(all, windows: [(start, end - start + 1)], confidence: plan.confidence)[0]
    }
    func guaranteed(to end: Int) -> Double? {
      guard let contract = plan.guarantee, end >= contract.from else { return nil }
      let count = known.count { $0.date >= contract.from && $0.date <= end }
      return count > 0 ? contract.kilowattHoursPerYear * Double(count) / 365 : nil
    }
    months = assessment.months.map { figures in
      let own = known.filter { MeterDay.text(ofDate: $0.date).hasPrefix(figures.name) }
      let (first, next) = SavingsAccount.bounds(ofMonth: figures.name)
      return Month(
        figures: figures, date: first, isClosed: next - 1 <= dates.upperBound,
        cumulative: sum(from: dates.lowerBound, to: next - 1), guaranteed: guaranteed(to: next - 1),
        cost: SavingsAccount.total(own.map(\.cost)), carbon: SavingsAccount.total(own.map(\.carbon)))
    }
    guarantee = guaranteed(to: dates.upperBound).flatMap { energy in
      plan.guarantee.map { contract in
        GuaranteeReview(
          guaranteed: energy, saved: sum(from: contract.from, to: dates.upperBound),
          measuredDays: known.count { $0.date >= contract.from })
      }
    }
  }

  private static func days(
    _ all: [MeterDay], plan: SavingsPlan, record: MeterRecord, verifier: SavingsVerifier
  ) -> [Day] {
    let predicted = verifier.model.predict(all)
    let places = all.indices.filter { all[$0].use.isFinite && predicted[$0].isFinite }
    let single = verifier.estimates(
      all, windows: places.map { (all[$0].date, 1) }, confidence: plan.confidence)
    let hourly = hourlyCosts(record, days: all, verifier: verifier)
    var cumulative = 0.0
    return zip(places, single).map { place, estimate in
      cumulative += estimate.value
      let date = all[place].date
      return Day(
        date: date, predicted: predicted[place], actual: all[place].use, half: estimate.half, cumulative: cumulative,
        cost: record.prices[date].map { price in
          // Energy of hours that are not known by themselves has the mean price of the day.
          let known = hourly[date] ?? (0, 0)
          return known.cost + price * (estimate.value - known.energy)
        },
        carbon: record.emissions[date].map { $0 * estimate.value })
    }
  }

  /// Returns saved energy [kWh] and money [currency] of the hours of each date with use, prediction and price.
  private static func hourlyCosts(
    _ record: MeterRecord, days: [MeterDay], verifier: SavingsVerifier
  ) -> [Int: (energy: Double, cost: Double)] {
    guard verifier.hourly != nil else { return [:] }
    var sums: [Int: (energy: Double, cost: Double)] = [:]
    for (hour, predicted) in zip(record.hours, verifier.predict(record.hours, days: days)) {
      let saved = predicted - hour.use
      // Spans of a quarter of an hour have a price each; their mean is that of the hour.
      let prices = (0..<4).compactMap { record.spanPrices[hour.start + .minutes(Int64(15 * $0))] }
      guard saved.isFinite, !prices.isEmpty else { continue }
      let price = prices.reduce(0, +) / Double(prices.count)
      sums[hour.date, default: (0, 0)].energy += saved
      sums[hour.date, default: (0, 0)].cost += saved * price
    }
    return sums
  }

  /// Returns the first date of a month such as `2025-02` and that of the next one.
  private static func bounds(ofMonth name: String) -> (first: Int, next: Int) {
    let parts = name.split(separator: "-").compactMap { Int($0) }
    let (year, month) = (parts[0], parts[1])
    let first = CivilTime.daysSinceEpoch(year: year, month: month, day: 1)
    return (first, first + CivilTime.days(inMonth: month, of: year))
  }

  /// Returns the events of the logbook with the spans and sizes found now, and those that it does not have.
  ///
  /// An event is one of the logbook if they overlap and have the same direction.
  private static func matched(
    _ found: [SavingsAssessment.Event], logged: [LoggedEvent]
  ) -> (logged: [LoggedEvent], others: [SavingsAssessment.Event]) {
    var logged = logged
    var seen: [Int: [SavingsAssessment.Event]] = [:]
    var others: [SavingsAssessment.Event] = []
    for event in found {
      let place = logged.firstIndex {
        $0.event.start <= event.end && event.start <= $0.event.end && $0.event.isIncrease == event.isIncrease
      }
      if let place { seen[place, default: []].append(event) } else { others.append(event) }
    }
    for (place, events) in seen {
      logged[place].event = SavingsAssessment.Event(
        start: events[0].start, end: events[events.count - 1].end, effect: events.reduce(0) { $0 + $1.effect })
    }
    return (logged, others)
  }

  private static func outlook(
    _ model: SealedModel, plan: SavingsPlan, days: [MeterDay], events: [LoggedEvent]
  ) -> OperationalOutlook {
    let last = SavingsRequest.date(model.model.lastDay) ?? .min
    return OperationalOutlook(
      model.model.verifier, adjustment: model.model.adjustment, days: days,
      measures: plan.measures.filter { $0.date > last }.map { SavingsAssessment.Measure(date: $0.date, name: $0.name) },
      excluded: events.filter { $0.decision == .confirmed }.map { $0.event.start...$0.event.end },
      confidence: plan.confidence)
  }

  /// Saving with the events taken out that a person has confirmed [kWh].
  public var adjusted: Double {
    events.filter { $0.decision == .confirmed }.reduce(assessment.savings.value) { $0 + $1.event.effect }
  }

  private static func total(_ values: [Double?]) -> Double? {
    let known = values.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, +)
  }
}

// MARK: - Money

extension SavingsAccount {
  /// Days below which a year's saving is not stated.
  private static let leastDaysOfYear = 330

  /// Money saved on the days with a price [currency]; `nil` if no day has one.
  public var cost: Double? { SavingsAccount.total(days.map(\.cost)) }
  /// Emissions saved on the days with known emissions [kg CO₂]; `nil` if no day has any.
  public var carbon: Double? { SavingsAccount.total(days.map(\.carbon)) }
  /// Number of measured days with a price.
  public var pricedDays: Int { days.count { $0.cost != nil } }
  /// Cost of all measures that are in force [currency]; `nil` if any of them has none.
  public var investment: Double? {
    guard let last = days.last?.date else { return nil }
    let costs = plan.measures.filter { $0.date <= last }.map(\.cost)
    return costs.isEmpty || costs.contains { $0 == nil } ? nil : SavingsAccount.total(costs)
  }
  /// Simple payback: cost of the measures over the money saved in a year [years].
  ///
  /// `nil` before 330 priced days, so that every season is in it, without costs, and if nothing is saved.
  public var payback: Double? {
    guard let investment, let cost, pricedDays >= Self.leastDaysOfYear, cost > 0 else { return nil }
    return investment / (cost / Double(pricedDays) * 365)
  }
}
