import PlantModel

/// Quarters of an hour counted from the epoch: the slots in which stages forecast and judge.
///
/// Example: 1970-01-02T00:15:00Z starts slot 97.
public enum QuarterHour {
  /// Slots in 24 hours.
  public static let perDay = 96
  /// Slots in a week.
  public static let perWeek = 672

  /// The slot that contains a moment.
  public static func slot(containing moment: Timestamp) -> Int {
    let span = WindowLength.quarterHour.span.nanoseconds
    let (quotient, remainder) = moment.nanoseconds.quotientAndRemainder(dividingBy: span)
    return Int(remainder < 0 ? quotient - 1 : quotient)
  }

  /// The moment at which a slot starts, saturating.
  public static func start(of slot: Int) -> Timestamp {
    Timestamp(nanoseconds: (WindowLength.quarterHour.span * Int64(slot)).nanoseconds)
  }

  /// Whether a moment starts a slot.
  public static func isMark(_ moment: Timestamp) -> Bool {
    moment.nanoseconds % WindowLength.quarterHour.span.nanoseconds == 0
  }
}
