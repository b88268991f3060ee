import Forecasting
import Foundation
import PlantModel
import PlantPhysics
import StreamCore
import SystemCore
import WattlineTime

/// `wattline bench targets`: measures the daily CPU time of forecasting many series.
enum BenchTargets {
  static let description = CommandDescription(
    name: "bench targets", summary: "processor time a day of many forecast series at 15-minute steps",
    options: [
      Option(name: "--targets", value: "N", help: "how many series to count for (default: 1000)"),
      Option(name: "--measured", value: "N", help: "how many are run (default: 2)"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      Runs a few series through the forecast stage on one thread, as in a pipeline: six weeks to fill the history, then a
      week that is measured, with its four forecasts an hour, their scores and one training of every model on 4,000
      rows. The figure for all series is that of the measured ones times their ratio. Build with -c release.
      """,
    examples: ["wattline bench targets", "wattline bench targets --targets 5000 --json"])

  private struct Result: Encodable {
    var targets: Int
    var measured: Int
    var secondsADay: Double
    var shareOfACore: Double
    var longestStepMilliseconds: Double
  }

  private static let daysBefore = 42
  private static let daysMeasured = 7

  static func run(_ arguments: Arguments) throws {
    let targets = min(10_000_000, max(1, Int(clamping: try arguments.count("--targets") ?? 1000)))
    let measured = min(100, max(1, Int(clamping: try arguments.count("--measured") ?? 2)))
    let assets = (0..<measured).map { Asset(name: "load\($0)", kind: .load) }
    let place = Location(latitude: 48, longitude: 11, timezone: "Europe/Berlin")
    var register = PlantRegister(plant: Plant(name: "bench", location: place, assets: assets))
    let series = assets.map { register.admit(asset: $0.name, sensor: "power") }
    var stage = ForecastStage()
    var generator = SeededGenerator(seed: 1)
    var progress = ProgressBar("targets", total: Double(daysBefore + daysMeasured))
    let first = QuarterHour.slot(containing: CivilTime(year: 2024, month: 5, day: 1).utc)
    var began = 0.0
    var longest = 0.0
    for slot in 0..<((daysBefore + daysMeasured) * QuarterHour.perDay) {
      if slot == daysBefore * QuarterHour.perDay { began = Double(SystemClock.threadTime()) / 1e9 }
      let start = QuarterHour.start(of: first + slot)
      var frame = Frame(cause: .readings, received: start + .minutes(15), clock: start + .minutes(15))
      frame.windows = series.map { window($0, start: start, mean: value(slot, generator: &generator)) }
      stage.step(&frame, in: register)
      for minute in 0..<15 {
        let clock = start + .minutes(Int64(15 + minute))
        var mark = Frame(cause: .minute, received: clock, clock: clock)
        let before = Double(SystemClock.threadTime()) / 1e9
        stage.step(&mark, in: register)
        if slot >= daysBefore * QuarterHour.perDay {
          longest = max(longest, Double(SystemClock.threadTime()) / 1e9 - before)
        }
      }
      progress.update(Double(slot) / Double(QuarterHour.perDay))
    }
    progress.finish()
    let seconds =
      (Double(SystemClock.threadTime()) / 1e9 - began) / Double(daysMeasured) * Double(targets) / Double(measured)
    let result = Result(
      targets: targets, measured: measured, secondsADay: seconds, shareOfACore: seconds / 86_400,
      longestStepMilliseconds: longest * 1000)
    if arguments.has("--json") { return try Console.print(json: result) }
    Console.print(
      String(
        format: "%d series: %.0f s of processor a day, %.1f %% of a core (%d measured over a week, times %.0f); "
          + "the longest step of %d took %.1f ms",
        targets, seconds, 100 * result.shareOfACore, measured, Double(targets) / Double(measured), measured,
        result.longestStepMilliseconds))
  }

  private static func value(_ slot: Int, generator: inout SeededGenerator) -> Double {
    let hour = Double(slot % QuarterHour.perDay) / 4
    let isWork = slot / QuarterHour.perDay % 7 < 5 && hour >= 7 && hour < 18
    return (isWork ? 90 : 30) + 10 * sin(hour / 24 * 2 * .pi) + 5 * generator.normal()
  }

  private static func window(_ series: SeriesIndex, start: Timestamp, mean: Double) -> FeatureWindow {
    FeatureWindow(
      series: series, length: .quarterHour, start: start, mean: mean, minimum: mean, maximum: mean,
      standardDeviation: 0, slope: 0, count: 15, energyKilowattHours: mean / 4, goodShare: 1, isUpdate: false)
  }
}
