import PlantModel
import StreamCore
import Testing
import WattlineTime

@testable import Cleaning

/// Cause of a fall or a jump of a cumulative count.
struct CounterTests {
  private let meter = makeRegister([("load", "energy"), ("pv1", "energy")])

  private func samples(_ values: [Double], series: Int = 0, every step: TimeSpan = .minutes(5)) -> [Sample] {
    values.enumerated().map { Sample(series: series, time: epoch + step * Int64($0.offset), value: $0.element) }
  }

  /// The last quality that each time got.
  private func qualities(_ cleaned: [Cleaned]) -> [Quality] {
    var last: [Timestamp: Quality] = [:]
    for reading in cleaned { last[reading.time] = reading.quality }
    return last.sorted { $0.key < $1.key }.map(\.value)
  }

  @Test(arguments: [1, 3, 50])
  func `a fall that the next reading takes back was a glitch, and its point is written again`(batch: Int) throws {
    var values = (0..<12).map { 12_345.6 + 0.1 * Double($0) }
    values[6] = 0
    let result = clean(samples(values), in: meter, batch: batch)
    #expect(result.count == 13)
    #expect(qualities(result) == (0..<12).map { $0 == 6 ? .spike : .good })
    let again = try #require(result.last { $0.time == epoch + .minutes(30) })
    #expect(again.value == values[5] && again.estimate?.method == .hold)
  }

  @Test func `the first fall that is known of is judged too`() {
    #expect(qualities(clean(samples([12_345.6, 0, 12_345.7]), in: meter)) == [.good, .spike, .good])
  }

  @Test func `a reset stays good, to zero or not, though the count soon passes where it was`() {
    for values in [
      [100, 100.1, 100.2, 0, 0.1, 0.2], [100, 100.1, 0, 0, 0, 0, 0.1], [99_980, 99_990, 20, 30],
      [0.25, 0.5, 0.75, 1, 0.25, 0.5, 0.75, 1, 0.25], [5, 10, 5, 10, 5, 10],
    ] {
      #expect(clean(samples(values), in: meter).allSatisfy { $0.quality == .good }, "\(values)")
    }
  }

  @Test func `a small dip is an error until the count is back, and a correction after an hour`() {
    let back = clean(samples([100, 100.1, 100.2, 100.1, 100.15, 100.3]), in: meter)
    #expect(back.map(\.quality) == [.good, .good, .good, .spike, .spike, .good])
    let lasting = clean(samples([100, 100.5] + [Double](repeating: 97, count: 20)), in: meter)
    #expect(lasting.count { $0.quality == .spike } == 12 && lasting.suffix(8).allSatisfy { $0.quality == .good })
  }

  @Test func `a rise beyond what the asset can take is an error until another reading goes on from it`() {
    // 100 kW peak; 150 kW give 162.5 kWh in five minutes and the hour that a late device may take.
    let values: [Double] = [5_000, 5_001, 5_160, 9_999_999, 5_161, 5_162]
    let single = clean(samples(values, series: 1), in: meter)
    #expect(single.map(\.quality) == [.good, .good, .good, .rate, .good, .good])
    let other = clean(samples([5_000, 5_001, 70_000, 70_000, 70_001, 70_002], series: 1), in: meter)
    #expect(other.map(\.quality) == [.good, .good, .rate, .rate, .good, .good])
    // Nothing is known of what a load without a size can take.
    #expect(clean(samples([5_000, 5_001, 70_000]), in: meter).allSatisfy { $0.quality == .good })
  }

  @Test func `counts by quality are those of the points that stay`() {
    var stage = CleaningStage()
    _ = clean(samples([10, 10.1, 0, 10.2]), in: meter, with: &stage)
    #expect(stage.qualityCounts[Int(Quality.good.rawValue)] == 3)
    #expect(stage.qualityCounts[Int(Quality.spike.rawValue)] == 1)
  }

  @Test func `a stage that was saved between the fall and what follows goes on`() throws {
    var stage = CleaningStage()
    let all = samples([12_345.6, 12_345.7, 0, 12_345.8])
    _ = clean(Array(all.prefix(3)), in: meter, with: &stage)
    var writer = SnapshotWriter()
    stage.snapshot(into: &writer)
    var restored = CleaningStage()
    var reader = SnapshotReader(writer.bytes)
    try restored.restore(from: &reader)
    let rest = clean(Array(all.suffix(1)), in: meter, with: &restored)
    #expect(rest.map(\.quality) == [.spike, .good])
  }
}

struct CounterChangeTests {
  @Test func `what 10 kW can bring in five minutes and a late hour is plausible`() {
    #expect(CounterChange.isPlausible(rise: 10.8, over: .minutes(5), maximumRate: 10 / 3600))
    #expect(!CounterChange.isPlausible(rise: 11, over: .minutes(5), maximumRate: 10 / 3600))
    #expect(CounterChange.isPlausible(rise: 1e9, over: .minutes(5), maximumRate: .infinity))
    #expect(CounterChange.isDip(95, from: 100) && !CounterChange.isDip(89, from: 100))
    #expect(!CounterChange.isDip(100, from: 100))
  }
}
