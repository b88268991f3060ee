import PlantModel
public import WattlineTime

/// Readings and settled energy of one series, kept for as long as late readings count.
///
/// A meter keeps at most ``capacity`` readings, 128 KiB. Older readings of a faster series are folded into
/// quarter-hours, which are final.
public struct Meter: Sendable, Equatable {
  /// Largest number of readings kept: one day at 11-second intervals, or two and a quarter hours at one a second.
  public static let capacity = 8_192
  /// Readings kept before the first one that counts; they determine the usual gap.
  static let kept = 8

  /// The readings in chronological order.
  public private(set) var history = SampleHistory()
  /// Whether a value holds until the next reading, because the sender reports on change.
  public var holds = false
  /// Time before which nothing changes any more.
  public private(set) var settledUntil = Timestamp.distantPast
  /// Quarter-hours before ``settledUntil`` that the account can still need; the last one ends there.
  private(set) var folded: [EnergyCell] = []
  /// Usual course of a counter's increase.
  private(set) var usual = UsualProfile()

  /// Creates a meter without readings.
  public init() {}

  /// Creates a meter from its state.
  ///
  /// - Parameters:
  ///   - samples: Readings in chronological order.
  ///   - holds: Whether a value holds until the next reading.
  ///   - settledUntil: Time before which nothing changes any more.
  ///   - folded: Quarter-hours before `settledUntil`; the last one ends there.
  ///   - usual: Usual course of a counter's increase.
  init(_ samples: [MeterSample], holds: Bool, settledUntil: Timestamp, folded: [EnergyCell], usual: UsualProfile) {
    for sample in samples { _ = history.insert(sample) }
    (self.holds, self.settledUntil, self.folded, self.usual) = (holds, settledUntil, folded, usual)
  }

  /// Adds a reading.
  ///
  /// - Returns: The time range whose values may have changed; `nil` if nothing changed.
  public mutating func observe(_ sample: MeterSample, rule: MeterRule) -> Range<Timestamp>? {
    guard sample.time >= settledUntil else { return nil }
    guard let place = history.insert(sample) else { return nil }
    return reach(of: place, rule: rule)
  }

  /// Returns the time range whose values depend on the reading at `place`.
  private func reach(of place: Int, rule: MeterRule) -> Range<Timestamp> {
    let time = history[place].time
    var first = place
    if !(rule.sampling == .instant && holds) || !history[place].isUsed {
      first = history.used(before: place) ?? place
      // The meaning of a counter's fall depends on the readings after it.
      while rule.sampling == .counter, let before = history.used(before: first),
        history[first].value < history[before].value || history[place].value < history[first].value
      {
        if first == before { break }
        first = before
        if place - first > Meter.kept { break }
      }
    }
    var start = history[first].time
    if rule.isInterval, place == history.count - 1 || rule.sampling == .intervalEnd {
      // A reading may stand for the interval before it, whose length follows from the reading before.
      start = first == place ? time - SampleHistory.longestInterval : start
    }
    // The reading belongs to the gaps by which later readings are judged.
    let last = min(history.count - 1, place + Meter.kept)
    let end = history[last].time + (last == place ? SampleHistory.longestInterval : .zero)
    return start..<max(end, start + TimeSpan(nanoseconds: 1))
  }

  /// Returns the time up to which readings can be discarded, a multiple of an hour.
  ///
  /// This is the horizon, or a later time if there are too many readings. It is never after the last reading that
  /// counts, from which the next one may continue.
  public func boundary(horizon: Timestamp) -> Timestamp? {
    guard let last = history.used(before: history.count) else { return nil }
    var boundary = horizon
    if history.count > Meter.capacity {
      boundary = max(boundary, history[history.count - Meter.capacity * 3 / 4].time)
    }
    boundary = min(boundary, history[last].time).floored(to: .hour)
    return boundary > max(settledUntil, history[0].time) ? boundary : nil
  }

  /// Discards readings before a boundary and keeps the quarter-hours after the horizon.
  ///
  /// - Parameters:
  ///   - boundary: Time before which readings are settled; a multiple of an hour.
  ///   - horizon: Time from which quarter-hours are kept.
  ///   - late: Age up to which late readings count.
  ///   - rule: Rule by which the readings become values over time.
  ///   - utcOffset: Returns the offset of local time from UTC at a time [s], positive east.
  public mutating func settle(
    until boundary: Timestamp, horizon: Timestamp, late: TimeSpan, rule: MeterRule,
    utcOffset: (Timestamp) -> Int64
  ) {
    guard boundary > settledUntil, !history.isEmpty else { return }
    var quarter = max(settledUntil, history[0].time).floored(to: .hour)
    if quarter > settledUntil, settledUntil != .distantPast { folded.removeAll() }
    // Quarter-hours before the horizon are not kept, so they need no settling.
    if rule.sampling != .counter { quarter = max(quarter, horizon.floored(to: .hour)) }
    while quarter < boundary {
      if quarter >= horizon || rule.sampling == .counter {
        let cell = energy(from: quarter, to: quarter + .minutes(15), rule: rule)
        if quarter >= horizon { folded.append(cell) }
        if rule.sampling == .counter, cell.estimated == 0, cell.known > 0.25 * 0.999 {
          usual.learn(cell.positive, quarter: quarter, utcOffset: utcOffset(quarter), late: late)
        }
      }
      quarter += .minutes(15)
    }
    settledUntil = boundary
    let useful = max(0, (boundary - horizon).nanoseconds / TimeSpan.minutes(15).nanoseconds)
    if folded.count > useful { folded.removeFirst(folded.count - Int(useful)) }
    let first = history.used(before: history.place(notBefore: boundary)) ?? 0
    history.removeFirst(max(0, first - Meter.kept))
  }

  /// Time of the last reading that counts; `nil` without one.
  public var lastHeard: Timestamp? { history.used(before: history.count).map { history[$0].time } }
}
