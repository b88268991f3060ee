import Forecasting
import Foundation
import PlantModel
import Recordings

/// `wattline backtest`: scores each forecaster on a recording.
enum BacktestCommand {
  static let description = CommandDescription(
    name: "backtest", summary: "scores forecasters on a recording, each knowing only what was before",
    operands: ["FILE.csv"],
    options: [
      Option(name: "--target", value: "COL", help: "the column to forecast"),
      RecordingArguments.time,
      Option(name: "--exogenous", value: "A,B", help: "columns that may explain the target, known up to the origin"),
      Option(
        name: "--known-ahead", value: "A,B", help: "columns known a horizon ahead, such as forecasts of the weather"),
      Option(name: "--holiday", value: "COL", help: "a column that is not 0 on holidays"),
      Option(name: "--zone", value: "TZ", help: "IANA zone of the clock on the wall (default: UTC)"),
      Option(name: "--horizon", value: "SPAN", help: "how far ahead (default: 24h)"),
      Option(name: "--step", value: "SPAN", help: "from one origin to the next (default: 24h)"),
      Option(name: "--test", value: "SPAN", help: "whole days at the end that are scored (default: 60d)"),
      Option(name: "--retrain", value: "SPAN", help: "whole days between two trainings (default: 7d)"),
      Option(name: "--models", value: "A,B|all", help: "which models (default: all but recurrent)"),
      Option(
        name: "--live", value: nil,
        help: "as a running pipeline: each quarter of an hour, its models, scored as in forecast_eval"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
      Option(name: "--trace", value: "FILE", help: "writes every forecast: model,issued,time,p10,p50,p90,actual"),
    ] + RecordingArguments.options,
    details: RecordingArguments.details + """

      Columns are named as in the file, with or without their unit; that of a file with a day in each line is `value`.
      Origins are at midnight in the zone's standard time, and every step after it; the same time on another day is that
      of the zone's clock. Rows closer than 15 minutes are averaged; gaps stay gaps and are not scored.
      A test of 60 days is preceded by eight weeks in which the models forecast unscored, so that their ensemble knows
      them. pinball is the mean over p10, p50 and p90; mae is that of the median; mase divides it by the mean change
      from one day to the next before the test. Models: \(ForecastModels.names.joined(separator: ", ")); `ensemble` is
      always made of those that run.
      """,
    examples: [
      "wattline backtest home.csv --target load.power --zone America/Los_Angeles",
      "wattline backtest grid.csv --target load --known-ahead temperature --holiday holiday --json",
      "wattline backtest home.csv --target load --models forest,additive --test 30d --trace forecasts.csv",
    ])

  static func run(_ arguments: Arguments) throws {
    let path = arguments.operands[0]
    if try RecordingArguments.isExplained([path], arguments: arguments) { return }
    let options = try BacktestOptions(arguments)
    let file = try RecordingArguments.open(path, arguments: arguments)
    let table = try file.rows(of: options.columns.map { try file.column(named: $0) }).ordered()
    RecordingArguments.report(table, of: path)
    guard table.values[0].contains(where: \.isFinite) else {
      throw Failure(
        description: "\(arguments.operands[0]): the column '\(options.columns[0])' has no number in any row")
    }
    let input = try ForecastInput(
      options.recording(table), zone: options.zone, horizon: options.settings.horizon,
      quarterHours: options.settings.isLive)
    let backtest = try Backtest(input, settings: options.settings)
    let trace = try arguments.text("--trace").map { try OutputFile($0) }
    try trace?.write("model,issued,time,p10,p50,p90,actual\n".utf8)
    var progress = ProgressBar("backtest", total: 1)
    let scores = backtest.run(options.models, progress: { progress.update($0) }) { forecast in
      // Failed writes stay in the buffer and are reported by close().
      try? trace?.write(line(forecast).utf8)
    }
    progress.finish()
    try trace?.close()
    guard scores.contains(where: { $0.all.count > 0 }) else {
      throw Failure(
        description: "\(arguments.operands[0]): nothing could be scored: '\(options.columns[0])' has no numbers in the "
          + "test, which is its last \(options.settings.testDays.counted("day")), or too few before")
    }
    if arguments.has("--json") {
      let data = try JSONSerialization.data(
        withJSONObject: ["models": scores.map(document)], options: [.prettyPrinted, .sortedKeys])
      Console.print(String(decoding: data, as: UTF8.self))
    } else {
      show(scores)
    }
  }

  /// Returns a line of the trace.
  private static func line(_ forecast: Backtest.Forecast) -> String {
    "\(forecast.model),\(forecast.issued),\(forecast.time),\(forecast.p10),\(forecast.p50),\(forecast.p90),"
      + "\(forecast.actual)\n"
  }

  private static func show(_ scores: [BacktestScore]) {
    func cell(_ value: Double) -> String {
      let text = value.isFinite ? String(format: "%.5g", value) : "-"
      return String(repeating: " ", count: max(0, 11 - text.count)) + text
    }
    let names = ["mae", "rmse", "mase", "pinball", "coverage80", "width80", "train s"]
    let width = scores.map(\.name.count).max() ?? 0
    let blank = String(repeating: " ", count: width)
    Console.print(
      blank + names.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }.joined())
    for score in scores {
      let sums = score.all
      let values = [sums.mae, sums.rmse, score.mase, sums.pinball, sums.coverage80, sums.width80, score.trainSeconds]
      let name = score.name + String(repeating: " ", count: width - score.name.count)
      Console.print(name + values.map { " " + cell($0) }.joined())
    }
  }

  private static func document(_ score: BacktestScore) -> [String: Any] {
    var result = numbers(score.all)
    result["name"] = score.name
    result["mase"] = json(score.mase)
    result["trainings"] = score.trainings
    result["train_seconds"] = score.trainSeconds
    result["predict_seconds"] = score.predictSeconds
    result["by_lead"] = score.byLead.filter { $0.sums.count > 0 }.map { lead, sums in
      numbers(sums).merging(["lead": lead]) { $1 }
    }
    return result
  }

  private static func numbers(_ sums: BacktestScore.Sums) -> [String: Any] {
    [
      "count": Int(sums.count), "mae": json(sums.mae), "rmse": json(sums.rmse), "pinball": json(sums.pinball),
      "coverage80": json(sums.coverage80), "width80": json(sums.width80),
    ]
  }

  /// Returns a value for JSON, which has no NaN.
  private static func json(_ value: Double) -> Any { value.isFinite ? value : NSNull() }
}
