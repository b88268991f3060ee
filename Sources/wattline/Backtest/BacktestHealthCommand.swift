import Foundation
import HealthIndex
import PlantModel
import Recordings
import WattlineTime

/// `wattline backtest-health`: scores the anomaly detector on labelled recordings.
enum BacktestHealthCommand {
  static let description = CommandDescription(
    name: "backtest-health", summary: "scores the anomaly detector on labelled recordings", operands: ["FILE…"],
    options: [
      Option(name: "--labels", value: "COL", help: "the column that is not 0 where something is wrong"),
      Option(name: "--ignore", value: "COL,…", help: "columns that are no sensors"),
      Option(
        name: "--fit-rows", value: "N", help: "rows at the start of each file that the detector is fitted to (400)"),
      Option(name: "--trace", value: "FILE", help: "writes file,time,score,alarm of every row that was scored"),
      Option(name: "--json", value: nil, help: "prints one JSON document"), RecordingArguments.time,
      RecordingArguments.zone,
    ] + RecordingArguments.options,
    details: RecordingArguments.details + """

      Each file has a column of times and one column a sensor. A detector is fitted to its first rows and scores
      the others, none of which it knows ahead. far is the share of ordinary rows with an alarm, mar that of anomalous
      rows without one, missed the labelled runs without any alarm.
      """,
    examples: ["wattline backtest-health runs/*.csv --labels anomaly --ignore changepoint --fit-rows 400 --json"])

  /// Score and trace of one recording.
  private struct Result {
    var file: String
    var score: DetectionScore
    var trace: String
  }

  static func run(_ arguments: Arguments) throws {
    if try RecordingArguments.isExplained(arguments.operands, arguments: arguments) { return }
    guard let labels = arguments.text("--labels") else {
      throw Misuse(message: "backtest-health needs --labels COL, the column that tells anomalous rows")
    }
    let fitRows = Int(clamping: try arguments.count("--fit-rows") ?? 400)
    let ignored = Set((arguments.text("--ignore") ?? "").split(separator: ",").map(String.init))
    var progress = ProgressBar("scoring", total: Double(arguments.operands.count))
    var results: [Result] = []
    for file in arguments.operands {
      progress.update(Double(results.count), note: file)
      results.append(try score(file, arguments: arguments, labels: labels, ignored: ignored, fitRows: fitRows))
    }
    progress.finish()
    if let path = arguments.text("--trace") {
      try OutputFile.write("file,time,score,alarm\n" + results.map(\.trace).joined(), to: path)
    }
    if arguments.has("--json") {
      let data = try JSONSerialization.data(
        withJSONObject: document(results), options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
      Console.print(String(decoding: data, as: UTF8.self))
    } else {
      show(results)
    }
  }

  private static func score(
    _ path: String, arguments: Arguments, labels: String, ignored: Set<String>, fitRows: Int
  ) throws -> Result {
    let file = try RecordingArguments.open(path, arguments: arguments)
    let left = Set(ignored.map { $0.lowercased() })
    let wanted = file.columns.indices.filter { !left.contains(file.columns[$0].heading.lowercased()) }
    let label = try file.column(named: labels)
    let sensors = wanted.filter { $0 != label }
    let table = file.rows(of: sensors + [label])
    // A missing row would change the scores, so unreadable rows are errors.
    if let problem = table.tally.problems.first {
      var hint = ""
      if case .number(_, let heading) = problem.kind { hint = "; leave the column out with --ignore \(heading)" }
      throw Failure(description: "\(path):\(problem.line): \(problem.reason)\(hint)")
    }
    let rows = (0..<table.count).map { row in sensors.indices.map { table.values[$0][row] } }
    let anomalous = table.values[sensors.count]
    guard rows.count > fitRows, var detector = MultivariateDetector(fitting: rows[..<fitRows]) else {
      throw Failure(
        description:
          "\(path): \(rows.count.counted("row")) of \(sensors.count.counted("sensor")) are too few to fit to \(fitRows) rows; it "
          + "takes a sensor, at least 16 rows to fit to, and more to score")
    }
    let scores = rows[fitRows...].map { detector.score($0) }
    let alarms = scores.map { $0 > detector.threshold }
    let times = table.times[fitRows...].map { Double($0.nanoseconds) / 1e9 }
    let timeTexts = file.timeTexts(besides: sensors + [label])
    var trace = ""
    for (position, score) in scores.enumerated() {
      trace += "\(quoted(path)),\(quoted(timeTexts[fitRows + position])),\(score),\(alarms[position] ? 1 : 0)\n"
    }
    // Rows without a label count neither for nor against an alarm.
    let known = scores.indices.filter { anomalous[fitRows + $0].isFinite }
    guard !known.isEmpty else {
      throw Failure(description: "\(path): no row after the first \(fitRows) has a label in the column '\(labels)'")
    }
    let score = DetectionScore(
      labels: known.map { anomalous[fitRows + $0] != 0 }, scores: known.map { scores[$0] },
      alarms: known.map { alarms[$0] }, times: known.map { times[$0] })
    return Result(file: path, score: score, trace: trace)
  }

  private static func quoted(_ text: String) -> String {
    text.contains(where: { ",\"\n".contains($0) }) ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
  }

  private static func fields(_ score: DetectionScore) -> [String: Any] {
    [
      "auc": json(score.areaUnderCurve), "far": json(score.falseAlarmRate), "mar": json(score.missedAlarmRate),
      "missed": score.missedRuns, "delay_median_s": json(median(score.delays)),
    ]
  }

  private static func document(_ results: [Result]) -> [String: Any] {
    let all = pooled(results)
    let areas = results.compactMap(\.score.areaUnderCurve)
    return [
      "files": results.map { fields($0.score).merging(["file": $0.file]) { own, _ in own } },
      "auc_mean": json(areas.isEmpty ? nil : areas.reduce(0, +) / Double(areas.count)),
      "far": json(all.falseAlarmRate), "mar": json(all.missedAlarmRate), "missed": all.missedRuns,
      "runs": all.missedRuns + all.delays.count, "delay_median_s": json(median(all.delays)),
      "far_at_mar_0.125": json(all.falseAlarmRate(missing: 0.125)),
    ]
  }

  private static func show(_ results: [Result]) {
    func cell(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "-" }
    Console.print("file  auc  far  mar  missed  delay_s")
    for (file, score) in results.map({ ($0.file, $0.score) }) + [("all rows together", pooled(results))] {
      let numbers = [score.areaUnderCurve, score.falseAlarmRate, score.missedAlarmRate].map(cell).joined(
        separator: "  ")
      Console.print("\(file)  \(numbers)  \(score.missedRuns)  \(cell(median(score.delays)))")
    }
  }

  private static func pooled(_ results: [Result]) -> DetectionScore {
    results.reduce(into: DetectionScore()) { $0.add($1.score) }
  }

  private static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  private static func json(_ value: Double?) -> Any { value.flatMap { $0.isFinite ? $0 : nil } ?? NSNull() }
}
