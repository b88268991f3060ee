import EnergyAccounting
public import PlantModel
import PointSchema
public import StreamCore
public import WattlineTime

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
  /// Number of readings that came too late to change any window.
  public internal(set) var tooLate: UInt64 = 0

  /// Traits and windows of every series.
  var store = WindowStore()
  /// Account of the plant's energy and cost.
  var account = PlantAccount()
  var rollups = LocalRollups()
  var indicators = PlantIndicators()
  var output = WindowOutput()

  /// Creates a stage without state.
  public init(lateness: TimeSpan = .seconds(10)) {
    self.lateness = max(.zero, lateness)
  }

  /// Adds readings or closes windows by a clock, and adds windows and their points to the frame.
  public mutating func step(_ frame: inout Frame, in register: PlantRegister) {
    if store.kinds.count < register.series.count { follow(register) }
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
    rollups.follow(register)
    store.follow(register, lateness: lateness)
    output.rollupLength = rollups.length
  }

  private mutating func observe(_ frame: inout Frame, in register: PlantRegister) {
    let late = register.plant.late
    for change in frame.availability where !change.isOnline {
      end(change.asset, at: frame.received, in: register, into: &frame.points)
    }
    for i in 0..<frame.readings.count {
      let position = frame.readings.series[i].position
      let (quality, flags) = (frame.readings.quality[i], frame.readings.flags[i])
      guard position >= 0, position < store.kinds.count, !store.kinds[position].isForecast else { continue }
      // A reading that is out of range may be in the future as well.
      guard !flags.contains(QualityFlags(.future)), quality != .future, quality != .duplicate else { continue }
      var own = store.kinds[position]
      if own.hasEnergy {
        observeMetered(i, own: own, late: late, into: &frame)
        continue
      }
      own.holds = frame.holds(position)
      let place = store.place(of: position)
      store.states[place].lastReceived = max(store.states[place].lastReceived, frame.received)
      let (time, value) = (frame.readings.time[i], frame.readings.value[i])
      output.series = SeriesIndex(position)
      let first = output.windows.count
      if store.states[place].isHeld != own.holds { store.states[place].setHolds(own, into: &output) }
      if !store.states[place].add(value, at: time, quality: quality, traits: own, into: &output) {
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
    let place = store.meters.place(of: position) ?? store.meters.add(MeteredSeries(), to: position)
    store.meters[place].lastReceived = max(store.meters[place].lastReceived, frame.received)
    if let changed = store.meters[place].setHolds(frame.holds(position)) { account.touch(from: changed.lowerBound) }
    let (isAccepted, changed) = store.meters[place].add(value, at: time, quality: quality, rule: own.rule, late: late)
    if !isAccepted { tooLate &+= 1 }
    if let changed {
      account.touch(from: changed.lowerBound)
      if own.sampling == .counter { account.touch(from: store.meters[place].meter.stepStart(of: time)) }
    }
    let highest = store.meters[place].highest
    if quality != .imputed, store.meters[place].nextDue <= highest {
      output.series = SeriesIndex(position)
      let first = output.windows.count
      store.meters[place].close(
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
      if let place = store.states.place(of: series.position), store.states[place].isHeld {
        output.series = series
        let first = output.windows.count
        store.states[place].endHold(at: timestamp, traits: store.traits(of: series.position), output: &output)
        if output.windows.count > first || !output.settled.isEmpty { write(from: first, into: &points) }
      }
      guard let place = store.meters.place(of: series.position) else { continue }
      let rule = store.kinds[series.position].rule
      if let changed = store.meters[place].end(at: timestamp, rule: rule) { account.touch(from: changed.lowerBound) }
    }
  }
}

extension Timestamp {
  /// Creates the timestamp at which a minute begins [min since the epoch].
  init(minute: Int32) { self.init(nanoseconds: Int64(minute) * 60_000_000_000) }

  /// Minute that contains the timestamp [min since the epoch].
  var minute: Int32 { Int32(truncatingIfNeeded: floored(to: .minute).nanoseconds / 60_000_000_000) }
}
