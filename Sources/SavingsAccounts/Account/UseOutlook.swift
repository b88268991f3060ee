import Foundation
import PlantModel
public import Savings
import WattlineTime

/// Expected use of a meter: the next month, the calendar year and its budget, with the score of earlier forecasts.
public struct UseOutlook: Sendable {
  /// Use and cost of the present calendar year.
  public struct Year: Sendable, Equatable {
    /// Calendar year.
    public var year: Int
    /// Use so far, with unknown days at the mean of the others [kWh].
    public var actual: Double
    /// Use of the whole year [kWh].
    public var expected: Double
    /// Half of its interval [kWh].
    public var half: Double
    /// Cost of the whole year at the mean price of the last year's days [currency]; `nil` without prices.
    public var cost: Double?
    /// Half of its interval [currency].
    public var costHalf: Double?
    /// Budget of the year [currency], if one is given.
    public var budget: Double?
    /// Probability that the year costs more than the budget.
    public var excessProbability: Double?
  }

  /// Score of the forecasts that would have been made before each closed month (rolling origin).
  public struct Score: Sendable, Equatable {
    /// Forecast and actual use of a month [kWh].
    public struct Month: Sendable, Equatable {
      /// Month as in `2026-05`.
      public var name: String
      /// Forecast made on the day before the month.
      public var forecast: UseForecast
      /// Actual use [kWh].
      public var actual: Double
      /// Use of the month a year before [kWh]; `nil` if it is not known.
      public var yearBefore: Double?
    }
    /// Months in order.
    public var months: [Month]
    /// Mean absolute error over the actual use [%].
    public var error: Double { Self.mean(months.map { abs($0.forecast.expected - $0.actual) / abs($0.actual) }) }
    /// The same of the month a year before, of the months that have one [%].
    public var naiveError: Double {
      Self.mean(months.compactMap { month in month.yearBefore.map { abs($0 - month.actual) / abs(month.actual) } })
    }
    /// Share of months within the interval [1].
    public var coverage: Double {
      Self.mean(months.map { abs($0.forecast.expected - $0.actual) <= $0.forecast.half ? 0.01 : 0 })
    }

    private static func mean(_ values: [Double]) -> Double {
      values.isEmpty ? .nan : 100 * values.reduce(0, +) / Double(values.count)
    }
  }

  /// Forecast of the next calendar month; `nil` without past weather.
  public let nextMonth: UseForecast?
  /// Forecast of the calendar year; `nil` if more than a tenth of its days so far are not known.
  public let year: Year?
  /// Score of the forecasts of closed months.
  public let score: Score

  /// Forecasts the use of a meter from its account.
  ///
  /// - Parameters:
  ///   - account: The account.
  ///   - budget: Budget of a calendar year [the plant's currency].
  public init(_ account: SavingsAccount, budget: Double? = nil) {
    let maker = Maker(account, budget: budget)
    guard let yesterday = account.allDays.last?.date else {
      (nextMonth, year, score) = (nil, nil, Score(months: []))
      return
    }
    let (thisYear, month, day) = CivilTime.date(daysSinceEpoch: yesterday)
    let next = yesterday - day + 1 + CivilTime.days(inMonth: month, of: thisYear)
    let (nextYear, nextNumber, _) = CivilTime.date(daysSinceEpoch: next)
    nextMonth = maker.forecast(
      next...(next + CivilTime.days(inMonth: nextNumber, of: nextYear) - 1), origin: yesterday)
    year = maker.year(thisYear, yesterday: yesterday)
    score = maker.score(yesterday: yesterday)
  }

  /// Makes forecasts from what was known at a day.
  private struct Maker {
    let account: SavingsAccount
    let budget: Double?
    let known: [Int: MeterDay]

    init(_ account: SavingsAccount, budget: Double?) {
      (self.account, self.budget) = (account, budget)
      known = Dictionary(
        (account.baseline.model.verifier.fittedDays + account.allDays).filter(\.use.isFinite).map { ($0.date, $0) },
        uniquingKeysWith: { _, last in last })
    }

    func forecast(_ span: ClosedRange<Int>, origin: Int) -> UseForecast? {
      // A model that was frozen later was not known then.
      let later = (SavingsRequest.date(account.operational.model.lastDay) ?? .min) > origin
      let model = later ? account.baseline.model : account.operational.model
      let last = SavingsRequest.date(model.lastDay) ?? .min
      var days = account.allDays.filter { $0.date <= origin }
      if days.isEmpty { days = model.verifier.fittedDays.filter { $0.date <= origin } }
      let measures = account.plan.measures.filter { $0.date > last && $0.date <= origin }.map {
        SavingsAssessment.Measure(date: $0.date, name: $0.name)
      }
      return UseForecast(
        span, verifier: model.verifier, adjustment: model.adjustment, days: days,
        weather: account.baseline.model.verifier.fittedDays, measures: measures,
        confidence: account.plan.confidence)
    }

    /// Returns the use of a span, with unknown days at the mean of the others; `nil` if a tenth is not known.
    func use(_ span: ClosedRange<Int>) -> Double? {
      let values = span.compactMap { known[$0]?.use }
      guard 10 * values.count >= 9 * span.count, !values.isEmpty else { return nil }
      return values.reduce(0, +) * Double(span.count) / Double(values.count)
    }

    func score(yesterday: Int) -> Score {
      var months: [Score.Month] = []
      for month in account.months where month.isClosed {
        let (year, number, _) = CivilTime.date(daysSinceEpoch: month.date)
        let span = month.date...(month.date + CivilTime.days(inMonth: number, of: year) - 1)
        guard let actual = use(span), actual != 0, let forecast = forecast(span, origin: month.date - 1) else {
          continue
        }
        let before = CivilTime.daysSinceEpoch(year: year - 1, month: number, day: 1)
        months.append(
          Score.Month(
            name: month.figures.name, forecast: forecast, actual: actual,
            yearBefore: use(before...(before + CivilTime.days(inMonth: number, of: year - 1) - 1))))
      }
      return Score(months: months)
    }

    func year(_ year: Int, yesterday: Int) -> Year? {
      let first = CivilTime.daysSinceEpoch(year: year, month: 1, day: 1)
      let last = CivilTime.daysSinceEpoch(year: year, month: 12, day: 31)
      guard let actual = use(first...yesterday) else { return nil }
      var result = Year(year: year, actual: actual, expected: actual, half: 0)
      if yesterday < last {
        guard let rest = forecast((yesterday + 1)...last, origin: yesterday) else { return nil }
        (result.expected, result.half) = (actual + rest.expected, rest.half)
      }
      result.budget = budget
      guard let price else { return result }
      let soFar = (first...yesterday).reduce(0) { sum, date in
        sum + (known[date]?.use ?? actual / Double(yesterday - first + 1)) * (account.prices[date] ?? price)
      }
      result.cost = soFar + price * (result.expected - actual)
      result.costHalf = abs(price) * result.half
      if let budget = result.budget, let cost = result.cost, let half = result.costHalf {
        let factor = account.baseline.model.verifier.intervalFactor(confidence: account.plan.confidence)
        result.excessProbability =
          half > 0 ? 0.5 * erfc((budget - cost) / (half / factor) / 2.0.squareRoot()) : cost > budget ? 1 : 0
      }
      return result
    }

    /// Mean price of the last 365 priced days, weighted by their use.
    private var price: Double? {
      var sums = (cost: 0.0, use: 0.0)
      for (date, price) in account.prices.sorted(by: { $0.key > $1.key }).prefix(365) {
        guard let use = known[date]?.use, use > 0 else { continue }
        sums = (sums.cost + use * price, sums.use + use)
      }
      return sums.use > 0 ? sums.cost / sums.use : nil
    }
  }
}
