import PlantModel
public import WattlineTime

/// Quarter-hours counted from the epoch: the slots of forecasts and evaluations.
///
/// Example: 1970-01-02T00:15:00Z starts slot 97.
public enum QuarterHour {
  /// Number of slots in 24 hours.
  public static let perDay = 96
  /// Number of slots in a week.
  public static let perWeek = 672

  /// Returns the slot that contains a timestamp.
  public static func slot(containing timestamp: Timestamp) -> Int {
    let span = WindowLength.quarterHour.span.nanoseconds
    let (quotient, remainder) = timestamp.nanoseconds.quotientAndRemainder(dividingBy: span)
    return Int(remainder < 0 ? quotient - 1 : quotient)
  }

  /// Returns the start time of a slot, saturating.
  public static func start(of slot: Int) -> Timestamp {
    Timestamp(nanoseconds: (WindowLength.quarterHour.span * Int64(slot)).nanoseconds)
  }

  /// Returns whether a timestamp is the start of a slot.
  public static func isMark(_ timestamp: Timestamp) -> Bool {
    timestamp.nanoseconds % WindowLength.quarterHour.span.nanoseconds == 0
  }
}
