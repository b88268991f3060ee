import PlantModel

/// The event-time clock of one plant: pure, driven by readings and ticks, read by nobody else's clock.
///
/// It stands at the latest event time that is not in the future, less the lateness, and reports each minute mark that
/// it passes, so that stages act on marks in the same order however readings were batched.
struct EventClock: Equatable {
  /// How far behind the latest reading a reading may be without being late.
  static let lateness = TimeSpan.seconds(10)
  /// A reading further ahead of its receive time than this does not move the clock.
  static let future = TimeSpan.minutes(5)
  /// A plant that has said nothing for this long is moved on by ticks.
  static let idleAfter = TimeSpan.seconds(30)
  /// After a silence of the event time longer than this, marks resume this long before the new reading.
  static let longestWalk = TimeSpan.hours(48)

  /// The last minute mark that was passed; ``Timestamp/distantPast`` before the first reading.
  private(set) var mark = Timestamp.distantPast
  /// Receive time of the last reading.
  private(set) var lastReceived = Timestamp.distantPast

  /// A clock that has seen nothing.
  init() {}

  /// The clock as a snapshot kept it.
  init(mark: Timestamp, lastReceived: Timestamp) {
    self.mark = mark
    self.lastReceived = lastReceived
  }

  /// The mark up to which a reading moves the clock, or `nil` if it does not move it past one.
  func target(of time: Timestamp, received: Timestamp) -> Timestamp? {
    guard time <= received + EventClock.future else { return nil }
    let target = (time - EventClock.lateness).floored(to: .minute)
    return target > mark ? target : nil
  }

  /// The mark up to which a tick moves the clock of a plant that has gone silent, or `nil`.
  ///
  /// A plant whose clock is an hour or more behind is not live: its recording ended, and the present is not its time.
  func target(ofTick tick: Timestamp) -> Timestamp? {
    guard mark != .distantPast, tick - lastReceived >= EventClock.idleAfter, tick - mark < .hour else { return nil }
    let target = (tick - EventClock.lateness - EventClock.idleAfter).floored(to: .minute)
    return target > mark ? target : nil
  }

  /// Notes that a reading came.
  mutating func noteReading(received: Timestamp) { lastReceived = max(lastReceived, received) }

  /// Moves one mark towards `target`; `nil` when it is reached. The first reading of all sets the clock without marks.
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
