import Foundation

/// Entry point: selects a command, runs it and turns its errors into messages and exit codes.
@main
struct Wattline {
  private static let commands = [
    Command(description: RunCommand.description, run: RunCommand.run),
    Command(description: CheckCommand.description, run: CheckCommand.run),
    Command(description: ExplainCommand.description, run: ExplainCommand.run),
    Command(description: DiscoverCommand.description, run: DiscoverCommand.run),
    Command(description: DemoCommand.description, run: DemoCommand.run),
    Command(description: SimulateCommand.description, run: SimulateCommand.run),
    Command(description: ReplayCommand.description, run: ReplayCommand.run),
    Command(description: BacktestCommand.description, run: BacktestCommand.run),
    Command(description: ScenarioCommand.description, run: ScenarioCommand.run),
    Command(description: BacktestHealthCommand.description, run: BacktestHealthCommand.run),
    Command(description: BacktestAgeingCommand.description, run: BacktestAgeingCommand.run),
    Command(description: BacktestSolarCommand.description, run: BacktestSolarCommand.run),
    Command(description: BenchCommand.description, run: BenchCommand.run),
    Command(description: DeadLettersCommand.description, run: DeadLettersCommand.run),
    Command(description: ReportCommand.description, run: ReportCommand.run),
    Command(description: BenchEndToEnd.description, run: BenchEndToEnd.run),
    Command(description: BenchScale.description, run: BenchScale.run),
    Command(description: BenchSustained.description, run: BenchSustained.run),
    Command(description: BenchLatency.description, run: BenchLatency.run),
    Command(description: BenchMemory.description, run: BenchMemory.run),
    Command(description: BenchSubscriber.description, run: BenchSubscriber.run),
    Command(description: BenchLoad.description, run: BenchLoad.run),
    Command(description: BenchUnjournaled.description, run: BenchUnjournaled.run),
    Command(description: BenchDetection.description, run: BenchDetection.run),
    Command(description: BenchSimulation.description, run: BenchSimulation.run),
    Command(description: BenchDispatch.description, run: BenchDispatch.run),
    Command(description: BenchForest.description, run: BenchForest.run),
    Command(description: BenchTargets.description, run: BenchTargets.run),
  ]

  static func main() {
    let words = CommandLine.arguments.dropFirst()
    guard let name = words.first else {
      Console.note(help)
      exit(ExitCode.misuse)
    }
    if ["--help", "-h", "help"].contains(name) { return finish(name) { Console.print(help) } }
    // The name of a command may be two words, as for benchmarks.
    let pair = words.prefix(2).joined(separator: " ")
    let found = commands.first { $0.description.name == pair } ?? commands.first { $0.description.name == name }
    guard let command = found else {
      misuse("there is no command '\(name)'; there are \(commands.map(\.description.name).joined(separator: ", "))")
    }
    if words.contains("--help") || words.contains("-h") {
      return finish(name) { Console.print(command.description.help) }
    }
    finish(command.description.name) {
      try execute(command, Array(words.dropFirst(command.description.name == pair ? 2 : 1)))
    }
  }

  /// Runs a command and turns its errors into messages and exit codes.
  private static func finish(_ name: String, _ work: () throws -> Void) {
    do {
      try work()
      try Console.finish()
    } catch let error as Misuse {
      misuse("\(error.message)\ntry: wattline \(name) --help")
    } catch {
      Console.note("wattline \(name): \(error)")
      exit(ExitCode.failed)
    }
  }

  private static func execute(_ command: Command, _ words: [String]) throws {
    let arguments = try Arguments(words, for: command.description)
    try command.run(arguments)
  }

  private static func misuse(_ message: String) -> Never {
    Console.note("wattline: \(message)")
    exit(ExitCode.misuse)
  }

  private static var help: String {
    let width = commands.map(\.description.name.count).max() ?? 0
    let list = commands.map { command in
      let name = command.description.name
      return "  \(name)\(String(repeating: " ", count: width - name.count))  \(command.description.summary)"
    }
    return """
      Wattline turns what a plant's sensors say over MQTT into series that operators and data scientists can act on.

      usage: wattline COMMAND [options]

      \(list.joined(separator: "\n"))

      wattline COMMAND --help tells what a command takes, with examples.
      Exit codes: 0 done, 1 failed, 2 misuse of the command line. Results on stdout, everything else on stderr.
      """
  }
}

/// Exit codes of all commands.
enum ExitCode {
  static let done: Int32 = 0
  static let failed: Int32 = 1
  static let misuse: Int32 = 2
}

/// Command of the program.
struct Command: Sendable {
  /// Name, options and examples.
  var description: CommandDescription
  /// Runs the command; throws if it fails.
  var run: @Sendable (Arguments) throws -> Void
}

/// Failure described in one sentence.
struct Failure: Error, CustomStringConvertible {
  var description: String
}
