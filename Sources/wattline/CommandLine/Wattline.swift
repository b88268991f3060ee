import Foundation
import PlantModel

/// Entry point: selects a command, runs it and turns its errors into messages and exit codes.
@main
struct Wattline {
  /// Commands of the program, in the order of `--help`.
  static let commands = [
    Subcommand(description: RunCommand.description, run: RunCommand.run),
    Subcommand(description: CheckCommand.description, run: CheckCommand.run),
    Subcommand(description: AclCommand.description, run: AclCommand.run),
    Subcommand(description: StatusCommand.description, run: StatusCommand.run),
    Subcommand(description: SourcesCommand.description, run: SourcesCommand.run),
    Subcommand(description: SourceOrderCommand.start, run: SourceOrderCommand.runStart),
    Subcommand(description: SourceOrderCommand.stop, run: SourceOrderCommand.runStop),
    Subcommand(description: ExplainCommand.description, run: ExplainCommand.run),
    Subcommand(description: DiscoverCommand.description, run: DiscoverCommand.run),
    Subcommand(description: DemoCommand.description, run: DemoCommand.run),
    Subcommand(description: BoardsCommand.description, run: BoardsCommand.run),
    Subcommand(description: SimulateCommand.description, run: SimulateCommand.run),
    Subcommand(description: ReplayCommand.description, run: ReplayCommand.run),
    Subcommand(description: BacktestCommand.description, run: BacktestCommand.run),
    Subcommand(description: ScenarioCommand.description, run: ScenarioCommand.run),
    Subcommand(description: CommunitySolveCommand.description, run: CommunitySolveCommand.run),
    Subcommand(description: CommunityTariffCommand.description, run: CommunityTariffCommand.run),
    Subcommand(description: CommunitySimulateCommand.description, run: CommunitySimulateCommand.run),
    Subcommand(description: CommunityReportCommand.description, run: CommunityReportCommand.run),
    Subcommand(description: CommunityForecastCommand.description, run: CommunityForecastCommand.run),
    Subcommand(description: BacktestHealthCommand.description, run: BacktestHealthCommand.run),
    Subcommand(description: BacktestAgeingCommand.description, run: BacktestAgeingCommand.run),
    Subcommand(description: BacktestSolarCommand.description, run: BacktestSolarCommand.run),
    Subcommand(description: BenchCommand.description, run: BenchCommand.run),
    Subcommand(description: DeadLettersCommand.description, run: DeadLettersCommand.run),
    Subcommand(description: BackupCommand.description, run: BackupCommand.run),
    Subcommand(description: RestoreCommand.description, run: RestoreCommand.run),
    Subcommand(description: UserAddCommand.description, run: UserAddCommand.run),
    Subcommand(description: UserListCommand.description, run: UserListCommand.run),
    Subcommand(description: UserChangeCommand.description, run: UserChangeCommand.run),
    Subcommand(description: UserPasswordCommand.description, run: UserPasswordCommand.run),
    Subcommand(description: UserRemoveCommand.description, run: UserRemoveCommand.run),
    Subcommand(description: KeyAddCommand.description, run: KeyAddCommand.run),
    Subcommand(description: KeyListCommand.description, run: KeyListCommand.run),
    Subcommand(description: KeyRemoveCommand.description, run: KeyRemoveCommand.run),
    Subcommand(description: AuditCommand.description, run: AuditCommand.run),
    Subcommand(description: ReportCommand.description, run: ReportCommand.run),
    Subcommand(description: SavingsCommand.description, run: SavingsCommand.run),
    Subcommand(description: SavingsTwinCommand.description, run: SavingsTwinCommand.run),
    Subcommand(description: SavingsHistoryCommand.description, run: SavingsHistoryCommand.run),
    Subcommand(description: SavingsInvestigationsCommand.description, run: SavingsInvestigationsCommand.run),
    Subcommand(description: SavingsDecisionCommand.confirm.description, run: SavingsDecisionCommand.confirm.run),
    Subcommand(description: SavingsDecisionCommand.reject.description, run: SavingsDecisionCommand.reject.run),
    Subcommand(description: SavingsDecisionCommand.assign.description, run: SavingsDecisionCommand.assign.run),
    Subcommand(description: SavingsDecisionCommand.close.description, run: SavingsDecisionCommand.close.run),
    Subcommand(description: SavingsWorkCommand.description, run: SavingsWorkCommand.run),
    Subcommand(description: SavingsForecastCommand.description, run: SavingsForecastCommand.run),
    Subcommand(description: SavingsPortfolioCommand.description, run: SavingsPortfolioCommand.run),
    Subcommand(description: ExportCommand.description, run: ExportCommand.run),
    Subcommand(description: BenchEndToEnd.description, run: BenchEndToEnd.run),
    Subcommand(description: BenchScale.description, run: BenchScale.run),
    Subcommand(description: BenchSustained.description, run: BenchSustained.run),
    Subcommand(description: BenchLatency.description, run: BenchLatency.run),
    Subcommand(description: BenchMemory.description, run: BenchMemory.run),
    Subcommand(description: BenchSubscriber.description, run: BenchSubscriber.run),
    Subcommand(description: BenchLoad.description, run: BenchLoad.run),
    Subcommand(description: BenchUnjournaled.description, run: BenchUnjournaled.run),
    Subcommand(description: BenchDetection.description, run: BenchDetection.run),
    Subcommand(description: BenchSimulation.description, run: BenchSimulation.run),
    Subcommand(description: BenchDispatch.description, run: BenchDispatch.run),
    Subcommand(description: BenchForest.description, run: BenchForest.run),
    Subcommand(description: BenchTargets.description, run: BenchTargets.run),
    Subcommand(description: CompletionsCommand.description, run: CompletionsCommand.run),
  ]

  static func main() {
    let words = CommandLine.arguments.dropFirst()
    guard let name = words.first else {
      Console.report(help)
      exit(ExitCode.misuse)
    }
    if ["--help", "-h", "help"].contains(name) { return finish(name) { Console.print(help) } }
    if ["--version", "-V", "version"].contains(name) { return finish(name) { Console.print(Version.text) } }
    // The name of a command may be two words, as for benchmarks.
    let pair = words.prefix(2).joined(separator: " ")
    let found = commands.first { $0.description.name == pair } ?? commands.first { $0.description.name == name }
    guard let command = found else {
      misuse(unknown(pair, first: name))
    }
    if words.contains("--help") || words.contains("-h") {
      return finish(name) { Console.print(command.description.help) }
    }
    finish(command.description.name) {
      try execute(command, words: Array(words.dropFirst(command.description.name == pair ? 2 : 1)))
    }
  }

  /// Returns the message about an unknown command, with the nearest one if there is one.
  private static func unknown(_ pair: String, first: String) -> String {
    let names = commands.map(\.description.name)
    let distances = names.map { name in
      (name, EditDistance.between(name, name.contains(" ") ? pair : first))
    }
    let nearest = distances.min { $0.1 < $1.1 }.flatMap { $0.1 <= max(2, $0.0.count / 3) ? $0.0 : nil }
    return "there is no command '\(first)'; "
      + (nearest.map { "perhaps it is '\($0)'" } ?? "there are \(names.joined(separator: ", "))")
  }

  /// Runs a command and turns its errors into messages and exit codes.
  private static func finish(_ name: String, work: () throws -> Void) {
    do {
      try work()
      try Console.finish()
    } catch let error as Misuse {
      misuse("\(error.message)\ntry: wattline \(name) --help")
    } catch {
      Console.report("wattline \(name): \(error)")
      exit(ExitCode.failed)
    }
  }

  private static func execute(_ command: Subcommand, words: [String]) throws {
    let arguments = try Arguments(words, for: command.description)
    try command.run(arguments)
  }

  private static func misuse(_ message: String) -> Never {
    Console.report("wattline: \(message)")
    exit(ExitCode.misuse)
  }

  private static var help: String {
    let width = commands.map(\.description.name.count).max() ?? 0
    let list = commands.map { command in
      let name = command.description.name
      let start = "  \(name)\(String(repeating: " ", count: width - name.count))  "
      return HelpText.wrapped(start + command.description.summary, hanging: start.count)
    }
    return """
      Wattline turns what a plant's sensors say over MQTT into series that operators and data
      scientists can act on.

      usage: wattline COMMAND [options]

      \(list.joined(separator: "\n"))

      wattline COMMAND --help tells what a command takes, with examples. wattline --version tells the
      build. WATTLINE_CONFIG names the folder of configuration of commands that are given no --config.
      Exit codes: 0 done, 1 failed, 2 misuse of the command line. Results on stdout, everything else
      on stderr.
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
struct Subcommand: Sendable {
  /// Name, options and examples.
  var description: CommandDescription
  /// Runs the command; throws if it fails.
  var run: @Sendable (Arguments) throws -> Void
}

/// Failure described in one sentence.
struct Failure: Error, CustomStringConvertible {
  var description: String
}
