import PlantModel

/// The judgement of a cumulative count, where a fall may be a reset, a rollover, a correction or a glitch.
///
/// What a fall was, the next reading says. If it is back where the count was, and faster than the count ever moved, the
/// fall was a glitch. Else the count goes on from there. A fall by less than a tenth is an error at once, until the count
/// is back or an hour has passed; so is a rise beyond what the asset can take, until another reading goes on from it.
extension SeriesCleaner {
  // A count never stands still nor has plateaus; the places of these tests hold what is known of it instead.

  /// Where the count went, of which the next reading has yet to say what it was; NaN while nothing is open.
  private var departure: Double {
    get { unchangedValue }
    set { unchangedValue = newValue }
  }
  private var departureTime: Timestamp {
    get { unchangedSince }
    set { unchangedSince = newValue }
  }
  /// The fastest rise so far [canonical unit per second]; NaN before the first.
  private var fastest: Double {
    get { Double(plateau) }
    set { plateau = Float(newValue) }
  }

  /// So many times faster than ever before, a count does not move.
  private static let haste = 3.0

  /// Judges the value of a count that is later than all others and within its range.
  mutating func judgeCount(_ verdict: inout Verdict, _ profile: CleaningProfile) {
    let (time, value) = (verdict.time, verdict.value)
    guard lastGoodTime != .distantPast else { return accept(value, at: time) }
    if departure.isFinite {
      if value == departure, time - departureTime < CounterChange.longestGlitch {
        if departure > lastGood { verdict.flags.insert(QualityFlags(.rate)) }
        return
      }
      settleDeparture(before: value, at: time, &verdict, profile)
    }
    if value >= lastGood {
      guard
        CounterChange.isPlausible(rise: value - lastGood, over: time - lastGoodTime, maximumRate: profile.maximumRate)
      else {
        (departure, departureTime) = (value, time)
        verdict.flags.insert(QualityFlags(.rate))
        return
      }
      let rate = (value - lastGood) / max(time - lastGoodTime, Self.shortestForRate).inSeconds
      fastest = fastest.isNaN ? rate : max(fastest, rate)
      accept(value, at: time)
    } else if CounterChange.isDip(value, from: lastGood) {
      guard time - lastGoodTime <= CounterChange.longestDip else { return accept(value, at: time) }
      verdict.flags.insert(QualityFlags(.spike))
    } else {
      // A reset or a rollover, unless it is taken back.
      (departure, departureTime) = (value, time)
    }
  }

  private mutating func accept(_ value: Double, at time: Timestamp) { (lastGood, lastGoodTime) = (value, time) }

  /// Says what the open departure was, now that another value has come.
  private mutating func settleDeparture(
    before value: Double, at time: Timestamp, _ verdict: inout Verdict, _ profile: CleaningProfile
  ) {
    let (start, span) = (departure, time - departureTime)
    departure = .nan
    if start > lastGood {
      let goesOn =
        value >= start
        && CounterChange.isPlausible(rise: value - start, over: span, maximumRate: profile.maximumRate)
      if goesOn { accept(start, at: departureTime) }
      return
    }
    let isBack = value >= lastGood || CounterChange.isDip(value, from: lastGood)
    if isBack, isHasty(value - start, over: span, profile) {
      verdict.addition = .glitch(at: departureTime, standIn: held(at: departureTime))
    } else {
      accept(start, at: departureTime)
    }
  }

  private func isHasty(_ rise: Double, over span: TimeSpan, _ profile: CleaningProfile) -> Bool {
    let rate = rise / max(span, Self.shortestForRate).inSeconds
    if fastest > 0 { return rate > Self.haste * fastest }
    return profile.maximumRate == .infinity || rate > profile.maximumRate
  }
}
