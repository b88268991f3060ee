import InfluxSink
import PlantModel
import Settings
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// Selection of what retention deletes next. Pure, so that it is never in doubt what may be deleted.
enum RetentionPlan {
  /// Returns the time before which points may be deleted: the begin of the UTC day in which they reach an age.
  static func limit(age: TimeSpan, at now: Timestamp) -> Timestamp { (now - age).floored(to: .day) }

  /// Returns the time before which points are deleted next: the end of the oldest point's UTC day, at most the limit.
  ///
  /// - Parameters:
  ///   - age: Age from which points are deleted.
  ///   - oldest: Time of the oldest point; `nil` if there is none before the limit.
  ///   - now: The current time.
  /// - Returns: `nil` if nothing is due.
  static func next(age: TimeSpan, oldest: Timestamp?, at now: Timestamp) -> Timestamp? {
    let limit = limit(age: max(age, RetentionSettings.shortest), at: now)
    guard let oldest, oldest < limit else { return nil }
    return min(limit, oldest.floored(to: .day) + .day)
  }

  /// Returns whether it is a quiet hour in a time zone.
  static func isQuiet(_ settings: RetentionSettings, at now: Timestamp, zone: String) -> Bool {
    var calendar = LocalCalendar(identifier: zone) ?? .utc
    let civil = calendar.civil(at: now)
    return settings.isQuiet(minute: civil.hour * 60 + civil.minute)
  }
}

/// Counters of retention since the start of the process.
struct RetentionCounts: Sendable {
  /// Days deleted.
  var days = 0
  /// Deletions that failed.
  var failures = 0
  /// Duration of the last deletion [s].
  var lastSeconds = 0.0
}

/// Deletes old points of high-rate measurements, one day of one measurement at a time, in the quiet hours.
///
/// It keeps no state: what is older than its age is asked of the database each time. So a restart goes on where the
/// last process ended, and points that came late are deleted too.
final class RetentionKeeper: Sendable {
  /// Shortest pause between two deletions; after a long one the pause is as long as it took.
  static let shortestPause = TimeSpan.seconds(30)
  /// Time between two looks at a measurement of which nothing is due.
  static let restInterval = TimeSpan.hour

  /// Counters since the start.
  let counts = Locked(RetentionCounts())
  private let settings: RetentionSettings
  private let database: DatabaseSettings
  private let sink: any Sink
  private let zone: @Sendable () -> String
  private let pause: TimeSpan
  private let note: RunningPipeline.Note
  private let isStopping = StopSignal()
  private let trouble = LogDeduplicator()
  private let thread = Locked<BlockingThread?>(nil)

  /// Creates the keeper without starting it.
  ///
  /// - Parameters:
  ///   - settings: Ages and quiet hours.
  ///   - database: The database.
  ///   - sink: Nothing is deleted while points wait in it.
  ///   - pause: Shortest pause between two deletions.
  ///   - zone: Returns the time zone of the quiet hours.
  ///   - note: Receives log lines.
  init(
    _ settings: RetentionSettings, database: DatabaseSettings, sink: any Sink,
    pause: TimeSpan = RetentionKeeper.shortestPause, zone: @escaping @Sendable () -> String,
    note: @escaping RunningPipeline.Note
  ) {
    (self.settings, self.database, self.sink) = (settings, database, sink)
    (self.pause, self.zone, self.note) = (pause, zone, note)
  }

  /// Starts the thread.
  func start() throws(SystemError) {
    let started = try BlockingThread(name: "retention") { [self] in run() }
    thread.set(started)
  }

  /// Stops the thread. A deletion that the database has begun is not waited for.
  func stop() {
    isStopping.set()
    thread.value?.join()
  }

  private func run() {
    while !isStopping.isSet {
      let wait = isDue ? work() : .minute
      isStopping.wait(milliseconds: max(wait.nanoseconds / 1_000_000, 1))
    }
  }

  /// Whether it is a quiet hour and the database takes every point at once.
  private var isDue: Bool {
    let counts = sink.counts
    return RetentionPlan.isQuiet(settings, at: SystemClock.now(), zone: zone())
      && counts.state == .ok && counts.accounts.spooled.points == 0
  }

  /// Deletes one day of one measurement.
  ///
  /// - Returns: The time to wait before the next one.
  private func work() -> TimeSpan {
    do throws(RemovalError) {
      let isStopping = isStopping
      let remover = try PointRemover(database) { isStopping.isSet }
      try remover.compareClock(with: SystemClock.now())
      for (name, age) in settings.ages.sorted(by: { $0.key < $1.key }) where !isStopping.isSet {
        let now = SystemClock.now()
        let oldest = try remover.oldest(of: name, before: RetentionPlan.limit(age: age, at: now))
        guard let end = RetentionPlan.next(age: age, oldest: oldest, at: now) else { continue }
        let seconds = try remove(name, before: end, through: remover)
        return max(pause, TimeSpan(nanoseconds: Int64(seconds * 1e9)))
      }
      trouble.isOver(with: "retention")
    } catch {
      if isStopping.isSet { return .zero }
      counts.with { $0.failures += 1 }
      let words = "retention: \(error)"
      if trouble.isNew(words, with: "retention") { note(.error(words)) }
    }
    return Self.restInterval
  }

  private func remove(_ name: String, before end: Timestamp, through remover: PointRemover) throws(RemovalError)
    -> Double
  {
    let started = SystemClock.monotonic()
    try remover.remove(name, before: end)
    let seconds = Double(SystemClock.monotonic() - started) / 1e9
    counts.with { counts in
      counts.days += 1
      counts.lastSeconds = seconds
    }
    trouble.isOver(with: "retention")
    let tenths = (seconds * 10).rounded() / 10
    note("retention: points of \(name) before \(end) are deleted, in \(tenths) s")
    return seconds
  }
}
