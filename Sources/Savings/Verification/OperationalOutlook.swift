import Glibc

/// Expected use of each day by the operational model of a meter, which follows measures and recalibrations.
///
/// The expectation is that of a frozen model, plus its correction, plus the effects of measures that the model has not
/// seen. The effects of each measure are fitted together with the levels of non-routine events, so that an event is not
/// taken for the effect of a measure.
public struct OperationalOutlook: Sendable {
  /// Distance of two alarms that belong to one change [days].
  private static let alarmGap = 28
  /// Days of a measure that tell its effect before events are known.
  private static let firstDays = 60
  /// Rounds of events and effects.
  private static let rounds = 4

  private let verifier: SavingsVerifier
  let outlook: SavingsVerifier.Outlook
  private let rows: [Int]
  private let measures: [SavingsAssessment.Measure]
  private let confidence: Double
  /// Expected minus predicted use by row [kWh].
  private(set) var shifts: [Double]
  /// Covariance of the effects of measures, row-major, without the inflation by noise with memory.
  private var covariance: [Double] = []

  /// Fits the effects of measures.
  ///
  /// - Parameters:
  ///   - verifier: The frozen model.
  ///   - adjustment: Its correction, if it has one.
  ///   - days: Days in order.
  ///   - measures: Measures that the model has not seen, in order of their dates.
  ///   - excluded: Spans that are explained and in no deviation.
  ///   - confidence: Probability of intervals, between 0 and 1.
  public init(
    _ verifier: SavingsVerifier, adjustment: ModelAdjustment?, days: [MeterDay],
    measures: [SavingsAssessment.Measure], excluded: [ClosedRange<Int>] = [], confidence: Double
  ) {
    (self.verifier, self.measures, self.confidence) = (verifier, measures, confidence)
    outlook = verifier.outlook(days)
    rows = outlook.rows.filter { row in !excluded.contains { $0.contains(days[row].date) } }
    shifts = [Double](repeating: 0, count: days.count)
    if let adjustment, !outlook.effects.isEmpty {
      for row in days.indices {
        shifts[row] = zip(outlook.effects[row], adjustment.effects).reduce(0) { $0 + $1.0 * $1.1 }
      }
    }
    if !measures.isEmpty, !outlook.effects.isEmpty { fit() }
  }

  /// Adds the effects of measures to the expectation.
  ///
  /// The first days of each measure tell its effect before events are known; then all days that are no event do.
  private mutating func fit() {
    let base = shifts
    var events: [Range<Int>] = []
    for round in 0..<Self.rounds {
      guard fit(events, base: base, days: round == 0 ? Self.firstDays : nil) else { return }
      let next = self.events
      if next == events, round > 0 { return }
      events = next
    }
  }

  /// Spans of places in ``rows`` whose level differs from the expectation, without the first days of a measure.
  private var events: [Range<Int>] {
    guard let noise = verifier.uncertainty?.noise else { return [] }
    let level = rows.reduce(0) { $0 + abs(outlook.parts[$1].total) } / Double(max(1, rows.count))
    let rest = rows.map { outlook.days[$0].use - outlook.parts[$0].total - shifts[$0] }
    let standard = zip(rows, rest).map { $1 / outlook.deviations[$0] }
    return EventFinder.segments(standard, correlation: noise.lagOne).filter { segment in
      let (days, dates) = (Double(segment.count), segment.map { outlook.days[rows[$0]].date })
      let isOwnLevel = measures.contains { measure in
        dates[dates.count - 1] >= measure.date && dates[0] < measure.date + ChangeHistory.learningDays
      }
      let mean = segment.reduce(0) { $0 + standard[$1] } / days
      let energy = segment.reduce(0) { $0 + rest[$1] } / days
      return !isOwnLevel && abs(mean) > 1.645 * sqrt(noise.inflation / days) && abs(energy) > 0.03 * level
    }
  }

  /// Fits the effects of measures together with a level of each event.
  ///
  /// - Parameters:
  ///   - events: Events as places in ``rows``.
  ///   - base: Expectation without effects.
  ///   - days: Number of days of each measure to fit; `nil` for all.
  /// - Returns: Whether the days determine the effects.
  private mutating func fit(_ events: [Range<Int>], base: [Double], days: Int?) -> Bool {
    let known = MeasureTracker.count * measures.count
    let level = rows.reduce(0) { $0 + abs(outlook.parts[$1].total) } / Double(max(1, rows.count))
    var equations = NormalEquations(count: known + events.count)
    for (place, row) in rows.enumerated() {
      guard let measure = measures.last(where: { $0.date <= outlook.days[row].date }),
        days.map({ outlook.days[row].date < measure.date + $0 }) ?? true
      else { continue }
      equations.add(
        variables(row) + events.map { $0.contains(place) ? 1 : 0 },
        value: outlook.days[row].use - outlook.parts[row].total - base[row],
        weight: 1 / (outlook.deviations[row] * outlook.deviations[row]))
    }
    for (place, deviation) in MeasureTracker.priors(level: level).enumerated() {
      for measure in measures.indices {
        equations.penalise(measure * MeasureTracker.count + place, weight: 1 / (deviation * deviation))
      }
    }
    for place in events.indices { equations.penalise(known + place, weight: 1 / (level * level)) }
    guard let solution = equations.solution(), let inverse = equations.inverse() else { return false }
    for row in outlook.days.indices {
      shifts[row] = base[row] + zip(variables(row), solution).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let width = known + events.count
    covariance = (0..<known).flatMap { i in inverse[(i * width)..<(i * width + known)] }
    return true
  }

  /// Explaining variables of the effects of all measures on a day; 0 before a measure.
  private func variables(_ row: Int) -> [Double] {
    measures.flatMap { measure in
      outlook.days[row].date >= measure.date
        ? outlook.effects[row] : Array(repeating: 0, count: MeasureTracker.count)
    }
  }

  /// Returns the variance of a sum of effects [kWh²].
  private func variance(_ rows: some Sequence<Int>) -> Double {
    guard !covariance.isEmpty, let noise = verifier.uncertainty?.noise else { return 0 }
    let count = MeasureTracker.count * measures.count
    var gradient = [Double](repeating: 0, count: count)
    for row in rows { for (place, value) in variables(row).enumerated() { gradient[place] += value } }
    var sum = 0.0
    for i in 0..<count where gradient[i] != 0 {
      for j in 0..<count { sum += gradient[i] * covariance[i * count + j] * gradient[j] }
    }
    return max(0, sum) * noise.inflation
  }

  /// Dates of the days with reading and expectation that are not explained, in order.
  public var dates: [Int] { rows.map { outlook.days[$0].date } }

  /// Returns expected and actual use of the days of a span that are known and not explained [kWh].
  public func uses(_ span: ClosedRange<Int>) -> [(date: Int, expected: Double, actual: Double)] {
    own(span).map { (outlook.days[$0].date, outlook.parts[$0].total + shifts[$0], outlook.days[$0].use) }
  }

  /// Number of days of a span that are colder or warmer than any of the model's days by more than 3 °C.
  public func extrapolatedDays(_ span: ClosedRange<Int>) -> Int {
    let range = verifier.model.temperatureRange
    return own(span).count {
      outlook.days[$0].temperature < range.lowerBound - 3 || outlook.days[$0].temperature > range.upperBound + 3
    }
  }

  private func own(_ span: ClosedRange<Int>) -> ArraySlice<Int> {
    func place(_ date: Int) -> Int {
      var (low, high) = (0, rows.count)
      while low < high {
        let middle = (low + high) / 2
        if outlook.days[rows[middle]].date < date { low = middle + 1 } else { high = middle }
      }
      return low
    }
    return rows[place(span.lowerBound)..<place(span.upperBound + 1)]
  }

  /// Returns the deviation of a span; `nil` if no day of it is known.
  ///
  /// - Parameter span: First and last date.
  public func deviation(_ span: ClosedRange<Int>) -> Deviation? {
    let own = Array(own(span))
    guard let first = own.first, let last = own.last else { return nil }
    return Deviation(
      first: outlook.days[first].date, last: outlook.days[last].date, dayCount: own.count,
      expected: own.reduce(0) { $0 + outlook.parts[$1].total + shifts[$1] },
      actual: own.reduce(0) { $0 + outlook.days[$1].use },
      half: half(own))
  }

  /// Returns half of the interval of the expectation of some days [kWh].
  func half(_ rows: [Int]) -> Double {
    let factor = verifier.uncertainty?.factor(confidence: confidence) ?? 0
    let half = verifier.estimate(outlook, rows: rows, confidence: confidence).half
    return sqrt(half * half + factor * factor * variance(rows))
  }

  /// Returns the change that lasts, or was the last one, among the days after a date.
  ///
  /// Alarms of one direction that follow one another belong to one change, which began with the first of them.
  public func alarm(after date: Int) -> ChangeAlarm? {
    guard let uncertainty = verifier.uncertainty else { return nil }
    var detector = ChangeDetector(
      correlation: uncertainty.noise.lagOne, misfit: measures.isEmpty ? 0 : uncertainty.misfit)
    var pending = measures[...]
    var learnt = Int.max
    var alarm: ChangeAlarm?
    var latest = 0
    for row in rows {
      let day = outlook.days[row]
      while let measure = pending.first, measure.date <= day.date {
        detector.reset()
        learnt = 0
        pending.removeFirst()
      }
      if learnt < ChangeHistory.learningDays {
        learnt += 1
        continue
      }
      guard day.date > date else { continue }
      let variance = outlook.deviations[row] * outlook.deviations[row]
      let value =
        (day.use - outlook.parts[row].total - shifts[row]) * outlook.deviations[row]
        / (variance + self.variance(CollectionOfOne(row)))
      guard let found = detector.add(value, date: day.date) else { continue }
      defer { latest = found.date }
      if let alarm, alarm.isIncrease == found.isIncrease, found.start <= latest + Self.alarmGap { continue }
      alarm = ChangeAlarm(detected: found.date, start: found.start, isIncrease: found.isIncrease)
    }
    return alarm
  }
}
