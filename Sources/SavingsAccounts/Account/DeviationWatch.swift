import Savings
import WattlineTime

/// Judgement whether a meter follows its operational model. Pure: the same days and logbook give the same verdict.
///
/// A deviation is a closed month, or the days since a change that CUSUM noticed, beyond 5 % and its own interval. It
/// is over once the last days track, and differ from it by twice their interval: a single calm week ends nothing, so
/// that an alert does not flap.
struct DeviationWatch {
  /// Least days of a change that count as a deviation.
  private static let leastDays = 7
  /// Numbers of last days that may show that a deviation is over.
  private static let windows = [14, 28, 56, 90]
  /// Days without reading or expectation after which nothing is said of the meter.
  static let longestSilence = 7

  /// Verdict on a meter.
  enum Verdict: Equatable {
    /// It follows the model.
    case tracks
    /// It deviates since the first day of the deviation.
    case deviates(Deviation, detected: Int, severity: SavingsAssessment.State)
    /// It deviated, and follows again, or the model follows it; `nil` if confirmed events explain all of it.
    case tracksAgain(Deviation?)
  }

  private let outlook: OperationalOutlook
  /// Last closed day.
  private let yesterday: Int

  /// Creates a watch.
  ///
  /// - Parameters:
  ///   - outlook: Expectations of the reporting period.
  ///   - yesterday: Last closed day.
  init(_ outlook: OperationalOutlook, yesterday: Int) { (self.outlook, self.yesterday) = (outlook, yesterday) }

  /// Returns the closed months of which nine tenths of the days are known, in order.
  var months: [Deviation] {
    var months: [Deviation] = []
    guard var date = outlook.dates.first else { return [] }
    while true {
      let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
      let first = date - day + 1
      let length = CivilTime.days(inMonth: month, of: year)
      guard first + length - 1 <= yesterday else { return months }
      if let deviation = outlook.deviation(first...(first + length - 1)), 10 * deviation.dayCount >= 9 * length {
        months.append(deviation)
      }
      date = first + length
    }
  }

  /// Judges a meter.
  ///
  /// - Parameters:
  ///   - standing: First day and detection of the deviation that stands, and whether the model is another one since;
  ///     `nil` if none stands.
  ///   - cleared: Date up to which an earlier deviation is over.
  func verdict(standing: (since: Int, detected: Int, hasOtherModel: Bool)?, cleared: Int) -> Verdict {
    let alarm = outlook.alarm(after: cleared)
    // After a clearing, a month that reaches before it has the deviation that is over.
    let month = months.last.flatMap { month in
      month.state != .tracking && month.first > cleared && month.last + 31 >= yesterday ? month : nil
    }
    guard let (since, detected) = standing.map({ ($0.since, $0.detected) }) ?? begin(alarm, month: month) else {
      return .tracks
    }
    guard since <= yesterday, let range = outlook.deviation(since...yesterday) else {
      return standing == nil ? .tracks : .tracksAgain(nil)
    }
    let isFollowed = standing?.hasOtherModel == true && range.state == .tracking
    if isFollowed || isOver(since: since) { return standing == nil ? .tracks : .tracksAgain(range) }
    let state = max(range.state, month.flatMap { $0.last >= since ? $0.state : nil } ?? .tracking)
    guard state != .tracking, range.dayCount >= Self.leastDays || month != nil else {
      return standing == nil ? .tracks : .deviates(range, detected: detected, severity: .tracking)
    }
    return .deviates(range, detected: detected, severity: state)
  }

  /// Returns the first day of a new deviation and the day on which it was noticed.
  private func begin(_ alarm: ChangeAlarm?, month: Deviation?) -> (since: Int, detected: Int)? {
    if let alarm, let range = outlook.deviation(alarm.start...yesterday) {
      let isSame = month.map { ($0.excess > 0) == alarm.isIncrease && $0.last >= alarm.start } ?? false
      if isSame || range.dayCount >= Self.leastDays && range.state != .tracking { return (alarm.start, alarm.detected) }
    }
    return month.map { ($0.first, $0.last) }
  }

  /// Returns whether the last days show that a deviation is over.
  private func isOver(since: Int) -> Bool {
    let dates = outlook.dates
    return Self.windows.contains { count in
      guard let first = dates.dropLast(count - 1).last, first - 1 >= since, dates.count >= count,
        let before = outlook.deviation(since...(first - 1)), before.dayCount >= Self.leastDays,
        let last = outlook.deviation(first...yesterday)
      else { return false }
      return abs(last.percent) < 5 && abs(before.percent - last.percent) > 2 * last.halfPercent
        && abs(last.percent) < abs(before.percent)
    }
  }
}
