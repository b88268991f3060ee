import Forecasting
import PlantModel
import Recordings
import WattlineTime

/// Parsed arguments of `wattline backtest`.
struct BacktestOptions {
  /// Columns to read, in this order: target, exogenous, known ahead, holiday.
  let columns: [String]
  let zone: LocalCalendar
  let settings: Backtest.Settings
  let models: [any ForecastModel]
  private let exogenous: [String]
  private let knownAhead: [String]

  init(_ arguments: Arguments) throws(Misuse) {
    guard let target = arguments.text("--target") else {
      throw Misuse(message: "backtest needs --target COL: the column to forecast")
    }
    exogenous = BacktestOptions.list(arguments.text("--exogenous"))
    knownAhead = BacktestOptions.list(arguments.text("--known-ahead"))
    if let both = exogenous.first(where: knownAhead.contains) {
      throw Misuse(message: "'\(both)' is in --exogenous and in --known-ahead; it can be in one")
    }
    columns = [target] + exogenous + knownAhead + (arguments.text("--holiday").map { [$0] } ?? [])
    let name = arguments.text("--zone") ?? "UTC"
    guard let zone = LocalCalendar(identifier: name) else {
      throw Misuse(message: "--zone: there is no zone '\(name)'; expected a name such as Europe/Berlin or UTC")
    }
    self.zone = zone
    let testDays = try BacktestOptions.days(arguments, name: "--test") ?? 60
    if arguments.has("--live") {
      let fixed = ["--horizon", "--step", "--retrain", "--models"]
      if let option = fixed.first(where: { arguments.text($0) != nil }) {
        throw Misuse(message: "--live forecasts as a pipeline does; leave out \(option)")
      }
      settings = .live(testDays: testDays)
      models = ForecastModels.live
      return
    }
    settings = Backtest.Settings(
      horizon: try BacktestOptions.span(arguments, name: "--horizon") ?? .day,
      step: try BacktestOptions.span(arguments, name: "--step") ?? .day,
      testDays: testDays, retrainDays: try BacktestOptions.days(arguments, name: "--retrain") ?? 7)
    let names = BacktestOptions.list(arguments.text("--models"))
    let all = names.isEmpty ? ForecastModels.standard : ForecastModels.all
    guard let models = names.isEmpty || names == ["all"] ? all : ForecastModels.named(names) else {
      throw Misuse(
        message: "--models: expected names out of \(ForecastModels.names.joined(separator: ", ")), or all; "
          + "not '\(names.joined(separator: ","))'")
    }
    self.models = models
  }

  /// Returns the columns as a recording, with powers in kW.
  func recording(_ table: Recording) -> ForecastInput.Recording {
    let values = table.columns.indices.map { table.kilowatts($0).values }
    var series: [ForecastInput.Exogenous] = []
    for (position, name) in (exogenous + knownAhead).enumerated() {
      series.append(
        ForecastInput.Exogenous(
          name: name, isKnownAhead: position >= exogenous.count, values: values[1 + position]))
    }
    let hasHolidays = columns.count > 1 + series.count
    return ForecastInput.Recording(
      times: table.times, target: values[0], exogenous: series,
      holidays: hasHolidays ? values[columns.count - 1] : [])
  }

  private static func list(_ text: String?) -> [String] {
    text?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
  }

  private static func span(_ arguments: Arguments, name: String) throws(Misuse) -> TimeSpan? {
    guard let text = arguments.text(name) else { return nil }
    let units: [Character: TimeSpan] = ["m": .minute, "h": .hour, "d": .day]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), (1...100_000).contains(count)
    else { throw Misuse(message: "\(name) needs a span such as 30m, 24h or 7d, not '\(text)'") }
    return unit * count
  }

  private static func days(_ arguments: Arguments, name: String) throws(Misuse) -> Int? {
    guard let span = try span(arguments, name: name) else { return nil }
    guard span.nanoseconds % TimeSpan.day.nanoseconds == 0 else {
      throw Misuse(message: "\(name) needs whole days, such as 7d")
    }
    return Int(span.nanoseconds / TimeSpan.day.nanoseconds)
  }
}
