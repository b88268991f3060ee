import Testing
import WattlineTime

@testable import PlantModel

@Suite("When a sensor sends")
struct ReportingTests {
  private func watch(_ gaps: [Int64], repeatsEvery: Int = .max, usual: Int64 = 10) -> ReportingWatch {
    var watch = ReportingWatch()
    for (place, gap) in gaps.enumerated() {
      watch.observe(
        gap: .seconds(gap), usual: .seconds(usual), isRepeat: place % repeatsEvery == 0 && repeatsEvery != .max)
    }
    return watch
  }
  private let burst = [Int64](repeating: 10, count: 360)

  @Test func `bursts with hours between them are a sender on change from the third on`() {
    #expect(!watch(burst + [18_000] + burst + [61_200] + burst).isOnChange)
    let third = watch(burst + [18_000] + burst + [61_200] + burst + [18_000] + burst)
    #expect(third.isOnChange && !third.isAtIntervals)
    #expect(ReportingWatch(remembered: third.remembered) == third)
  }

  @Test func `a sender that repeats its value, one that never pauses and one with short outages send at intervals`() {
    let paused = burst + [18_000] + burst + [61_200] + burst + [18_000] + burst
    #expect(!watch(paused, repeatsEvery: 4).isOnChange && watch(paused, repeatsEvery: 4).isAtIntervals)
    #expect(!watch([Int64](repeating: 10, count: 20_000)).isOnChange)
    let flaky = (0..<8).flatMap { _ in [Int64](repeating: 10, count: 1_080) + [900] }
    #expect(!watch(flaky).isOnChange)
  }

  @Test func `it is no longer one once it sends without long pauses`() {
    let before = burst + [18_000] + burst + [61_200] + burst + [18_000]
    #expect(watch(before + [10]).isOnChange)
    #expect(!watch(before + [Int64](repeating: 10, count: 40_000)).isOnChange)
  }
}
