import PlantModel

/// Takes a line that holds a local day apart into its slots, days of 23 and 25 hours too.
///
/// On a day on which the clock is changed there are fewer or more cells: either as many as slots pass, or each cell stands
/// for what the wall shows. Which of both it is shows in the cells that are empty.
struct WideDay {
  private let wide: RecordingLayout.Wide
  private var zone: LocalCalendar
  /// Days whose cells do not fit their length.
  private(set) var unevenDays = 0
  /// Cells that are no number.
  private(set) var unreadable = 0

  init(_ wide: RecordingLayout.Wide, zone: String) {
    self.wide = wide
    self.zone = LocalCalendar(identifier: zone) ?? .utc
  }

  /// The slots of a day with what stands in them, NaN where nothing does.
  mutating func slots(
    of day: RowReader.Moment, _ cells: [Cell], _ bytes: [UInt8], _ mark: DecimalMark
  ) -> [(time: Timestamp, value: Double)] {
    let midnight = CivilTime(utc: Timestamp(nanoseconds: day.nanoseconds).floored(to: .day))
    let start = day.isLocal ? zone.moment(of: midnight) : Timestamp(nanoseconds: day.nanoseconds)
    let next = day.isLocal ? zone.moment(of: CivilTime(utc: midnight.utc + .days(1))) : start + .days(1)
    let due = Int((next - start).nanoseconds / wide.length)
    let values = wide.cells.map { cell -> Double in
      guard cells.indices.contains(cell) else { return .nan }
      guard let value = NumberText.number(bytes, cells[cell].range, mark) else {
        unreadable += 1
        return .nan
      }
      return value
    }
    let filled = values.count { !$0.isNaN }
    let usual = Int(86_400_000_000_000 / wide.length)
    // As many slots as pass: the cells after them are empty.
    let isCounted = wide.clocks.isEmpty ? values.dropFirst(due).allSatisfy(\.isNaN) : due == usual && !hasRepeats
    if isCounted || (due < usual && values.dropFirst(due).allSatisfy(\.isNaN) && !hasGapInside(values, due)) {
      if due != usual, filled > 0, filled != due { unevenDays += 1 }
      return (0..<min(due, values.count)).map { (start + TimeSpan(nanoseconds: Int64($0) * wide.length), values[$0]) }
    }
    if due == usual, wide.clocks.isEmpty, filled > due { unevenDays += 1 }
    return byClock(values, midnight, due: due)
  }

  /// Whether a slot's label comes twice, as where a column is kept for the hour that comes again.
  private var hasRepeats: Bool { Set(wide.clocks).count < wide.clocks.count }

  /// Whether the hour that the clock leaves out is empty, and what comes after it is not.
  private func hasGapInside(_ values: [Double], _ due: Int) -> Bool {
    guard let last = values.lastIndex(where: { !$0.isNaN }) else { return false }
    return last >= due || values[..<last].contains { $0.isNaN }
  }

  /// Each cell at the time that the wall shows; the second of a label, and what is beyond a day's cells, in the hour that
  /// comes twice.
  private mutating func byClock(
    _ values: [Double], _ midnight: CivilTime, due: Int
  ) -> [(time: Timestamp, value: Double)] {
    var slots: [(time: Timestamp, value: Double)] = []
    var seen: Set<Int64> = []
    var lost = false
    for (place, value) in values.enumerated() {
      let clock = wide.clocks.isEmpty ? Int64(place) * wide.length : wide.clocks[place]
      guard clock < 86_400_000_000_000 else {
        lost = lost || !value.isNaN
        continue
      }
      let civil = CivilTime(utc: midnight.utc + TimeSpan(nanoseconds: clock))
      let (earlier, later) = zone.moments(of: civil)
      let isAgain = !seen.insert(clock).inserted
      let isThere = zone.civil(at: earlier) == civil
      if (isAgain && earlier == later) || !isThere {
        lost = lost || (!value.isNaN && value != 0)
        continue
      }
      slots.append((isAgain ? later : earlier, value))
    }
    let known = slots.count { !$0.value.isNaN }
    if known > 0, lost || known < due { unevenDays += 1 }
    return slots.sorted { $0.time < $1.time }
  }
}
