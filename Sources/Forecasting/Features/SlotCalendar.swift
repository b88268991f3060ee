import PlantModel
public import WattlineTime

/// Local time and date at the start of slots, daylight saving included.
///
/// Only the slots at which the zone's offset changes are stored, so copies are cheap and can cross threads.
public struct SlotCalendar: Sendable {
  /// Local time and date at the start of one slot.
  public struct Entry: Sendable, Hashable {
    /// Hours since midnight, 0..<24.
    public var hour: Double
    /// Weekday; Monday is 1, Sunday 7.
    public var weekday: Double
    /// Day of the year, 1...366.
    public var dayOfYear: Double
  }

  private let grid: SlotGrid
  /// First slots of spans with one offset from UTC, ascending, and those offsets.
  private var changes: [(slot: Int, offset: TimeSpan)] = []
  private var end: Int
  /// Local holidays, as days since 1970-01-01.
  public var holidays: Set<Int> = []

  /// Creates a calendar from a slot on; ``extend(to:zone:)`` sets its end.
  public init(grid: SlotGrid, first: Int) {
    self.grid = grid
    end = first
  }

  /// Extends the calendar with the zone's offsets up to a slot.
  public mutating func extend(to slot: Int, zone: LocalCalendar) {
    var zone = zone
    while end < slot {
      let offset = TimeSpan.seconds(zone.utcOffset(at: grid.start(of: end)))
      if changes.last?.offset != offset { changes.append((end, offset)) }
      // Skips a day if the offset is the same there: no zone changes its clock twice within a day.
      let tomorrow = min(slot, end + grid.perDay)
      end = TimeSpan.seconds(zone.utcOffset(at: grid.start(of: tomorrow))) == offset ? tomorrow : end + 1
    }
  }

  /// Returns local time and date at the start of a slot; outside the calendar with the nearest offset.
  public func entry(_ slot: Int) -> Entry {
    let civil = CivilTime(utc: local(slot))
    return Entry(
      hour: Double(civil.secondOfDay) / 3600, weekday: Double(civil.weekday), dayOfYear: Double(civil.dayOfYear))
  }

  /// Returns whether a slot is on a local holiday.
  public func isHoliday(_ slot: Int) -> Bool {
    holidays.contains(Int(local(slot).floored(to: .day).seconds / 86_400))
  }

  /// Returns the slot with the same local time that many days earlier, or later if `days` is negative.
  ///
  /// Across a clock change this is not a multiple of 24 hours. A time that the change skips becomes the one after it.
  /// Of an hour that occurs twice, the one with the same offset is used, otherwise the first. If the change is no
  /// multiple of a slot, the nearest slot is used.
  ///
  /// Worked value: in Berlin, with hourly slots, a day before 08:00 on 30 March 2025 is 23 slots earlier, since the
  /// clock went forward at 02:00. A day before 08:00 on the 31st is 24 slots earlier.
  public func sameTime(as slot: Int, daysBefore days: Int) -> Int {
    let plain = slot - days * grid.perDay
    guard changes.count > 1 else { return plain }
    let place = span(of: slot)
    // Usually there is no change between.
    if plain >= changes[place].slot, place + 1 == changes.count || plain < changes[place + 1].slot { return plain }
    let own = changes[place].offset
    let there = offset(plain)
    let candidate = plain + slots(own - there)
    let found = offset(candidate)
    if found == there { return candidate }
    let other = plain + slots(own - found)
    return offset(other) == found ? other : candidate
  }

  /// Returns the local day of a slot, counted from 1970-01-01, and its time of day in slots, 0..<perDay.
  public func clock(_ slot: Int) -> (day: Int, place: Int) {
    let seconds = local(slot).seconds
    let day = seconds >= 0 ? seconds / 86_400 : -((86_399 - seconds) / 86_400)
    return (Int(day), Int((seconds - day * 86_400) * Int64(grid.perDay) / 86_400))
  }

  /// Returns the first slot that starts at or after the start of a local day.
  public func firstSlot(ofLocalDay day: Int) -> Int {
    // Every zone is within a day of its standard time.
    var slot = grid.firstSlot(ofDay: day) - grid.perDay
    while clock(slot).day < day { slot += 1 }
    return slot
  }

  /// Returns the number of slots nearest to a time span.
  private func slots(_ span: TimeSpan) -> Int {
    let half = grid.span.nanoseconds / 2
    let rounded = (span.nanoseconds.magnitude + UInt64(max(0, half - 1))) / UInt64(grid.span.nanoseconds)
    return span < .zero ? -Int(rounded) : Int(rounded)
  }

  /// Returns the position in ``changes`` of the span that contains a slot, or of the nearest one.
  private func span(of slot: Int) -> Int { max(0, changes.partitioningIndex { $0.slot > slot } - 1) }

  private func offset(_ slot: Int) -> TimeSpan { changes[span(of: slot)].offset }

  private func local(_ slot: Int) -> Timestamp { grid.start(of: slot) + (changes.isEmpty ? .zero : offset(slot)) }

  /// Returns a zone's standard offset from UTC in the year of a time: the least offset of its months.
  public static func standardOffset(_ zone: LocalCalendar, around timestamp: Timestamp) -> TimeSpan {
    var zone = zone
    let year = CivilTime(utc: timestamp).year
    let offsets = (1...12).map { zone.utcOffset(at: CivilTime(year: year, month: $0, day: 1).utc) }
    return .seconds(offsets.min() ?? 0)
  }
}
