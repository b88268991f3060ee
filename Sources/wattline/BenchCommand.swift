import Foundation

/// A benchmark by name: what it takes beside the common options, and what it does.
struct Benchmark: Sendable {
  /// The word after `bench`.
  var name: String
  /// One line for `--help`.
  var summary: String
  /// Options of its own.
  var options: [Option]
  /// Does it, or throws.
  var run: @Sendable (Arguments) throws -> Void
}

/// `wattline bench NAME`: figures that anyone can make again.
enum BenchCommand {
  /// To add a benchmark is to add its line.
  private static let benchmarks = [
    BenchDispatch.benchmark
  ]

  static let description = CommandDescription(
    name: "bench", summary: "benchmarks", operands: ["NAME"],
    options: [
      Option(name: "--data", value: "DIR", help: "folder of recordings"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
      Option(name: "--trace", value: "FILE", help: "writes what the figures were computed from, as CSV"),
    ] + uniqueOptions,
    details: "benchmarks:\n"
      + benchmarks.map { "  \($0.name)  \($0.summary)" }.joined(separator: "\n"),
    examples: ["wattline bench dispatch --data recordings/homes --json --trace powers.csv"])

  static func run(_ arguments: Arguments) throws {
    let name = arguments.operands[0]
    guard let benchmark = benchmarks.first(where: { $0.name == name }) else {
      let known = benchmarks.map(\.name).joined(separator: ", ")
      throw Misuse(message: "there is no benchmark '\(name)'; there are \(known)")
    }
    try benchmark.run(arguments)
  }

  private static var uniqueOptions: [Option] {
    var seen: Set<String> = []
    return benchmarks.flatMap(\.options).filter { seen.insert($0.name).inserted }
  }
}
