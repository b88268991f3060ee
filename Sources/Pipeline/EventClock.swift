import PlantModel
import WattlineTime

/// The event-time clock of one plant, advanced by readings and ticks alone.
///
/// Its time is the latest event time that is not in the future, minus the lateness. It reports each minute mark that it
/// passes, so that stages process marks in the same order however readings were batched.
struct EventClock: Equatable {
  /// Maximum age relative to the latest reading at which a reading is not late.
  static let lateness = TimeSpan.seconds(10)
  /// Maximum lead over the receive time. A reading further ahead does not advance the clock.
  static let future = TimeSpan.minutes(5)
  /// Time without readings after which ticks advance the clock.
  static let idleAfter = TimeSpan.seconds(30)
  /// Maximum length of a series of marks. After a longer gap in event time, marks resume this long before the new
  /// reading.
  static let longestWalk = TimeSpan.hours(48)

  /// Latest minute mark passed; ``Timestamp/distantPast`` before the first reading.
  private(set) var mark = Timestamp.distantPast
  /// Receive time of the latest reading.
  private(set) var lastReceived = Timestamp.distantPast

  /// Creates a clock before its first reading.
  init() {}

  /// Restores a clock from a snapshot.
  init(mark: Timestamp, lastReceived: Timestamp) {
    self.mark = mark
    self.lastReceived = lastReceived
  }

  /// Returns the mark up to which a reading advances the clock; `nil` if it passes no further mark.
  func target(of time: Timestamp, received: Timestamp) -> Timestamp? {
    guard time <= received + EventClock.future else { return nil }
    let target = (time - EventClock.lateness).floored(to: .minute)
    return target > mark ? target : nil
  }

  /// Returns the mark up to which a tick advances the clock of a silent plant; `nil` if it does not.
  ///
  /// A clock that is an hour or more behind belongs to a finished recording, so ticks do not advance it.
  func target(ofTick tick: Timestamp) -> Timestamp? {
    guard mark != .distantPast, tick - lastReceived >= EventClock.idleAfter, tick - mark < .hour else { return nil }
    let target = (tick - EventClock.lateness - EventClock.idleAfter).floored(to: .minute)
    return target > mark ? target : nil
  }

  /// Records the receive time of a reading.
  mutating func observeReading(received: Timestamp) { lastReceived = max(lastReceived, received) }

  /// Advances the clock by one mark towards `target`. The very first reading sets the clock without reporting marks.
  ///
  /// - Returns: The mark passed; `nil` once `target` is reached.
  mutating func nextMark(towards target: Timestamp) -> Timestamp? {
    guard mark != .distantPast else {
      mark = target
      return nil
    }
    guard mark < target else { return nil }
    mark = max(mark + .minute, target - EventClock.longestWalk)
    return mark
  }
}
