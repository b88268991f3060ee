import Foundation

/// `wattline bench`: measures what is promised.
enum BenchCommand {
  static let description = CommandDescription(
    name: "bench", summary: "measures what is promised", operands: ["NAME"],
    options: [
      Option(name: "--first-seed", value: "N", help: "first seed (default: 1000)"),
      Option(name: "--seeds", value: "N", help: "how many seeds (default: 20)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: "detection: breaks simulated plants in every way, and counts what is noticed, how soon, and false alarms.",
    examples: ["wattline bench detection --seeds 20 --json"])

  static func run(_ arguments: Arguments) throws {
    guard arguments.operands.first == "detection" else {
      throw Misuse(message: "there is no benchmark '\(arguments.operands.first ?? "")'; there is detection")
    }
    let seeds = Int(clamping: try arguments.count("--seeds") ?? 20)
    let first = try arguments.count("--first-seed") ?? 1000
    let report = BenchDetection.run(firstSeed: first, seeds: min(seeds, 10_000)) { done in
      Console.note("detection: \(done) of \(seeds) seeds")
    }
    guard arguments.has("--json") else { return Console.print(BenchDetection.table(report)) }
    let data = try JSONSerialization.data(
      withJSONObject: BenchDetection.document(report), options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    Console.print(String(decoding: data, as: UTF8.self))
  }
}
