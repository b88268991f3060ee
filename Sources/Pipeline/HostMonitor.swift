import DataSources
import PlantModel
import Settings
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// Regular look at the process and its machine. Faults go to the alerts of every plant, through the journal, and to the
/// log.
struct HostMonitor {
  private let collector: StatusCollector
  private let probe: HostProbe
  private let folder: String
  private let note: RunningPipeline.Note
  private var watch: HostWatch
  private var progress = WorkerProgress()
  /// Faults that stand by the log.
  private var told: Set<ProcessFault.Kind> = []
  /// Records that the journal had no room for, the last one of each kind.
  private var waiting: [ProcessFault.Kind: ProcessFault] = [:]
  private let interval: TimeSpan
  private let refusals: RefusalWatch?
  private let fetchers: SourceRunners?
  /// Troubles of sources at the last look; `nil` before the first.
  private var troubles: [String]?
  private var last: Int64?

  /// Creates a monitor.
  ///
  /// - Parameters:
  ///   - collector: Reads counters and state.
  ///   - settings: Bounds of the faults.
  ///   - interface: Bounds of the faults of the HTTP interface.
  ///   - folder: `journal.path`.
  ///   - interval: Time between two looks.
  ///   - probe: Access to the machine.
  ///   - refusals: Watch of the broker's log, if there is one.
  ///   - fetchers: Sources that do not come over MQTT.
  ///   - note: Receives log lines.
  init(
    collector: StatusCollector, settings: WatchSettings, interface: HTTPSettings.Bounds, folder: String,
    every interval: TimeSpan, probe: HostProbe, refusals: RefusalWatch? = nil, fetchers: SourceRunners? = nil,
    note: @escaping RunningPipeline.Note
  ) {
    (self.collector, self.probe, self.folder, self.note) = (collector, probe, folder, note)
    (self.refusals, self.fetchers) = (refusals, fetchers)
    self.interval = min(interval, HostWatch.interval)
    watch = HostWatch(settings, interface: interface)
  }

  /// Looks if the interval has passed; called about once a second.
  mutating func look(at timestamp: Timestamp) {
    let now = SystemClock.monotonic()
    if let last, now - last < interval.nanoseconds { return }
    last = now
    for fault in watch.look(facts(at: now, timestamp: timestamp), at: timestamp) {
      waiting[fault.kind] = fault
      tell(fault)
    }
    if let fault = sourceFault(at: timestamp) { waiting[fault.kind] = fault }
    for (kind, fault) in waiting.sorted(by: { $0.key.rawValue < $1.key.rawValue })
    where collector.ingest.process(fault, at: timestamp) { waiting[kind] = nil }
  }

  /// Returns the fault of sources, or its end, if it has changed. The sources log their failures themselves.
  private mutating func sourceFault(at timestamp: Timestamp) -> ProcessFault? {
    guard let fetchers, troubles != nil || !fetchers.statuses.isEmpty else { return nil }
    let now = fetchers.troubles(at: timestamp)
    defer { troubles = now }
    // At the first look, an alert of an earlier process may stand.
    if now == troubles { return nil }
    guard let first = now.first else {
      return ProcessFault(.sources, isStanding: false, text: "All sources fetch again.")
    }
    let others = now.count > 1 ? " \(now.count - 1) more fail as well." : ""
    return ProcessFault(
      .sources, isStanding: true, text: "The source \(first).\(others)", value: Double(now.count))
  }

  private mutating func tell(_ fault: ProcessFault) {
    if fault.isStanding {
      guard told.insert(fault.kind).inserted else { return }
      note(LogEntry(fault.severity == .critical ? .error : .warning, message: "process: \(fault.text)"))
    } else if told.remove(fault.kind) != nil {
      note("process: \(fault.text)")
    }
  }

  private mutating func facts(at now: Int64, timestamp: Timestamp) -> HostFacts {
    let status = collector.status()
    var facts = HostFacts()
    facts.residentBytes = probe.residentBytes()
    facts.memoryLimit = probe.memoryLimit()
    if let disk = probe.disk(folder) { (facts.diskFree, facts.diskSize) = (disk.free, disk.size) }
    facts.waitingBytes = Int64(clamping: status.intake.journalBytesWaiting) + Int64(status.sink.spoolBytes)
    if case .away(let words) = status.sink.state { facts.databaseAway = words }
    facts.clockDifference = status.sink.clockDifference
    let counts = status.stages.qualityCounts
    let future = Int(Quality.future.rawValue)
    facts.readings = (counts.reduce(0, +), counts.indices.contains(future) ? counts[future] : 0)
    facts.stillSeconds = collector.isRestored ? progress.stillSeconds(status, at: now) : 0
    facts.interface = collector.interface.value?()
    facts.refused = refusals?.publishers(at: timestamp) ?? []
    return facts
  }
}
