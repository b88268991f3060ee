import Pipeline
import PlantModel
import SystemCore
import WattlineTime

/// Reports of a running pipeline to the service manager: a status line, and signs of life while its workers progress.
struct ServiceReports {
  private let notifier: ServiceNotifier
  private var progress = WorkerProgress()
  private var lastAlive: Int64 = .min
  private var lastStatus = ""

  /// Creates the reports of this process.
  init(environment: [String: String]) { notifier = ServiceNotifier(environment: environment) }

  /// Reports that the pipeline runs.
  func ready() { notifier.send(.ready) }

  /// Runs `work`, and reports that the configuration is read again meanwhile.
  func reloading(_ work: () -> Void) {
    notifier.send(.reloading)
    work()
    notifier.send(.ready)
  }

  /// Reports that the pipeline is stopping.
  func stopping() { notifier.send(.stopping) }

  /// Reports the state, and a sign of life if one is due and the workers progress. To be called about once a second.
  mutating func report(_ status: PipelineStatus) {
    let words = Self.words(status)
    if words != lastStatus {
      notifier.send(.status(words))
      lastStatus = words
    }
    guard let interval = notifier.watchdogInterval else { return }
    let now = SystemClock.monotonic()
    guard lastAlive == .min || now - lastAlive >= interval.nanoseconds / 3 else { return }
    guard progress.stillSeconds(status, at: now) == 0 else { return }
    lastAlive = now
    notifier.send(.alive)
  }

  /// Returns the state in one line.
  ///
  /// Example: `2 plants, 26 sensors; waiting for the broker`.
  static func words(_ status: PipelineStatus) -> String {
    let sensors = status.stages.plants.reduce(0) { $0 + $1.series }
    var words = "\(status.stages.plants.count.counted("plant")), \(sensors.counted("sensor"))"
    if !status.intake.isSubscribed { words += "; waiting for the broker" }
    if let trouble = status.databaseTrouble { words += "; the database takes no points: \(trouble)" }
    return words
  }
}
