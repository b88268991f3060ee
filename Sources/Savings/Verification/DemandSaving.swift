import WattlineTime

/// Greatest hour of a month, compared with what it would have been.
///
/// The peak of a prediction is no prediction of the peak: a smooth curve lacks the chance of single hours. So the
/// month's prediction gets the baseline's residuals of the same weekdays, moved by whole weeks, one week after the
/// other. Each move gives a peak with the memory that hours and days have. A residual grows with the deviation of its
/// day.
public struct DemandSaving: Sendable, Equatable {
  /// Month as in `2013-01`.
  public let month: String
  /// Median of the peak that was to be expected [kW], as the mean of an hour.
  public let predicted: Double
  /// Interval of that peak [kW].
  public let interval: ClosedRange<Double>
  /// Greatest metered hour [kW].
  public let actual: Double
  /// Expected minus metered peak [kW].
  public var saving: Double { predicted - actual }
}

extension HourlyModel {
  /// Least number of moves by whole weeks that give a distribution.
  private static let leastDraws = 40

  /// Returns the demand saving of each month of which at least nine tenths of the hours are known.
  ///
  /// - Parameters:
  ///   - hours: Hours in order.
  ///   - predicted: Prediction of each hour [kW], or NaN.
  ///   - deviations: Standard deviation of the daily use of dates, those of the baseline among them [kWh].
  ///   - level: Relative standard deviation of the level of each month [1].
  ///   - confidence: Probability of intervals, between 0 and 1.
  func demand(
    _ hours: [MeterHour], predicted: [Double], deviations: [Int: Double], level: (String) -> Double, confidence: Double
  ) -> [DemandSaving] {
    var months: [(name: String, places: [Int])] = []
    for place in hours.indices where hours[place].use.isFinite && predicted[place].isFinite {
      let name = String(MeterDay.text(ofDate: hours[place].date).prefix(7))
      if months.last?.name == name {
        months[months.count - 1].places.append(place)
      } else {
        months.append((name, [place]))
      }
    }
    let sources = Dictionary(residualDays.map { ($0.date, $0) }) { first, _ in first }
    return months.compactMap { name, places in
      let (year, month, _) = CivilTime.date(daysSinceEpoch: hours[places[0]].date)
      guard 10 * places.count >= 9 * 24 * CivilTime.days(inMonth: month, of: year) else { return nil }
      let peaks = peaks(places.map { (hours[$0], predicted[$0]) }, sources: sources, deviations: deviations).sorted()
      guard peaks.count >= HourlyModel.leastDraws else { return nil }
      func quantile(_ part: Double) -> Double { peaks[Int((part * Double(peaks.count - 1)).rounded())] }
      let median = quantile(0.5)
      let half = Quantiles.normal((1 + confidence) / 2) * level(name) * median
      func widened(_ part: Double) -> Double {
        let distance = quantile(part) - median
        return median + (part < 0.5 ? -1 : 1) * (distance * distance + half * half).squareRoot()
      }
      return DemandSaving(
        month: name, predicted: median, interval: widened((1 - confidence) / 2)...widened((1 + confidence) / 2),
        actual: places.map { hours[$0].use }.max() ?? 0)
    }
  }

  /// Returns the peak of a month with the residuals of each move by whole weeks [kW].
  private func peaks(
    _ hours: [(hour: MeterHour, predicted: Double)], sources: [Int: ResidualDay], deviations: [Int: Double]
  ) -> [Double] {
    guard let first = residualDays.first?.date, let last = residualDays.last?.date else { return [] }
    let dates = Set(hours.map(\.hour.date)).sorted()
    // The first move puts the baseline's first week under the month's first day, or the weekday next to it.
    let start = dates[0] - first - ((dates[0] - first) % 7 + 7) % 7
    let length = (last - first + 1) / 7 * 7
    guard length > 0 else { return [] }
    return stride(from: 0, to: length, by: 7).compactMap { week in
      var factors: [Int: (day: ResidualDay, factor: Double)] = [:]
      for date in dates {
        let source = first + ((date - start - first + week) % length + length) % length
        guard let day = sources[source], let own = deviations[date], let other = deviations[source] else { continue }
        factors[date] = (day, own / other)
      }
      guard 10 * factors.count >= 9 * dates.count else { return nil }
      return hours.reduce(-Double.infinity) { peak, hour in
        guard let source = factors[hour.hour.date] else { return peak }
        return max(peak, hour.predicted + source.factor * Double(source.day.residuals[hour.hour.hour]) / 1000)
      }
    }
  }
}
