import PlantModel

/// What is known between readings.
///
/// | sampling | rule |
/// |---|---|
/// | `instant` | a straight line between two readings that are not further apart than three usual gaps or a minute |
/// | `instant` that reports on change | each value holds until the next, and no longer than the longest silence |
/// | `interval_start`, `interval_end` | each value holds to the next, or from the one before, if they are not further apart than one and a half usual intervals; else over the usual one |
/// | `counter` | the increase spread evenly between two readings however far apart they are; over more than three usual gaps and a quarter of an hour it is an estimate, by the usual course of the day where that is known |
///
/// Usual gaps are the median of seven, see ``typicalGap(endingAt:)``.
extension SampleHistory {
  /// The longest interval whose mean a reading may be: a local day of 25 hours and an hour more.
  public static let longestInterval = TimeSpan.hours(26)
  /// Readings of an instant that are so near to each other belong together whatever is usual.
  static let alwaysBridged = TimeSpan.minute
  /// While fewer gaps than this are known, nothing is usual, and readings up to an hour apart belong together.
  static let fewGaps = 3
  /// A counter's increase over more than this is in no quarter, since nothing tells when it was.
  static let longestOutage = TimeSpan.days(366)
  /// A counter's increase over less than this is never an estimate.
  static let shortestOutage = TimeSpan.minutes(15)

  /// Shows what is known of the time from `start` to `end` in the order of time, cut to it.
  ///
  /// - Parameters:
  ///   - holds: Whether an instant holds until the next, because its sender reports on change.
  ///   - usual: By what an increase over an outage is spread; evenly without it.
  ///   - body: Gets each piece, cut, and its reading's place.
  func forEachPiece(
    from start: Timestamp, to end: Timestamp, _ rule: MeterRule, holds: Bool, usual: UsualProfile? = nil,
    _ body: (MeterPiece) -> Void
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
    case .instant where holds: forEachHeld(start, end, rule.longestSilence, show)
    case .instant: forEachLine(start, end, show)
    case .intervalStart: forEachInterval(start, end, isAhead: true, show)
    case .intervalEnd: forEachInterval(start, end, isAhead: false, show)
    case .counter: forEachIncrease(start, end, rule, usual, show)
    }
  }

  private func forEachLine(_ start: Timestamp, _ end: Timestamp, _ show: (MeterPiece) -> Void) {
    guard var earlier = used(before: place(notBefore: start)) ?? used(from: 0) else { return }
    while self[earlier].time < end, let later = used(from: earlier + 1) {
      let (a, b) = (self[earlier], self[later])
      if isBridged(earlier, later) {
        show(
          MeterPiece(
            from: a.time, to: b.time, first: a.value, last: b.value,
            isGood: a.standing == .good && b.standing == .good))
      }
      earlier = later
    }
  }

  private func isBridged(_ earlier: Int, _ later: Int) -> Bool {
    let gap = self[later].time - self[earlier].time
    if gap <= Self.alwaysBridged { return true }
    let usual = typicalGap(endingAt: later)
    return gap <= usual.span * 3 && (usual.gaps >= Self.fewGaps || gap <= .hour)
  }

  private func forEachHeld(
    _ start: Timestamp, _ end: Timestamp, _ longest: TimeSpan, _ show: (MeterPiece) -> Void
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
    _ start: Timestamp, _ end: Timestamp, isAhead: Bool, _ show: (MeterPiece) -> Void
  ) {
    // An interval never reaches beyond the reading next to its own.
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

  /// The interval whose mean a reading is; `nil` while nothing tells its length.
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
    _ start: Timestamp, _ end: Timestamp, _ rule: MeterRule, _ usual: UsualProfile?, _ show: (MeterPiece) -> Void
  ) {
    let show = { (piece: MeterPiece) in
      guard piece.isEstimated, let course = usual?.course(before: piece.from) else { return show(piece) }
      Self.spread(piece, by: course, max(start, piece.from), min(end, piece.to), show)
    }
    // A few readings earlier, so that a dip that began before is seen as one.
    guard var base = used(before: place(notBefore: start)) ?? used(from: 0) else { return }
    for _ in 0..<7 { base = used(before: base) ?? base }
    var next = used(from: base + 1)
    while let place = next, self[base].time < end {
      let (a, b) = (self[base], self[place])
      if b.value >= a.value {
        rise(from: base, to: place, by: b.value - a.value, rule, show)
        base = place
        next = used(from: place + 1)
        continue
      }
      switch fall(from: base, to: place, rule) {
      case .unknown: return
      case .error(let after): next = used(from: after)
      case .reset:
        rise(from: base, to: place, by: CounterIncrease.between(a.value, b.value, scale: rule.scale), rule, show)
        base = place
        next = used(from: place + 1)
      }
    }
  }

  /// Whether nothing tells when between two readings next to each other a count rose.
  func isOutage(from base: Int, to place: Int) -> Bool {
    let span = self[place].time - self[base].time
    return span > Self.shortestOutage && span > typicalGap(endingAt: place).span * 3
  }

  private func rise(
    from base: Int, to place: Int, by increase: Double, _ rule: MeterRule, _ show: (MeterPiece) -> Void
  ) {
    let (a, b) = (self[base], self[place])
    let span = b.time - a.time
    // After a jump that the asset cannot have made, the count goes on from there.
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

  /// Shows a part of an increase as it usually comes about.
  private static func spread(
    _ piece: MeterPiece, by course: UsualProfile.Course, _ start: Timestamp, _ end: Timestamp,
    _ show: (MeterPiece) -> Void
  ) {
    let whole = course.energy(from: piece.from, to: piece.to)
    // Usually nothing happens at this time; but something did.
    guard whole > 1e-9 * (piece.to - piece.from).inHours else { return show(piece) }
    let scale = piece.first * (piece.to - piece.from).inHours / whole
    course.forEachHour(from: start, to: end) { from, to, power in
      let rate = power * scale
      show(MeterPiece(from: from, to: to, first: rate, last: rate, isGood: false, isEstimated: true))
    }
  }

  /// What a fall of a count was.
  private enum Fall {
    /// The next reading has yet to say.
    case unknown
    /// A glitch or a dip; the count goes on with the readings from a place on.
    case error(after: Int)
    /// The count began anew, or rolled over.
    case reset
  }

  private func fall(from base: Int, to place: Int, _ rule: MeterRule) -> Fall {
    let (level, fallen) = (self[base].value, self[place].value)
    if CounterChange.isDip(fallen, from: level), self[place].time - self[base].time <= CounterChange.longestDip {
      return .error(after: place + 1)
    }
    // It may rest where it fell to.
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
    return isHasty(from: last, to: next, level: level, base: base, rule) ? .error(after: next) : .reset
  }

  /// Whether the way back up is faster than the count moved before, so that it never was down.
  private func isHasty(from last: Int, to next: Int, level: Double, base: Int, _ rule: MeterRule) -> Bool {
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
