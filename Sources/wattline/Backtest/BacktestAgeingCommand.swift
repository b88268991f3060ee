import Foundation
import HealthIndex
import PlantModel
import Recordings

/// `wattline backtest-ageing`: scores the forecast of a battery's end of life, made from the start of its recording.
enum BacktestAgeingCommand {
  static let description = CommandDescription(
    name: "backtest-ageing", summary: "foretells when cells reach their end of life", operands: ["FILE…"],
    options: [
      Option(name: "--below", value: "AH", help: "the capacity that ends a life (1.4)"),
      Option(name: "--known", value: "SHARE", help: "share of the cycles that the forecast knows (0.5)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ] + RecordingArguments.options,
    details: """
      Each file is a CSV with a column whose name has 'cycle' in it and one with 'capacity'. The interval holds nine tenths
      of the possible futures and ends at the horizon, which is twice what is known; a threshold that more than 7 % of them
      do not reach by then is told as not reached, with the chance and the cycle before which nineteen in twenty do not reach
      it. One that was reached before is told as that.
      """,
    examples: ["wattline backtest-ageing battery/*.csv", "wattline backtest-ageing B0005.csv --below 1.4 --json"])

  private struct Result: Encodable {
    var file: String
    var cycles: Int
    var knownCycles: Int
    /// `reached` or `not reached` by the forecast, or `already reached` within the known cycles.
    var forecast: String
    /// Share of the simulated futures that reach the threshold within the horizon.
    var chance: Double
    var median: Double?
    var low: Double?
    var high: Double?
    /// Cycle before which the threshold is not reached, if the forecast is `not reached`.
    var notBefore: Double?
    /// Last cycle that the forecast covers.
    var horizon: Double
    /// Cycle at which the threshold was actually reached; `nil` if never.
    var actual: Double?
    var holds: Bool
  }

  static func run(_ arguments: Arguments) throws {
    if try RecordingArguments.isExplained(arguments.operands, arguments: arguments, needsTimes: false) { return }
    let threshold = try arguments.positiveNumber("--below") ?? 1.4
    let share = try arguments.positiveNumber("--known") ?? 0.5
    guard share < 1 else { throw Misuse(message: "--known is a share below 1") }
    let results = try arguments.operands.map { path in
      try score(
        path, recorded: RecordingArguments.open(path, arguments: arguments, needsTimes: false), threshold: threshold,
        share: share)
    }
    if arguments.has("--json") { return try Console.print(json: ["files": results], keys: .convertToSnakeCase) }
    for result in results {
      let foretold =
        if result.forecast == "already reached" {
          result.forecast
        } else if let low = result.low, let high = result.high {
          "\(cycle(low)) to \(cycle(high)), median \(cycle(result.median ?? high))"
        } else {
          "not reached by cycle \(cycle(result.horizon)) (its chance is \(String(format: "%.0f", 100 * result.chance)) %), "
            + "and not before cycle \(cycle(result.notBefore ?? result.horizon))"
        }
      let truth = result.actual.map { "cycle \(cycle($0))" } ?? "not reached in \(result.cycles.counted("cycle"))"
      Console.print(
        "\(result.file): foretold from \(result.knownCycles.counted("cycle")) \(foretold); in truth \(truth); "
          + (result.holds ? "holds" : "does not hold"))
    }
  }

  private static func cycle(_ number: Double) -> String { String(format: "%.6g", number) }

  private static func score(
    _ file: String, recorded: RecordingFile, threshold: Double, share: Double
  ) throws -> Result {
    let columns = [try recorded.column(withWord: "cycle"), try recorded.column(withWord: "capacity")]
    let table = recorded.rows(of: columns)
    let known = zip(table.values[0], table.values[1]).map { (cycle: $0, capacity: $1) }
      .filter { $0.cycle.isFinite && $0.capacity.isFinite && $0.capacity > 0 }
    let start = known.prefix(Int(share * Double(known.count)))
    let isAllOne = start.count > 1 && start.first?.cycle == start.last?.cycle
    guard !isAllOne, zip(known, known.dropFirst()).allSatisfy({ $0.cycle <= $1.cycle }) else {
      throw Failure(
        description: "\(file): the cycles do not go up; it takes one row a cycle, oldest first, of one cell")
    }
    guard
      let forecast = CapacityForecast(
        cycles: start.map(\.cycle), capacities: start.map(\.capacity), threshold: threshold)
    else {
      throw Failure(
        description:
          "\(file): \(start.count) of \(table.count.counted("row")) are known and have a cycle and a capacity above "
          + "0; it takes ten to foretell from")
    }
    let actual = known.first { $0.capacity < threshold }?.cycle
    var result = Result(
      file: file, cycles: known.count, knownCycles: start.count,
      forecast: forecast.isReached ? "reached" : "not reached", chance: forecast.chance, median: forecast.median,
      low: forecast.interval?.lowerBound, high: forecast.interval?.upperBound,
      notBefore: forecast.isReached ? nil : forecast.soonest, horizon: forecast.horizon,
      actual: actual, holds: true)
    if let actual, let last = start.last?.cycle, actual <= last {
      (result.forecast, result.chance) = ("already reached", 1)
      (result.low, result.median, result.high, result.notBefore) = (actual, actual, actual, nil)
    } else if let actual {
      result.holds = forecast.interval?.contains(actual) ?? (actual > forecast.horizon)
    } else if let interval = forecast.interval, let last = known.last?.cycle {
      // A recording that ends before the interval cannot refute it.
      result.holds = interval.upperBound > last
    }
    return result
  }
}
