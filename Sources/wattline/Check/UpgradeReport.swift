import Foundation
import Pipeline
import PlantConfig
import PlantModel
import Settings
import WattlineTime

/// `wattline check --upgrade`: what a start of this version does with the state that another has saved.
enum UpgradeReport {
  static let option = Option(
    name: "--upgrade", value: nil, help: "says whether this version reads the saved state; changes nothing")

  static let details = """
    With --upgrade, the saved state in journal.path is read instead, also while another version runs there. Exit code
    0: this version goes on where the other ends. Exit code 1: windows and models of the plants that are named are
    rebuilt from the journal's history, with its length and an estimate of the time, or files cannot be read.
    """

  /// Prints the report on a loaded folder, and ends with 1 if an upgrade would not go on as if nothing had happened.
  static func run(_ loaded: LoadedConfiguration) throws {
    let folder = loaded.settings.journal.path
    let check = try UpgradeCheck(directory: folder, otherwise: loaded.sources)
    for line in lines(check, folder: folder) { Console.print(line) }
    try Console.finish()
    if !check.isSmooth { exit(ExitCode.failed) }
  }

  private static func lines(_ check: UpgradeCheck, folder: String) -> [String] {
    var lines: [String] = []
    switch check.outcome {
    case .nothingSaved: lines.append("\(folder): no saved state; a start begins anew")
    case .goesOn: lines.append("\(folder): this version reads the saved state and goes on from it")
    case .rebuilds(let plants, let reason):
      let names = plants.map { "of \($0.joined(separator: ", "))" } ?? "of all plants"
      lines.append("\(folder): windows and models \(names) are rebuilt from the history: \(reason)")
    case .worksThroughAll(let reason):
      lines.append("\(folder): all of the journal is worked through and written again: \(reason)")
    }
    lines += check.problems
    return lines + history(check)
  }

  private static func history(_ check: UpgradeCheck) -> [String] {
    guard let from = check.history.from, let to = check.history.to else { return ["history: none"] }
    var lines = [
      "history: \(check.history.messages.counted("message")) in \(text(check.history.span.inSeconds)), \(from) to \(to)"
    ]
    if check.isSmooth { return lines }
    if check.history.span < UpgradeCheck.longestUse {
      lines.append(
        "needed: up to \(text(UpgradeCheck.longestUse.inSeconds)); what is older than the history is not known again. "
          + "Raise journal.history before, if it is full")
    }
    if let seconds = check.rebuildSeconds {
      lines.append("a rebuild takes about \(text(max(1, seconds))) on this machine; messages wait meanwhile")
    }
    return lines
  }

  /// Returns a time in its largest unit of which there are two.
  private static func text(_ seconds: Double) -> String {
    for (size, name) in [(86_400.0, "day"), (3_600, "hour"), (60, "minute")] where seconds >= 2 * size {
      return Int((seconds / size).rounded()).counted(name)
    }
    return Int(seconds.rounded()).counted("second")
  }
}
