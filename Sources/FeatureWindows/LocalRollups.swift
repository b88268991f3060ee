import PlantModel
import PointSchema
import StreamCore
import WattlineTime

/// The local hours and days of a plant's series. They consist of 1 h windows if the zone is whole hours off UTC, else
/// of 15 m windows.
struct LocalRollups {
  /// Returns the sum of a period's closed windows that may still change, without a given window.
  typealias Unsettled = (_ period: Range<Int32>, _ window: FeatureWindow?) -> Contribution

  /// Local hours, if the zone is not whole hours off UTC; otherwise the 1 h windows serve.
  var hours: [LocalRollup] = []
  var days: [LocalRollup] = []
  /// Length of the windows from which hours and days are made.
  private(set) var length = WindowLength.hour
  var calendar: LocalCalendar?
  private var day = 0..<0 as Range<Int32>

  /// Adds series that are new in the register.
  mutating func follow(_ register: PlantRegister) {
    if calendar == nil { calendar = LocalCalendar(identifier: register.plant.location.timezone) ?? .utc }
    // Both a summer and a winter day are tested: some zones are whole hours off UTC only in one of them.
    let isWhole = [1_689_000_000, 1_704_000_000].allSatisfy {
      (calendar?.utcOffset(at: Timestamp(seconds: $0)) ?? 0) % 3600 == 0
    }
    length = isWhole ? .hour : .quarterHour
    days.grow(to: register.series.count, element: LocalRollup())
    if !isWhole { hours.grow(to: register.series.count, element: LocalRollup()) }
  }

  /// Adds a window of ``length`` to its local hour and day.
  ///
  /// - Parameters:
  ///   - window: The window.
  ///   - points: Receives the points of hours and days that are due.
  ///   - unsettled: Sums the windows of the series that may still change.
  mutating func add(_ window: FeatureWindow, into points: inout PointBatch, unsettled: Unsettled) {
    let (position, start) = (window.series.position, window.start.minute)
    let day = localDay(containing: window.start)
    if window.length == .hour {
      Self.write(
        Contribution(window), key: PointKey(.cleanHourly, .series(window.series)), at: window.start, to: &points)
    } else if hours.indices.contains(position) {
      let hour = localHour(containing: window.start)
      var rollup = hours[position]
      write(&rollup, window: window, period: hour, measurement: .cleanHourly, into: &points, unsettled: unsettled)
      hours[position] = rollup
    }
    guard days.indices.contains(position), day.contains(start) else { return }
    var rollup = days[position]
    write(&rollup, window: window, period: day, measurement: .cleanDaily, into: &points, unsettled: unsettled)
    days[position] = rollup
  }

  private func write(
    _ rollup: inout LocalRollup, window: FeatureWindow, period: Range<Int32>, measurement: Measurement,
    into points: inout PointBatch, unsettled: Unsettled
  ) {
    let key = PointKey(measurement, .series(window.series))
    let before = rollup.newest
    if rollup.isOverdue(onReaching: period.lowerBound), var total = rollup.settled(in: before) {
      total.add(unsettled(before..<period.lowerBound, nil))
      Self.write(total, key: key, at: Timestamp(minute: before), to: &points)
    }
    guard var total = rollup.settled(in: period.lowerBound),
      rollup.isDue(period.lowerBound, windowEnd: window.end.minute, end: period.upperBound)
    else { return }
    total.add(unsettled(period, window))
    total.add(Contribution(window))
    Self.write(total, key: key, at: Timestamp(minute: period.lowerBound), to: &points)
  }

  /// Adds a window of a series that can no longer change.
  mutating func settle(_ window: FeatureWindow, of series: SeriesIndex) {
    let position = series.position
    guard days.indices.contains(position) else { return }
    days[position].settle(Contribution(window), in: localDay(containing: window.start).lowerBound)
    guard hours.indices.contains(position) else { return }
    hours[position].settle(Contribution(window), in: localHour(containing: window.start).lowerBound)
  }

  private mutating func localHour(containing timestamp: Timestamp) -> Range<Int32> {
    let start = calendar?.startOfHour(containing: timestamp) ?? timestamp.floored(to: .hour)
    return start.minute..<start.minute + 60
  }

  /// Returns the local day that contains a time. A day has 23 to 25 hours, so 26 hours after its start is the next day.
  private mutating func localDay(containing timestamp: Timestamp) -> Range<Int32> {
    if day.contains(timestamp.minute) { return day }
    let start = calendar?.startOfDay(containing: timestamp) ?? timestamp.floored(to: .day)
    let end = calendar?.startOfDay(containing: start + .hours(26)) ?? start + .day
    day = start.minute..<max(end.minute, start.minute + 1)
    return day
  }

  private static func write(
    _ total: Contribution, key: PointKey, at start: Timestamp, to points: inout PointBatch
  ) {
    points.begin(key, at: start)
    points.field(.mean, total.mean)
    points.field(.minimum, total.minimum)
    points.field(.maximum, total.maximum)
    points.field(.energy, total.energy)
    points.field(.goodShare, Double(sevenDigitsOf: total.goodShare))
  }
}
