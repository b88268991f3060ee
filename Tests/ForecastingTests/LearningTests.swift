import PlantModel
import PlantTesting
import PointSchema
import StreamCore
import Testing
import WattlineTime

@testable import Forecasting

@Suite("Models that learn")
struct LearningTests {
  private static let names = ForecastModels.names

  private func rows(days: Int) throws -> (training: FeatureRows, ahead: FeatureRows) {
    let input = try SyntheticLoad.input(SyntheticLoad.recording(days: days))
    var builder = FeatureBuilder(input, horizon: 24, step: 24)
    return (
      builder.trainingRows((input.first + 336)..<(input.end - 24), before: input.end - 24),
      builder.forecastRows(origin: input.end - 24)
    )
  }

  @Test(arguments: names)
  func `a model restored from a snapshot gives the same answers`(name: String) throws {
    let (training, ahead) = try rows(days: 40)
    var model = try #require(SyntheticLoad.models.first { $0.name == name })
    model.fit(training, seed: 3)
    var writer = SnapshotWriter()
    model.snapshot(into: &writer)
    var restored = try #require(SyntheticLoad.models.first { $0.name == name })
    var reader = SnapshotReader(writer.bytes)
    try restored.restore(from: &reader)
    #expect(reader.isAtEnd)
    let answer = model.predict(ahead)
    #expect(answer == restored.predict(ahead))
    #expect(answer.values.allSatisfy { $0.isFinite })
  }

  @Test(arguments: names)
  func `a snapshot that is cut or altered is refused or read, never a crash`(name: String) throws {
    let (training, ahead) = try rows(days: 30)
    var model = try #require(SyntheticLoad.models.first { $0.name == name })
    model.fit(training, seed: 3)
    var writer = SnapshotWriter()
    model.snapshot(into: &writer)
    var random = SplitMix(state: 7)
    for _ in 0..<40 {
      var bytes = writer.bytes
      bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
      if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
      var reader = SnapshotReader(bytes)
      var restored = try #require(SyntheticLoad.models.first { $0.name == name })
      if (try? restored.restore(from: &reader)) != nil { _ = restored.predict(ahead) }
    }
  }

  @Test(arguments: names)
  func `a model that learned nothing, or learns from nothing, has no answer`(name: String) throws {
    let (training, ahead) = try rows(days: 20)
    var model = try #require(SyntheticLoad.models.first { $0.name == name })
    #expect(model.predict(ahead).rows == 24)
    model.fit(FeatureRows(columns: training.columns, perDay: 24), seed: 1)
    #expect(model.predict(ahead).rows == 24)
  }

  @Test func `a model more or less keeps what the others have learned`() throws {
    let input = try SyntheticLoad.input(SyntheticLoad.recording(days: 40))
    let settings = ForecastEngine.Settings(horizon: 24, step: 24)
    func engine(_ models: [any ForecastModel]) -> ForecastEngine {
      ForecastEngine(models: models, settings: settings, grid: input.grid)
    }
    var trained = engine([SeasonalNaive.day, AdditiveModel()])
    let issue = trained.advance(to: input.end - 24, input: input)
    var writer = SnapshotWriter()
    trained.snapshot(into: &writer)
    var more = engine([SeasonalNaive.day, SimilarDays(), AdditiveModel()])
    var reader = SnapshotReader(writer.bytes)
    try more.restore(from: &reader)
    #expect(reader.isAtEnd && more.isTrained == [true, false, true])
    let ahead = try rows(days: 40).ahead
    #expect(more.models[2].predict(ahead) == trained.models[1].predict(ahead))
    #expect(issue.models[1].values.allSatisfy { $0.isFinite })
    // The new one is trained at the next opportunity.
    _ = more.advance(to: input.end - 24, input: input)
    #expect(more.isTrained == [true, true, true])
  }

  @Test func `names are told apart`() throws {
    #expect(Set(ForecastModels.names).count == ForecastModels.names.count)
    let named = try #require(ForecastModels.named(["forest", "naive"]))
    #expect(named.map(\.name) == ["naive", "forest"])
    #expect(ForecastModels.named(["forest", "oracle"]) == nil)
  }

  /// Quarter hours of a load from two days after the driver's start, which makes the mark of training come soon.
  private static let begin = ForecastDriver.start + 192
  private static var small: [any ForecastModel] {
    [SeasonalNaive.day, SimilarDays(), ForestModel(settings: QuantileForest.Settings(trees: 3, minimumLeaf: 10))]
  }

  private static func value(_ offset: Int, random: inout SplitMix) -> Double {
    let hour = Double(offset % 96) / 4
    return (hour >= 7 && hour < 18 ? 90 : 30) + random.uniform(-8...8)
  }

  @Test func `what the pipeline scores is what a backtest says of the same data`() throws {
    let slots = 96 * 16
    var driver = ForecastDriver()
    driver.stage = ForecastStage(learning: LearningTests.small)
    let load = driver.register.admit(asset: "load", sensor: "power")
    var random = SplitMix(state: 4)
    var recording = ForecastInput.Recording(times: [], target: [])
    for offset in 0..<slots {
      let value = LearningTests.value(offset, random: &random)
      driver.advance(LearningTests.begin + offset, values: [(load, value)])
      for minute in 1..<15 where offset > 96 * 13 {
        let clock = QuarterHour.start(of: LearningTests.begin + offset + 1) + .minutes(Int64(minute))
        var frame = Frame(cause: .minute, received: clock, clock: clock)
        driver.step(&frame)
      }
      recording.times.append(QuarterHour.start(of: LearningTests.begin + offset))
      recording.target.append(value)
    }
    var settings = Backtest.Settings(horizon: .day, step: .minutes(15), testDays: 1)
    settings.trainingDays = LearningModel.trainingDays
    settings.maximumRows = LearningModel.settings(phase: 0).maximumRows
    let input = try ForecastInput(recording, zone: .utc, horizon: .day)
    let backtest = try Backtest(input, settings: settings)
    var said: [String: Double] = [:]
    let note = { (forecast: Backtest.Forecast) in
      if forecast.model == "ensemble" { said["\(forecast.issued) \(forecast.time)"] = forecast.p50 }
    }
    _ = backtest.run(LearningTests.small, trace: note)
    var compared = 0
    for point in driver.times(.forecastEvaluation) where point.key.qualifiers.0 == "ensemble" {
      let bucket = try #require(LeadBucket.allCases.first { $0.name == point.key.qualifiers.1 })
      let slot = QuarterHour.slot(containing: point.time)
      let issued = QuarterHour.start(of: slot - bucket.offsets.lowerBound)
      guard let p50 = said["\(issued) \(point.time)"] else { continue }
      #expect(driver.fields(point.key, slot: slot)?["p50"]?.number == p50)
      compared += 1
    }
    #expect(compared > 20)
  }

  @Test func `an engine restored in the middle of a training goes on as if nothing had happened`() throws {
    var whole = ForecastDriver()
    whole.stage = ForecastStage(learning: LearningTests.small)
    let load = whole.register.admit(asset: "load", sensor: "power")
    var random = SplitMix(state: 4)
    // Until an hour before the mark at day 17 of the driver.
    let cut = 96 * 15 - 4
    for offset in 0..<cut {
      whole.advance(LearningTests.begin + offset, values: [(load, LearningTests.value(offset, random: &random))])
    }
    var restored = whole
    restored.stage = try ForecastStage(learning: LearningTests.small).resumed(from: whole.stage)
    for offset in cut..<(cut + 8) {
      let value = LearningTests.value(offset, random: &random)
      whole.advance(LearningTests.begin + offset, values: [(load, value)])
      restored.advance(LearningTests.begin + offset, values: [(load, value)])
    }
    #expect(whole.database == restored.database)
    #expect(whole.issues == restored.issues)
  }
}
