import Glibc

/// Changes of a reporting period: what an online tracker would have raised, and events found afterwards.
struct ChangeHistory {
  /// Days after a measure in which its effect is learnt and no change is raised.
  static let learningDays = 28

  private(set) var alarm: ChangeDetector.Alarm?
  private(set) var events: [SavingsAssessment.Event] = []

  /// Follows the days.
  ///
  /// - Parameters:
  ///   - outlook: Predictions and residuals.
  ///   - measures: Measures in order.
  ///   - uncertainty: Noise and misfit of the baseline.
  init(
    _ outlook: SavingsVerifier.Outlook, measures: [SavingsAssessment.Measure], uncertainty: SavingsUncertainty
  ) {
    let noise = uncertainty.noise
    let level = outlook.rows.reduce(0) { $0 + abs(outlook.parts[$1].total) } / Double(max(1, outlook.rows.count))
    alarm = ChangeHistory.alarm(outlook, measures: measures, uncertainty: uncertainty, level: level)
    events = ChangeHistory.events(outlook, measures: measures, noise: noise, level: level)
  }

  private static func alarm(
    _ outlook: SavingsVerifier.Outlook, measures: [SavingsAssessment.Measure], uncertainty: SavingsUncertainty,
    level: Double
  ) -> ChangeDetector.Alarm? {
    let noise = uncertainty.noise
    // The effect of a measure in seasons that it has not met yet is as uncertain as the baseline's in one left out.
    var detector = ChangeDetector(correlation: noise.lagOne, misfit: measures.isEmpty ? 0 : uncertainty.misfit)
    var tracker = MeasureTracker()
    var pending = measures[...]
    var learnt = 0
    let residuals = outlook.residuals
    for row in outlook.rows {
      let date = outlook.days[row].date
      while let measure = pending.first, measure.date <= date {
        tracker.open(level: level)
        detector.reset()
        learnt = 0
        pending.removeFirst()
      }
      let variance = outlook.deviations[row] * outlook.deviations[row]
      let expected = tracker.expectation(outlook.effects[row])
      // Errors of an effect that is not known yet are alike from day to day: such days tell less.
      let value = (residuals[row] - expected.value) * sqrt(variance) / (variance + expected.variance)
      tracker.learn(outlook.effects[row], residual: residuals[row], variance: variance * noise.inflation)
      learnt += 1
      if expected.variance > 0, learnt <= learningDays { continue }
      if let alarm = detector.add(value, date: date) { return alarm }
    }
    return nil
  }

  /// Finds segments, with the effects of measures and the levels of events estimated together.
  private static func events(
    _ outlook: SavingsVerifier.Outlook, measures: [SavingsAssessment.Measure], noise: NoiseModel, level: Double
  ) -> [SavingsAssessment.Event] {
    let rows = outlook.rows
    guard rows.count >= EventFinder.leastDays else { return [] }
    let deviations = rows.map { outlook.deviations[$0] }
    var expected = [Double](repeating: 0, count: rows.count)
    var found: [Range<Int>] = []
    let all = outlook.residuals
    for round in 0..<(measures.isEmpty ? 1 : 4) {
      // The first days of a measure tell its effect before events are known; then all days that are no event do.
      expected = effects(outlook, measures: measures, events: found, level: level, days: round == 0 ? 60 : nil)
      let residuals = rows.indices.map { all[rows[$0]] - expected[$0] }
      let standard = zip(residuals, deviations).map { $0 / $1 }
      let segments = EventFinder.segments(standard, correlation: noise.lagOne)
      let next = segments.filter { segment in
        if isOwnLevel(segment, rows: rows, outlook: outlook, measures: measures) { return false }
        let days = Double(segment.count)
        let mean = segment.reduce(0) { $0 + standard[$1] } / days
        let energy = segment.reduce(0) { $0 + residuals[$1] } / days
        return abs(mean) > 1.645 * sqrt(noise.inflation / days) && abs(energy) > 0.03 * level
      }
      if next == found, round > 0 { break }
      found = next
    }
    return found.map { segment in
      let effect = segment.reduce(0) { $0 + all[rows[$1]] - expected[$1] }
      return SavingsAssessment.Event(
        start: outlook.days[rows[segment.lowerBound]].date, end: outlook.days[rows[segment.upperBound - 1]].date,
        effect: effect)
    }
  }

  /// Returns whether a segment has one of the first days of a measure, whose level is the measure's own.
  private static func isOwnLevel(
    _ segment: Range<Int>, rows: [Int], outlook: SavingsVerifier.Outlook, measures: [SavingsAssessment.Measure]
  ) -> Bool {
    measures.contains { measure in
      outlook.days[rows[segment.upperBound - 1]].date >= measure.date
        && outlook.days[rows[segment.lowerBound]].date < measure.date + learningDays
    }
  }

  /// Returns the effect of measures on each day, fitted together with a level of each event.
  ///
  /// - Parameters:
  ///   - outlook: Predictions and residuals.
  ///   - measures: Measures in order.
  ///   - events: Events as ranges of rows.
  ///   - level: Mean use of a day [kWh].
  ///   - days: Number of days after the first measure to fit; `nil` for all.
  private static func effects(
    _ outlook: SavingsVerifier.Outlook, measures: [SavingsAssessment.Measure], events: [Range<Int>], level: Double,
    days: Int?
  ) -> [Double] {
    let rows = outlook.rows
    guard let first = measures.first?.date else { return Array(repeating: 0, count: rows.count) }
    let count = MeasureTracker.count + events.count
    var equations = NormalEquations(count: count)
    let residuals = outlook.residuals
    for (place, row) in rows.enumerated() where outlook.days[row].date >= first {
      if let days, outlook.days[row].date >= first + days { break }
      let variables = outlook.effects[row] + events.map { $0.contains(place) ? 1 : 0 }
      let deviation = outlook.deviations[row]
      equations.add(variables, value: residuals[row], weight: 1 / (deviation * deviation))
    }
    for (place, deviation) in MeasureTracker.priors(level: level).enumerated() {
      equations.penalise(place, weight: 1 / (deviation * deviation))
    }
    for place in events.indices { equations.penalise(MeasureTracker.count + place, weight: 1 / (level * level)) }
    guard let solution = equations.solution() else { return Array(repeating: 0, count: rows.count) }
    return rows.map { row in
      guard outlook.days[row].date >= first else { return 0 }
      return zip(outlook.effects[row], solution).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }
}
