import InfluxSink
import PlantModel
import SavingsAccounts
import Settings
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// Selection of the days for which savings are due. Pure, so that tests need no clock.
struct SavingsSchedule {
  /// Time after a local day's end at which its last hour is in the database.
  static let delay = TimeSpan.hour
  /// Days that are written again, because late readings may change them.
  static let repeatedDays = 10

  /// Date up to which each meter's days are written, exclusive.
  private var written: [SavingsPlan: Int] = [:]
  /// Number of entries of each plant's logbook that the points have.
  private var entries: [String: Int] = [:]

  /// Returns the first date to write; `nil` if nothing is due.
  ///
  /// The first time, all dates are due, so that days on which the process did not run are written too.
  ///
  /// - Parameters:
  ///   - plan: The meter.
  ///   - plant: Its plant.
  ///   - now: The current time.
  func due(_ plan: SavingsPlan, of plant: Plant, at now: Timestamp) -> Int? {
    let today = Self.date(now - Self.delay, of: plant)
    guard let last = written[plan] else { return .min }
    return today > last ? min(last, today - 1) - Self.repeatedDays : nil
  }

  /// Records that a meter's days up to a time are written.
  ///
  /// - Parameters:
  ///   - plan: The meter. One with other settings is another, of which all days are due.
  ///   - plant: Its plant.
  ///   - now: The current time.
  ///   - entered: Number of entries that were added to the plant's logbook meanwhile.
  mutating func record(_ plan: SavingsPlan, of plant: Plant, at now: Timestamp, entered: Int = 0) {
    entries[plant.name]? += entered
    written[plan] = Self.date(now - Self.delay, of: plant)
  }

  /// Makes all days of a plant's meters due if people have added entries to its logbook.
  ///
  /// - Parameters:
  ///   - count: Number of entries now.
  ///   - plant: The plant.
  mutating func heed(_ count: Int, of plant: Plant) {
    if let known = entries[plant.name], known != count { for plan in plant.savings { written[plan] = nil } }
    entries[plant.name] = count
  }

  private static func date(_ timestamp: Timestamp, of plant: Plant) -> Int {
    var calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    let local = calendar.civil(at: timestamp)
    return CivilTime.daysSinceEpoch(year: local.year, month: local.month, day: local.day)
  }
}

/// Writes the savings of each closed day and month, an hour after the local day has ended.
///
/// It is a job outside of the flow of readings: an account needs a baseline year and all late corrections, which the
/// database has and the journal has not. The same database and frozen model give the same points, and points that are
/// written again replace themselves, so that the replay of a journal and a restart change nothing.
final class SavingsKeeper: Sendable {
  private static let interval: Int64 = 60_000
  private static let retryInterval: Int64 = 900_000

  private let database: DatabaseSettings
  private let registry: ModelRegistry
  private let sink: any Sink
  private let author: SavingsAccountant.Author
  private let plants: @Sendable () -> [Plant]
  private let tell: @Sendable (SavingsNews) -> Bool
  private let note: RunningPipeline.Note
  private let isStopping = StopSignal()
  private let trouble = LogDeduplicator()
  private let thread = Locked<BlockingThread?>(nil)

  /// Creates the keeper without starting it.
  ///
  /// - Parameters:
  ///   - settings: Settings of the process: database, and folder of the journal.
  ///   - sink: Takes the points. Nothing is asked while points wait in it.
  ///   - program: Program with its version, for the provenance of frozen models.
  ///   - plants: Returns the plants of the current configuration.
  ///   - tell: Appends news to the journal, which the alerts of a plant heed; returns whether there was room.
  ///   - note: Receives log lines.
  init(
    _ settings: ProcessSettings, sink: any Sink, program: String, plants: @escaping @Sendable () -> [Plant],
    tell: @escaping @Sendable (SavingsNews) -> Bool, note: @escaping RunningPipeline.Note
  ) {
    database = settings.influxdb
    registry = ModelRegistry(state: settings.journal.path)
    author = SavingsAccountant.Author(program: program, user: settings.mqtt.clientID)
    (self.sink, self.plants, self.tell, self.note) = (sink, plants, tell, note)
  }

  /// Starts the thread.
  func start() throws(SystemError) {
    let started = try BlockingThread(name: "savings") { [self] in run() }
    thread.set(started)
  }

  /// Stops the thread. A question to the database is aborted within about a second.
  func stop() {
    isStopping.set()
    thread.value?.join()
  }

  private func run() {
    var schedule = SavingsSchedule()
    while !isStopping.isSet {
      let isDone = isReady && work(&schedule, at: SystemClock.now())
      isStopping.wait(milliseconds: isDone ? Self.interval : isReady ? Self.retryInterval : Self.interval)
    }
  }

  /// Whether the database has every point.
  private var isReady: Bool {
    let counts = sink.counts
    return counts.state == .ok && counts.accounts.spooled.points == 0
  }

  /// Writes what is due.
  ///
  /// - Parameters:
  ///   - schedule: What is written already.
  ///   - now: The current time.
  /// - Returns: Whether all that was due is written.
  func work(_ schedule: inout SavingsSchedule, at now: Timestamp) -> Bool {
    var isDone = true
    let counts = registry.logbook.counts()
    for plant in plants() where !plant.savings.isEmpty {
      schedule.heed(counts.count(of: plant.name), of: plant)
      for plan in plant.savings where !isStopping.isSet {
        guard let first = schedule.due(plan, of: plant, at: now) else { continue }
        if let entered = write(plan, of: plant, from: first, at: now) {
          schedule.record(plan, of: plant, at: now, entered: entered)
        } else {
          isDone = false
        }
      }
    }
    return isDone
  }

  /// Writes the points of a meter and of its plant's logbook, and tells news.
  ///
  /// - Returns: Number of entries that were added to the logbook; `nil` if there is no account.
  private func write(_ plan: SavingsPlan, of plant: Plant, from first: Int, at now: Timestamp) -> Int? {
    let place = "\(plant.name) \(plan.meter)"
    let reader: DatabaseReader
    do throws(ReadError) { reader = try DatabaseReader(database) } catch {
      return log("savings of plant \(plant.name): \(error)", of: place)
    }
    let isStopping = isStopping
    reader.shouldAbort = { isStopping.isSet }
    let accountant = SavingsAccountant(plan, of: plant, from: reader, registry: registry, author: author)
    do throws(SavingsTrouble) {
      let closed = now - SavingsSchedule.delay
      let account = try accountant.account(until: closed)
      let outcome = try accountant.follow(account, at: closed)
      var encoder = LineEncoder()
      let register = PlantRegister(plant: plant)
      encoder.append(account.points(from: first), of: register)
      encoder.append(outcome.logbook.points(of: plant), of: register)
      trouble.isOver(with: place)
      // These points do not come from the journal, so their offset acknowledges nothing.
      guard sink.offer(encoder.drain(upTo: 0)), outcome.news.allSatisfy(tell) else { return nil }
      return outcome.logbook.entries.count - account.logbook.entries.count
    } catch {
      if let news = accountant.news(of: error) { _ = tell(news) }
      return log("savings of plant \(plant.name), \(error)", of: place)
    }
  }

  /// Logs new trouble with a meter, which is tried again.
  private func log(_ words: String, of place: String) -> Int? {
    if !isStopping.isSet, trouble.isNew(words, with: place) { note(.warning(words)) }
    return nil
  }
}
