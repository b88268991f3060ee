import PlantModel

/// The slots and the calendar of a plant: quarters of an hour, days from local midnight in standard time.
struct PlantZone: Sendable {
  /// What the calendar is made of, so that a change of the plant's file is noticed.
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
  let moment: Timestamp
  let grid: SlotGrid
  let calendar: SlotCalendar
  /// Slots of ``grid`` after those of ``StreamCore/QuarterHour``.
  var shift: Int { Int(grid.standardOffset.nanoseconds / grid.span.nanoseconds) }

  /// The zone by its IANA name, UTC where there is none of that name, seen from a year. Changes of the clock are known
  /// from two years before to twenty years after it.
  init(_ key: Key, around moment: Timestamp) {
    self.key = key
    self.moment = moment
    let zone = LocalCalendar(identifier: key.identifier) ?? .utc
    let span = WindowLength.quarterHour.span
    let offset = SlotCalendar.standardOffset(zone, around: moment)
    let quarters = TimeSpan(nanoseconds: offset.nanoseconds / span.nanoseconds * span.nanoseconds)
    // The quarter of an hour divides the day.
    let grid = SlotGrid(quarterHoursAheadBy: quarters)
    let slot = grid.slot(containing: moment)
    var calendar = SlotCalendar(grid: grid, first: slot - 2 * 366 * grid.perDay)
    calendar.extend(to: slot + 20 * 366 * grid.perDay, zone: zone)
    let year = CivilTime(utc: moment).year
    calendar.holidays = Set(key.holidays + HolidayCalendar.days(country: key.country, years: (year - 2)...(year + 20)))
    self.grid = grid
    self.calendar = calendar
  }
}
