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
  mutating func record(_ plan: SavingsPlan, of plant: Plant, at now: Timestamp) {
    written[plan] = Self.date(now - Self.delay, of: plant)
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
  ///   - note: Receives log lines.
  init(
    _ settings: ProcessSettings, sink: any Sink, program: String, plants: @escaping @Sendable () -> [Plant],
    note: @escaping RunningPipeline.Note
  ) {
    database = settings.influxdb
    registry = ModelRegistry(state: settings.journal.path)
    author = SavingsAccountant.Author(program: program, user: settings.mqtt.clientID)
    (self.sink, self.plants, self.note) = (sink, plants, note)
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
    for plant in plants() {
      for plan in plant.savings where !isStopping.isSet {
        guard let first = schedule.due(plan, of: plant, at: now) else { continue }
        if write(plan, of: plant, from: first, at: now) {
          schedule.record(plan, of: plant, at: now)
        } else {
          isDone = false
        }
      }
    }
    return isDone
  }

  private func write(_ plan: SavingsPlan, of plant: Plant, from first: Int, at now: Timestamp) -> Bool {
    let place = "\(plant.name) \(plan.meter)"
    let reader: DatabaseReader
    do throws(ReadError) { reader = try DatabaseReader(database) } catch {
      return tell("savings of plant \(plant.name): \(error)", of: place)
    }
    let isStopping = isStopping
    reader.shouldAbort = { isStopping.isSet }
    do throws(SavingsTrouble) {
      let accountant = SavingsAccountant(plan, of: plant, from: reader, registry: registry, author: author)
      let account = try accountant.account(until: now - SavingsSchedule.delay)
      var encoder = LineEncoder()
      encoder.append(account.points(from: first), of: PlantRegister(plant: plant))
      trouble.isOver(with: place)
      // These points do not come from the journal, so their offset acknowledges nothing.
      return sink.offer(encoder.drain(upTo: 0))
    } catch {
      return tell("savings of plant \(plant.name), \(error)", of: place)
    }
  }

  /// Logs new trouble with a meter, which is tried again.
  private func tell(_ words: String, of place: String) -> Bool {
    if !isStopping.isSet, trouble.isNew(words, with: place) { note(.warning(words)) }
    return false
  }
}
