import PlantModel
import WattlineTime

/// Splitter of lines with a local day into slots, also on days of 23 and 25 hours.
///
/// On days with a clock change, the number of cells differs. Either the cells count the elapsed slots, or each cell
/// belongs to a local clock time. The empty cells show which of both applies.
struct WideDay {
  private let wide: RecordingLayout.Wide
  private var zone: LocalCalendar
  /// Number of days whose cells do not fit their length.
  private(set) var unevenDays = 0
  /// Number of cells that are not numbers.
  private(set) var unreadable = 0

  init(_ wide: RecordingLayout.Wide, zone: String) {
    self.wide = wide
    self.zone = LocalCalendar(identifier: zone) ?? .utc
  }

  /// Returns the slots of a day with their values; NaN for empty cells.
  ///
  /// - Parameters:
  ///   - day: Midnight of the day.
  ///   - cells: Cells of the line.
  ///   - bytes: Text of the file.
  ///   - mark: Decimal mark.
  mutating func slots(
    of day: RowReader.Moment, cells: [Cell], bytes: [UInt8], mark: DecimalMark
  ) -> [(time: Timestamp, value: Double)] {
    let midnight = CivilTime(utc: Timestamp(nanoseconds: day.nanoseconds).floored(to: .day))
    let start = day.isLocal ? zone.timestamp(of: midnight) : Timestamp(nanoseconds: day.nanoseconds)
    let next = day.isLocal ? zone.timestamp(of: CivilTime(utc: midnight.utc + .days(1))) : start + .days(1)
    let due = Int((next - start).nanoseconds / wide.length)
    let values = wide.cells.map { cell -> Double in
      guard cells.indices.contains(cell) else { return .nan }
      guard let value = NumberText.number(bytes, range: cells[cell].range, mark: mark) else {
        unreadable += 1
        return .nan
      }
      return value
    }
    let filled = values.count { !$0.isNaN }
    let usual = Int(86_400_000_000_000 / wide.length)
    // Cells count elapsed slots: those after the day's last slot are empty.
    let isCounted = wide.clocks.isEmpty ? values.dropFirst(due).allSatisfy(\.isNaN) : due == usual && !hasRepeats
    if isCounted || (due < usual && values.dropFirst(due).allSatisfy(\.isNaN) && !hasGapInside(values, due: due)) {
      if due != usual, filled > 0, filled != due { unevenDays += 1 }
      return (0..<min(due, values.count)).map { (start + TimeSpan(nanoseconds: Int64($0) * wide.length), values[$0]) }
    }
    if due == usual, wide.clocks.isEmpty, filled > due { unevenDays += 1 }
    return byClock(values, midnight: midnight, due: due)
  }

  /// Whether a slot's label occurs twice, as in files with a separate column for the repeated hour.
  private var hasRepeats: Bool { Set(wide.clocks).count < wide.clocks.count }

  /// Returns whether the skipped hour is empty and later cells are not.
  private func hasGapInside(_ values: [Double], due: Int) -> Bool {
    guard let last = values.lastIndex(where: { !$0.isNaN }) else { return false }
    return last >= due || values[..<last].contains { $0.isNaN }
  }

  /// Returns each cell's value at its local clock time. A repeated label belongs to the second pass of the repeated
  /// hour.
  ///
  /// - Parameters:
  ///   - values: Values of the cells.
  ///   - midnight: Local start of the day.
  ///   - due: Number of slots that elapse on this day.
  private mutating func byClock(
    _ values: [Double], midnight: CivilTime, due: Int
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
