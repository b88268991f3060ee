import Glibc
import PlantModel
import StreamCore
import SystemCore
public import WattlineTime

/// A score of forecasters on a recording, run from origin to origin with only earlier data known at each.
///
/// The test is the last whole days (24 hours from midnight in standard time) of the recording. The models start to
/// forecast unscored eight weeks earlier, so that the ensemble has learned from them.
public struct Backtest {
  /// Horizon, steps and training of a backtest.
  public struct Settings: Sendable {
    /// Time covered by one forecast.
    public var horizon: TimeSpan
    /// Time from one origin to the next.
    public var step: TimeSpan
    /// Number of scored days.
    public var testDays: Int
    /// Days between two trainings.
    public var retrainDays: Int
    /// Days of history from which models learn.
    public var trainingDays = 365
    /// Largest number of rows from which models learn.
    public var maximumRows = 20_000
    /// Whether the backtest imitates a pipeline: models forecast from the first possible day, and only the latest issue
    /// is scored.
    ///
    /// The latest issue is the slot with the shortest lead in each lead class, as stored in `forecast_eval`.
    public var isLive = false

    /// Creates settings.
    ///
    /// - Parameters:
    ///   - horizon: Time covered by one forecast, a multiple of the recording's step.
    ///   - step: Time from one origin to the next, a multiple of the recording's step.
    ///   - testDays: Number of scored days, at least 1.
    ///   - retrainDays: Days between two trainings.
    public init(horizon: TimeSpan = .day, step: TimeSpan = .day, testDays: Int = 60, retrainDays: Int = 7) {
      self.horizon = horizon
      self.step = step
      self.testDays = testDays
      self.retrainDays = retrainDays
    }

    /// Returns the settings of a pipeline: a day ahead, every quarter-hour.
    public static func live(testDays: Int) -> Settings {
      let pipeline = LearningModel.settings(phase: 0)
      var settings = Settings(
        horizon: .day, step: WindowLength.quarterHour.span, testDays: testDays, retrainDays: pipeline.retrainDays)
      settings.trainingDays = pipeline.trainingDays
      settings.maximumRows = pipeline.maximumRows
      settings.isLive = true
      return settings
    }
  }

  /// The reason for which a backtest cannot run.
  public struct Refusal: Error, Equatable, CustomStringConvertible {
    /// The fault and the expected input.
    public var description: String
  }

  /// A scored forecast of one slot.
  public struct Forecast: Sendable {
    /// Name of the model.
    public var model: String
    /// Start of the forecast's first slot.
    public var issued: Timestamp
    /// Start of the slot.
    public var time: Timestamp
    /// The quantiles [unit of the target].
    public var p10: Double, p50: Double, p90: Double
    /// Actual value [unit of the target].
    public var actual: Double
  }

  private let input: ForecastInput
  private let engineSettings: ForecastEngine.Settings
  private let leads: LeadClasses
  private let isLive: Bool
  /// First slot of the test.
  public let testStart: Int
  /// Slot after the last of the test.
  public let testEnd: Int
  /// Mean absolute difference from the day before, over the time before the test: the scale of MASE [unit of the
  /// target].
  public let scale: Double

  /// Creates the backtest of a recording.
  ///
  /// - Throws: ``Refusal`` if horizon or step do not fit the recording, or if it is too short.
  public init(_ input: ForecastInput, settings: Settings) throws(Refusal) {
    let grid = input.grid
    let horizon = Int(settings.horizon.nanoseconds / grid.span.nanoseconds)
    let step = Int(settings.step.nanoseconds / grid.span.nanoseconds)
    guard horizon >= 1, step >= 1, (grid.span * Int64(step)) == settings.step,
      (grid.span * Int64(horizon)) == settings.horizon
    else { throw Refusal(description: "horizon and step must be multiples of the recording's own step") }
    self.input = input
    engineSettings = ForecastEngine.Settings(
      horizon: horizon, step: step, retrainDays: settings.retrainDays, trainingDays: settings.trainingDays,
      maximumRows: settings.maximumRows)
    leads = LeadClasses(horizon: horizon, span: grid.span)
    isLive = settings.isLive
    testEnd = grid.startOfDay(input.end)
    testStart = testEnd - settings.testDays * grid.perDay
    let history = (testStart - input.first) / grid.perDay
    guard settings.testDays >= 1, history >= 2 else {
      let days = (testEnd - input.first) / grid.perDay
      throw Refusal(
        description: "the recording has \(days) whole days; a test of \(settings.testDays) leaves \(max(0, history)) "
          + "to learn from, and at least 2 are needed"
          + (days < 3 ? "" : " (--test \(max(1, days / 3))d would do)"))
    }
    var sum = 0.0
    var count = 0.0
    for slot in (input.first + grid.perDay)..<testStart {
      let before = input.target(input.sameTime(as: slot, daysBefore: 1), before: testStart)
      let difference = input.target[slot - input.first] - before
      if difference.isNaN { continue }
      sum += difference.magnitude
      count += 1
    }
    scale = count > 0 ? sum / count : .nan
  }

  /// Runs models and returns their scores and that of the ensemble, which comes last.
  ///
  /// - Parameters:
  ///   - models: The models.
  ///   - progress: Receives the share of the work that is done, 0...1.
  ///   - trace: Receives each scored forecast.
  public func run(
    _ models: [any ForecastModel], progress: (Double) -> Void = { _ in }, trace: (Forecast) -> Void = { _ in }
  ) -> [BacktestScore] {
    var engine = ForecastEngine(models: models, settings: engineSettings, grid: input.grid)
    var scores = models.map { BacktestScore(name: $0.name, leads: leads, scale: scale) }
    scores.append(BacktestScore(name: "ensemble", leads: leads, scale: scale))
    var input = self.input
    var origin = firstOrigin()
    let start = origin
    while origin < testEnd {
      input.stand(at: origin)
      let issue = engine.advance(to: origin, input: input) { work, body in
        let began = Backtest.processorSeconds()
        body()
        let seconds = Backtest.processorSeconds() - began
        switch work {
        case .fit(let model): scores[model].train(seconds)
        case .predict(let model): scores[model].predictSeconds += origin < testStart ? 0 : seconds
        case .ensemble: scores[models.count].train(seconds)
        }
      }
      if origin >= testStart {
        for (index, table) in (issue.models + [issue.ensemble]).enumerated() {
          score(table, origin: origin, score: &scores[index], trace: trace)
        }
      }
      origin += engineSettings.step
      progress(Double(origin - start) / Double(max(1, testEnd - start)))
    }
    return scores
  }

  /// Returns the processor time of this thread [s], which excludes other work of the machine.
  private static func processorSeconds() -> Double {
    Double(SystemClock.threadTime()) / 1e9
  }

  private func score(
    _ table: QuantileTable, origin: Int, score: inout BacktestScore, trace: (Forecast) -> Void
  ) {
    for offset in 0..<table.rows where origin + offset < testEnd {
      if isLive, offset > 0, leads.ofOffset[offset] == leads.ofOffset[offset - 1] { continue }
      let actual = input.target[origin + offset - input.first]
      guard !actual.isNaN, !table[offset, QuantileLevels.p50].isNaN else { continue }
      let forecast = Forecast(
        model: score.name, issued: input.grid.start(of: origin), time: input.grid.start(of: origin + offset),
        p10: table[offset, QuantileLevels.p10], p50: table[offset, QuantileLevels.p50],
        p90: table[offset, QuantileLevels.p90], actual: actual)
      score.insert(forecast, lead: leads.ofOffset[offset])
      trace(forecast)
    }
  }

  /// Returns the first origin: the training mark at or before the ensemble's memory begins, as far as history allows.
  private func firstOrigin() -> Int {
    let grid = input.grid
    let wanted = grid.day(of: testStart) - ForecastEnsemble.memoryDays
    let mark = engineSettings.mark(ofDay: wanted)
    let least = input.start + ForecastEngine.Settings.warmUpDays * grid.perDay
    let slot = isLive ? min(least, testStart) : max(grid.firstSlot(ofDay: mark), min(least, testStart))
    let remainder = ((slot % engineSettings.step) + engineSettings.step) % engineSettings.step
    return remainder == 0 ? slot : slot + engineSettings.step - remainder
  }
}
