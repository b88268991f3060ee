import Foundation
import Pipeline
import PlantConfig
import SystemCore
import WebServer

/// `wattline run`: runs the pipeline until it is stopped.
enum RunCommand {
  static let description = CommandDescription(
    name: "run", summary: "runs the pipeline until SIGINT or SIGTERM; SIGHUP or a changed file reloads",
    options: [CommandDescription.configurationOption] + Log.options,
    details: """
      Publishes retained `online` on wattline/status once every subscription is confirmed, and `offline` as last will.
      A file that is added, changed or removed is taken up within a few seconds; a broken one is refused with its place,
      and what ran keeps running. Stopping puts what is in flight into the database or leaves it in the journal.

      """ + Log.details,
    examples: [
      "wattline run", "wattline run --config /etc/wattline",
      "wattline run --log-format json --log-level warning 2> wattline.log",
    ])

  static func run(_ arguments: Arguments) throws {
    let environment = ProcessInfo.processInfo.environment
    let log = try Log(arguments, environment: environment)
    do { try run(arguments, environment: environment, log: log) } catch let invalid as InvalidConfiguration {
      log.write(mistakes: invalid.diagnostics)
      exit(ExitCode.failed)
    } catch {
      log.write(.error("\(error)"))
      exit(ExitCode.failed)
    }
  }

  private static func run(_ arguments: Arguments, environment: [String: String], log: Log) throws {
    let signals = SignalWatch()
    let pipeline = try RunningPipeline(
      directory: arguments.configuration, environment: environment,
      build: ProgramBuild(version: Version.number, commit: Version.commit)
    ) { log.write($0) }
    let web = try InterfaceServer.start(for: pipeline) { log.write($0) }
    defer { web?.stop() }
    try pipeline.start()
    var service = ServiceReports(environment: environment)
    service.ready()
    while true {
      switch signals.wait(seconds: 1) {
      case .stop:
        log.write("stopping")
        service.stopping()
        pipeline.stop()
        return
      case .reload:
        service.reloading { pipeline.reload() }
        web?.renewCertificate()
      case nil: if pipeline.reloadIfChanged() { web?.renewCertificate() }
      }
      service.report(pipeline.status())
    }
  }
}
