public import PlantModel
public import WattlineTime

/// One asset's energy in one quarter-hour. Counters determine the amount, power determines the distribution over its
/// minutes.
public struct AssetEnergy: Sendable {
  /// The asset.
  public var asset: AssetIndex
  /// Energy of each minute; `positive` is in the direction of the asset's power.
  public var minutes: MinuteCells
  /// Whether a counter settled it.
  public var isCounted: Bool

  /// Sum of the 15 minutes.
  public var total: EnergyCell { minutes.total }
}

extension AssetMeters {
  /// Longest time between two steps of a counter for which power determines the course of the step.
  private static let longestStep = TimeSpan.hours(6)

  /// A lookup of a series' meter and the rule by which it is read; `nil` if the series has no meter.
  public typealias Source = (SeriesIndex) -> (meter: Meter, rule: MeterRule)?

  /// Largest share of a stretch without power readings that is filled with the stretch's mean power.
  private static let mostInferred = 0.1

  /// Returns the energy of a quarter-hour, from counters if they cover it, otherwise from power.
  ///
  /// The steps of a coarse counter (1 kWh, read every minute) are distributed by power, so no quarter-hour gets more
  /// than its share. Example: 0.5 kW for two hours and a step of 1 kWh at their end give 0.125 kWh for each
  /// quarter-hour. In an outage of the counter, energy measured by power stays at its time. The rest of the increase is
  /// spread over the time without power readings.
  public func energy(of quarter: Timestamp, source: Source) -> AssetEnergy {
    let end = quarter + .minutes(15)
    let power = power.flatMap(source)
    let measured = power?.meter.minutes(of: quarter, rule: power?.rule ?? MeterRule(sampling: .instant))
    let counters = [forward, reverse].map { $0.flatMap(source) }
    let counted = zip(counters, [1.0, -1]).map { counter, sign -> (total: Double, minutes: MinuteCells)? in
      guard let counter else { return nil }
      let minutes = counter.meter.minutes(of: quarter, rule: counter.rule)
      let own = minutes.total
      guard own.known > 0.25 * 0.999 else { return nil }
      // Between two steps of the counter only power shows the energy since the last step.
      if measured != nil, counter.meter.standsOpen(at: end, for: Self.longestStep) { return nil }
      let shaped = power.flatMap { Self.shaped(counter, by: $0, sign: sign, from: quarter, to: end) }
      return (shaped ?? own.positive, minutes)
    }
    guard let first = counted.compactMap({ $0 }).first else {
      return AssetEnergy(asset: asset, minutes: measured ?? MinuteCells(), isCounted: false)
    }
    var minutes = first.minutes
    if let measured, measured.total.known > 0.25 * 0.999 {
      minutes = measured
    } else {
      // Without power, only the counters themselves show the course within the quarter-hour.
      for minute in 0..<MinuteCells.count {
        minutes.minutes[minute].positive = counted[0]?.minutes.minutes[minute].positive ?? 0
        minutes.minutes[minute].negative = counted[1]?.minutes.minutes[minute].positive ?? 0
      }
    }
    if let total = counted[0]?.total { minutes.scale(\.positive, to: total) }
    if let total = counted[1]?.total { minutes.scale(\.negative, to: total) }
    return AssetEnergy(asset: asset, minutes: minutes, isCounted: true)
  }

  /// Returns a counter's energy between two times with its steps distributed by power.
  ///
  /// - Parameters:
  ///   - counter: The counter and its rule.
  ///   - power: The power series and its rule.
  ///   - sign: 1 for energy in the direction of the power, −1 for energy against it.
  ///   - start: Start of the stretch.
  ///   - end: End of the stretch.
  /// - Returns: The energy [kWh]; `nil` if it cannot be determined.
  private static func shaped(
    _ counter: (meter: Meter, rule: MeterRule), by power: (meter: Meter, rule: MeterRule), sign: Double,
    from start: Timestamp, to end: Timestamp
  ) -> Double? {
    guard let first = level(counter, power: power, sign: sign, at: start),
      let last = level(counter, power: power, sign: sign, at: end),
      last >= first
    else { return nil }
    return last - first
  }

  /// Returns the reading that the counter would have at a time if its resolution were infinitely fine.
  ///
  /// - Parameters:
  ///   - counter: The counter and its rule.
  ///   - power: The power series and its rule.
  ///   - sign: 1 for energy in the direction of the power, −1 for energy against it.
  ///   - timestamp: Time of the reading.
  /// - Returns: The reading [kWh]; `nil` if it cannot be determined.
  private static func level(
    _ counter: (meter: Meter, rule: MeterRule), power: (meter: Meter, rule: MeterRule), sign: Double,
    at timestamp: Timestamp
  ) -> Double? {
    let history = counter.meter.history
    let place = history.place(notBefore: timestamp + TimeSpan(nanoseconds: 1))
    guard var lower = history.used(before: place) else { return nil }
    let value = history[lower].value
    // At the time of a step the reading is exact.
    if counter.meter.standing(since: lower) == timestamp { return value }
    guard var upper = history.used(from: place) else { return nil }
    if history[upper].value < value { return nil }
    let isOutage = history.isOutage(from: lower, to: upper)
    if !isOutage {
      while history[upper].value == value {
        guard let next = history.used(from: upper + 1), history[next].time - timestamp <= longestStep else {
          return nil
        }
        upper = next
      }
      while let before = history.used(before: lower), history[before].value == value {
        guard timestamp - history[before].time <= longestStep else { return nil }
        lower = before
      }
    }
    let (from, to) = (history[lower].time, history[upper].time)
    let rise = history[upper].value - value
    guard rise > 0 || isOutage, from >= power.meter.remembersFrom else { return nil }
    let course = isOutage ? counter.meter.usual.course(before: from) : nil
    let part = Flow(power.meter, rule: power.rule, sign: sign, start: from, end: timestamp, course: course)
    let whole = Flow(power.meter, rule: power.rule, sign: sign, start: from, end: to, course: course)
    guard let share = part.share(of: whole, rise: rise, mostInferred: mostInferred) else { return nil }
    return value + rise * share
  }
}

/// Energy and coverage of a stretch according to the power readings.
private struct Flow {
  /// Energy in the direction of the counter [kWh].
  var energy = 0.0
  /// Time with known power [h].
  var known = 0.0
  /// Length of the stretch [h].
  var all: Double
  /// Usual energy of the time without known power, in any unit.
  var open: Double

  init(
    _ meter: Meter, rule: MeterRule, sign: Double, start: Timestamp, end: Timestamp,
    course: UsualProfile.Course?
  ) {
    let usual = { (from: Timestamp, to: Timestamp) in course?.energy(from: from, to: to) ?? (to - from).inHours }
    all = (end - start).inHours
    open = usual(start, end)
    var quarter = start.floored(to: .minutes(15))
    while quarter < min(end, meter.settledUntil) {
      let (from, to) = (max(quarter, start), min(quarter + .minutes(15), end))
      if let cell = meter.foldedQuarter(quarter) {
        add(cell.share((to - from).inHours * 4), sign: sign, usual: usual(from, to) * min(1, cell.known * 4))
      }
      quarter += .minutes(15)
    }
    guard max(start, meter.settledUntil) < end else { return }
    meter.forEachPiece(from: max(start, meter.settledUntil), to: end, rule: rule) { piece in
      var cell = EnergyCell()
      cell.add(piece)
      add(cell, sign: sign, usual: usual(piece.from, piece.to))
    }
  }

  private mutating func add(_ cell: EnergyCell, sign: Double, usual: Double) {
    energy += sign > 0 ? cell.positive : cell.negative
    known += cell.known
    open = max(0, open - usual)
  }

  /// Returns the share of a counter's rise over the stretch `whole` that falls into this part of it.
  ///
  /// - Parameters:
  ///   - whole: Flow over the whole stretch.
  ///   - rise: The counter's rise over the whole stretch [kWh].
  ///   - mostInferred: Largest share without known power, 0...1, that is filled with the mean power.
  /// - Returns: A share, 0...1; `nil` if it cannot be determined.
  func share(of whole: Flow, rise: Double, mostInferred: Double) -> Double? {
    let unknown = max(0, whole.all - whole.known)
    if unknown <= mostInferred * whole.all {
      // Over so short a time the mean power of the rest is a good estimate.
      guard whole.known > 0, whole.energy > 1e-12 else { return nil }
      let mean = whole.energy / whole.known
      return (energy + mean * max(0, all - known)) / (whole.energy + mean * unknown)
    }
    guard whole.open > 1e-12, rise > whole.energy else { return whole.energy > 1e-12 ? energy / whole.energy : nil }
    return (energy + (rise - whole.energy) * open / whole.open) / rise
  }
}

extension Meter {
  /// Returns whether the counter last stepped before `timestamp`, at most `longest` ago, and has not stepped since.
  func standsOpen(at timestamp: Timestamp, for longest: TimeSpan) -> Bool {
    let place = history.place(notBefore: timestamp + TimeSpan(nanoseconds: 1))
    guard let last = history.used(before: place) else { return false }
    let value = history[last].value
    var next = history.used(from: place)
    while let later = next {
      if history[later].value != value { return false }
      next = history.used(from: later + 1)
    }
    let since = standing(since: last)
    return since < timestamp && timestamp - since <= longest
  }

  /// Returns the time since which the counter has had the value of the reading at `place`, looking back up to 6 h.
  func standing(since place: Int) -> Timestamp {
    var first = place
    while let before = history.used(before: first), history[before].value == history[place].value,
      history[place].time - history[before].time <= .hours(6)
    {
      first = before
    }
    return history[first].time
  }

  /// Returns the start of the standstill that the reading at `time` ended; `time` itself if the counter did not step
  /// there.
  public func stepStart(of time: Timestamp) -> Timestamp {
    let place = history.place(notBefore: time)
    guard place < history.count, let before = history.used(before: place), history[place].value != history[before].value
    else { return time }
    return standing(since: before)
  }
}

extension MinuteCells {
  /// Scales one direction to a total; spreads the total evenly if power shows no energy in that direction.
  mutating func scale(_ direction: WritableKeyPath<EnergyCell, Double>, to total: Double) {
    let own = self.total[keyPath: direction]
    for minute in 0..<MinuteCells.count {
      minutes[minute][keyPath: direction] =
        own > 1e-12 ? minutes[minute][keyPath: direction] * (total / own) : total / Double(MinuteCells.count)
    }
  }
}
