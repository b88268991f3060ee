import Pipeline
import PlantModel
import SystemCore
import WattlineTime

/// Reports of a running pipeline to the service manager: a status line, and signs of life while its workers progress.
struct ServiceReports {
  /// Age of the newest processed record up to which the workers count as current [s].
  private static let current = 30.0

  private let notifier: ServiceNotifier
  /// Time up to which records were processed when the last sign of life was sent [ns].
  private var processed: Int64 = .min
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
    let processed = now - Int64(status.stages.lagSeconds * 1e9)
    guard Self.isAlive(status, since: self.processed, processed: processed) else { return }
    (self.processed, lastAlive) = (processed, now)
    notifier.send(.alive)
  }

  /// Returns whether the workers are current, have progressed, or wait for the database.
  ///
  /// - Parameters:
  ///   - status: State of the pipeline.
  ///   - before: Time up to which records were processed at the last sign of life [ns].
  ///   - processed: Time up to which they are processed now [ns].
  static func isAlive(_ status: PipelineStatus, since before: Int64, processed: Int64) -> Bool {
    status.stages.lagSeconds < current || processed > before || status.databaseTrouble != nil
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
