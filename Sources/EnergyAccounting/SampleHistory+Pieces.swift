import PlantModel
public import WattlineTime

/// Values between readings, by sampling.
///
/// - `instant`: a straight line between two readings at most three usual gaps or one minute apart.
/// - `instant`, reported on change: each value holds until the next, at most for the longest silence.
/// - `interval_start`, `interval_end`: each value holds until the next reading, or since the one before. If that is
///   more than one and a half usual intervals away, the value holds for the usual interval.
/// - `counter`: the increase is spread evenly between two readings, however far apart. Over more than three usual gaps
///   and a quarter-hour it is an estimate. The estimate follows the usual course of the day if that is known.
///
/// The usual gap is the median of the last seven; see ``typicalGap(endingAt:)``.
extension SampleHistory {
  /// Longest interval of which a reading may be the mean: a local day of 25 hours, plus one hour.
  public static let longestInterval = TimeSpan.hours(26)
  /// Gap up to which instantaneous readings are always joined by a line.
  static let alwaysBridged = TimeSpan.minute
  /// Number of gaps from which a gap is usual. With fewer, readings up to an hour apart are joined.
  static let fewGaps = 3
  /// Longest time over which a counter's increase is spread. A longer one is discarded, since its course is unknown.
  static let longestOutage = TimeSpan.days(366)
  /// Time up to which a counter's increase is never an estimate.
  static let shortestOutage = TimeSpan.minutes(15)

  /// Calls `body` with each piece of known values from `start` to `end`, in chronological order.
  ///
  /// - Parameters:
  ///   - start: Start of the stretch.
  ///   - end: End of the stretch.
  ///   - rule: Rule by which the readings become values over time.
  ///   - holds: Whether an instantaneous value holds until the next, because its sender reports on change.
  ///   - usual: Usual course by which an increase over an outage is spread; `nil` spreads it evenly.
  ///   - body: Receives the pieces, cut to the stretch.
  func forEachPiece(
    from start: Timestamp, to end: Timestamp, rule: MeterRule, holds: Bool, usual: UsualProfile? = nil,
    body: (MeterPiece) -> Void
  ) {
    guard start < end, !isEmpty else { return }
    func show(_ piece: MeterPiece) {
      let (from, to) = (max(piece.from, start), min(piece.to, end))
      guard from < to else { return }
      var cut = piece
      cut.first = piece.value(at: from)
      cut.last = piece.value(at: to)
      (cut.from, cut.to) = (from, to)
      body(cut)
    }
    switch rule.sampling {
    case .instant where holds: forEachHeld(start, end: end, longest: rule.longestSilence, show: show)
    case .instant: forEachLine(start, end: end, show: show)
    case .intervalStart: forEachInterval(start, end: end, isAhead: true, show: show)
    case .intervalEnd: forEachInterval(start, end: end, isAhead: false, show: show)
    case .counter: forEachIncrease(start, end: end, rule: rule, usual: usual, show: show)
    }
  }

  private func forEachLine(_ start: Timestamp, end: Timestamp, show: (MeterPiece) -> Void) {
    guard var earlier = used(before: place(notBefore: start)) ?? used(from: 0) else { return }
    while self[earlier].time < end, let later = used(from: earlier + 1) {
      let (a, b) = (self[earlier], self[later])
      if isBridged(earlier, later: later) {
        show(
          MeterPiece(
            from: a.time, to: b.time, first: a.value, last: b.value,
            isGood: a.standing == .good && b.standing == .good))
      }
      earlier = later
    }
  }

  private func isBridged(_ earlier: Int, later: Int) -> Bool {
    let gap = self[later].time - self[earlier].time
    if gap <= Self.alwaysBridged { return true }
    let usual = typicalGap(endingAt: later)
    return gap <= usual.span * 3 && (usual.gaps >= Self.fewGaps || gap <= .hour)
  }

  private func forEachHeld(
    _ start: Timestamp, end: Timestamp, longest: TimeSpan, show: (MeterPiece) -> Void
  ) {
    guard var place = used(before: self.place(notBefore: start + TimeSpan(nanoseconds: 1))) ?? used(from: 0) else {
      return
    }
    while self[place].time < end {
      let sample = self[place]
      var next = place + 1
      while next < count, self[next].standing == .unused { next += 1 }
      var to = sample.time + longest
      if next < count { to = min(to, self[next].time) }
      show(
        MeterPiece(
          from: sample.time, to: to, first: sample.value, last: sample.value, isGood: sample.standing == .good))
      guard let following = used(from: next) else { return }
      place = following
    }
  }

  private func forEachInterval(
    _ start: Timestamp, end: Timestamp, isAhead: Bool, show: (MeterPiece) -> Void
  ) {
    // An interval never reaches beyond the neighbouring reading.
    var place = max(0, place(notBefore: start) - (isAhead ? 1 : 0))
    while place < count, isAhead ? self[place].time < end : place == 0 || self[place - 1].time < end {
      if self[place].isUsed, let length = interval(at: place, isAhead: isAhead) {
        let (time, value) = (self[place].time, self[place].value)
        let (from, to) = isAhead ? (time, time + length) : (time - length, time)
        show(MeterPiece(from: from, to: to, first: value, last: value, isGood: self[place].standing == .good))
      }
      place += 1
    }
  }

  /// Returns the length of the interval of which a reading is the mean; `nil` while the length is unknown.
  private func interval(at place: Int, isAhead: Bool) -> TimeSpan? {
    let gap =
      isAhead
      ? (place + 1 < count ? self[place + 1].time - self[place].time : nil)
      : (place > 0 ? self[place].time - self[place - 1].time : nil)
    var usual = typicalGap(endingAt: place)
    if usual.gaps == 0, place + 1 < count { usual = (self[place + 1].time - self[place].time, 1) }
    guard usual.gaps > 0 else { return nil }
    let length = gap.map { $0 * 2 <= usual.span * 3 ? $0 : usual.span } ?? usual.span
    return min(length, Self.longestInterval)
  }
}

// MARK: - Counters

extension SampleHistory {
  private func forEachIncrease(
    _ start: Timestamp, end: Timestamp, rule: MeterRule, usual: UsualProfile?, show: (MeterPiece) -> Void
  ) {
    let show = { (piece: MeterPiece) in
      guard piece.isEstimated, let course = usual?.course(before: piece.from) else { return show(piece) }
      Self.spread(piece, by: course, start: max(start, piece.from), end: min(end, piece.to), show: show)
    }
    // Starts a few readings earlier, so that a dip that began before is recognized.
    guard var base = used(before: place(notBefore: start)) ?? used(from: 0) else { return }
    for _ in 0..<7 { base = used(before: base) ?? base }
    var next = used(from: base + 1)
    while let place = next, self[base].time < end {
      let (a, b) = (self[base], self[place])
      if b.value >= a.value {
        rise(from: base, to: place, by: b.value - a.value, rule: rule, show: show)
        base = place
        next = used(from: place + 1)
        continue
      }
      switch fall(from: base, to: place, rule: rule) {
      case .unknown: return
      case .error(let after): next = used(from: after)
      case .reset:
        rise(
          from: base, to: place, by: CounterIncrease.between(a.value, value: b.value, scale: rule.scale), rule: rule,
          show: show)
        base = place
        next = used(from: place + 1)
      }
    }
  }

  /// Returns whether the course of the counter between two neighbouring readings is unknown.
  func isOutage(from base: Int, to place: Int) -> Bool {
    let span = self[place].time - self[base].time
    return span > Self.shortestOutage && span > typicalGap(endingAt: place).span * 3
  }

  private func rise(
    from base: Int, to place: Int, by increase: Double, rule: MeterRule, show: (MeterPiece) -> Void
  ) {
    let (a, b) = (self[base], self[place])
    let span = b.time - a.time
    // After an implausible jump the counter continues from the new level.
    guard span > .zero, span <= Self.longestOutage,
      CounterChange.isPlausible(rise: increase, over: span, maximumRate: rule.maximumRate)
    else {
      return
    }
    let rate = increase / span.inHours
    let isLong = isOutage(from: base, to: place)
    show(
      MeterPiece(
        from: a.time, to: b.time, first: rate, last: rate,
        isGood: b.standing == .good && a.standing == .good && !isLong,
        isEstimated: isLong))
  }

  /// Calls `show` with the pieces of an increase from `start` to `end`, spread by the usual course.
  ///
  /// - Parameters:
  ///   - piece: The whole increase.
  ///   - course: Usual course.
  ///   - start: Start of the part to be shown.
  ///   - end: End of the part to be shown.
  ///   - show: Receives the pieces.
  private static func spread(
    _ piece: MeterPiece, by course: UsualProfile.Course, start: Timestamp, end: Timestamp,
    show: (MeterPiece) -> Void
  ) {
    let whole = course.energy(from: piece.from, to: piece.to)
    // The usual increase here is zero, but there was one; it stays evenly spread.
    guard whole > 1e-9 * (piece.to - piece.from).inHours else { return show(piece) }
    let scale = piece.first * (piece.to - piece.from).inHours / whole
    course.forEachHour(from: start, to: end) { from, to, power in
      let rate = power * scale
      show(MeterPiece(from: from, to: to, first: rate, last: rate, isGood: false, isEstimated: true))
    }
  }

  /// Classification of a counter's fall.
  private enum Fall {
    /// Open until the next reading.
    case unknown
    /// A glitch or a dip; the counter continues with the reading at place `after`.
    case error(after: Int)
    /// A reset or a rollover.
    case reset
  }

  private func fall(from base: Int, to place: Int, rule: MeterRule) -> Fall {
    let (level, fallen) = (self[base].value, self[place].value)
    if CounterChange.isDip(fallen, from: level), self[place].time - self[base].time <= CounterChange.longestDip {
      return .error(after: place + 1)
    }
    // The counter may stand still at the lower level.
    var last = place
    var next = used(from: place + 1)
    while let following = next, self[following].value == fallen {
      last = following
      next = used(from: following + 1)
    }
    let hasRested = self[last].time - self[place].time >= CounterChange.longestGlitch
    guard let next else { return hasRested ? .reset : .unknown }
    if hasRested { return .reset }
    let value = self[next].value
    guard value >= level || CounterChange.isDip(value, from: level) else { return .reset }
    return isHasty(from: last, to: next, level: level, base: base, rule: rule) ? .error(after: next) : .reset
  }

  /// Returns whether the counter climbs back faster than it ever moved before, so the fall was an error.
  ///
  /// - Parameters:
  ///   - last: Place of the last reading at the lower level.
  ///   - next: Place of the reading back at the old level.
  ///   - level: Value before the fall.
  ///   - base: Place of the last reading before the fall.
  ///   - rule: The counter's rule.
  private func isHasty(from last: Int, to next: Int, level: Double, base: Int, rule: MeterRule) -> Bool {
    let span = max(1e-9, (self[next].time - self[last].time).inHours)
    let rate = (self[next].value - self[last].value) / span
    if rule.maximumRate != .infinity { return rate > rule.maximumRate * 3_600 }
    var fastest = 0.0
    var later = base
    for _ in 0..<7 {
      guard let earlier = used(before: later) else { break }
      let hours = max(1e-9, (self[later].time - self[earlier].time).inHours)
      fastest = max(fastest, (self[later].value - self[earlier].value) / hours)
      later = earlier
    }
    return rate > 3 * fastest
  }
}
