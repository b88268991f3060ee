import PlantModel
import PlantTesting
import StreamCore
import Testing
import WattlineTime

@testable public import Forecasting

@Suite("The backtest")
struct BacktestTests {
  private func forecasts(
    _ recording: ForecastInput.Recording, test: Int, retrain: Int = 7
  ) throws -> [Backtest.Forecast] {
    let settings = Backtest.Settings(testDays: test, retrainDays: retrain)
    let backtest = try Backtest(SyntheticLoad.input(recording), settings: settings)
    var trace: [Backtest.Forecast] = []
    _ = backtest.run(SyntheticLoad.models, trace: { trace.append($0) })
    return trace
  }

  @Test func `cutting the file, or shuffling what comes after, changes no forecast before`() throws {
    let whole = SyntheticLoad.recording(days: 40)
    let reference = try forecasts(whole, test: 12)
    #expect(Set(reference.map(\.model)).count == SyntheticLoad.models.count + 1)
    for cut in [31, 36, 38] {
      let timestamp = SyntheticLoad.start + .days(Int64(cut))
      let before = reference.filter { $0.issued < timestamp }
      var shorter = whole
      shorter.times.removeLast((40 - cut) * 24)
      shorter.target.removeLast((40 - cut) * 24)
      shorter.exogenous[0].values.removeLast((40 - cut) * 24)
      let cutShort = try forecasts(shorter, test: 12 - (40 - cut))
      #expect(cutShort == before)

      var shuffled = whole
      var random = SplitMix(state: 2)
      let tail = (cut * 24)..<(40 * 24)
      shuffled.target.replaceSubrange(tail, with: tail.map { _ in random.uniform(-500...500) })
      shuffled.exogenous[0].values.replaceSubrange(tail, with: tail.map { _ in random.uniform(-500...500) })
      let afterShuffle = try forecasts(shuffled, test: 12).filter { $0.issued < timestamp }
      #expect(afterShuffle == before)

      // A forecast issued at that moment knows the predicted weather, and no more of the target.
      shuffled.exogenous = whole.exogenous
      let untilThen = try forecasts(shuffled, test: 12).filter { $0.issued <= timestamp }
      #expect(untilThen.map(\.quantiles) == reference.filter { $0.issued <= timestamp }.map(\.quantiles))
    }
  }

  @Test
  func `a drift makes models learn out of turn, and even then nothing that comes after changes a forecast before`()
    throws
  {
    var changed = SyntheticLoad.recording(days: 40)
    // Three days into the week between two trainings.
    for hour in (31 * 24)..<(40 * 24) { changed.target[hour] = 2 * changed.target[hour] + 40 }
    func run(_ recording: ForecastInput.Recording) throws -> (trainings: Int, trace: [Backtest.Forecast]) {
      let backtest = try Backtest(SyntheticLoad.input(recording), settings: Backtest.Settings(testDays: 12))
      var trace: [Backtest.Forecast] = []
      let scores = backtest.run([SeasonalNaive.day, SimilarDays()], trace: { trace.append($0) })
      return (scores[0].trainings, trace)
    }
    let drifted = try run(changed)
    #expect(drifted.trainings > (try run(SyntheticLoad.recording(days: 40))).trainings)
    var random = SplitMix(state: 5)
    for cut in 33...38 {
      var shuffled = changed
      shuffled.target.replaceSubrange((cut * 24)..., with: changed.target[(cut * 24)...].shuffled(using: &random))
      let timestamp = SyntheticLoad.start + .days(Int64(cut))
      let untilThen = try run(shuffled).trace.filter { $0.issued <= timestamp }.map(\.quantiles)
      #expect(untilThen.count > 2 * 24 && untilThen == drifted.trace.filter { $0.issued <= timestamp }.map(\.quantiles))
    }
  }

  @Test func `hours that are forecast by quarters of an hour become known as a pipeline knows them`() throws {
    let recording = SyntheticLoad.recording(days: 20)
    var input = try ForecastInput(recording, zone: .utc, horizon: .day, quarterHours: true)
    #expect(input.target.count == 20 * 96)
    for slot in 0..<8 { #expect(input.target[slot] == recording.target[slot / 4]) }
    let known = (0..<8).map { ahead in
      input.stand(at: input.first + ahead)
      return (0..<8).last { !input.target(input.first + $0, before: input.first + 8).isNaN }
    }
    #expect(known == [nil, nil, 0, 1, 3, 3, 4, 5])
    let backtest = try Backtest(input, settings: .live(testDays: 2))
    var trace: [Backtest.Forecast] = []
    _ = backtest.run([SeasonalNaive.day], trace: { trace.append($0) })
    let leads = Set(trace.map { ($0.time - $0.issued).inHours })
    #expect(leads == [0, 1, 3, 6, 12])
    #expect(trace.count { $0.time == $0.issued && $0.model == "naive" } == 2 * 96)
  }

  @Test func `the start of the test changes no forecast either, and what is issued then knows nothing of it`() throws {
    let recording = SyntheticLoad.recording(days: 75)
    let late = try forecasts(recording, test: 4)
    let early = try forecasts(recording, test: 6)
    let first = try #require(late.first).issued
    #expect(early.filter { $0.issued >= first } == late)
    #expect(first == SyntheticLoad.start + .days(71))
    var other = recording
    for slot in (71 * 24)..<(75 * 24) { other.target[slot] = -other.target[slot] }
    let unknowing = try forecasts(other, test: 4).filter { $0.issued == first }
    #expect(unknowing.map(\.quantiles) == late.filter { $0.issued == first }.map(\.quantiles))
  }

  @Test
  func `on nine weeks of history the ensemble beats the week before by a margin, and its intervals hold`() throws {
    let backtest = try Backtest(
      SyntheticLoad.input(SyntheticLoad.recording(days: 63)), settings: Backtest.Settings(testDays: 14))
    let scores = Dictionary(uniqueKeysWithValues: backtest.run(SyntheticLoad.models).map { ($0.name, $0) })
    let ensemble = try #require(scores["ensemble"]).all
    let week = try #require(scores["naive_week"]).all
    #expect(ensemble.count == 14 * 24)
    #expect(ensemble.pinball < 0.8 * week.pinball)
    #expect(ensemble.mae < 0.8 * week.mae)
    #expect((0.7...0.92).contains(ensemble.coverage80))
  }

  @Test func `scores are those of the trace`() throws {
    let backtest = try Backtest(
      SyntheticLoad.input(SyntheticLoad.recording(days: 20)), settings: Backtest.Settings(testDays: 3))
    var trace: [Backtest.Forecast] = []
    let scores = backtest.run([SeasonalNaive.day, SimilarDays()], trace: { trace.append($0) })
    for score in scores {
      let own = trace.filter { $0.model == score.name }
      #expect(own.count == 72)
      let errors = own.map { ($0.actual - $0.p50).magnitude }
      #expect(abs(score.all.mae - errors.reduce(0, +) / 72) < 1e-12)
      #expect(score.byLead.map(\.lead) == ["1h", "3h", "6h", "12h", "24h"])
      #expect(score.byLead.map(\.sums.count) == [3, 6, 9, 18, 36])
      #expect(abs(score.mase - score.all.mae / backtest.scale) < 1e-12)
    }
  }

  @Test func `gaps in the target and in the weather are not scored and do no harm`() throws {
    var recording = SyntheticLoad.recording(days: 30)
    for hour in 500..<560 { recording.target[hour] = .nan }
    for hour in 600..<640 { recording.exogenous[0].values[hour] = .nan }
    let trace = try forecasts(recording, test: 10)
    #expect(trace.filter { $0.model == "ensemble" }.count == 180)
    #expect(trace.allSatisfy { $0.p10 <= $0.p50 && $0.p50 <= $0.p90 && $0.p90.isFinite })
  }

  @Test func `a load that was never negative is never forecast to be`() throws {
    var recording = SyntheticLoad.recording(days: 25)
    recording.target = recording.target.enumerated().map { $0.offset % 24 < 6 ? 0 : max(0, $0.element - 20) }
    let trace = try forecasts(recording, test: 5).filter { $0.model == "ensemble" }
    #expect(trace.allSatisfy { $0.p10 >= 0 })
  }

  @Test func `what cannot be scored is refused with what would be right`() throws {
    let input = try SyntheticLoad.input(SyntheticLoad.recording(days: 10))
    #expect(throws: Backtest.Refusal.self) { try Backtest(input, settings: Backtest.Settings(testDays: 9)) }
    #expect(throws: Backtest.Refusal.self) {
      try Backtest(input, settings: Backtest.Settings(horizon: .minutes(90), testDays: 2))
    }
    let once = ForecastInput.Recording(times: [SyntheticLoad.start], target: [1])
    #expect(throws: Backtest.Refusal.self) { try SyntheticLoad.input(once) }
    let odd = ForecastInput.Recording(
      times: (0..<9).map { SyntheticLoad.start + .minutes(Int64(17 * $0)) }, target: Array(repeating: 1, count: 9))
    #expect(throws: Backtest.Refusal.self) { try SyntheticLoad.input(odd) }
  }
}

extension Backtest.Forecast: Equatable {
  /// Equal in what was forecast.
  public static func == (a: Backtest.Forecast, b: Backtest.Forecast) -> Bool {
    a.model == b.model && a.issued == b.issued && a.time == b.time && a.p10 == b.p10 && a.p50 == b.p50
      && a.p90 == b.p90 && a.actual == b.actual
  }

  /// The forecast without what came.
  fileprivate var quantiles: [Double] { [p10, p50, p90] }
}
