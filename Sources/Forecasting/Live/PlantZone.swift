import PlantModel

/// The slots and the calendar of a plant: quarters of an hour, days from local midnight in standard time.
struct PlantZone: Sendable {
  let identifier: String
  let moment: Timestamp
  let grid: SlotGrid
  let calendar: SlotCalendar

  /// The zone by its IANA name, UTC where there is none of that name, seen from a year. Changes of the clock are known
  /// from two years before to twenty years after it.
  init(_ identifier: String, around moment: Timestamp) {
    self.identifier = identifier
    self.moment = moment
    let zone = LocalCalendar(identifier: identifier) ?? .utc
    let span = WindowLength.quarterHour.span
    let offset = SlotCalendar.standardOffset(zone, around: moment)
    let quarters = TimeSpan(nanoseconds: offset.nanoseconds / span.nanoseconds * span.nanoseconds)
    // The quarter of an hour divides the day.
    let grid = SlotGrid(quarterHoursAheadBy: quarters)
    let slot = grid.slot(containing: moment)
    var calendar = SlotCalendar(grid: grid, first: slot - 2 * 366 * grid.perDay)
    calendar.extend(to: slot + 20 * 366 * grid.perDay, zone: zone)
    self.grid = grid
    self.calendar = calendar
  }
}
