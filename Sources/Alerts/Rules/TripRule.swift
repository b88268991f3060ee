import PlantModel
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// The power of a generator or load fell to zero abruptly.
  static let trip = AlertRuleID("trip", isFaultOfAsset: true)
}

/// Rule that detects powers that fall to zero faster than sun, wind or people can cause.
struct TripRule: AlertRule {
  static let ids = [AlertRuleID.trip]
  static let guide = [
    AlertGuide(
      "a power falls from above 20 % of the size to below 2 % within 10 minutes and stays there for 2 readings, or a "
        + "generator stops in the light; cleared above 5 %",
      remedy: "Look at the breaker and the inverter, and at the codes they show, before restarting.")
  ]
  static let causes = [
    AlertCause(.outage, scope: .plant),
    // A sensor that switches to a unit a thousand times larger seems to have fallen to zero.
    AlertCause(.unit, scope: .series),
  ]

  /// Shares of the rated power: above the first an asset runs, below the second it stands, above the third it has
  /// restarted.
  static let share = (running: 0.2, standing: 0.02, restarted: 0.05)
  /// Longest time from running to standing that counts as a trip; sunset and abating wind are slower.
  static let fall = TimeSpan.minutes(10)
  /// Irradiance above which a PV generator produces [W/m²], so that one that stops has tripped.
  static let light = 100.0
  /// Longest age of an irradiance that counts.
  static let recent = TimeSpan.minutes(2)
  /// Time without standing before a stop of a load counts as a trip. Loads that are switched off regularly are
  /// excluded.
  static let neverStood = TimeSpan.day

  private struct State: BitwiseCopyable {
    /// Run of standing readings after a fall; once the alert is active, negative while running again.
    var trip = AlertRun()
    /// The last two values, the later one first [kW], and their timestamps.
    var earlier = (Double.nan, Double.nan)
    var earlierTime = (Timestamp.distantPast, Timestamp.distantPast)
    /// Decaying maximum over about a day [kW]; used if the rated power is unknown.
    var recentMaximum = 0.0
    /// Time at which it last stood without a trip.
    var lastStood = Timestamp.distantPast
    /// Timestamp of the first reading.
    var first = Timestamp.distantPast
  }

  private var states = SeriesStates<State>()

  mutating func follow(_ register: PlantRegister) { states.grow(to: register.series.count) }

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool {
    register.kind(of: series).traits.trip != .none
  }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    // A fall is sudden, so readings with the qualities `rate` and `spike` count too.
    guard context.isPower[reading.series.position], reading.quality != .outOfRange, reading.value.isFinite else {
      return
    }
    let place = states.place(of: reading.series.position) ?? states.add(State(), to: reading.series.position)
    var state = states[place]
    judge(reading, state: &state, context: &context, into: &frame, in: register)
    states[place] = state
  }

  private func judge(
    _ reading: AlertReading, state: inout State, context: inout AlertContext, into frame: inout Frame,
    in register: PlantRegister
  ) {
    let (value, time) = (reading.value, reading.time)
    let asset = register.assets[reading.asset.position]
    if state.first == .distantPast { state.first = time }
    let key = AlertKey(rule: .trip, asset: reading.asset, series: reading.series)
    let size = asset.nominalKilowatts ?? state.recentMaximum
    let isStanding = value.magnitude < Self.share.standing * size
    if isStanding, frame.limits[reading.asset] == 0 {
      // An asset that is shut down does not show whether it could run. After a trip the alert stays until a person
      // acknowledges it.
      state.earlier = (0, 0)
      state.lastStood = time
      if context.book.isActive(key), context.book.alerts[key]?.isAcknowledged != true { return }
      state.trip.reset()
      return context.book.clear(
        key, at: time, text: "It was shut down, and the trip is acknowledged.", value: value, into: &frame)
    }
    if context.book.isActive(key) {
      state.trip.count(value < Self.share.restarted * size)
      if state.trip.isOver(for: AlertRun.fast) {
        let words = "It runs again, with \(AlertRegistry.rounded(value)) kW."
        context.book.clear(key, at: time, text: words, value: value, into: &frame)
        state.trip.reset()
      }
    } else if state.trip.length > 0 {
      if isStanding { state.trip.count(true) } else { state.trip.reset() }
    } else if isStanding, hasFallen(state, size: size, at: time, resource: context.resources[reading.asset.position]),
      !mayStand(asset.kind.traits.trip, state: state, at: time)
    {
      state.trip.reset()
      state.trip.count(true)
    }
    if !context.book.isActive(key), state.trip.holds(for: AlertRun.fast) {
      context.book.raise(
        key, severity: .critical, at: time, message: Self.message(asset.name, state: state, value: value, at: time),
        into: &frame, in: register)
    }
    if isStanding && state.trip.length == 0 { state.lastStood = time }
    if state.trip.length == 0 { remember(value, at: time, state: &state) }
  }

  private func remember(_ value: Double, at time: Timestamp, state: inout State) {
    // The maximum is halved within a day.
    let days = min(max((time - state.earlierTime.0).inHours / 24, 0), 1)
    state.recentMaximum = max(value, (1 - 0.5 * days) * state.recentMaximum)
    state.earlier = (value, state.earlier.0)
    state.earlierTime = (time, state.earlierTime.0)
  }

  /// Returns whether the asset ran within ``fall`` before, or produced any power in sufficient light.
  ///
  /// - Parameters:
  ///   - state: the values before.
  ///   - size: rated power [kW].
  ///   - time: timestamp of the standing reading.
  ///   - resource: irradiance [W/m²] and its timestamp.
  private func hasFallen(
    _ state: State, size: Double, at time: Timestamp, resource: (value: Double, time: Timestamp)
  ) -> Bool {
    guard size > 0 else { return false }
    let running = Self.share.running * size
    let isRecent = (time - state.earlierTime.0 <= Self.fall, time - state.earlierTime.1 <= Self.fall)
    if (state.earlier.0 > running && isRecent.0) || (state.earlier.1 > running && isRecent.1) { return true }
    return resource.value > Self.light && time - resource.time <= Self.recent
      && state.earlier.0 > Self.share.standing * size && isRecent.0
  }

  /// Returns whether standing is normal: for a load that stood within the last day, or is known for less than a day.
  private func mayStand(_ rule: TripBehaviour, state: State, at time: Timestamp) -> Bool {
    rule == .fallOfConstantRunner && time - max(state.lastStood, state.first) < Self.neverStood
  }

  private static func message(_ name: String, state: State, value: Double, at time: Timestamp) -> AlertMessage {
    // Of the last two values the one from which it fell.
    let isFirst = !(state.earlier.1 > state.earlier.0)
    let before = AlertRegistry.rounded(isFirst ? state.earlier.0 : state.earlier.1)
    let since = isFirst ? state.earlierTime.0 : state.earlierTime.1
    return AlertMessage(
      title: "\(name) has tripped",
      text:
        "The power of \(name) fell from \(before) kW at \(since) to \(AlertRegistry.rounded(value)) kW and "
        + "stays there at \(time). Look at its breaker and inverter, and at the codes they show, before restarting.",
      value: value)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    states.snapshot(into: &writer) { writer, state in
      state.trip.write(to: &writer)
      for value in [state.earlier.0, state.earlier.1, state.recentMaximum] { writer.write(value) }
      for time in [state.earlierTime.0, state.earlierTime.1, state.lastStood, state.first] { writer.write(time) }
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    states = try SeriesStates(from: &reader) { (reader) throws(SnapshotError) in
      var state = State()
      state.trip = try AlertRun(from: &reader)
      state.earlier = (try reader.readDouble(), try reader.readDouble())
      state.recentMaximum = try reader.readDouble()
      state.earlierTime = (try reader.readTimestamp(), try reader.readTimestamp())
      (state.lastStood, state.first) = (try reader.readTimestamp(), try reader.readTimestamp())
      return state
    }
  }
}
