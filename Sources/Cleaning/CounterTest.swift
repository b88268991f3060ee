import PlantModel
import WattlineTime

/// The test of cumulative counters, in which a fall may be a reset, a rollover, a correction or a glitch.
///
/// The next reading decides the meaning of a fall. If it is back at the earlier level, and rose faster than the counter
/// ever did, the fall was a glitch. Otherwise the counter continues from the lower level. A fall by at most a tenth is
/// an error at once, until the counter is back or an hour has passed. A rise beyond the asset's limits is an error
/// until another reading continues from it.
extension SeriesCleaner {
  // Counters need no tests for standstill and plateaus, so the fields of these tests hold the counter's state.

  /// Level of an unclassified jump or fall, which the next reading decides; NaN while nothing is open.
  private var departure: Double {
    get { unchangedValue }
    set { unchangedValue = newValue }
  }
  private var departureTime: Timestamp {
    get { unchangedSince }
    set { unchangedSince = newValue }
  }
  /// Fastest rise so far [canonical unit per second]; NaN before the first.
  private var fastest: Double {
    get { Double(plateau) }
    set { plateau = Float(newValue) }
  }

  /// Multiple of the fastest rise so far above which a rise is implausible.
  private static let haste = 3.0

  /// Judges a counter value that is later than all others and within its range.
  mutating func judgeCount(_ verdict: inout Verdict, profile: CleaningProfile) {
    let (time, value) = (verdict.time, verdict.value)
    guard lastGoodTime != .distantPast else { return accept(value, at: time) }
    if departure.isFinite {
      if value == departure, time - departureTime < CounterChange.longestGlitch {
        if departure > lastGood { verdict.flags.insert(QualityFlags(.rate)) }
        return
      }
      settleDeparture(before: value, at: time, verdict: &verdict, profile: profile)
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
      // Open: a reset or a rollover, unless the next reading reverts it.
      (departure, departureTime) = (value, time)
    }
  }

  private mutating func accept(_ value: Double, at time: Timestamp) { (lastGood, lastGoodTime) = (value, time) }

  /// Classifies the open departure by the value that follows it.
  ///
  /// - Parameters:
  ///   - value: The value after the departure.
  ///   - time: Time of that value.
  ///   - verdict: Receives the departure as a glitch if it was one.
  ///   - profile: Profile of the sensor.
  private mutating func settleDeparture(
    before value: Double, at time: Timestamp, verdict: inout Verdict, profile: CleaningProfile
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
    if isBack, isHasty(value - start, over: span, profile: profile) {
      verdict.addition = .glitch(at: departureTime, standIn: held(at: departureTime))
    } else {
      accept(start, at: departureTime)
    }
  }

  private func isHasty(_ rise: Double, over span: TimeSpan, profile: CleaningProfile) -> Bool {
    let rate = rise / max(span, Self.shortestForRate).inSeconds
    if fastest > 0 { return rate > Self.haste * fastest }
    return profile.maximumRate == .infinity || rate > profile.maximumRate
  }
}
