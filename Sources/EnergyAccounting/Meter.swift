import PlantModel

/// What is remembered of a series that carries energy, for as far back as late readings count.
///
/// A meter keeps at most ``capacity`` readings, 128 KiB. What a faster series said before is folded into quarters of an
/// hour, which nothing changes any more.
public struct Meter: Sendable, Equatable {
  /// Most readings that are kept: a day of readings every 11 seconds, or two hours and a quarter of one a second.
  public static let capacity = 8_192
  /// Readings before the first one that counts which are kept, since they tell what is usual.
  static let kept = 8

  /// The readings.
  public private(set) var history = SampleHistory()
  /// Whether a value holds until the next, because the sender reports on change.
  public var holds = false
  /// Before this moment nothing changes any more.
  public private(set) var settledUntil = Timestamp.distantPast
  /// Quarters before ``settledUntil`` that are young enough for the account, the last of them ending there.
  private(set) var folded: [EnergyCell] = []
  /// The usual course of a counter's increase.
  private(set) var usual = UsualProfile()

  /// A meter that has seen nothing.
  public init() {}

  /// A meter that has seen `samples`, in the order of time.
  init(_ samples: [MeterSample], holds: Bool, settledUntil: Timestamp, folded: [EnergyCell], usual: UsualProfile) {
    for sample in samples { _ = history.insert(sample) }
    (self.holds, self.settledUntil, self.folded, self.usual) = (holds, settledUntil, folded, usual)
  }

  /// Takes in a reading.
  ///
  /// - Returns: What of the past may have changed; `nil` where nothing has.
  public mutating func take(_ sample: MeterSample, _ rule: MeterRule) -> Range<Timestamp>? {
    guard sample.time >= settledUntil else { return nil }
    guard let place = history.insert(sample) else { return nil }
    return reach(of: place, rule)
  }

  /// The time for which a reading matters.
  private func reach(of place: Int, _ rule: MeterRule) -> Range<Timestamp> {
    let time = history[place].time
    var first = place
    if !(rule.sampling == .instant && holds) || !history[place].isUsed {
      first = history.used(before: place) ?? place
      // What a fall of a counter was, is known by what follows.
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
      // A reading may speak for an interval before it, whose length the one before tells.
      start = first == place ? time - SampleHistory.longestInterval : start
    }
    // It is among the gaps by which those behind it are judged.
    let last = min(history.count - 1, place + Meter.kept)
    let end = history[last].time + (last == place ? SampleHistory.longestInterval : .zero)
    return start..<max(end, start + TimeSpan(nanoseconds: 1))
  }

  /// The moment up to which readings can be forgotten: at the horizon, or later where there are too many, and never
  /// behind the last reading that counts, from which the next may go on. A multiple of an hour.
  public func boundary(horizon: Timestamp) -> Timestamp? {
    guard let last = history.used(before: history.count) else { return nil }
    var boundary = horizon
    if history.count > Meter.capacity {
      boundary = max(boundary, history[history.count - Meter.capacity * 3 / 4].time)
    }
    boundary = min(boundary, history[last].time).floored(to: .hour)
    return boundary > max(settledUntil, history[0].time) ? boundary : nil
  }

  /// Forgets readings before a boundary, and keeps the quarters behind the horizon.
  ///
  /// - Parameters:
  ///   - boundary: A multiple of an hour.
  ///   - horizon: Quarters from here on are kept.
  ///   - late: How far back late readings count.
  ///   - utcOffset: Seconds by which local time is ahead of UTC at a time [s].
  public mutating func settle(
    until boundary: Timestamp, horizon: Timestamp, late: TimeSpan, _ rule: MeterRule,
    utcOffset: (Timestamp) -> Int64
  ) {
    guard boundary > settledUntil, !history.isEmpty else { return }
    var quarter = max(settledUntil, history[0].time).floored(to: .hour)
    if quarter > settledUntil, settledUntil != .distantPast { folded.removeAll() }
    // What lies further back than any quarter can is not looked at one by one.
    if rule.sampling != .counter { quarter = max(quarter, horizon.floored(to: .hour)) }
    while quarter < boundary {
      if quarter >= horizon || rule.sampling == .counter {
        let cell = energy(from: quarter, to: quarter + .minutes(15), rule)
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

  /// When the last reading that counts was; `nil` without one.
  public var lastHeard: Timestamp? { history.used(before: history.count).map { history[$0].time } }
}
