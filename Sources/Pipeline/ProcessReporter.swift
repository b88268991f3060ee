import Glibc
import PlantModel
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// Writer of ``ProcessReport``: every ten seconds, and within a second of a change that a health check looks at.
///
/// It runs on a thread of its own, because the disk may be slow.
struct ProcessReporter {
  /// Time between two reports without a change.
  static let interval = TimeSpan.seconds(10)

  private let collector: StatusCollector
  private let configuration: ActiveConfiguration
  private let build: ProgramBuild
  /// `journal.path`.
  let folder: String
  private let note: RunningPipeline.Note
  private let started = SystemClock.now()
  private var progress = WorkerProgress()
  private var last: (report: ProcessReport, at: Int64)?
  private var hasFailed = false

  /// Creates the writer.
  ///
  /// - Parameters:
  ///   - collector: Reads counters and state.
  ///   - configuration: Tells what of a changed configuration was refused.
  ///   - build: The program that runs.
  ///   - folder: `journal.path`.
  ///   - note: Receives log lines.
  init(
    collector: StatusCollector, configuration: ActiveConfiguration, build: ProgramBuild, folder: String,
    note: @escaping RunningPipeline.Note
  ) {
    (self.collector, self.configuration, self.build) = (collector, configuration, build)
    (self.folder, self.note) = (folder, note)
  }

  /// Writes a report if one is due; called about once a second.
  mutating func look(isStopping: Bool) {
    let now = SystemClock.monotonic()
    let status = collector.status()
    var report = ProcessReport(
      version: build.version, commit: build.commit, process: getpid(), started: started.description,
      written: SystemClock.now().floored(to: .milliseconds(1)).description,
      phase: isStopping ? .stopping : collector.isRestored ? .running : .starting)
    report.describe(status)
    report.broker.reasons = status.intake.isSubscribed ? [] : collector.events.obstacles
    report.refusedConfiguration = configuration.refused
    report.workers.stillSeconds = collector.isRestored ? progress.stillSeconds(status, at: now) : 0
    if let last, last.report.hasSameState(as: report), now - last.at < Self.interval.nanoseconds { return }
    report.offsets = collector.offsets
    report.resources = ProcessReport.Resources(
      residentBytes: Reporter.residentBytes(), journalBytes: ProcessReportFile.bytes(below: folder),
      freeBytes: ProcessReportFile.freeBytes(of: folder))
    last = (report, now)
    do {
      try ProcessReportFile.write(report, in: folder)
      hasFailed = false
    } catch {
      if !hasFailed { note(.error("the state of the process cannot be written to \(folder): \(error)")) }
      hasFailed = true
    }
  }
}

/// Watch over the progress of the workers.
public struct WorkerProgress: Sendable {
  /// Age of the newest processed record up to which the workers count as current [s].
  public static let current = 30.0

  /// Time up to which records were processed when progress was last seen [ns].
  private var processed: Int64 = .min
  private var since: Int64?

  /// Creates the watch of a process that has just started.
  public init() {}

  /// Returns for how long the workers have neither been current, nor progressed, nor waited for the database [s].
  ///
  /// - Parameters:
  ///   - status: State of the pipeline.
  ///   - now: The monotonic clock [ns].
  public mutating func stillSeconds(_ status: PipelineStatus, at now: Int64) -> Double {
    let processed = now - Int64(status.stages.lagSeconds * 1e9)
    // The lag is measured by another clock, so that the difference may be off by a little.
    let progressed = processed > self.processed.addingReportingOverflow(500_000_000).partialValue
    if since == nil || status.stages.lagSeconds < Self.current || progressed || status.databaseTrouble != nil {
      (self.processed, since) = (processed, now)
    }
    return Double(now - (since ?? now)) / 1e9
  }
}

extension ProcessReport {
  /// Takes over counters and state.
  fileprivate mutating func describe(_ status: PipelineStatus) {
    broker.subscribed = status.intake.isSubscribed
    switch status.sink.state {
    case .ok: database = Database()
    case .away(let words): database = Database(state: "away", words: words)
    case .held(let reason, let words): database = Database(state: "held", reason: reason.rawValue, words: words)
    }
    let accounts = status.sink.accounts
    points = Points(
      queued: accounts.queued.points, spooled: accounts.spooled.points, spoolBytes: status.sink.spoolBytes,
      spoolFull: status.sink.isSpoolFull, deadLetters: accounts.deadLetters.values.reduce(0) { $0 &+ $1.points },
      dropped: accounts.dropped.values.reduce(0) { $0 &+ $1.points })
    let ledger = status.stages.ledger
    balances = Balances(
      messages: Int64(bitPattern: ledger.messages &- ledger.decoded &- ledger.refusedInAll &- ledger.duplicates),
      readings: Int64(bitPattern: ledger.readings &+ status.redelivered &- accounts.accounted.readings),
      points: Int64(bitPattern: accounts.submitted.points &- accounts.accounted.points))
    workers.lagSeconds = status.stages.lagSeconds
    plants = status.stages.plants.map { plant in
      PlantState(
        plant: plant.name, sensors: plant.series,
        lastReading: plant.lastReading == .distantPast ? nil : plant.lastReading.floored(to: .second).description,
        alerts: plant.alerts.count)
    }
  }

  /// Returns whether a health check would say the same of both.
  fileprivate func hasSameState(as other: ProcessReport) -> Bool {
    phase == other.phase && broker == other.broker && database == other.database
      && points.spoolFull == other.points.spoolFull && refusedConfiguration == other.refusedConfiguration
      && plants.elementsEqual(other.plants) { a, b in
        a.plant == b.plant && (a.lastReading == nil) == (b.lastReading == nil)
      }
  }
}
