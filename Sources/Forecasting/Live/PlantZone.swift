import PlantModel
import WattlineTime

/// Slots and calendar of a plant: quarter-hours, with days from local midnight in standard time.
struct PlantZone: Sendable {
  /// The settings of the calendar, compared to detect a change of the plant file.
  struct Key: Sendable, Hashable {
    var identifier: String
    var country: String
    var holidays: [Int]

    init(identifier: String, country: String, holidays: [Int]) {
      self.identifier = identifier
      self.country = country
      self.holidays = holidays
    }

    init(_ plant: Plant) {
      self.init(
        identifier: plant.location.timezone, country: plant.location.country ?? "", holidays: plant.holidays)
    }
  }

  let key: Key
  let timestamp: Timestamp
  let grid: SlotGrid
  let calendar: SlotCalendar
  /// Number of slots by which ``grid`` is ahead of that of ``StreamCore/QuarterHour``.
  var shift: Int { Int(grid.standardOffset.nanoseconds / grid.span.nanoseconds) }

  /// Creates the zone of an IANA name; an unknown name gives UTC.
  ///
  /// Clock changes are known from two years before `timestamp` to twenty years after it.
  init(_ key: Key, around timestamp: Timestamp) {
    self.key = key
    self.timestamp = timestamp
    let zone = LocalCalendar(identifier: key.identifier) ?? .utc
    let span = WindowLength.quarterHour.span
    let offset = SlotCalendar.standardOffset(zone, around: timestamp)
    let quarters = TimeSpan(nanoseconds: offset.nanoseconds / span.nanoseconds * span.nanoseconds)
    // A quarter-hour divides the day.
    let grid = SlotGrid(quarterHoursAheadBy: quarters)
    let slot = grid.slot(containing: timestamp)
    var calendar = SlotCalendar(grid: grid, first: slot - 2 * 366 * grid.perDay)
    calendar.extend(to: slot + 20 * 366 * grid.perDay, zone: zone)
    let year = CivilTime(utc: timestamp).year
    calendar.holidays = Set(key.holidays + HolidayCalendar.days(country: key.country, years: (year - 2)...(year + 20)))
    self.grid = grid
    self.calendar = calendar
  }
}
