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

  private func local(_ slot: Int) -> Timestamp {
    let place = changes.partitioningIndex { $0.slot > slot }
    return grid.start(of: slot) + (changes.isEmpty ? .zero : changes[max(0, place - 1)].offset)
  }

  /// By how much a zone's standard time is ahead of UTC in the year of a moment: the least offset of its months.
  public static func standardOffset(_ zone: LocalCalendar, around moment: Timestamp) -> TimeSpan {
    var zone = zone
    let year = CivilTime(utc: moment).year
    let offsets = (1...12).map { zone.utcOffset(at: CivilTime(year: year, month: $0, day: 1).utc) }
    return .seconds(offsets.min() ?? 0)
  }
}
