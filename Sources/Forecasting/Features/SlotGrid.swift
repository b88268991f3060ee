import PlantModel

/// Time cut into slots of equal length, counted so that day 0 of the slots starts at a local midnight in standard
/// time. Days of slots are always 24 hours; what the clock on the wall shows, and which slot has the same time on another
/// day, ``SlotCalendar`` knows.
public struct SlotGrid: Sendable, Hashable {
  /// Length of a slot; divides 24 hours.
  public let span: TimeSpan
  /// By how much local standard time is ahead of UTC.
  public let standardOffset: TimeSpan
  /// Slots in 24 hours.
  public let perDay: Int

  /// A grid; `nil` unless `span` divides 24 hours and is at least a minute.
  public init?(span: TimeSpan, standardOffset: TimeSpan = .zero) {
    guard span >= .minute, TimeSpan.day.nanoseconds % span.nanoseconds == 0 else { return nil }
    self.span = span
    self.standardOffset = standardOffset
    perDay = Int(TimeSpan.day.nanoseconds / span.nanoseconds)
  }

  /// Quarters of an hour.
  init(quarterHoursAheadBy standardOffset: TimeSpan) {
    span = .minutes(15)
    self.standardOffset = standardOffset
    perDay = 96
  }

  /// The slot that contains a moment.
  public func slot(containing moment: Timestamp) -> Int {
    let local = (moment + standardOffset).floored(to: span)
    return Int(local.nanoseconds / span.nanoseconds)
  }

  /// The moment at which a slot starts, saturating.
  public func start(of slot: Int) -> Timestamp {
    Timestamp(nanoseconds: (span * Int64(slot)).nanoseconds) - standardOffset
  }

  /// The day of a slot, counted from 1970-01-01 in local standard time.
  public func day(of slot: Int) -> Int { slot >= 0 ? slot / perDay : -((perDay - 1 - slot) / perDay) }

  /// The first slot of a day.
  public func firstSlot(ofDay day: Int) -> Int { day * perDay }

  /// The first slot of the day that contains a slot.
  public func startOfDay(_ slot: Int) -> Int { firstSlot(ofDay: day(of: slot)) }
}
