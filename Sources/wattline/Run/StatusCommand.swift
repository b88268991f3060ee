import Foundation
import Journal
import Pipeline
import PlantConfig
import PlantModel
import Settings
import SystemCore
import WattlineTime

/// `wattline status`: tells whether a process runs on a folder's journal and does its work.
enum StatusCommand {
  static let description = CommandDescription(
    name: "status", summary: "tells whether `wattline run` lives and does its work, for people and health checks",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--ready", value: nil, help: "exit code 1 also while broker or database are away"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      Exit code 0: a process holds the journal's lock, its report is at most 30 s old, it has started, and its workers
      progress. Otherwise the exit code is 1, and stderr has the reasons: a restart may help. What keeps the process
      from its work though a restart would not help is a warning: broker or database away, the database holding points
      back, a full spool, a changed configuration that is refused. With --ready a warning is a reason.
      The command reads `wattline.yaml` and `status.json` below `journal.path`, and writes nothing.
      """,
    examples: [
      "wattline status --config /etc/wattline",
      "wattline status --json | jq .plants",
      "docker exec wattline wattline status --ready --config /etc/wattline",
    ])

  static func run(_ arguments: Arguments) throws {
    let state = try RunningState(directory: arguments.configuration)
    if arguments.has("--json") {
      Console.print(try state.document())
    } else if let report = state.report {
      StatusText.lines(report, health: state.health, at: SystemClock.now()).forEach { Console.print($0) }
    }
    let mustBeReady = arguments.has("--ready")
    for reason in state.health.reasons { Console.report("not healthy: \(reason)") }
    for warning in state.health.warnings { Console.report("\(mustBeReady ? "not ready" : "warning"): \(warning)") }
    if !(mustBeReady ? state.health.isReady : state.health.isHealthy) {
      try Console.finish()
      exit(ExitCode.failed)
    }
  }
}

/// State of the process that runs on a folder, as lock and report tell it.
struct RunningState {
  /// The report; `nil` if there is none.
  private(set) var report: ProcessReport?
  /// Judgement of the report.
  private(set) var health = ProcessReport.Health()
  private let isRunning: Bool
  private let path: String

  /// Reads the state of the process on a folder of configuration.
  ///
  /// - Throws: ``Failure`` if the journal's folder may not be read.
  init(directory: String) throws {
    let environment = ProcessInfo.processInfo.environment
    let loaded = ConfigurationLoader.loadProcess(directory: directory, environment: environment)
    path = loaded.settings.journal.path
    do throws(JournalError) { isRunning = try Journal.isHeld(path) } catch {
      throw Failure(description: "\(error); run it as the user of `wattline run`, or as root")
    }
    do { report = try ProcessReportFile.read(in: path) } catch {
      health.reasons.append("\(path)/\(ProcessReportFile.name) cannot be read: \(error.localizedDescription)")
      return
    }
    guard isRunning else {
      let last = report.map { "; the last one reported at \($0.written) and ended or was killed" } ?? ""
      health.reasons.append("no process holds \(path)/lock\(last)")
      // Without a process, what the next start would refuse is worth telling.
      let whole = ConfigurationLoader.load(directory: directory, environment: environment)
      health.reasons += whole.diagnostics.prefix(5).map { "the configuration does not load: \($0)" }
      return
    }
    if let report {
      health = report.health(at: SystemClock.now())
    } else {
      health.reasons.append("it is starting: there is no report yet")
    }
  }

  /// Returns the report and its judgement as a JSON document.
  func document() throws -> String {
    var document: [String: Any] = [
      "healthy": health.isHealthy, "ready": health.isReady, "running": isRunning, "journal": path,
      "reasons": health.reasons, "warnings": health.warnings,
    ]
    if let report {
      document["report"] = try JSONSerialization.jsonObject(with: try ProcessReportFile.encode(report))
    }
    let data = try JSONSerialization.data(
      withJSONObject: document, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }
}

/// Table of a report for people.
enum StatusText {
  /// Returns the lines of a report.
  ///
  /// - Parameters:
  ///   - report: The report.
  ///   - health: Its judgement.
  ///   - now: The current time.
  static func lines(_ report: ProcessReport, health: ProcessReport.Health, at now: Timestamp) -> [String] {
    let state = health.isReady ? "healthy" : health.isHealthy ? "healthy, with warnings" : "not healthy"
    let points = report.points
    let free = report.resources.freeBytes.map { ", \(size($0)) free" } ?? ""
    let (offsets, workers) = (report.offsets, report.workers)
    let rows = [
      ("wattline", "\(report.version) (commit \(report.commit)), process \(report.process) since \(report.started)"),
      ("state", "\(state); \(report.phase.rawValue), reported \(age(report.written, at: now))"),
      ("broker", report.broker.subscribed ? "every subscription is confirmed" : "away"),
      ("database", report.database.state + (report.database.reason.map { ", \($0)" } ?? "")),
      (
        "journal",
        "appended to \(offsets.appended), accepted to \(offsets.accepted), checkpoint at \(offsets.checkpoint)"
      ),
      (
        "points",
        "\(points.queued) queued, \(points.spooled) spooled, \(points.deadLetters) dead letters, "
          + "\(points.dropped) dropped"
      ),
      ("workers", String(format: "%.1f s behind", locale: nil, workers.lagSeconds)),
      ("disk", "\(size(report.resources.journalBytes)) used\(free)"),
      ("memory", size(report.resources.residentBytes)),
    ]
    let width = (rows.map(\.0) + report.plants.map(\.plant)).map(\.count).max() ?? 0
    func line(_ name: String, _ text: String) -> String {
      name + String(repeating: " ", count: width - name.count + 2) + text
    }
    return rows.map { line($0.0, $0.1) }
      + report.plants.map { plant in
        let last = plant.lastReading.map { "last reading \(age($0, at: now))" } ?? "no reading since the start"
        return line(plant.plant, "\(plant.sensors.counted("sensor")), \(last), \(plant.alerts.counted("alert"))")
      }
  }

  private static func age(_ text: String, at now: Timestamp) -> String {
    guard let timestamp = ISO8601.timestamp(text) else { return "at \(text)" }
    let seconds = Int((now - timestamp).inSeconds)
    return abs(seconds) < 120 ? "\(seconds) s ago" : "at \(text)"
  }

  private static func size(_ bytes: Int64) -> String {
    bytes < 1 << 30
      ? String(format: "%.1f MiB", locale: nil, Double(bytes) / Double(1 << 20))
      : String(format: "%.1f GiB", locale: nil, Double(bytes) / Double(1 << 30))
  }
}
