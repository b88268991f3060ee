import Foundation
import Pipeline
import PlantConfig
import WebServer

/// `wattline run`: runs the pipeline until it is stopped.
enum RunCommand {
  static let description = CommandDescription(
    name: "run", summary: "runs the pipeline until SIGINT or SIGTERM; SIGHUP or a changed file reloads",
    options: [CommandDescription.configurationOption],
    details: """
      Publishes retained `online` on wattline/status once every subscription is confirmed, and `offline` as last will.
      A file that is added, changed or removed is taken up within a few seconds; a broken one is refused with its place,
      and what ran keeps running. Stopping puts what is in flight into the database or leaves it in the journal.
      """,
    examples: ["wattline run", "wattline run --config /etc/wattline"])

  static func run(_ arguments: Arguments) throws {
    let signals = SignalWatch()
    let pipeline: RunningPipeline
    do {
      pipeline = try RunningPipeline(
        directory: arguments.configuration, environment: ProcessInfo.processInfo.environment,
        build: ProgramBuild(version: Version.number, commit: Version.commit)
      ) { Console.report("wattline: \($0)") }
    } catch let invalid as InvalidConfiguration {
      for diagnostic in invalid.diagnostics { Console.report("\(diagnostic)") }
      exit(ExitCode.failed)
    }
    let web = try InterfaceServer.start(for: pipeline) { Console.report("wattline: \($0)") }
    defer { web?.stop() }
    try pipeline.start()
    var service = ServiceReports(environment: ProcessInfo.processInfo.environment)
    service.ready()
    while true {
      switch signals.wait(seconds: 1) {
      case .stop:
        Console.report("wattline: stopping")
        service.stopping()
        pipeline.stop()
        return
      case .reload: service.reloading { pipeline.reload() }
      case nil: pipeline.reloadIfChanged()
      }
      service.report(pipeline.status())
    }
  }
}
