import PlantModel

/// What the clock and the calendar on the wall show at the start of slots, daylight saving included.
public struct SlotCalendar {
  /// One slot.
  public struct Entry: Sendable, Hashable {
    /// Hours since midnight, 0..<24.
    public var hour: Double
    /// Monday is 1, Sunday 7.
    public var weekday: Double
    /// 1...366.
    public var dayOfYear: Double
  }

  private var zone: LocalCalendar
  private let grid: SlotGrid

  /// The calendar of a zone.
  public init(zone: LocalCalendar, grid: SlotGrid) {
    self.zone = zone
    self.grid = grid
  }

  /// What the wall shows when a slot starts.
  public mutating func entry(_ slot: Int) -> Entry {
    let civil = zone.civil(at: grid.start(of: slot))
    return Entry(
      hour: Double(civil.secondOfDay) / 3600, weekday: Double(civil.weekday), dayOfYear: Double(civil.dayOfYear))
  }

  /// By how much a zone's standard time is ahead of UTC in the year of a moment: the least offset of its months.
  public static func standardOffset(_ zone: LocalCalendar, around moment: Timestamp) -> TimeSpan {
    var zone = zone
    let year = CivilTime(utc: moment).year
    let offsets = (1...12).map { zone.utcOffset(at: CivilTime(year: year, month: $0, day: 1).utc) }
    return .seconds(offsets.min() ?? 0)
  }
}
