import PlantModel
import SystemCore
import WattlineTime

/// Times of a source's fetches.
struct FetchSchedule {
  private let schedule: DataSource.Schedule
  private var calendar: LocalCalendar
  private var backoff: Backoff
  private var random: Backoff

  /// Creates a schedule.
  ///
  /// - Parameters:
  ///   - schedule: Times of the fetches.
  ///   - calendar: Calendar of the plant's zone.
  ///   - seed: Seed of the jitter.
  init(_ schedule: DataSource.Schedule, calendar: LocalCalendar, seed: UInt64 = .random(in: .min ... .max)) {
    (self.schedule, self.calendar) = (schedule, calendar)
    var longest = TimeSpan.minutes(15)
    if case .every(let span) = schedule { longest = min(max(span, .seconds(2)), longest) }
    backoff = Backoff(shortest: .seconds(2), longest: longest, seed: seed)
    random = Backoff(shortest: .second, longest: .second, seed: ~seed)
  }

  /// Returns the time of the first fetch: that of the last one goes on, and what is overdue is fetched soon.
  ///
  /// - Parameters:
  ///   - last: Time of the last success, before the process started; `nil` if there was none.
  ///   - now: Current time.
  /// - Returns: The time.
  mutating func first(after last: Timestamp?, now: Timestamp) -> Timestamp {
    if case .daily(let time) = schedule, let last, now >= last {
      // A day's time that was missed while the process was down is made up for.
      let due = next(time, after: last)
      return due > now ? due : now + jitter(.seconds(2))
    }
    if case .every(let span) = schedule {
      return now + jitter(min(.seconds(2), TimeSpan(nanoseconds: span.nanoseconds / 10)))
    }
    return now + jitter(.seconds(2))
  }

  /// Returns the time of the fetch after one that succeeded.
  ///
  /// - Parameters:
  ///   - start: Start of the fetch.
  ///   - now: Current time.
  /// - Returns: The time.
  mutating func afterSuccess(of start: Timestamp, now: Timestamp) -> Timestamp {
    backoff.reset()
    switch schedule {
    case .every(let span):
      return max(start + span, now) + jitter(min(TimeSpan(nanoseconds: span.nanoseconds / 50), .seconds(30)))
    case .daily(let time): return next(time, after: now) + jitter(.seconds(30))
    }
  }

  /// Returns the time of the fetch after one that failed.
  ///
  /// - Parameters:
  ///   - wait: Wait for which the other side asks.
  ///   - now: Current time.
  /// - Returns: The time.
  mutating func afterFailure(wait: TimeSpan?, now: Timestamp) -> Timestamp {
    now + max(backoff.next(), wait ?? .zero)
  }

  /// Returns the next time at which the plant's clock shows a time of the day.
  private mutating func next(_ time: TimeSpan, after now: Timestamp) -> Timestamp {
    var day = calendar.civil(at: now)
    (day.hour, day.minute) = (Int(time.nanoseconds / 3_600_000_000_000), Int(time.nanoseconds / 60_000_000_000 % 60))
    (day.second, day.nanosecond) = (0, 0)
    let today = calendar.timestamp(of: day)
    if today > now { return today }
    let date = CivilTime.date(
      daysSinceEpoch: CivilTime.daysSinceEpoch(year: day.year, month: day.month, day: day.day) + 1)
    (day.year, day.month, day.day) = (date.year, date.month, date.day)
    return calendar.timestamp(of: day)
  }

  /// Returns a random span up to another.
  private mutating func jitter(_ longest: TimeSpan) -> TimeSpan {
    // The wait lies between a half and a whole second.
    let share = (random.next().inSeconds - 0.5) * 2
    return TimeSpan(nanoseconds: Int64(Double(longest.nanoseconds) * min(max(share, 0), 1)))
  }
}
