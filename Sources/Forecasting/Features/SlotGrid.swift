import PlantModel
public import WattlineTime

/// Time divided into slots of equal length, numbered so that day 0 starts at a local midnight in standard time.
///
/// Days of slots are always 24 hours. Local time and corresponding slots on other days are in ``SlotCalendar``.
public struct SlotGrid: Sendable, Hashable {
  /// Length of a slot; divides 24 hours.
  public let span: TimeSpan
  /// Offset of local standard time from UTC, positive east.
  public let standardOffset: TimeSpan
  /// Slots in 24 hours.
  public let perDay: Int

  /// Creates a grid; `nil` unless `span` divides 24 hours and is at least a minute.
  public init?(span: TimeSpan, standardOffset: TimeSpan = .zero) {
    guard span >= .minute, TimeSpan.day.nanoseconds % span.nanoseconds == 0 else { return nil }
    self.span = span
    self.standardOffset = standardOffset
    perDay = Int(TimeSpan.day.nanoseconds / span.nanoseconds)
  }

  /// Creates a grid of quarter-hours.
  init(quarterHoursAheadBy standardOffset: TimeSpan) {
    span = .minutes(15)
    self.standardOffset = standardOffset
    perDay = 96
  }

  /// Returns the slot that contains a time.
  public func slot(containing timestamp: Timestamp) -> Int {
    let local = (timestamp + standardOffset).floored(to: span)
    return Int(local.nanoseconds / span.nanoseconds)
  }

  /// Returns the time at which a slot starts, saturating.
  public func start(of slot: Int) -> Timestamp {
    Timestamp(nanoseconds: (span * Int64(slot)).nanoseconds) - standardOffset
  }

  /// Returns the day of a slot, counted from 1970-01-01 in local standard time.
  public func day(of slot: Int) -> Int { slot >= 0 ? slot / perDay : -((perDay - 1 - slot) / perDay) }

  /// Returns the first slot of a day.
  public func firstSlot(ofDay day: Int) -> Int { day * perDay }

  /// Returns the first slot of the day that contains a slot.
  public func startOfDay(_ slot: Int) -> Int { firstSlot(ofDay: day(of: slot)) }
}
