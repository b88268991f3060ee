import PlantModel
import PlantTesting
import StreamCore
import Testing
import WattlineTime

@testable import Forecasting

@Suite("Formulas of forecasts")
struct FormulaTests {
  @Test(arguments: [(0.9, 10.0, 12.0, 1.8), (0.9, 10, 7, 0.3), (0.5, 4, 4, 0)])
  func `the pinball loss has its worked values`(probability: Double, forecast: Double, actual: Double, loss: Double) {
    #expect(abs(PinballLoss.loss(probability: probability, forecast: forecast, actual: actual) - loss) < 1e-12)
  }

  @Test func `the mean pinball loss of three quantiles has its worked value`() {
    #expect(abs(PinballLoss.mean(p10: 8, p50: 10, p90: 14, actual: 12) - 1.6 / 3) < 1e-12)
  }

  @Test(arguments: [(0.1, 1.3), (0.5, 2.5), (0, 1), (1, 4), (2, 4), (-1, 1)])
  func `quantiles are interpolated between order statistics`(probability: Double, value: Double) {
    #expect(abs(EmpiricalQuantile.ofSorted([1, 2, 3, 4], probability: probability) - value) < 1e-12)
  }

  @Test func `a quantile of nothing, or at a probability that is not a number, is not a number`() {
    #expect(EmpiricalQuantile.ofSorted([], probability: 0.5).isNaN)
    #expect(EmpiricalQuantile.ofSorted([1], probability: .nan).isNaN)
    #expect(EmpiricalQuantile.median([.nan, 3, 1]) == 2)
  }

  @Test func `a sliding window of samples has the quantiles of the samples it holds, and survives a snapshot`() throws {
    var random = SplitMix(state: 7)
    var window = QuantileWindow(capacity: 50)
    var all: [Double] = []
    for step in 0..<300 {
      let value = (random.uniform(-5...5) * 4).rounded() / 4
      window.insert(value)
      window.insert(.nan)
      all.append(value)
      let held = all.suffix(50).sorted()
      #expect(window.count == held.count)
      #expect(window.quantile(0.3) == EmpiricalQuantile.ofSorted(held, probability: 0.3))
      if step == 170 {
        var writer = SnapshotWriter()
        window.snapshot(into: &writer)
        var reader = SnapshotReader(writer.bytes)
        window = QuantileWindow(capacity: 50)
        try window.restore(from: &reader)
      }
    }
  }

  @Test(arguments: [
    (0, "1h"), (3, "1h"), (4, "3h"), (11, "3h"), (12, "6h"), (23, "6h"), (24, "12h"), (47, "12h"), (48, "24h"),
    (95, "24h"),
  ])
  func `a slot's lead is counted to its end`(offset: Int, name: String) {
    #expect(LeadBucket(offset: offset).name == name)
    #expect(LeadBucket(offset: offset).offsets.contains(offset))
  }

  @Test func `slots are quarters of an hour since the epoch, before it too`() {
    #expect(QuarterHour.slot(containing: Timestamp(seconds: 87_300)) == 97)
    #expect(QuarterHour.start(of: 97) == Timestamp(seconds: 87_300))
    #expect(QuarterHour.slot(containing: Timestamp(seconds: -1)) == -1)
    #expect(QuarterHour.isMark(Timestamp(seconds: 900)))
    #expect(!QuarterHour.isMark(Timestamp(seconds: 960)))
  }

  @Test func `a history keeps its latest slots, forgets older ones and reads gaps as not a number`() {
    var history = SlotHistory(capacity: 4)
    history.set(-2, to: 1)
    history.set(1, to: 4)
    #expect(history[-2] == 1)
    #expect(history[0].isNaN)
    history.set(0, to: 3)
    #expect(history[0] == 3)
    history.set(2, to: 5)
    #expect(history[-2].isNaN)
    #expect(history[3].isNaN)
    history.set(-3, to: 9)
    #expect(history[1] == 4)
    history.set(50, to: 7)
    #expect(history[1].isNaN && history[50] == 7 && history.first == -2)
    #expect(history.summary(of: 40..<60)?.mean == 7)
    #expect(history.summary(of: 40..<50) == nil)
  }

  @Test func `a challenger takes over after a day of lower losses, not before`() {
    var contest = ChampionSelector()
    contest.insert(baseline: 2, challenger: 1)
    contest.insert(baseline: 4, challenger: 1)
    #expect(contest.baseline == 3)
    for _ in 2..<(ChampionSelector.enough - 1) { contest.insert(baseline: 2, challenger: 1) }
    #expect(!contest.challengerLeads && contest.skill == nil)
    contest.insert(baseline: 2, challenger: 1)
    #expect(contest.challengerLeads)
    #expect(contest.skill == 1 - contest.challenger / contest.baseline && (0.45...0.55).contains(contest.skill ?? 0))
    for _ in 0..<400 { contest.insert(baseline: 1, challenger: 2) }
    #expect(!contest.challengerLeads)
  }

  @Test func `quantiles that cross are ordered around the median, and bounds hold all three`() {
    var track = QuantileTrack()
    (track.p10[0], track.p50[0], track.p90[0]) = (6, 5, 4)
    (track.p10[1], track.p50[1], track.p90[1]) = (-9, -1, 90)
    track.settle(within: 0...50)
    #expect([track.p10[0], track.p50[0], track.p90[0]] == [5, 5, 5])
    #expect([track.p10[1], track.p50[1], track.p90[1]] == [0, 0, 50])
    #expect(track.p50[2].isNaN)
  }

  @Test(arguments: [8.0, -8.0])
  func `a model that was off to one side alone keeps a quarter of that on the other`(error: Double) throws {
    var errors = ForecastErrors()
    for _ in 1..<ForecastErrors.enough { errors.insert(error, bucket: .upToOneHour) }
    #expect(errors.interval(.upToOneHour) == nil)
    errors.insert(error, bucket: .upToOneHour)
    let interval = try #require(errors.interval(.upToOneHour))
    #expect(interval == (min(error, -error / 4), max(error, -error / 4)))
  }

  @Test func `the interval of PV power stays below 1.25 times what the week had at that time of day`() {
    var history = SlotHistory(capacity: 1000)
    for slot in 0..<96 { history.set(slot, to: slot == 48 ? 40 : 0) }
    var track = QuantileTrack()
    for slot in 0..<96 { (track.p10[slot], track.p50[slot], track.p90[slot]) = (0, 0, 70) }
    SunEnvelope.apply(to: &track, first: 96, history: history)
    #expect(track.p90[48] == 50 && track.p90[46] == 50 && track.p90[50] == 50)
    #expect(track.p90[45] == 0 && track.p90[0] == 0)
  }
}
