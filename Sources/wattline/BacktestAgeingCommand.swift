import Foundation
import HealthIndex

/// `wattline backtest-ageing`: foretells from the start of a battery's life when its capacity falls below a threshold.
enum BacktestAgeingCommand {
  static let description = CommandDescription(
    name: "backtest-ageing", summary: "foretells when cells reach their end of life", operands: ["FILE…"],
    options: [
      Option(name: "--below", value: "AH", help: "the capacity that ends a life (1.4)"),
      Option(name: "--known", value: "SHARE", help: "share of the cycles that the forecast knows (0.5)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      Each file is a CSV with a column whose name has 'cycle' in it and one with 'capacity'. The interval holds nine tenths
      of the possible futures; a threshold that more than one in twenty of them never reaches is told as not reached.
      """,
    examples: ["wattline backtest-ageing battery/*.csv", "wattline backtest-ageing B0005.csv --below 1.4 --json"])

  private struct Result: Encodable {
    var file: String
    var cycles: Int
    var knownCycles: Int
    /// `reached` or `not reached`, as foretold.
    var forecast: String
    var median: Double?
    var low: Double?
    var high: Double?
    /// The last cycle that the forecast speaks of.
    var horizon: Double
    /// The cycle at which it was reached in truth.
    var actual: Double?
    var holds: Bool
  }

  static func run(_ arguments: Arguments) throws {
    let threshold = try arguments.positiveNumber("--below") ?? 1.4
    let share = try arguments.positiveNumber("--known") ?? 0.5
    guard share < 1 else { throw Misuse(message: "--known is a share below 1") }
    let results = try arguments.operands.map { try score($0, threshold, share) }
    if arguments.has("--json") { return try Console.print(json: ["files": results], keys: .convertToSnakeCase) }
    for result in results {
      let foretold =
        result.low.flatMap { low in result.high.map { "\(Int(low)) to \(Int($0)), median \(Int(result.median ?? $0))" }
        }
        ?? "not reached by cycle \(Int(result.horizon))"
      let truth = result.actual.map { "cycle \(Int($0))" } ?? "not reached in \(result.cycles) cycles"
      Console.print(
        "\(result.file): foretold from \(result.knownCycles) cycles \(foretold); in truth \(truth); "
          + (result.holds ? "holds" : "does not hold"))
    }
  }

  private static func score(_ file: String, _ threshold: Double, _ share: Double) throws -> Result {
    let table = try PlainTable(path: file)
    let (cycle, capacity) = (try table.column("cycle"), try table.column("capacity"))
    let known = table.rows.indices.map { (cycle: table.number($0, cycle), capacity: table.number($0, capacity)) }
      .filter { $0.cycle.isFinite && $0.capacity.isFinite }
    let start = known.prefix(Int(share * Double(known.count)))
    guard
      let forecast = CapacityForecast(
        cycles: start.map(\.cycle), capacities: start.map(\.capacity), threshold: threshold)
    else { throw Failure(description: "\(file): \(start.count) cycles are too few to foretell from; it takes ten") }
    let actual = known.first { $0.capacity < threshold }?.cycle
    let holds = actual.map { forecast.interval?.contains($0) ?? ($0 > forecast.horizon) } ?? !forecast.isReached
    return Result(
      file: file, cycles: known.count, knownCycles: start.count,
      forecast: forecast.isReached ? "reached" : "not reached", median: forecast.median,
      low: forecast.interval?.lowerBound, high: forecast.interval?.upperBound, horizon: forecast.horizon,
      actual: actual,
      holds: holds)
  }
}
