import Glibc
import WattlineTime

/// A frozen baseline with its uncertainty.
public struct SavingsVerifier: Sendable, Codable {
  /// Model by the resolution of the meter.
  private enum Kind: Codable {
    case daily(SavingsUncertainty)
    case bills(DegreeDayModel)
  }

  private let kind: Kind
  /// Model of the hours within a day; `nil` for meters that are not read by the hour.
  public let hourly: HourlyModel?

  /// The model.
  public var model: any BaselineModel {
    switch kind {
    case .daily(let uncertainty): uncertainty.model
    case .bills(let model): model
    }
  }

  /// Uncertainty of a daily model; `nil` for bills.
  var uncertainty: SavingsUncertainty? {
    if case .daily(let uncertainty) = kind { return uncertainty }
    return nil
  }

  /// Sum of some predictions [kWh], which tells whether a program predicts as another that froze the model.
  ///
  /// The predictions are those of the days of the fit, or for bills those of the coldest and warmest day.
  public var witness: Double {
    switch kind {
    case .daily(let uncertainty): uncertainty.model.predict(uncertainty.model.days).reduce(0, +)
    case .bills(let model):
      model.parts(model.temperatureRange.lowerBound).total + model.parts(model.temperatureRange.upperBound).total
    }
  }

  /// Returns the changes of a reporting period; `nil` for bills, which show none by the day.
  @inline(never)
  func changes(_ outlook: Outlook, measures: [SavingsAssessment.Measure]) -> ChangeHistory? {
    switch kind {
    case .daily(let uncertainty): ChangeHistory(outlook, measures: measures, uncertainty: uncertainty)
    case .bills: nil
    }
  }

  /// The ground of the intervals, in words.
  public var intervalBasis: String {
    let level = "a change of level of 0.5 % from year to year, which one year cannot show"
    switch kind {
    case .daily(let uncertainty):
      let share = (uncertainty.noise.lagOne * 100).rounded() / 100
      return
        "noise of days with a correlation of \(share) from one to the next, parameters, misfit of months that were "
        + "left out, and \(level)"
    case .bills: return "noise of bills, parameters, and \(level)"
    }
  }

  /// Reasons for doubt, in words.
  public var remarks: [String] {
    var remarks: [String] = []
    let statistics = model.statistics
    if !statistics.isAccepted {
      remarks.append("ASHRAE Guideline 14 does not accept the model: CV(RMSE) of months above 15 % or NMBE above 5 %")
    }
    if statistics.determination < 0.1 { remarks.append("use hardly depends on weather and calendar") }
    return remarks
  }

  /// Predictions of some days with what intervals need.
  struct Outlook {
    let days: [MeterDay]
    let parts: [EffectiveTemperatureCurve.Parts]
    /// Standard deviation of each day [kWh].
    let deviations: [Double]
    /// Explaining variables of a daily model.
    var design: DailyDesign?
    /// Explaining variables of the effects of measures.
    var effects: [[Double]] = []

    /// Days with prediction and reading.
    var rows: [Int] { days.indices.filter { days[$0].use.isFinite && parts[$0].total.isFinite } }
    /// Actual minus predicted use [kWh].
    var residuals: [Double] { zip(days, parts).map { $0.use - $1.total } }
  }

  /// Fits a baseline of days.
  ///
  /// - Parameters:
  ///   - days: Days of the baseline.
  ///   - years: Years for which holidays are needed.
  ///   - countries: Countries whose holidays may be kept.
  ///   - hours: Hours of the baseline, if the meter is read by the hour.
  /// - Throws: ``SavingsRefusal`` if the data carry no model.
  public init(
    baseline days: [MeterDay], years: ClosedRange<Int>, countries: [String], hours: [MeterHour] = []
  ) throws(SavingsRefusal) {
    let complete = days.filter(\.isComplete)
    try SavingsRefusal.check(days, complete: complete)
    guard let model = DailyModelSearch.model(complete, years: years, countries: countries) else {
      throw SavingsRefusal("the days of the baseline determine no model: use or temperature is the same on all of them")
    }
    kind = .daily(SavingsUncertainty(model))
    hourly = HourlyModel(hours, daily: model)
  }

  /// Fits a baseline of bills.
  ///
  /// - Throws: ``SavingsRefusal`` if the data carry no model.
  public init(baseline bills: MeterBills) throws(SavingsRefusal) {
    let complete = bills.complete
    try SavingsRefusal.check(bills, complete: complete)
    guard let model = DegreeDayModel(complete) else {
      throw SavingsRefusal("the bills of the baseline determine no model")
    }
    kind = .bills(model)
    hourly = nil
  }

  /// Returns the predicted use of each hour [kWh], which sums up to the daily predictions; NaN without an hourly model,
  /// and where the weather is unknown.
  ///
  /// - Parameters:
  ///   - hours: Hours in order.
  ///   - days: Their days, and those before whose weather the first ones depend on.
  public func predict(_ hours: [MeterHour], days: [MeterDay]) -> [Double] {
    guard let hourly, case .daily(let uncertainty) = kind else { return hours.map { _ in .nan } }
    let totals = Dictionary(zip(days.map(\.date), uncertainty.model.predict(days))) { first, _ in first }
    return HourlyShape(
      levels: hourly.levels, slopes: hourly.slopes, isOccupied: hourly.isOccupied,
      holidays: uncertainty.model.holidays.dates
    ).predict(hours, totals: totals)
  }

  /// Returns the demand saving of each month of which at least nine tenths of the hours are known; none without an
  /// hourly model that ASHRAE Guideline 14 accepts.
  ///
  /// - Parameters:
  ///   - hours: Hours in order.
  ///   - days: Their days, and those before whose weather the first ones depend on.
  ///   - confidence: Probability of intervals, between 0 and 1.
  public func demand(_ hours: [MeterHour], days: [MeterDay], confidence: Double) -> [DemandSaving] {
    guard let hourly, hourly.statistics.isAccepted, case .daily(let uncertainty) = kind else { return [] }
    var deviations: [Int: Double] = [:]
    for days in [uncertainty.model.days, days] {
      let outlook = outlook(days)
      for (day, deviation) in zip(days, outlook.deviations) where deviation > 0 { deviations[day.date] = deviation }
    }
    let months = months(outlook(days), confidence: confidence)
    let factor = uncertainty.factor(confidence: confidence)
    return hourly.demand(
      hours, predicted: predict(hours, days: days), deviations: deviations,
      level: { name in months.first { $0.name == name }.map { $0.half / factor / $0.predicted } ?? 0 },
      confidence: confidence)
  }

  func outlook(_ days: [MeterDay]) -> Outlook {
    switch kind {
    case .bills(let model):
      let parts = days.map { model.parts($0.temperature) }
      return Outlook(days: days, parts: parts, deviations: days.map { _ in model.dailyDeviation })
    case .daily(let uncertainty):
      let model = uncertainty.model
      let design = DailyDesign(days, specification: model.specification, holidays: model.holidays.dates)
      let parts = model.curve.parts(design)
      let gates = days.indices.map { model.curve.balanceDerivatives($0, design: design) }
      let effects = days.indices.map { row -> [Double] in
        let isRest = days[row].weekday > 4 || model.holidays.dates.contains(days[row].date)
        return [
          isRest ? 0 : 1, isRest ? 1 : 0, parts[row].heating, gates[row].heating, parts[row].cooling,
          gates[row].cooling,
        ]
      }
      return Outlook(
        days: days, parts: parts, deviations: uncertainty.deviations(design, parts: parts), design: design,
        effects: effects)
    }
  }

  /// Returns the days of bills, with the use of each bill spread in proportion to the prediction.
  public func allocate(_ bills: MeterBills) -> [MeterDay] {
    var result: [MeterDay] = []
    for bill in bills.bills {
      let predicted = model.predict(bill.days)
      let known = predicted.filter(\.isFinite)
      let total = known.reduce(0, +)
      let isKnown = 10 * known.count >= 9 * bill.days.count && total > 0
      // Days without weather take their share of the days, and are left out.
      let use = bill.use * Double(known.count) / Double(max(1, bill.days.count))
      for (day, value) in zip(bill.days, predicted) where day.date > result.last?.date ?? .min {
        var day = day
        day.use = isKnown ? use * value / total : .nan
        result.append(day)
      }
    }
    return result
  }

  /// Returns the savings of some days with an interval.
  ///
  /// - Parameters:
  ///   - outlook: Predictions.
  ///   - rows: The days.
  ///   - confidence: Probability of the interval, between 0 and 1.
  func estimate(_ outlook: Outlook, rows: [Int], confidence: Double) -> SavingsAssessment.Estimate {
    let value = rows.reduce(0) { $0 + outlook.parts[$1].total - outlook.days[$1].use }
    switch kind {
    case .daily(let uncertainty):
      guard let design = outlook.design else { return SavingsAssessment.Estimate(value: value, half: .nan) }
      let deviation = uncertainty.deviation(
        rows, days: outlook.days, design: design, parts: outlook.parts, deviations: outlook.deviations)
      return SavingsAssessment.Estimate(value: value, half: uncertainty.factor(confidence: confidence) * deviation)
    case .bills(let model):
      let freedom = Double(model.billCount - model.parameterCount)
      let factor = Quantiles.student(0.5 + confidence / 2, freedom: freedom)
      return SavingsAssessment.Estimate(value: value, half: factor * model.deviation(rows.map { outlook.days[$0] }))
    }
  }

  /// Returns the savings of windows of consecutive days.
  ///
  /// - Parameters:
  ///   - days: Days in order.
  ///   - windows: First date and number of days of each window.
  ///   - confidence: Probability of intervals, between 0 and 1.
  public func estimates(
    _ days: [MeterDay], windows: [(first: Int, count: Int)], confidence: Double
  ) -> [SavingsAssessment.Estimate] {
    let outlook = outlook(days)
    let known = outlook.rows
    return windows.map { first, count in
      let rows = known.filter { days[$0].date >= first && days[$0].date < first + count }
      return estimate(outlook, rows: rows, confidence: confidence)
    }
  }

  func months(_ outlook: Outlook, confidence: Double) -> [SavingsAssessment.Month] {
    var groups: [(month: Int, rows: [Int])] = []
    for row in outlook.rows {
      let month = outlook.days[row].month
      if groups.last?.month == month {
        groups[groups.count - 1].rows.append(row)
      } else {
        groups.append((month, [row]))
      }
    }
    return groups.map { month, rows in
      let estimate = estimate(outlook, rows: rows, confidence: confidence)
      let predicted = rows.reduce(0) { $0 + outlook.parts[$1].total }
      let length = CivilTime.days(inMonth: month % 12 + 1, of: month / 12)
      var result = SavingsAssessment.Month(
        name: String(MeterDay.text(ofDate: outlook.days[rows[0]].date).prefix(7)), predicted: predicted,
        actual: predicted - estimate.value, half: estimate.half, state: nil)
      if 10 * rows.count >= 9 * length {
        result.state = SavingsAssessment.State(
          percent: result.deviationPercent, isSignificant: abs(estimate.value) > estimate.half)
      }
      return result
    }
  }
}

extension EffectiveTemperatureCurve {
  /// Returns the derivatives of heating and cooling by their balance points [kWh/K].
  func balanceDerivatives(_ row: Int, design: DailyDesign) -> (heating: Double, cooling: Double) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: layout.count) { derivatives in
      _ = parts(row, design: design, derivatives: derivatives)
      let place = layout.slopes > 1 ? design.types[row] : 0
      return (
        layout.hasHeating ? derivatives[layout.firstHeating + layout.slopes + place] : 0,
        layout.hasCooling ? -derivatives[layout.firstCooling + layout.slopes + place] : 0
      )
    }
  }
}
