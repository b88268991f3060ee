import Forecasting
import Foundation
import Glibc
import PlantModel
import PlantPhysics
import SystemCore
import WattlineTime

/// `wattline bench forest`: measures a quantile forest on one core, with rows that other libraries can read.
enum BenchForest {
  static let description = CommandDescription(
    name: "bench forest", summary: "times training and prediction of a quantile forest on one core",
    options: [
      Option(name: "--rows", value: "N", help: "rows to learn from: hours of a made-up load (default: 8760)"),
      Option(name: "--trees", value: "N", help: "trees (default: 200)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
      Option(name: "--trace", value: "FILE", help: "writes the rows, for another library: train,target,features…"),
    ],
    details: """
      CPU time of one thread. Leaves of at least three rows, half the columns at each split, bootstrap samples; 30 days
      are predicted, with five quantiles a row. Build with -c release.
      """,
    examples: ["wattline bench forest --rows 8760 --trees 200 --trace rows.csv"])

  private struct Result: Encodable {
    var rows: Int
    var columns: Int
    var trees: Int
    var predicted: Int
    var trainSeconds: Double
    var predictSeconds: Double
    var mae: Double
  }

  static func run(_ arguments: Arguments) throws {
    let count = min(1_000_000, max(100, Int(clamping: try arguments.count("--rows") ?? 8760)))
    let trees = min(10_000, max(1, Int(clamping: try arguments.count("--trees") ?? 200)))
    let (training, test) = try rows(count)
    if let path = arguments.text("--trace") { try write(training, test: test, to: path) }
    var model = ForestModel(settings: QuantileForest.Settings(trees: trees))
    let began = Double(SystemClock.threadTime()) / 1e9
    model.fit(training, seed: 1)
    let trained = Double(SystemClock.threadTime()) / 1e9
    let answer = model.predict(test)
    let predicted = Double(SystemClock.threadTime()) / 1e9
    let errors = test.targets.indices.map { (test.targets[$0] - answer[$0, QuantileLevels.p50]).magnitude }
    let result = Result(
      rows: training.count, columns: training.columns.count, trees: trees, predicted: test.count,
      trainSeconds: trained - began, predictSeconds: predicted - trained,
      mae: errors.reduce(0, +) / Double(max(1, errors.count)))
    if arguments.has("--json") { return try Console.print(json: result) }
    Console.print(
      String(
        format:
          "%d rows of %d columns, %d trees: trained in %.2f s, %d rows predicted in %.3f s; MAE of the median %.4f",
        result.rows, result.columns, trees, result.trainSeconds, result.predicted, result.predictSeconds, result.mae))
  }

  /// Returns rows as a backtest makes them, of a load with daily and weekly patterns and weather.
  private static func rows(_ count: Int) throws -> (training: FeatureRows, test: FeatureRows) {
    var generator = SeededGenerator(seed: 1)
    let hours = count + 44 * 24
    let air = (0..<hours).map {
      12 + 9 * sin(Double($0) / 1400) + 5 * sin(Double($0) / 24 * 2 * .pi) + generator.normal()
    }
    let load = (0..<hours).map { hour in
      let clock = Double(hour % 24)
      let isWork = hour / 24 % 7 < 5 && clock >= 7 && clock < 18
      return 20 + (isWork ? 30.0 : 0) + 2 * max(0, air[hour] - 18) + max(0, 10 - air[hour]) + 3 * generator.normal()
    }
    let start = CivilTime(year: 2022, month: 1, day: 1).utc
    let recording = ForecastInput.Recording(
      times: (0..<hours).map { start + .hours(Int64($0)) }, target: load,
      exogenous: [ForecastInput.Exogenous(name: "temperature", isKnownAhead: true, values: air)])
    let input = try ForecastInput(recording, zone: .utc, horizon: .day)
    var builder = FeatureBuilder(input, horizon: 24, step: 24)
    let split = input.first + 14 * 24 + count
    return (
      builder.trainingRows((input.first + 14 * 24)..<split, before: split),
      builder.trainingRows(split..<input.end, before: input.end)
    )
  }

  private static func write(_ training: FeatureRows, test: FeatureRows, to path: String) throws {
    var text = "train,target," + training.columns.indices.map { "x\($0)" }.joined(separator: ",") + "\n"
    for (rows, isTraining) in [(training, 1), (test, 0)] {
      for row in 0..<rows.count {
        let features = rows.values.map { $0[row].isNaN ? "" : "\($0[row])" }
        text += "\(isTraining),\(rows.targets[row]),\(features.joined(separator: ","))\n"
      }
    }
    try OutputFile.write(text, to: path)
  }
}
