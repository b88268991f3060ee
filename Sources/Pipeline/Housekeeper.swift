import CommandChannel
import PlantModel
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// The regular work of the process beside its workers: ticks, reports about itself, and checkpoints.
final class Housekeeper: Sendable {
  private let status: StatusCollector
  private let announcer: Publisher
  private let keeper: CheckpointKeeper
  private let instance: String
  private let reportInterval: TimeSpan
  private let reporter: ProcessReporter
  private let monitor: HostMonitor
  private let keepalives: KeepaliveSender
  private let isStopping = StopSignal()
  private let threads = Locked<[BlockingThread]>([])

  /// Creates the housekeeper without starting it.
  ///
  /// - Parameters:
  ///   - instance: Name of the process in its points.
  ///   - reportInterval: Interval of the points about the process.
  ///   - status: Reads the counters and state of the process.
  ///   - announcer: Publishes the state of the database.
  ///   - reporter: Writes the state of the process to a file.
  ///   - monitor: Looks at the process and its machine.
  ///   - keepalives: Keeps devices publishing.
  init(
    instance: String, reportEvery reportInterval: TimeSpan, status: StatusCollector, announcer: Publisher,
    reporter: ProcessReporter, monitor: HostMonitor, keepalives: KeepaliveSender
  ) {
    (self.instance, self.reportInterval, self.status) = (instance, reportInterval, status)
    self.keepalives = keepalives
    (self.announcer, self.reporter, self.monitor, keeper) = (announcer, reporter, monitor, status.keeper)
  }

  /// Starts the threads.
  func start() throws(SystemError) {
    let started = [try startTicks(), try startCheckpoints(), try startStateReports()]
    threads.with { $0 = started }
  }

  /// Marks a configuration in the points about the process.
  ///
  /// - Parameters:
  ///   - words: What has happened, such as "started with".
  ///   - plants: Plants of the configuration.
  func mark(_ words: String, plants: [Plant]) {
    let names = plants.count <= 8 ? ": " + plants.map(\.name).joined(separator: ", ") : ""
    var marks = Reporter(instance: instance)
    let text = "\(words) \(plants.count.counted("plant"))\(names)"
    status.stores.sink.offer(marks.report(configuration: text, at: SystemClock.now()))
  }

  /// Stops the threads and waits until they have ended.
  func stop() {
    isStopping.set()
    for thread in threads.with({ $0 }) { thread.join() }
  }

  /// Starts the thread that writes checkpoints to disk, so that no worker waits for it.
  private func startCheckpoints() throws(SystemError) -> BlockingThread {
    let (keeper, isStopping) = (keeper, isStopping)
    return try BlockingThread(name: "checkpoints") {
      while !isStopping.wait(milliseconds: 100) { keeper.advance() }
    }
  }

  /// Starts the thread that writes the state of the process to a file.
  private func startStateReports() throws(SystemError) -> BlockingThread {
    let (first, isStopping) = (reporter, isStopping)
    return try BlockingThread(name: "status") {
      var reporter = first
      while true {
        reporter.look(isStopping: isStopping.isSet)
        if isStopping.isSet { return }
        isStopping.wait(milliseconds: 1_000)
      }
    }
  }

  /// Starts the thread that appends one tick a second and regularly reports the process.
  private func startTicks() throws(SystemError) -> BlockingThread {
    try BlockingThread(name: "housekeeper") { [self] in
      let (sink, ingest) = (status.stores.sink, status.ingest)
      var reporter = Reporter(instance: instance, folder: self.reporter.folder)
      var monitor = monitor
      var watch = DatabaseWatch(sink, announcer: announcer, ingest: ingest)
      var counted = SkippedMessages()
      var last = SystemClock.monotonic()
      while true {
        let now = SystemClock.now()
        let untilNext = 1_000 - now.milliseconds % 1_000
        let isLast = isStopping.wait(milliseconds: untilNext)
        let timestamp = SystemClock.now()
        watch.look(at: timestamp)
        if !isLast {
          monitor.look(at: timestamp)
          keepalives.look(at: SystemClock.monotonic())
        }
        let passedOver = SkippedMessages(status.counters)
        if passedOver != counted, ingest.passedOver(passedOver.since(counted), at: timestamp) { counted = passedOver }
        if isLast { return }
        ingest.tick(timestamp.floored(to: .second))
        if SystemClock.monotonic() - last >= reportInterval.nanoseconds {
          last = SystemClock.monotonic()
          // These points do not come from the journal, so their offset acknowledges nothing. `offer` keeps ticks from
          // waiting for room.
          sink.offer(reporter.report(status.status(), at: timestamp))
        }
      }
    }
  }
}
