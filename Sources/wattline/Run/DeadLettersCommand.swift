import Foundation
import InfluxSink
import PlantConfig
import PlantModel
import Settings
import SinkCore

/// `wattline dead-letters`: lists points that the database rejected permanently, or posts them again.
enum DeadLettersCommand {
  static let description = CommandDescription(
    name: "dead-letters", summary: "lists points that the database refused for good, or posts them again",
    operands: ["list|retry"],
    options: [
      CommandDescription.configurationOption,
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      The points are line protocol in zstd files below the journal's path, with the database's words as comments:
      `zstdcat FILE` shows them. `retry` removes what the database accepts now; what it refuses again stays, with its
      new words. It may be used while `wattline run` is at work. Exit code 1 where the database takes nothing.
      """,
    examples: ["wattline dead-letters list", "wattline dead-letters retry --config /etc/wattline"])

  static func run(_ arguments: Arguments) throws {
    let loaded = ConfigurationLoader.load(
      directory: arguments.configuration, environment: ProcessInfo.processInfo.environment)
    for diagnostic in loaded.diagnostics { Console.report("\(diagnostic)") }
    guard loaded.isValid else { exit(ExitCode.failed) }
    let letters = DeadLetters(directory: loaded.settings.journal.path + "/dead-letter")
    switch arguments.operands.first {
    case "list": try list(letters, asJSON: arguments.has("--json"))
    case "retry": try retry(letters, settings: loaded.settings, asJSON: arguments.has("--json"))
    default: throw Misuse(message: "dead-letters takes list or retry, not '\(arguments.operands.joined())'")
    }
  }

  private static func list(_ letters: DeadLetters, asJSON: Bool) throws {
    let files = letters.list()
    if asJSON { return try Console.print(json: ["files": files.map(document)]) }
    if files.isEmpty { Console.print("no dead letters") }
    for file in files {
      let reasons = file.reasons.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }
      Console.print("\(file.name)  \(file.points.counted("point")): \(reasons.joined(separator: ", "))")
      Console.print("  from \(file.first) to \(file.last)")
      Console.print("  the database's last words: \(file.words)")
    }
  }

  private static func retry(_ letters: DeadLetters, settings: ProcessSettings, asJSON: Bool) throws {
    var options = SinkOptions()
    options.deadLetterBytes = Int(clamping: settings.journal.deadLetterBytes)
    let outcome = try letters.retry(to: settings.influxdb, options: options)
    if asJSON {
      try Console.print(json: [
        "accepted": outcome.accepted, "refused": outcome.refused, "left": outcome.left,
        "trouble": outcome.trouble as Any? ?? NSNull(),
      ])
    } else {
      Console.print(
        "\(outcome.accepted.counted("point")) accepted, \(outcome.refused) refused again, \(outcome.left) not tried")
    }
    guard let trouble = outcome.trouble else { return }
    throw Failure(description: "the database takes nothing now: \(trouble)")
  }

  private static func document(_ file: DeadLetters.Summary) -> [String: Any] {
    [
      "file": file.name, "bytes": file.bytes, "points": file.points, "first": "\(file.first)", "last": "\(file.last)",
      "words": file.words,
      "reasons": Dictionary(uniqueKeysWithValues: file.reasons.map { ($0.key.rawValue, $0.value) }),
    ]
  }
}

extension Console {
  /// Prints a JSON document on stdout.
  fileprivate static func print(json document: [String: Any]) throws {
    let data = try JSONSerialization.data(
      withJSONObject: document, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    print(String(decoding: data, as: UTF8.self))
  }
}
