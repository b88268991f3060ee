import PlantModel
public import WattlineTime

extension ForecastInput {
  /// A recorded target, row by row, in any order and with gaps.
  public struct Recording: Sendable {
    /// Start of the time that each row covers.
    public var times: [Timestamp]
    /// Target [its own unit]; NaN for rows without one.
    public var target: [Double]
    /// Explaining series, one value a row.
    public var exogenous: [Exogenous]
    /// Whether each row is on a holiday (not 0); empty if holidays are unknown.
    public var holidays: [Double]

    /// Creates a recording.
    ///
    /// - Parameters:
    ///   - times: Start of the time that each row covers.
    ///   - target: Target of each row; NaN for none.
    ///   - exogenous: Explaining series, one value a row.
    ///   - holidays: Whether each row is on a holiday (not 0); empty if unknown.
    public init(times: [Timestamp], target: [Double], exogenous: [Exogenous] = [], holidays: [Double] = []) {
      self.times = times
      self.target = target
      self.exogenous = exogenous
      self.holidays = holidays
    }
  }

  /// Creates the slots of a recording. Their length is the median distance between rows, at least a quarter-hour, and
  /// divides a day. Several rows of one slot are averaged.
  ///
  /// - Parameters:
  ///   - recording: The recording.
  ///   - zone: Time zone of the calendar.
  ///   - horizon: Time beyond the recording that the calendar covers, in addition to a day.
  ///   - quarterHours: `true` uses quarter-hour slots; a row then covers all slots until the next row is due.
  /// - Throws: ``Backtest/Refusal`` if the times do not make a grid.
  public init(
    _ recording: Recording, zone: LocalCalendar, horizon: TimeSpan, quarterHours: Bool = false
  ) throws(Backtest.Refusal) {
    let sorted = recording.times.sorted()
    guard let start = sorted.first, let last = sorted.last, start < last else {
      throw Backtest.Refusal(description: "there are not two rows with different times")
    }
    let steps = zip(sorted.dropFirst(), sorted).map { $0.0 - $0.1 }.filter { $0 > .zero }.sorted()
    let median = steps[steps.count / 2]
    let offset = SlotCalendar.standardOffset(zone, around: last)
    let quarter = TimeSpan.minutes(15)
    guard let grid = SlotGrid(span: quarterHours ? quarter : max(median, quarter), standardOffset: offset) else {
      throw Backtest.Refusal(
        description:
          "rows are \(median.inSeconds) s apart, which does not divide a day; expected 15 min, 30 min, 1 h, …")
    }
    let first = grid.slot(containing: start)
    let held = max(1, Int(min(median, .day).nanoseconds / grid.span.nanoseconds))
    let count = grid.slot(containing: last) - first + held
    guard count <= 10_000_000 else {
      throw Backtest.Refusal(description: "times reach from \(start) to \(last): is the column of times right?")
    }
    let slots = recording.times.map { grid.slot(containing: $0) - first }
    func means(_ values: [Double]) -> [Double] {
      var sums = Array(repeating: 0.0, count: count)
      var counts = Array(repeating: 0.0, count: count)
      for (start, value) in zip(slots, values) where value.isFinite {
        for slot in start..<(start + held) {
          sums[slot] += value
          counts[slot] += 1
        }
      }
      return zip(sums, counts).map { $0.1 > 0 ? $0.0 / $0.1 : .nan }
    }
    self.init(
      grid: grid, first: first, target: means(recording.target),
      exogenous: recording.exogenous.map {
        Exogenous(name: $0.name, isKnownAhead: $0.isKnownAhead, values: means($0.values))
      },
      holidays: means(recording.holidays).map { $0.isNaN ? .nan : $0 != 0 ? 1 : 0 }, zone: zone,
      beyond: Int(horizon.nanoseconds / grid.span.nanoseconds) + grid.perDay)
    slotsOfRow = held
    if recording.holidays.isEmpty { forgetHolidays() }
  }
}
