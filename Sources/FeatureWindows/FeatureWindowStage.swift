import PlantModel
import StreamCore

/// Tumbling event-time windows of 1 m, 15 m and 1 h for every series, aligned to the epoch; the rollups `clean_1h` and
/// `clean_1d` by the plant's local clock; and the plant indicators `kpi`.
///
/// **When.** A window is emitted when the series' watermark (highest event time less the lateness) passes its end; at a
/// minute mark two minutes after its end; or at a tick when the series has been silent for a minute. Windows that
/// intervals cover whole are emitted as soon as event time reaches their end. Late readings and filled gaps change the
/// last few windows, which are then emitted again as updates; what is older is counted in ``tooLate``.
///
/// **What.** Good, late and filled readings enter the statistics; the others count in the denominator of the good share
/// alone. Duplicates and future readings do not count at all.
/// - `instant`: arithmetic mean over samples. The energy of a power is the trapezoid between samples not further apart
///   than three typical intervals, taken for the whole window when it covers half of it or more.
/// - `interval_start`, `interval_end`: each value holds over its interval, whose length is the typical gap; means are
///   weighted by time. A value over an hour holds in each of its quarters; windows of a minute are left out for
///   intervals longer than 90 s. An hourly value of 3.5 kW gives the 1 h window exactly 3.5 kWh.
/// - `counter`: statistics are those of the rate between readings, in units per hour: kW for an energy counter, whose
///   increase is the window's energy. Increases are spread evenly over the time in which they came.
public struct FeatureWindowStage: Stage {
  /// The stage's name.
  public static let name = "windows"
  /// After this time without a reading, windows are closed by the receive clock.
  public static let silence = TimeSpan.minute
  /// How far the plant's clock must be past the end of a window to close it.
  public static let minuteSlack = TimeSpan.minutes(2)

  /// How far behind a series' highest time a reading may be without being late.
  public let lateness: TimeSpan
  /// Readings that came too late to change any window.
  public internal(set) var tooLate: UInt64 = 0
  var states: [SeriesWindows] = []
  var hours: [LocalRollup] = []
  var days: [LocalRollup] = []
  var indicators = PlantIndicators()
  private var calendar: LocalCalendar?
  private var dayStart = Timestamp.distantPast
  private var dayEnd = Timestamp.distantPast

  /// A stage that has seen nothing.
  public init(lateness: TimeSpan = .seconds(10)) {
    self.lateness = max(.zero, lateness)
  }

  /// Takes in readings, or closes windows by a clock; adds windows and their points to the frame.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    while states.count < register.series.count {
      states.append(SeriesWindows())
      hours.append(LocalRollup())
      days.append(LocalRollup())
    }
    if calendar == nil { calendar = LocalCalendar(identifier: register.plant.location.timezone) ?? .utc }
    indicators.follow(register)
    let first = frame.windows.count
    switch frame.cause {
    case .readings: take(&frame, register)
    case .minute: closeByClock(&frame, register)
    case .tick: closeSilent(&frame, register)
    }
    for position in first..<frame.windows.count { write(frame.windows[position], to: &frame.points) }
    if frame.cause == .minute { writeIndicators(&frame, register) }
  }

  private func traits(_ position: Int, _ register: PlantRegister) -> SeriesTraits {
    let profile = register.series[position].profile
    return SeriesTraits(
      series: SeriesIndex(position), sampling: profile.sampling, unit: profile.unit, lateness: lateness)
  }

  private mutating func take(_ frame: inout Frame, _ register: PlantRegister) {
    for i in 0..<frame.readings.count {
      let position = frame.readings.series[i].position
      let quality = frame.readings.quality[i]
      guard register.series.indices.contains(position), position < states.count else { continue }
      guard quality != .future, quality != .duplicate, !register.series[position].profile.isForecast else { continue }
      states[position].lastReceived = max(states[position].lastReceived, frame.received)
      let (time, value) = (frame.readings.time[i], frame.readings.value[i])
      if !states[position].add(
        value, at: time, quality: quality, traits: traits(position, register), into: &frame.windows)
      {
        tooLate &+= 1
      }
      if quality == .good || quality == .imputed || quality == .late { indicators.take(value, at: time, of: position) }
    }
  }

  private mutating func closeByClock(_ frame: inout Frame, _ register: PlantRegister) {
    let limit = frame.clock - Self.minuteSlack
    for position in 0..<register.series.count where position < states.count && states[position].nextDue <= limit {
      states[position].emitOpen(traits(position, register), into: &frame.windows) { _, end, _ in end <= limit }
    }
  }

  private mutating func closeSilent(_ frame: inout Frame, _ register: PlantRegister) {
    let limit = frame.received - lateness
    let isCatchingUp = frame.isCatchingUp
    for position in 0..<register.series.count where position < states.count && states[position].nextDue <= limit {
      guard frame.received - states[position].lastReceived >= Self.silence else { continue }
      let traits = traits(position, register)
      let isInterval = traits.sampling == .intervalStart || traits.sampling == .intervalEnd
      if isCatchingUp && !isInterval { continue }
      states[position].emitOpen(traits, into: &frame.windows) { slot, end, length in
        end <= limit && (!isCatchingUp || slot.covered >= 0.999 * length.inHours)
      }
    }
  }

  private mutating func write(_ window: FeatureWindow, to points: inout PointBatch) {
    points.begin(PointKey(.feature, .series(window.series), window.length.rawValue), at: window.start)
    points.field("mean", window.mean)
    points.field("min", window.minimum)
    points.field("max", window.maximum)
    points.field("std", window.standardDeviation)
    points.field("slope", window.slope)
    points.field("count", integer: Int64(window.count))
    points.field("energy_kwh", window.energyKilowattHours)
    rollUp(window, to: &points)
  }

  /// Adds a window to its local hour and day: the 1 h windows where the zone is whole hours off UTC, else the 15 m ones.
  private mutating func rollUp(_ window: FeatureWindow, to points: inout PointBatch) {
    guard window.length != .minute, var calendar else { return }
    defer { self.calendar = calendar }
    let isWhole = calendar.utcOffset(at: window.start) % 3600 == 0
    guard window.length == (isWhole ? .hour : .quarterHour) else { return }
    let position = window.series.position
    let start = calendar.startOfHour(containing: window.start)
    var complete: [LocalPeriod] = []
    hours[position].put(
      Contribution(window), from: window.start, to: window.end, step: window.length.span, start: start,
      end: start + .hour
    ) { complete.append($0) }
    for hour in complete {
      Self.write(hour.total, PointKey(.cleanHourly, .series(window.series)), at: hour.start, to: &points)
      addToDay(hour, window.series, &calendar, &points)
    }
  }

  private mutating func addToDay(
    _ hour: LocalPeriod, _ series: SeriesIndex, _ calendar: inout LocalCalendar, _ points: inout PointBatch
  ) {
    if hour.start < dayStart || hour.start >= dayEnd {
      dayStart = calendar.startOfDay(containing: hour.start)
      // A day has 23 to 25 hours, so 26 hours on it is the next one.
      dayEnd = calendar.startOfDay(containing: dayStart + .hours(26))
      if dayEnd <= dayStart { dayEnd = dayStart + .day }
    }
    var complete: [LocalPeriod] = []
    days[series.position].put(
      hour.total, from: hour.start, to: hour.end, step: .hour, start: dayStart, end: dayEnd
    ) { complete.append($0) }
    for day in complete { Self.write(day.total, PointKey(.cleanDaily, .series(series)), at: day.start, to: &points) }
  }

  private static func write(
    _ total: Contribution, _ key: PointKey, at start: Timestamp, to points: inout PointBatch
  ) {
    points.begin(key, at: start)
    points.field("mean", total.mean)
    points.field("min", total.minimum)
    points.field("max", total.maximum)
    points.field("energy_kwh", total.energy)
    points.field("good_share", total.goodShare)
  }

  private mutating func writeIndicators(_ frame: inout Frame, _ register: PlantRegister) {
    guard var calendar, let (moment, balance) = indicators.evaluate(at: frame.clock, register.plant.tariff, &calendar)
    else { return }
    self.calendar = calendar
    frame.points.begin(PointKey(.kpi, .plant), at: moment)
    frame.points.field("generation_kw", balance.generation)
    frame.points.field("load_kw", balance.load)
    frame.points.field("grid_kw", balance.grid)
    frame.points.field("battery_kw", balance.battery)
    frame.points.field("self_consumption", balance.selfConsumption)
    frame.points.field("cost", balance.cost)
    frame.points.field("carbon_kg", balance.carbon)
  }
}
