import PlantPhysics
import Testing

@testable import Savings

@Suite("Changes of residuals")
struct ChangeTests {
  @Test
  func `quantiles are those of tables`() {
    #expect(abs(Quantiles.normal(0.95) - 1.6449) < 1e-4 && abs(Quantiles.normal(0.5)) < 1e-9)
    #expect(abs(Quantiles.student(0.95, freedom: 10) - 1.8125) < 2e-3)
    #expect(abs(Quantiles.student(0.975, freedom: 30) - 2.0423) < 1e-3)
  }

  @Test
  func `variances of a sum without memory add up`() {
    let noise = NoiseModel([], dates: [])
    #expect(noise.share == 0 && noise.inflation == 1)
    #expect(noise.variance([3, 4], dates: [1, 2]) == 25)
  }

  @Test
  func `a step of two deviations raises an alarm within ten days and none before`() {
    var random = SplitMix64(seed: 1)
    var detector = ChangeDetector(correlation: 0)
    for date in 0..<200 {
      let alarm = detector.add(Double.random(in: -1.7...1.7, using: &random) + (date >= 150 ? 2 : 0), date: date)
      if let alarm {
        #expect(alarm.date >= 150 && alarm.date < 160 && alarm.isIncrease && abs(alarm.start - 150) < 6)
        return
      }
    }
    Issue.record("no alarm")
  }

  @Test
  func `segments begin where the level changes`() {
    var random = SplitMix64(seed: 2)
    let values = (0..<300).map { Double.random(in: -1.7...1.7, using: &random) + ((100..<160).contains($0) ? 2.5 : 0) }
    let segments = EventFinder.segments(values, correlation: 0)
    #expect(segments.count == 3 && abs(segments[1].lowerBound - 100) <= 2 && abs(segments[1].upperBound - 160) <= 2)
    #expect(
      EventFinder.segments([1, 2, 3], correlation: 0) == [0..<3] && EventFinder.segments([], correlation: 0).isEmpty)
  }
}
