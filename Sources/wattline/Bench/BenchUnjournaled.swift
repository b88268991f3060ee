import Foundation
import Pipeline

/// `wattline bench unjournaled`: runs the pipeline with memory in place of its journal.
enum BenchUnjournaled {
  static let description = CommandDescription(
    name: "bench unjournaled", summary: "runs the pipeline without its journal: what end-to-end measures it against",
    options: [CommandDescription.configurationOption],
    details: "Runs until it is ended. What is on its way then is lost: for measuring, and for nothing else.",
    examples: ["wattline bench unjournaled --config /tmp/bench"])

  static func run(_ arguments: Arguments) throws {
    let pipeline = try UnjournaledPipeline(
      directory: arguments.configuration, environment: ProcessInfo.processInfo.environment
    ) { Console.report("wattline: \($0)") }
    pipeline.run()
  }
}
