import PlantModel

/// An asset's quarter of an hour: the counter says how much it was, the power when.
public struct AssetEnergy: Sendable {
  /// Whose energy it is.
  public var asset: AssetIndex
  /// Minute by minute, in the direction of the asset's power.
  public var minutes: MinuteCells
  /// Whether a counter settled it.
  public var isCounted: Bool

  /// All of the quarter.
  public var total: EnergyCell { minutes.total }
}

extension AssetMeters {
  /// Longest time between two steps of a counter over which the power says how the step came about.
  private static let longestStep = TimeSpan.hours(6)

  /// A meter with the rule by which it is read.
  public typealias Source = (SeriesIndex) -> (meter: Meter, rule: MeterRule)?

  /// Share of a stretch without power up to which its mean is taken for the rest.
  private static let mostInferred = 0.1

  /// The energy of a quarter, from counters where they know it, else from power.
  ///
  /// A counter of coarse steps (1 kWh, read every minute) is shaped by the power between two steps, so that no quarter
  /// gets more than its share. Example: 0.5 kW for two hours and a step of 1 kWh at their end give 0.125 kWh a quarter.
  /// Over an outage, what the power saw stays where it was; the rest is spread over the time without power.
  public func energy(of quarter: Timestamp, _ source: Source) -> AssetEnergy {
    let end = quarter + .minutes(15)
    let power = power.flatMap(source)
    let measured = power?.meter.minutes(of: quarter, power?.rule ?? MeterRule(sampling: .instant))
    let counters = [forward, reverse].map { $0.flatMap(source) }
    let counted = zip(counters, [1.0, -1]).map { counter, sign -> (total: Double, minutes: MinuteCells)? in
      guard let counter else { return nil }
      let minutes = counter.meter.minutes(of: quarter, counter.rule)
      let own = minutes.total
      guard own.known > 0.25 * 0.999 else { return nil }
      // Until it takes its next step, only the power tells what has flowed since the last.
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
      // Nothing says when within the quarter, but for the counters themselves.
      for minute in 0..<MinuteCells.count {
        minutes.minutes[minute].positive = counted[0]?.minutes.minutes[minute].positive ?? 0
        minutes.minutes[minute].negative = counted[1]?.minutes.minutes[minute].positive ?? 0
      }
    }
    if let total = counted[0]?.total { minutes.scale(\.positive, to: total) }
    if let total = counted[1]?.total { minutes.scale(\.negative, to: total) }
    return AssetEnergy(asset: asset, minutes: minutes, isCounted: true)
  }

  /// A counter's energy between two moments, its steps shaped by the power; `nil` where that cannot be told.
  private static func shaped(
    _ counter: (meter: Meter, rule: MeterRule), by power: (meter: Meter, rule: MeterRule), sign: Double,
    from start: Timestamp, to end: Timestamp
  ) -> Double? {
    guard let first = level(counter, power, sign, at: start), let last = level(counter, power, sign, at: end),
      last >= first
    else { return nil }
    return last - first
  }

  /// Where the counter would stand at a moment if its steps were infinitely fine.
  private static func level(
    _ counter: (meter: Meter, rule: MeterRule), _ power: (meter: Meter, rule: MeterRule), _ sign: Double,
    at moment: Timestamp
  ) -> Double? {
    let history = counter.meter.history
    let place = history.place(notBefore: moment + TimeSpan(nanoseconds: 1))
    guard var lower = history.used(before: place) else { return nil }
    let value = history[lower].value
    // At the very step it stands where it says.
    if counter.meter.standing(since: lower) == moment { return value }
    guard var upper = history.used(from: place) else { return nil }
    if history[upper].value < value { return nil }
    let isOutage = history.isOutage(from: lower, to: upper)
    if !isOutage {
      while history[upper].value == value {
        guard let next = history.used(from: upper + 1), history[next].time - moment <= longestStep else { return nil }
        upper = next
      }
      while let before = history.used(before: lower), history[before].value == value {
        guard moment - history[before].time <= longestStep else { return nil }
        lower = before
      }
    }
    let (from, to) = (history[lower].time, history[upper].time)
    let rise = history[upper].value - value
    guard rise > 0 || isOutage, from >= power.meter.remembersFrom else { return nil }
    let course = isOutage ? counter.meter.usual.course(before: from) : nil
    let part = Flow(power.meter, power.rule, sign, from, moment, course)
    let whole = Flow(power.meter, power.rule, sign, from, to, course)
    guard let share = part.share(of: whole, rise: rise, mostInferred: mostInferred) else { return nil }
    return value + rise * share
  }
}

/// What the power says of a stretch of time, and how much of it that leaves open.
private struct Flow {
  /// What flowed in the direction of the counter [kWh].
  var energy = 0.0
  /// Time of which the power is known [h].
  var known = 0.0
  /// All of the time [h].
  var all: Double
  /// What usually flows in the time of which it is not known, in any unit.
  var open: Double

  init(
    _ meter: Meter, _ rule: MeterRule, _ sign: Double, _ start: Timestamp, _ end: Timestamp,
    _ course: UsualProfile.Course?
  ) {
    let usual = { (from: Timestamp, to: Timestamp) in course?.energy(from: from, to: to) ?? (to - from).inHours }
    all = (end - start).inHours
    open = usual(start, end)
    var quarter = start.floored(to: .minutes(15))
    while quarter < min(end, meter.settledUntil) {
      let (from, to) = (max(quarter, start), min(quarter + .minutes(15), end))
      if let cell = meter.foldedQuarter(quarter) {
        add(cell.share((to - from).inHours * 4), sign, usual(from, to) * min(1, cell.known * 4))
      }
      quarter += .minutes(15)
    }
    guard max(start, meter.settledUntil) < end else { return }
    meter.forEachPiece(from: max(start, meter.settledUntil), to: end, rule) { piece in
      var cell = EnergyCell()
      cell.add(piece)
      add(cell, sign, usual(piece.from, piece.to))
    }
  }

  private mutating func add(_ cell: EnergyCell, _ sign: Double, _ usual: Double) {
    energy += sign > 0 ? cell.positive : cell.negative
    known += cell.known
    open = max(0, open - usual)
  }

  /// The share of a counter's rise over the whole of a stretch that came about in this part of it.
  func share(of whole: Flow, rise: Double, mostInferred: Double) -> Double? {
    let unknown = max(0, whole.all - whole.known)
    if unknown <= mostInferred * whole.all {
      // For so short a time the power was what it was otherwise.
      guard whole.known > 0, whole.energy > 1e-12 else { return nil }
      let mean = whole.energy / whole.known
      return (energy + mean * max(0, all - known)) / (whole.energy + mean * unknown)
    }
    guard whole.open > 1e-12, rise > whole.energy else { return whole.energy > 1e-12 ? energy / whole.energy : nil }
    return (energy + (rise - whole.energy) * open / whole.open) / rise
  }
}

extension Meter {
  /// Whether a count has stood since before a moment, for so long at the most, and has not moved on yet.
  func standsOpen(at moment: Timestamp, for longest: TimeSpan) -> Bool {
    let place = history.place(notBefore: moment + TimeSpan(nanoseconds: 1))
    guard let last = history.used(before: place) else { return false }
    let value = history[last].value
    var next = history.used(from: place)
    while let later = next {
      if history[later].value != value { return false }
      next = history.used(from: later + 1)
    }
    let since = standing(since: last)
    return since < moment && moment - since <= longest
  }

  /// Since when a count has been what it is at a place.
  func standing(since place: Int) -> Timestamp {
    var first = place
    while let before = history.used(before: first), history[before].value == history[place].value,
      history[place].time - history[before].time <= .hours(6)
    {
      first = before
    }
    return history[first].time
  }

  /// Since when the count had stood from which a reading moved on; the reading's own time where it did not.
  public func stepStart(of time: Timestamp) -> Timestamp {
    let place = history.place(notBefore: time)
    guard place < history.count, let before = history.used(before: place), history[place].value != history[before].value
    else { return time }
    return standing(since: before)
  }
}

extension MinuteCells {
  /// Makes one direction add up to a total; evenly where the power saw nothing of it.
  mutating func scale(_ direction: WritableKeyPath<EnergyCell, Double>, to total: Double) {
    let own = self.total[keyPath: direction]
    for minute in 0..<MinuteCells.count {
      minutes[minute][keyPath: direction] =
        own > 1e-12 ? minutes[minute][keyPath: direction] * (total / own) : total / Double(MinuteCells.count)
    }
  }
}
