import PlantModel

extension ForecastInput {
  /// A target as it was recorded, row by row, in any order and with gaps.
  public struct Recording: Sendable {
    /// The start of what each row stands for.
    public var times: [Timestamp]
    /// The target [its own unit]; NaN where a row has none.
    public var target: [Double]
    /// Series that may explain it, one value a row.
    public var exogenous: [Exogenous]
    /// Whether each row is on a holiday (not 0); empty where nothing is known of holidays.
    public var holidays: [Double]

    /// A recording.
    public init(times: [Timestamp], target: [Double], exogenous: [Exogenous] = [], holidays: [Double] = []) {
      self.times = times
      self.target = target
      self.exogenous = exogenous
      self.holidays = holidays
    }
  }

  /// Slots of a recording: as long as the median of the distances between rows, but at least a quarter of an hour, and
  /// dividing a day. Several rows of one slot are averaged. With `quarterHours`, slots are quarters of an hour, and a row
  /// stands for all of those until the next is due.
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
