import EnergyAccounting
import PlantModel
import StreamCore

/// Tumbling event-time windows of 1 m, 15 m and 1 h for every series, aligned to the epoch.
///
/// The stage also writes the rollups `clean_1h` and `clean_1d` by local time, and the plant indicators `kpi`.
///
/// **Emission.** A window is emitted at the first of these times:
///
/// - when the series' watermark (highest event time minus the lateness) passes its end;
/// - at a minute mark two minutes after its end;
/// - at a tick after the series has been silent for a minute.
///
/// Windows that intervals cover completely are emitted as soon as event time reaches their end. Late readings and
/// filled gaps change windows, which are then emitted again as updates. A series without energy can change the newest
/// window of each length and the one before. A series that carries energy (powers and energy counters) can change
/// windows as far back as the plant accepts late readings. Older readings are counted in ``tooLate``.
///
/// **Statistics.** Good, late and filled readings enter the statistics. Others count only in the denominator of the
/// good share. Duplicates and future readings do not count at all.
///
/// - `instant`: arithmetic mean over samples. The energy of a power is the trapezoid between samples at most three
///   typical intervals or one minute apart. Time without known power adds no energy.
/// - `interval_start`, `interval_end`: each value holds over its interval, whose length is the typical gap; means are
///   weighted by time. An hourly value holds in each of its quarter-hours. Windows of a minute are left out for
///   intervals longer than 90 s. An hourly value of 3.5 kW gives the 1 h window exactly 3.5 kWh.
/// - `counter`: statistics are those of the rate between readings, in units per hour. For an energy counter this is kW,
///   and the increase is the window's energy. Increases are spread evenly over the time between readings, or by their
///   usual course over an outage.
///
/// p10, p50 and p90 are exact for series that carry energy. For others they come from a sketch of seven clusters, which
/// is exact up to seven readings a window. Beyond that, the share of readings below them is off by up to 0.04 on
/// average. The worst case is 0.17 in a minute and 0.1 in longer windows. Each reading counts once, however long it
/// holds.
///
/// **Memory.** A series without energy takes 0.7 KiB; a series with energy keeps its readings, see
/// ``EnergyAccounting/Meter``. A series without energy that has been silent for more than 25 hours keeps only its
/// watermark and the sum of its local day. It gets a new state with its next reading.
public struct FeatureWindowStage: Stage {
  /// Name of the stage.
  public static let name = "windows"
  /// Time without a reading after which windows are closed by the receive clock.
  public static let silence = TimeSpan.minute
  /// Time by which the plant's clock must have passed the end of a window to close it.
  public static let minuteSlack = TimeSpan.minutes(2)

  /// Time behind a series' highest time from which a reading is late.
  public let lateness: TimeSpan
  /// Limits full scans for windows of silent series.
  var look = ScanSchedule()
  /// Number of readings that came too late to change any window.
  public internal(set) var tooLate: UInt64 = 0
  /// Silence after which a series' state is reduced to its watermark.
  static let quietAfter = TimeSpan.hours(25)

  var states = SeriesStates<SeriesWindows>()
  /// States of series that carry energy.
  var meters = SeriesStates<MeteredSeries>()
  /// Account of the plant's energy and cost.
  var account = PlantAccount()
  /// Highest times of series whose state has been dropped.
  var quiet: [Int32: Timestamp] = [:]
  /// Local hours, if the time zone's offset from UTC is not whole hours; otherwise the 1 h windows serve.
  var hours: [LocalRollup] = []
  var days: [LocalRollup] = []
  var indicators = PlantIndicators()
  /// Each distinct set of traits once, and the index of each series' traits.
  private var traits: [SeriesTraits] = []
  private var kinds: [UInt16] = []
  private var output = WindowOutput()
  private var calendar: LocalCalendar?
  private var day = 0..<0 as Range<Int32>

  /// Creates a stage without state.
  public init(lateness: TimeSpan = .seconds(10)) {
    self.lateness = max(.zero, lateness)
  }

  /// Adds readings or closes windows by a clock, and adds windows and their points to the frame.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    if kinds.count < register.series.count { follow(register) }
    indicators.follow(register)
    account.follow(register)
    swap(&frame.windows, &output.windows)
    switch frame.cause {
    case .readings: observe(&frame, in: register)
    case .minute: closeByClock(&frame, in: register)
    case .tick: closeSilent(&frame, in: register)
    case .process: break
    }
    swap(&frame.windows, &output.windows)
    switch frame.cause {
    case .minute:
      writeIndicators(&frame, in: register)
      settleAccount(&frame, in: register)
    case .tick: settleAccount(&frame, in: register)
    case .readings, .process: break
    }
  }

  /// Adds series that are new in the register.
  private mutating func follow(_ register: PlantRegister) {
    if calendar == nil { calendar = LocalCalendar(identifier: register.plant.location.timezone) ?? .utc }
    // Both a summer and a winter day are tested: some zones are whole hours off UTC only in one of them.
    let isWhole = [1_689_000_000, 1_704_000_000].allSatisfy {
      (calendar?.utcOffset(at: Timestamp(seconds: $0)) ?? 0) % 3600 == 0
    }
    output.rollupLength = isWhole ? .hour : .quarterHour
    let count = register.series.count
    states.grow(to: count)
    days.grow(to: count, element: LocalRollup())
    if !isWhole { hours.grow(to: count, element: LocalRollup()) }
    kinds.reserveCapacity(count)
    for series in register.series[kinds.count...] {
      let own = SeriesTraits(series.profile, lateness: lateness)
      let known = traits.firstIndex(of: own)
      if known == nil, traits.count <= Int(UInt16.max) { traits.append(own) }
      kinds.append(UInt16(clamping: known ?? traits.count - 1))
    }
    // Plants without energy reserve no memory for it.
    if traits.contains(where: \.hasEnergy) { meters.grow(to: count) }
  }

  private mutating func observe(_ frame: inout Frame, in register: PlantRegister) {
    let late = register.plant.late
    for change in frame.availability where !change.isOnline {
      end(change.asset, at: frame.received, in: register, into: &frame.points)
    }
    for i in 0..<frame.readings.count {
      let position = frame.readings.series[i].position
      let (quality, flags) = (frame.readings.quality[i], frame.readings.flags[i])
      guard position >= 0, position < kinds.count, !traits[Int(kinds[position])].isForecast else { continue }
      // A reading that is out of range may be in the future as well.
      guard !flags.contains(QualityFlags(.future)), quality != .future, quality != .duplicate else { continue }
      var own = traits[Int(kinds[position])]
      if own.hasEnergy {
        observeMetered(i, own: own, late: late, into: &frame)
        continue
      }
      own.holds = frame.holds(position)
      let place = states.place(of: position) ?? wake(position)
      states[place].lastReceived = max(states[place].lastReceived, frame.received)
      let (time, value) = (frame.readings.time[i], frame.readings.value[i])
      output.series = SeriesIndex(position)
      let first = output.windows.count
      if states[place].isHeld != own.holds { states[place].setHolds(own, into: &output) }
      if !states[place].add(value, at: time, quality: quality, traits: own, into: &output) {
        tooLate &+= 1
      }
      if output.windows.count > first || !output.settled.isEmpty { write(from: first, into: &frame.points) }
      if quality == .good || quality == .imputed || quality == .late {
        indicators.observe(value, at: time, of: position)
        account.observe(MeterSample(time: time, value: value, standing: .good), of: position)
      }
    }
  }

  /// Adds a reading of a series that carries energy.
  ///
  /// - Parameters:
  ///   - row: Row of the reading in the frame.
  ///   - own: Traits of its series.
  ///   - late: Age up to which late readings count.
  ///   - frame: The frame; receives the points of closed windows.
  private mutating func observeMetered(_ row: Int, own: SeriesTraits, late: TimeSpan, into frame: inout Frame) {
    let position = frame.readings.series[row].position
    let (time, value, quality) = (frame.readings.time[row], frame.readings.value[row], frame.readings.quality[row])
    let place = meters.place(of: position) ?? meters.add(MeteredSeries(), to: position)
    meters[place].lastReceived = max(meters[place].lastReceived, frame.received)
    if let changed = meters[place].setHolds(frame.holds(position)) { account.touch(from: changed.lowerBound) }
    let (isAccepted, changed) = meters[place].add(value, at: time, quality: quality, rule: own.rule, late: late)
    if !isAccepted { tooLate &+= 1 }
    if let changed {
      account.touch(from: changed.lowerBound)
      if own.sampling == .counter { account.touch(from: meters[place].meter.stepStart(of: time)) }
    }
    let highest = meters[place].highest
    if quality != .imputed, meters[place].nextDue <= highest {
      output.series = SeriesIndex(position)
      let first = output.windows.count
      meters[place].close(
        through: highest - own.lateness, wholeThrough: own.isInterval ? highest : nil, traits: own, into: &output)
      if output.windows.count > first { write(from: first, into: &frame.points) }
    }
    if quality == .good || quality == .imputed || quality == .late { indicators.observe(value, at: time, of: position) }
  }

  /// Ends the held values of an asset that went offline.
  ///
  /// - Parameters:
  ///   - asset: The asset.
  ///   - timestamp: Time at which it went offline.
  ///   - register: Assets and series of the plant.
  ///   - points: Receives the points of changed windows.
  private mutating func end(
    _ asset: AssetIndex, at timestamp: Timestamp, in register: PlantRegister, into points: inout PointBatch
  ) {
    for series in register.seriesOfAsset[asset.position] {
      if let place = states.place(of: series.position), states[place].isHeld {
        output.series = series
        let first = output.windows.count
        states[place].endHold(at: timestamp, traits: traits(of: series.position), output: &output)
        if output.windows.count > first || !output.settled.isEmpty { write(from: first, into: &points) }
      }
      guard let place = meters.place(of: series.position) else { continue }
      let rule = traits[Int(kinds[series.position])].rule
      if let changed = meters[place].end(at: timestamp, rule: rule) { account.touch(from: changed.lowerBound) }
    }
  }

  private mutating func closeByClock(_ frame: inout Frame, in register: PlantRegister) {
    let limit = frame.clock - Self.minuteSlack
    closeMetered(&frame.points) { meter, own in
      guard meter.nextDue <= limit else { return nil }
      return (limit, nil)
    }
    if frame.clock == frame.clock.floored(to: .hour) { settleMetered(frame.clock, in: register, into: &frame.points) }
    let quarter = limit.floored(to: .minutes(15))
    for position in kinds.indices {
      guard let place = states.place(of: position) else { continue }
      if states[place].isHeld, states[place].baseTime < quarter {
        extend(position, place: place, quarter: quarter, into: &frame.points)
      }
      guard states[place].nextDue <= limit else { continue }
      close(position, place: place, into: &frame.points) { _, end, _ in end <= limit }
    }
    if frame.clock == frame.clock.floored(to: .hour) { dropQuiet(&frame) }
  }

  /// Returns the traits of a series, including whether its values hold at present.
  private func traits(of position: Int) -> SeriesTraits {
    var own = traits[Int(kinds[position])]
    if let place = states.place(of: position) { own.holds = states[place].isHeld }
    return own
  }

  /// Extends a held value up to a time.
  ///
  /// - Parameters:
  ///   - position: Position of the series in the register.
  ///   - place: Place of its state.
  ///   - quarter: Time up to which the value holds.
  ///   - points: Receives the points of changed windows.
  private mutating func extend(_ position: Int, place: Int, quarter: Timestamp, into points: inout PointBatch) {
    output.series = SeriesIndex(position)
    let first = output.windows.count
    states[place].extendHold(to: quarter, traits: traits(of: position), output: &output)
    if output.windows.count > first || !output.settled.isEmpty { write(from: first, into: &points) }
  }

  private mutating func wake(_ position: Int) -> Int {
    var state = SeriesWindows()
    if let highest = quiet.removeValue(forKey: Int32(truncatingIfNeeded: position)) { state.highest = highest }
    return states.add(state, to: position)
  }

  /// Settles all windows of series that have been silent for more than 25 hours, and drops their states.
  private mutating func dropQuiet(_ frame: inout Frame) {
    for position in kinds.indices {
      guard let place = states.place(of: position), frame.clock - states[place].highest > Self.quietAfter else {
        continue
      }
      output.series = SeriesIndex(position)
      states[place].settleAll(traits(of: position), into: &output)
      write(from: output.windows.count, into: &frame.points)
      quiet[Int32(truncatingIfNeeded: position)] = states[place].highest
      states.drop(position)
    }
  }

  /// Closes windows of series that carry energy, up to a limit for each, and emits changed windows again.
  private mutating func closeMetered(
    _ points: inout PointBatch, limit: (MeteredSeries, SeriesTraits) -> (Timestamp, whole: Timestamp?)?
  ) {
    if meters.liveCount == 0 { return }
    for position in kinds.indices {
      guard let place = meters.place(of: position) else { continue }
      let own = traits[Int(kinds[position])]
      let limit = limit(meters[place], own)
      guard limit != nil || meters[place].dirty != nil else { continue }
      output.series = SeriesIndex(position)
      let first = output.windows.count
      if let limit { meters[place].close(through: limit.0, wholeThrough: limit.whole, traits: own, into: &output) }
      meters[place].emitChanged(own, into: &output)
      if output.windows.count > first { write(from: first, into: &points) }
    }
  }

  /// Settles readings and windows that no late reading can change any more.
  ///
  /// - Parameters:
  ///   - clock: The plant's clock.
  ///   - register: Assets and series of the plant.
  ///   - points: Receives the points of changed windows.
  private mutating func settleMetered(_ clock: Timestamp, in register: PlantRegister, into points: inout PointBatch) {
    let late = register.plant.late
    let horizon = account.horizon(at: clock, late: late)
    var clockOfPlant = calendar ?? .utc
    for position in kinds.indices {
      guard let place = meters.place(of: position) else { continue }
      let own = traits[Int(kinds[position])]
      output.series = SeriesIndex(position)
      let first = output.windows.count
      meters[place].settle(before: clock, horizon: horizon, late: late, traits: own, into: &output) {
        clockOfPlant.utcOffset(at: $0)
      }
      if output.windows.count > first || !output.settled.isEmpty { write(from: first, into: &points) }
    }
  }

  private mutating func closeSilent(_ frame: inout Frame, in register: PlantRegister) {
    let isBehind = frame.isCatchingUp
    let received = frame.received
    closeMetered(&frame.points) { [lateness] meter, own in
      guard meter.nextDue + lateness <= received, meter.lastReceived + Self.silence <= received else { return nil }
      if !isBehind { return (received - lateness, nil) }
      // Completely covered windows need not wait, even while catching up.
      return own.isInterval ? (.distantPast, received - lateness) : nil
    }
    guard look.isDue(at: frame.received) else { return }
    let limit = frame.received - lateness
    let isCatchingUp = frame.isCatchingUp
    // A series cannot become silent earlier than this after any reading.
    var next = frame.received + Self.silence
    defer { look.looked(at: frame.received, next: next) }
    for position in kinds.indices {
      guard let place = states.place(of: position) else { continue }
      let due = max(states[place].nextDue + lateness, states[place].lastReceived + Self.silence)
      next = min(next, due)
      if due > frame.received { continue }
      if isCatchingUp && !traits[Int(kinds[position])].isInterval { continue }
      close(position, place: place, into: &frame.points) { slot, end, length in
        end <= limit && (!isCatchingUp || slot.coveredHours >= 0.999 * length.inHours)
      }
    }
  }

  private mutating func close(
    _ position: Int, place: Int, into points: inout PointBatch,
    isDue: (borrowing WindowAccumulator, _ end: Timestamp, _ length: TimeSpan) -> Bool
  ) {
    output.series = SeriesIndex(position)
    let first = output.windows.count
    states[place].emitOpen(traits(of: position), into: &output, isDue: isDue)
    write(from: first, into: &points)
  }

  /// Writes the points of windows from position `first` on, and of the local hours and days that they belong to.
  private mutating func write(from first: Int, into points: inout PointBatch) {
    var next = 0
    for position in first..<output.windows.count {
      while next < output.settled.count, output.settled[next].after <= position {
        settle(output.settled[next].window)
        next += 1
      }
      writeFeature(output.windows[position], into: &points)
      rollUp(output.windows[position], into: &points)
    }
    for rest in output.settled[next...] { settle(rest.window) }
    output.settled.removeAll(keepingCapacity: true)
  }

  private func writeFeature(_ window: FeatureWindow, into points: inout PointBatch) {
    points.begin(PointKey(.feature, .series(window.series), window.length.rawValue), at: window.start)
    points.field("mean", window.mean)
    points.field("min", window.minimum)
    points.field("max", window.maximum)
    points.field("std", window.standardDeviation)
    points.field("slope", window.slope)
    points.field("count", integer: Int64(window.count))
    points.field("p10", window.p10)
    points.field("p50", window.p50)
    points.field("p90", window.p90)
    points.field("energy_kwh", window.energyKilowattHours)
  }

  // MARK: Local hours and days

  /// Adds a window to its local hour and day. These consist of 1 h windows if the zone is whole hours off UTC, else of
  /// 15 m windows.
  private mutating func rollUp(_ window: FeatureWindow, into points: inout PointBatch) {
    guard window.length == output.rollupLength else { return }
    let (position, start) = (window.series.position, window.start.minute)
    let day = localDay(containing: window.start)
    if window.length == .hour {
      Self.write(
        Contribution(window), key: PointKey(.cleanHourly, .series(window.series)), at: window.start, to: &points)
    } else if hours.indices.contains(position) {
      let hour = localHour(containing: window.start)
      var rollup = hours[position]
      write(&rollup, window: window, period: hour, measurement: .cleanHourly, into: &points)
      hours[position] = rollup
    }
    guard days.indices.contains(position), day.contains(start) else { return }
    var rollup = days[position]
    write(&rollup, window: window, period: day, measurement: .cleanDaily, into: &points)
    days[position] = rollup
  }

  private func write(
    _ rollup: inout LocalRollup, window: FeatureWindow, period: Range<Int32>, measurement: Measurement,
    into points: inout PointBatch
  ) {
    let key = PointKey(measurement, .series(window.series))
    let before = rollup.newest
    if rollup.isOverdue(onReaching: period.lowerBound), var total = rollup.settled(in: before) {
      total.add(unsettled(window.series, period: before..<period.lowerBound, but: nil))
      Self.write(total, key: key, at: Timestamp(minute: before), to: &points)
    }
    guard var total = rollup.settled(in: period.lowerBound),
      rollup.isDue(period.lowerBound, windowEnd: window.end.minute, end: period.upperBound)
    else { return }
    total.add(unsettled(window.series, period: period, but: window))
    total.add(Contribution(window))
    Self.write(total, key: key, at: Timestamp(minute: period.lowerBound), to: &points)
  }

  /// Returns the sum of a period's closed windows that may still change.
  ///
  /// - Parameters:
  ///   - series: The series.
  ///   - period: The period [min since the epoch].
  ///   - window: A window to be left out.
  private func unsettled(_ series: SeriesIndex, period: Range<Int32>, but window: FeatureWindow?) -> Contribution {
    var total = Contribution()
    if let place = meters.place(of: series.position) {
      var scratch: [Double] = []
      meters[place].forEachClosed(
        output.rollupLength, in: period, traits: traits[Int(kinds[series.position])], scratch: &scratch
      ) {
        if $0.start != window?.start { total.add(Contribution($0)) }
      }
      return total
    }
    guard let place = states.place(of: series.position) else { return total }
    states[place].forEachClosed(output.rollupLength, traits: traits(of: series.position)) { other in
      if period.contains(other.start.minute), other.start != window?.start { total.add(Contribution(other)) }
    }
    return total
  }

  private mutating func settle(_ window: FeatureWindow) {
    let position = output.series.position
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
    points.field("mean", total.mean)
    points.field("min", total.minimum)
    points.field("max", total.maximum)
    points.field("energy_kwh", total.energy)
    points.field("good_share", Double(sevenDigitsOf: total.goodShare))
  }

  private mutating func writeIndicators(_ frame: inout Frame, in register: PlantRegister) {
    let (clock, meters, traits, kinds) = (frame.clock, meters, traits, kinds)
    let mean = { (position: Int) -> Double? in
      guard let place = meters.place(of: position) else { return nil }
      let cell = meters[place].meter.energy(
        from: clock - .minute, to: clock, rule: traits[Int(kinds[position])].rule)
      return cell.known >= 0.5 / 60 ? cell.net / cell.known : nil
    }
    guard let (timestamp, balance) = indicators.evaluate(at: clock, mean: mean) else { return }
    frame.points.begin(PointKey(.kpi, .plant), at: timestamp)
    frame.points.field("generation_kw", balance.generation)
    frame.points.field("load_kw", balance.load)
    frame.points.field("grid_kw", balance.grid)
    frame.points.field("battery_kw", balance.battery)
    frame.points.field("generation_coverage", balance.generationCoverage)
    frame.points.field("load_coverage", balance.loadCoverage)
    frame.points.field("battery_coverage", balance.batteryCoverage)
  }

  /// Settles the quarter-hours of the account that have ended, and those that late readings changed.
  private mutating func settleAccount(_ frame: inout Frame, in register: PlantRegister) {
    // At a tick the clock lies between two minute marks; the last mark counts.
    let clock = frame.clock.floored(to: .minute)
    guard var calendar, account.due < clock.floored(to: PlantAccount.step) else { return }
    var points = PointBatch()
    swap(&points, &frame.points)
    var quarters: [EnergyQuarter] = []
    account.settle(
      through: clock, late: register.plant.late, in: register, calendar: &calendar,
      source: { [meters, traits, kinds] series in
        meters.place(of: series.position).map { (meters[$0].meter, traits[Int(kinds[series.position])].rule) }
      }
    ) { quarter, assets in
      if !quarter.isEmpty {
        quarters.append(quarter)
        quarter.write(to: &points, currency: register.plant.currency)
      }
      for asset in assets { asset.write(quarter.start, to: &points) }
    }
    frame.quarters += quarters
    swap(&points, &frame.points)
    self.calendar = calendar
  }
}

extension Timestamp {
  /// Creates the timestamp at which a minute begins [min since the epoch].
  init(minute: Int32) { self.init(nanoseconds: Int64(minute) * 60_000_000_000) }

  /// Minute that contains the timestamp [min since the epoch].
  var minute: Int32 { Int32(truncatingIfNeeded: floored(to: .minute).nanoseconds / 60_000_000_000) }
}
