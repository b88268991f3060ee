import Foundation
import Journal
import PlantModel
import SystemCore
import WattlineTime

/// One source that runs on a thread of its own: waits, fetches, keeps its state.
final class SourceRunner: Sendable {
  /// All that other threads set and read.
  private struct Shared {
    var status: SourceStatus
    var isOver = false
    var isStopped: Bool
    var starts: UInt64
    /// Time of the first of the failures that go on; `nil` while fetches succeed.
    var failingSince: Timestamp?
  }

  let plant: Plant
  let source: DataSource
  private let directory: String
  private let folder: String
  private let log: any FetchLog
  private let note: @Sendable (LogEntry) -> Void
  private let monitor = Monitor()
  private let shared: Locked<Shared>
  private let thread = Locked<BlockingThread?>(nil)

  var key: String { SourceControl.key(plant: plant.name, source: source.name) }
  var status: SourceStatus { shared.with { $0.status } }

  /// Shortest time for which a source fails before people are told.
  private static let patience = TimeSpan.minutes(15)

  /// Returns what people should know: refused credentials, and failures for three intervals and 15 minutes.
  func trouble(at now: Timestamp) -> String? {
    let (status, since) = shared.with { ($0.status, $0.failingSince) }
    var patience = Self.patience
    if case .every(let span) = source.schedule { patience = max(patience, span * 3) }
    let isLong = since.map { now - $0 >= patience } ?? false
    guard status.state == .refused || status.state != .stopped && isLong else { return nil }
    return "\(key): \(status.error ?? "it fails")"
  }

  /// Longest time between two looks at credentials that were refused.
  private static let look = TimeSpan.seconds(2)
  /// Time after which the state is saved though nothing is new, so that little of the journal is read after a restart.
  private static let saveAnyway = TimeSpan.minutes(10)

  /// Creates a source that does not run yet.
  ///
  /// - Parameters:
  ///   - source: The source.
  ///   - plant: Its plant.
  ///   - directory: Folder of the configuration.
  ///   - control: Folder of the states.
  ///   - orders: What people have ordered.
  ///   - log: Receives the readings.
  ///   - note: Receives log lines.
  init(
    _ source: DataSource, plant: Plant, directory: String, control: SourceControl, orders: SourceControl.Orders,
    log: any FetchLog, note: @escaping @Sendable (LogEntry) -> Void
  ) {
    (self.source, self.plant, self.directory, self.log, self.note) = (source, plant, directory, log, note)
    folder = control.folder + "/" + TopicName.encode(plant.name) + "/" + source.name
    let key = SourceControl.key(plant: plant.name, source: source.name)
    let isStopped = orders.stopped.contains(key)
    shared = Locked(
      Shared(
        status: SourceStatus(name: source.name, plant: plant.name, state: isStopped ? .stopped : .waiting),
        isStopped: isStopped, starts: orders.starts[key] ?? 0))
  }

  /// Saved state and the offset from which the log has more.
  struct Prepared {
    var store: SourceStore
    var intake: SourceIntake
    var offset: UInt64
  }

  /// Opens the saved state.
  func prepared() throws(JournalError) -> Prepared {
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let store = try SourceStore(folder: folder)
    let found = store.load(end: log.endOffset)
    for damage in found.damage { note(.warning("source \(key): its saved state cannot be used: \(damage)")) }
    let intake = SourceIntake(source, plant: plant, state: found.state, log: log)
    return Prepared(store: store, intake: intake, offset: found.offset)
  }

  /// Starts the thread.
  func start(_ prepared: Prepared) throws(SystemError) {
    nonisolated(unsafe) let work = SourceWork(self, prepared: prepared)
    thread.set(try BlockingThread(name: "source-\(source.name)") { work.run() })
  }

  /// Ends the thread; returns at once.
  func end() {
    shared.with { $0.isOver = true }
    monitor.locked { monitor.broadcast() }
  }

  /// Waits for the end of the thread.
  func join() { thread.value?.join() }

  /// Takes up what people have ordered.
  func take(_ orders: SourceControl.Orders) {
    let isChanged = shared.with { shared in
      let (isStopped, starts) = (orders.stopped.contains(key), orders.starts[key] ?? 0)
      defer { (shared.isStopped, shared.starts) = (isStopped, starts) }
      return shared.isStopped != isStopped || shared.starts != starts
    }
    if isChanged { monitor.locked { monitor.broadcast() } }
  }

  /// The work of the thread, which alone touches it.
  private final class SourceWork {
    private let runner: SourceRunner
    private let store: SourceStore
    private let intake: SourceIntake
    private let fetcher: any Fetcher
    private var schedule: FetchSchedule
    private var due: Timestamp
    private var savedOffset: UInt64
    private var savedAt = SystemClock.now()
    private var saved: SourceState
    private var failure: String?
    private var hint: String?

    init(_ runner: SourceRunner, prepared: Prepared) {
      self.runner = runner
      (store, intake, savedOffset, saved) = (prepared.store, prepared.intake, prepared.offset, prepared.intake.state)
      let calendar = LocalCalendar(identifier: runner.plant.location.timezone) ?? .utc
      switch runner.source.access {
      case .http(let access):
        fetcher = HTTPFetcher(
          access, directory: runner.directory, calendar: calendar, folder: runner.folder)
      case .file(let access): fetcher = FileFetcher(access, directory: runner.directory)
      case .exec(let access): fetcher = ExecFetcher(access, directory: runner.directory, calendar: calendar)
      }
      schedule = FetchSchedule(runner.source.schedule, calendar: calendar)
      due = schedule.first(after: prepared.intake.state.lastSuccess, now: SystemClock.now())
    }

    func run() {
      while true {
        let (isOver, isStopped, starts) = runner.shared.with { ($0.isOver, $0.isStopped, $0.starts) }
        if isOver { break }
        if starts != intake.state.starts {
          intake.state.starts = starts
          intake.state.refused = 0
          due = SystemClock.now()
        }
        if isStopped {
          show(.stopped, error: nil)
          pause(.minute)
        } else if intake.state.refused != 0, intake.state.refused == fingerprint() {
          show(.refused, error: intake.state.refusal)
          pause(SourceRunner.look)
        } else {
          intake.state.refused = 0
          let now = SystemClock.now()
          if now >= due { fetch(at: now) } else { waitForDue(now) }
        }
      }
      save()
    }

    /// Waits for the next fetch; the wall clock is looked at often, since it may be set.
    private func waitForDue(_ now: Timestamp) {
      show(failure == nil ? .waiting : .failing, error: failure ?? hint)
      pause(min(due - now, .seconds(20)))
    }

    private func pause(_ span: TimeSpan) {
      let before = runner.shared.with { ($0.isOver, $0.isStopped, $0.starts) }
      let deadline = Monitor.Deadline(in: span)
      runner.monitor.locked {
        while runner.shared.with({ ($0.isOver, $0.isStopped, $0.starts) }) == before, !deadline.hasPassed {
          if !runner.monitor.wait(until: deadline) { break }
        }
      }
    }

    private func fetch(at now: Timestamp) {
      show(.fetching, error: failure)
      let shared = runner.shared
      let span = intake.beginFetch(at: now)
      do throws(FetchError) {
        let result = try fetcher.fetch(span, into: intake) { shared.with { $0.isOver || $0.isStopped } }
        intake.endFetch()
        if failure != nil { runner.note("source \(runner.key): fetched again") }
        failure = nil
        runner.shared.with { $0.failingSince = nil }
        let before = hint
        hint =
          result.unreadable > 0
          ? "\(result.unreadable.counted("row")) cannot be read; \(result.hint ?? "")" : result.hint
        if result.unreadable > 0, hint != before { runner.note(.warning("source \(runner.key): \(hint ?? "")")) }
        due = schedule.afterSuccess(of: now, now: SystemClock.now())
      } catch {
        fail(error)
      }
      save()
    }

    private func fail(_ error: FetchError) {
      switch error.kind {
      case .stopped: break
      case .refused:
        intake.state.refused = fingerprint()
        intake.state.refusal =
          error.words + "; it is not tried again until its credentials change or 'wattline sources start' is given"
        runner.note(.error("source \(runner.key): \(intake.state.refusal)"))
      case .passing:
        if failure != error.words { runner.note(.warning("source \(runner.key): \(error.words)")) }
        failure = error.words
        runner.shared.with { $0.failingSince = $0.failingSince ?? SystemClock.now() }
        due = schedule.afterFailure(wait: error.wait, now: SystemClock.now())
      }
    }

    /// Returns a number that changes with the source's configuration and credentials; never 0.
    private func fingerprint() -> UInt64 {
      var hash = StableHash()
      hash.add("\(runner.source.access)".utf8.sorted())
      func add(_ texts: [String: StatedText]) {
        for case .file(let path) in texts.sorted(by: { $0.key < $1.key }).map(\.value) { add(path) }
      }
      func add(_ path: String) {
        let full = path.hasPrefix("/") ? path : "\(runner.directory)/\(path)"
        hash.add(FileManager.default.contents(atPath: full) ?? Data())
      }
      switch runner.source.access {
      case .http(let access):
        add(access.headers)
        for case .file(let path) in [access.oauth?.secret, access.oauth?.refreshToken] { add(path) }
      case .file: break
      case .exec(let access):
        add(access.environment)
        // A script that was mended is tried again.
        for word in access.command where word.contains(".") || word.contains("/") { add(word) }
      }
      return hash.value | 1
    }

    private func show(_ state: SourceStatus.State, error: String?) {
      var status = SourceStatus(name: runner.source.name, plant: runner.plant.name, state: state)
      status.lastSuccess = intake.state.lastSuccess.map(SourceStatus.text)
      let isPlanned = state == .waiting || state == .failing
      status.next = isPlanned ? SourceStatus.text(due) : nil
      (status.rows, status.error) = (intake.state.rows, error)
      let shown = status
      runner.shared.with { $0.status = shown }
    }

    /// Saves the state once all of it is safe in the journal.
    private func save() {
      let now = SystemClock.now()
      var same = saved
      same.lastSuccess = intake.state.lastSuccess
      if same == intake.state, now - savedAt < SourceRunner.saveAnyway, savedOffset > 0,
        !runner.shared.with({ $0.isOver })
      {
        return
      }
      let offset = runner.log.endOffset
      if let reason = runner.log.bringToDisk() {
        return runner.note(.warning("source \(runner.key): its state is not saved: \(reason)"))
      }
      do throws(JournalError) { try store.save(intake.state, offset: offset) } catch {
        return runner.note(.warning("source \(runner.key): its state is not saved: \(error)"))
      }
      (saved, savedOffset, savedAt) = (intake.state, offset, now)
    }
  }
}
