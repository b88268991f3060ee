import Foundation
import HealthIndex
import PlantModel
import Recordings
import WattlineTime

/// `wattline backtest-solar`: lists the defects of a solar plant's recording and scores its expected power.
enum BacktestSolarCommand {
  static let description = CommandDescription(
    name: "backtest-solar", summary: "tells a solar recording's defects and scores its expected power",
    operands: ["GENERATION.csv", "WEATHER.csv"],
    options: [
      Option(name: "--test-days", value: "N", help: "days at the end that the model does not know (10)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"), RecordingArguments.zone,
    ] + RecordingArguments.options,
    details: """
      GENERATION has a time and a power a row, WEATHER a time, the irradiance on the modules in kW/m² and their temperature.
      The expected power is fitted to the first days and scored on the last, at times with an irradiation above 0.02 kW/m².
      nrmse is the root of the mean squared error over the mean power. PVWatts, k G (1 − 0.0044 (T − 25)) with k fitted to
      the same days, is there to compare with.
      """,
    examples: [
      "wattline backtest-solar Plant_1_Generation_Data.csv Plant_1_Weather_Sensor_Data.csv --json"
    ])

  private struct Report: Encodable {
    var defects: [RecordingDefect]
    var generators: Int
    var trainSamples: Int
    var testSamples: Int
    var testFrom: String
    var nrmse: Double
    var mae: Double
    var nrmsePvwatts: Double
    var maePvwatts: Double
  }

  static func run(_ arguments: Arguments) throws {
    let days = Int64(try arguments.count("--test-days", in: 1...10_000) ?? 10)
    guard arguments.operands.count == 2 else {
      throw Misuse(message: "backtest-solar takes two files, of generation and of weather")
    }
    if try RecordingArguments.isExplained(arguments.operands, arguments: arguments) { return }
    let recording = try SolarRecording(
      generation: RecordingArguments.open(arguments.operands[0], arguments: arguments),
      weather: RecordingArguments.open(arguments.operands[1], arguments: arguments),
      zone: LocalCalendar(identifier: arguments.text("--zone") ?? "UTC") ?? .utc)
    let report = try score(recording, days: days)
    if arguments.has("--json") { return try Console.print(json: report, keys: .convertToSnakeCase) }
    for defect in report.defects { Console.print("defect: \(defect.text)") }
    Console.print(
      String(
        format: "expected power from %@ on: nRMSE %.4f, MAE %.1f; PVWatts alone: %.4f, %.1f (%@)",
        report.testFrom, report.nrmse, report.mae, report.nrmsePvwatts, report.maePvwatts,
        report.testSamples.counted("time")))
  }

  private static func score(_ recording: SolarRecording, days: Int64) throws -> Report {
    guard let last = recording.moments.last?.time else {
      throw Failure(description: "the two files have no time in common")
    }
    let start = last.floored(to: .day) - .days(days - 1)
    let sunny = recording.moments.filter {
      $0.sample.irradiance > ExpectedPower.leastIrradiance && $0.sample.moduleTemperature.isFinite
        && $0.sample.power.isFinite
    }
    let training = sunny.filter { $0.time < start }.map(\.sample)
    let test = sunny.filter { $0.time >= start }.map(\.sample)
    guard let model = ExpectedPower(fitting: training) else {
      throw Failure(description: "\(training.count.counted("time")) with sun before \(start); it takes 50 to fit to")
    }
    guard test.reduce(0, { $0 + $1.power }) > 0 else {
      throw Failure(
        description: "there is no power in the sun from \(start) on (\(test.count.counted("time"))) to score on")
    }
    func watts(_ sample: ExpectedPower.Sample) -> Double {
      sample.irradiance * (1 - 0.0044 * (sample.moduleTemperature - 25))
    }
    let scale =
      training.reduce(0) { $0 + watts($1) * $1.power } / training.reduce(0) { $0 + watts($1) * watts($1) }
    let own = errors(test, expected: model.power)
    let plain = errors(test) { scale * watts($0) }
    return Report(
      defects: recording.defects, generators: recording.generators, trainSamples: training.count,
      testSamples: test.count, testFrom: String("\(start)".prefix(10)), nrmse: own.normalized, mae: own.absolute,
      nrmsePvwatts: plain.normalized, maePvwatts: plain.absolute)
  }

  private static func errors(
    _ samples: [ExpectedPower.Sample], expected: (ExpectedPower.Sample) -> Double
  ) -> (normalized: Double, absolute: Double) {
    let count = Double(samples.count)
    let errors = samples.map { expected($0) - $0.power }
    let mean = samples.reduce(0) { $0 + $1.power } / count
    let square = errors.reduce(0) { $0 + $1 * $1 } / count
    return (square.squareRoot() / mean, errors.reduce(0) { $0 + $1.magnitude } / count)
  }
}
