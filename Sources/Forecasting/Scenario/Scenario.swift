import PlantModel
import PlantPhysics
public import WattlineTime

/// A recorded span of local days, simulated many times with and without events.
///
/// Each run is the span's day-ahead forecasts plus errors of such forecasts on other days, drawn at random a day at a
/// time. An asset that is shut down or enlarged follows its recorded power, slot by slot.
///
/// Heat acts through the relation learned from the plant's own data (``TemperatureResponse``). Heat also
/// reduces PV power by 0.4 % per kelvin (``PlantPhysics/PhotovoltaicModel``). A battery follows its recorded power.
public struct Scenario {
  /// Longest span [days].
  public static let longestDays = 92
  /// Arrival time of a new charger's car [h, local].
  static let arrival = 18.0

  private let recording: ScenarioRecording
  private let span: Range<Int>
  private let runs: Int
  private let seed: UInt64
  private let events: [(effect: ScenarioEvent.Effect, slots: Range<Int>)]

  /// Creates a scenario.
  ///
  /// - Parameters:
  ///   - recording: The recording.
  ///   - events: The events.
  ///   - date: First local date; `nil` for the last days of the recording.
  ///   - days: Length of the span, 1...``longestDays``.
  ///   - runs: Number of runs, at least 1.
  ///   - seed: Seed of the random draws.
  /// - Throws: ``ScenarioError`` if the span or an event does not fit the recording.
  public init(
    _ recording: ScenarioRecording, events: [ScenarioEvent], from date: CivilTime? = nil, days: Int, runs: Int,
    seed: UInt64
  ) throws(ScenarioError) {
    span = try Scenario.span(of: days, from: date, in: recording)
    self.events = try Scenario.placed(events, within: span, of: recording)
    self.recording = recording
    self.runs = max(1, runs)
    self.seed = seed
  }

  /// Returns the slots of whole local days.
  ///
  /// - Parameters:
  ///   - days: Number of days.
  ///   - date: First local date; `nil` for the last days of the recording.
  ///   - recording: The recording.
  /// - Throws: ``ScenarioError`` if they are not within the recording.
  private static func span(
    of days: Int, from date: CivilTime?, in recording: ScenarioRecording
  ) throws(ScenarioError) -> Range<Int> {
    let (input, grid, calendar) = (recording.input, recording.input.grid, recording.input.calendar)
    let lastDay = calendar.clock(input.end).day
    let firstDay = date.map { CivilTime.daysSinceEpoch(year: $0.year, month: $0.month, day: $0.day) } ?? lastDay - days
    let start = calendar.firstSlot(ofLocalDay: firstDay)
    let end = calendar.firstSlot(ofLocalDay: firstDay + max(1, days))
    guard (1...longestDays).contains(days) else {
      throw ScenarioError("a scenario spans 1 to \(longestDays) days, not \(days)")
    }
    guard start >= input.first, end <= input.end else {
      let from = grid.start(of: input.first)
      throw ScenarioError(
        "the recording reaches from \(from) to \(grid.start(of: input.end)); \(days) days from "
          + "\(grid.start(of: start)) are not within it")
    }
    return start..<end
  }

  /// Returns the effects of events with their slots, cut to a span.
  ///
  /// - Parameters:
  ///   - events: The events.
  ///   - span: The span.
  ///   - recording: The recording.
  /// - Throws: ``ScenarioError`` if an event does not fit the recording or the span.
  private static func placed(
    _ events: [ScenarioEvent], within span: Range<Int>, of recording: ScenarioRecording
  ) throws(ScenarioError) -> [(effect: ScenarioEvent.Effect, slots: Range<Int>)] {
    let grid = recording.input.grid
    let (start, end) = (grid.start(of: span.lowerBound), grid.start(of: span.upperBound))
    var zone = recording.zone
    var placed: [(effect: ScenarioEvent.Effect, slots: Range<Int>)] = []
    for event in events {
      switch event.effect {
      case .shutdown(let asset), .capacity(let asset, _): _ = try recording.power(of: asset)
      case .heat where recording.input.exogenous.isEmpty:
        throw ScenarioError(
          "'\(event.text)' needs a recorded temperature, such as a column weather.temperature, to learn from")
      case .heat, .charger: break
      }
      let first: Timestamp
      switch event.onset {
      case .after(let delay): first = timestamp(start, plus: delay, zone: &zone)
      case .local(let civil): first = zone.timestamp(of: civil)
      }
      let last = event.duration.map { timestamp(first, plus: $0, zone: &zone) } ?? end
      let from = grid.slot(containing: first)
      let slots = from..<max(from, grid.slot(containing: last - TimeSpan(nanoseconds: 1)) + 1)
      guard slots.overlaps(span) else {
        throw ScenarioError("'\(event.text)' lies outside the span from \(start) to \(end)")
      }
      placed.append((event.effect, slots.clamped(to: span)))
    }
    return placed
  }

  /// Start and end of the span.
  public var interval: (start: Timestamp, end: Timestamp) {
    (recording.input.grid.start(of: span.lowerBound), recording.input.grid.start(of: span.upperBound))
  }

  /// Runs the scenario; `progress` receives the share of the work that is done, 0...1.
  ///
  /// - Throws: ``ScenarioError`` if an event needs more history than there is.
  public func run(progress: (Double) -> Void = { _ in }) throws(ScenarioError) -> ScenarioOutcome {
    let input = recording.input
    let rest = ScenarioRest(recording, effects: events.map(\.effect))
    let forecasts = ForecastErrorDays(
      load: upToEnd(rest.load, exogenous: input.exogenous),
      generation: rest.hasGeneration ? upToEnd(rest.generation, exogenous: []) : nil,
      days: span.count / input.grid.perDay + 2
    ) { progress(0.8 * $0) }
    var basis = ScenarioBasis(recording, span: span, events: events, rest: rest, medians: forecasts.medians)
    var notes: [String] = []
    if let heat = try heat() {
      basis.heatChanges = heat.changes
      notes.append(heat.note)
    }
    notes += basis.notes
    if forecasts.errors.isEmpty { notes.append("the recording is too short to forecast, so that runs do not vary") }
    var run = ScenarioRun(basis: basis, errors: forecasts.errors, arrivals: arrivals(), seed: seed)
    for index in 0..<runs {
      run.next()
      progress(0.9 + 0.1 * Double(index + 1) / Double(runs))
    }
    return run.outcome(notes: notes)
  }

  /// Returns the data known at the end of the span, padded with NaN to the end of a day in standard time.
  ///
  /// The padding is needed because forecasts run from midnight to midnight.
  private func upToEnd(_ target: [Double], exogenous: [ForecastInput.Exogenous]) -> ForecastInput {
    let input = recording.input
    let filling = (input.grid.perDay - (span.upperBound - input.grid.startOfDay(span.upperBound))) % input.grid.perDay
    return ForecastInput(
      grid: input.grid, first: input.first,
      target: target.prefix(span.upperBound - input.first) + Array(repeating: .nan, count: filling),
      exogenous: exogenous, zone: recording.zone, beyond: 2 * input.grid.perDay)
  }

  /// Returns a time moved by a delay: whole days in local time, other delays in elapsed time.
  ///
  /// - Parameters:
  ///   - start: The time.
  ///   - delay: The delay.
  ///   - zone: Local time zone.
  private static func timestamp(_ start: Timestamp, plus delay: TimeSpan, zone: inout LocalCalendar) -> Timestamp {
    guard delay > .zero, delay.nanoseconds % TimeSpan.day.nanoseconds == 0 else { return start + delay }
    return zone.timestamp(of: CivilTime(utc: zone.civil(at: start).utc + delay))
  }

  /// Returns the changes of the load by heat and their description; the first is that of the whole model, the others
  /// those of half samples.
  private func heat() throws(ScenarioError) -> (changes: [[Double]], note: String)? {
    let input = recording.input
    var warmth = Array(repeating: 0.0, count: span.count)
    for case (.heat(let kelvin), let slots) in events {
      for slot in slots { warmth[slot - span.lowerBound] += kelvin }
    }
    guard warmth.contains(where: { $0 != 0 }), let air = input.exogenous.first?.values else { return nil }
    var warm = air
    for (offset, kelvin) in warmth.enumerated() { warm[span.lowerBound - input.first + offset] += kelvin }
    let warmer = ForecastInput(
      grid: input.grid, first: input.first, target: input.target,
      exogenous: [ForecastInput.Exogenous(name: "temperature", isKnownAhead: true, values: warm)],
      zone: recording.zone, beyond: 2 * input.grid.perDay)
    guard let response = TemperatureResponse(input, seed: seed) else {
      throw ScenarioError("heat needs three weeks of load and temperature to learn from")
    }
    let changes = response.changes(input, warmer: warmer, span: span)
    let known = air.filter { !$0.isNaN }
    let range = (known.min() ?? .nan, known.max() ?? .nan)
    let beyond = warmth.indices.filter { offset in
      let value = warm[span.lowerBound - input.first + offset]
      return warmth[offset] != 0 && (value < range.0 || value > range.1)
    }
    let degreeHours = warmth.reduce(0, +)
    let slopes = changes.map { $0.reduce(0, +) / degreeHours }
    let sorted = ScenarioOutcome.Quantiles(Array(slopes.dropFirst()))
    let mean = "\(rounded(slopes[0])) kW a kelvin (\(rounded(sorted.p10)) to \(rounded(sorted.p90)))"
    let hours = rounded(Double(beyond.count) * input.grid.span.inHours)
    return (
      changes,
      "heat acts as an additive model has learnt it from \(min(365, known.count / input.grid.perDay)) days of the plant's "
        + "own load and temperature: \(mean) on the mean of the event; \(hours) h of it lie beyond the "
        + "\(rounded(range.0)) to \(rounded(range.1)) °C that were recorded, where its outermost lines go on; PV loses "
        + "0.4 % a kelvin"
    )
  }

  private func rounded(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    var unit = 1.0
    while value.magnitude / unit >= 1000 { unit *= 10 }
    while value.magnitude / unit < 100 { unit /= 10 }
    let number = (value / unit).rounded() * unit
    return number == number.rounded() && number.magnitude < 1e15 ? "\(Int(number))" : "\(Float(number))"
  }

  /// Returns the charging sessions of new chargers, one a day, with the expected arrival as a fractional slot.
  private func arrivals() -> [ScenarioRun.Arrival] {
    let grid = recording.input.grid
    var arrivals: [ScenarioRun.Arrival] = []
    for case (.charger(let kilowatts, let energy), let slots) in events {
      for day in grid.day(of: slots.lowerBound)...grid.day(of: slots.upperBound - 1) {
        let midnight = grid.firstSlot(ofDay: day)
        let summer = recording.input.calendar.entry(midnight + grid.perDay / 2).hour - 12
        let slot = Double(midnight) + (Scenario.arrival - summer) * Double(grid.perDay) / 24
        guard slots.contains(Int(slot)) else { continue }
        arrivals.append(
          ScenarioRun.Arrival(
            slot: slot - Double(span.lowerBound), kilowatts: kilowatts, kilowattHours: energy,
            end: slots.upperBound - span.lowerBound))
      }
    }
    return arrivals
  }
}
