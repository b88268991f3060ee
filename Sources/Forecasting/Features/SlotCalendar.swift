import PlantModel

/// What the clock and the calendar on the wall show at the start of slots, daylight saving included.
///
/// It keeps the slots at which the zone's offset changes, so that copies cost nothing and may cross threads.
public struct SlotCalendar: Sendable {
  /// One slot.
  public struct Entry: Sendable, Hashable {
    /// Hours since midnight, 0..<24.
    public var hour: Double
    /// Monday is 1, Sunday 7.
    public var weekday: Double
    /// 1...366.
    public var dayOfYear: Double
  }

  private let grid: SlotGrid
  /// First slots of spans with one offset, ascending, and those offsets.
  private var changes: [(slot: Int, offset: TimeSpan)] = []
  private var end: Int
  /// Local days off, as days since 1970-01-01.
  public var holidays: Set<Int> = []

  /// The calendar of a zone from a slot on; ``extend(to:zone:)`` says how far.
  public init(grid: SlotGrid, first: Int) {
    self.grid = grid
    end = first
  }

  /// Reads the zone's offsets up to a slot.
  public mutating func extend(to slot: Int, zone: LocalCalendar) {
    var zone = zone
    while end < slot {
      let offset = TimeSpan.seconds(zone.utcOffset(at: grid.start(of: end)))
      if changes.last?.offset != offset { changes.append((end, offset)) }
      // A day further where that has the same offset: no zone changes its clock and changes it back within a day.
      let tomorrow = min(slot, end + grid.perDay)
      end = TimeSpan.seconds(zone.utcOffset(at: grid.start(of: tomorrow))) == offset ? tomorrow : end + 1
    }
  }

  /// What the wall shows when a slot starts; outside of what was read, with the nearest offset.
  public func entry(_ slot: Int) -> Entry {
    let civil = CivilTime(utc: local(slot))
    return Entry(
      hour: Double(civil.secondOfDay) / 3600, weekday: Double(civil.weekday), dayOfYear: Double(civil.dayOfYear))
  }

  /// Whether a slot is on a local day off.
  public func isHoliday(_ slot: Int) -> Bool {
    holidays.contains(Int(local(slot).floored(to: .day).seconds / 86_400))
  }

  /// The slot at which the wall shows the same time so many days earlier, or later where `days` is negative.
  ///
  /// Across a change of the clock these are not multiples of 24 hours. A time that the clock leaves out is that after
  /// the change; of an hour that comes twice it is the one with the same offset, else the first. Where the change is no
  /// multiple of a slot, it is the nearest slot.
  ///
  /// Worked value: in Berlin, with slots of an hour, a day before 08:00 on 30 March 2025 is 23 slots earlier, since the
  /// clock was set forward at 02:00; a day before 08:00 on the 31st is 24.
  public func sameTime(as slot: Int, daysBefore days: Int) -> Int {
    let plain = slot - days * grid.perDay
    guard changes.count > 1 else { return plain }
    let place = span(of: slot)
    // Nearly always there is no change between.
    if plain >= changes[place].slot, place + 1 == changes.count || plain < changes[place + 1].slot { return plain }
    let own = changes[place].offset
    let there = offset(plain)
    let candidate = plain + slots(own - there)
    let found = offset(candidate)
    if found == there { return candidate }
    let other = plain + slots(own - found)
    return offset(other) == found ? other : candidate
  }

  /// The local day of a slot, counted from 1970-01-01, and its time of day in slots, 0..<perDay.
  public func clock(_ slot: Int) -> (day: Int, place: Int) {
    let seconds = local(slot).seconds
    let day = seconds >= 0 ? seconds / 86_400 : -((86_399 - seconds) / 86_400)
    return (Int(day), Int((seconds - day * 86_400) * Int64(grid.perDay) / 86_400))
  }

  /// The first slot that starts when a local day does or after it.
  public func firstSlot(ofLocalDay day: Int) -> Int {
    // No zone is a day and a half from its own standard time.
    var slot = grid.firstSlot(ofDay: day) - grid.perDay
    while clock(slot).day < day { slot += 1 }
    return slot
  }

  /// How many slots a span is, to the nearest.
  private func slots(_ span: TimeSpan) -> Int {
    let half = grid.span.nanoseconds / 2
    let rounded = (span.nanoseconds.magnitude + UInt64(max(0, half - 1))) / UInt64(grid.span.nanoseconds)
    return span < .zero ? -Int(rounded) : Int(rounded)
  }

  /// The position in ``changes`` of the span that a slot is in, or that is nearest.
  private func span(of slot: Int) -> Int { max(0, changes.partitioningIndex { $0.slot > slot } - 1) }

  private func offset(_ slot: Int) -> TimeSpan { changes[span(of: slot)].offset }

  private func local(_ slot: Int) -> Timestamp { grid.start(of: slot) + (changes.isEmpty ? .zero : offset(slot)) }

  /// By how much a zone's standard time is ahead of UTC in the year of a moment: the least offset of its months.
  public static func standardOffset(_ zone: LocalCalendar, around moment: Timestamp) -> TimeSpan {
    var zone = zone
    let year = CivilTime(utc: moment).year
    let offsets = (1...12).map { zone.utcOffset(at: CivilTime(year: year, month: $0, day: 1).utc) }
    return .seconds(offsets.min() ?? 0)
  }
}
