import Testing

@testable import WattlineBenchmarks

private final class Something {}

@Suite("Hot paths", .serialized)
struct AllocationTests {
  @Test func `objects that are allocated are counted`() {
    var kept: [Something] = []
    kept.reserveCapacity(100)
    #expect(AllocationCount.during { for _ in 0..<100 { kept.append(Something()) } } == 100)
    #expect(AllocationCount.during {} == 0)
  }

  @Test func `instructions are counted where the machine can`() {
    guard let counter = InstructionCounter() else { return }
    var sum = 0
    for number in 0..<100_000 { sum &+= number &* number }
    let count = counter.count
    #expect(count.map { $0 > 100_000 } ?? true, "\(sum)")
  }

  #if DEBUG
    private static let isOptimised = false
  #else
    private static let isOptimised = true
  #endif

  // A build without optimisation allocates for what the optimiser removes; a minute mark allocates for its findings,
  // and what is read from disk for the request that it becomes.
  @Test(
    .enabled(if: isOptimised, "needs swift test -c release"),
    arguments: HotPath.all.map(\.name))
  func `a reading that is known allocates nothing`(name: String) throws {
    let path = try #require(HotPath.all.first { $0.name == name })
    let result = try path.measure(SensorLoad(plants: 2, passes: 186))
    #expect(result.allocationsPerReading < (["spool", "pipeline"].contains(name) ? 0.1 : 0.001))
  }

  @Test func `the state of a sensor in cleaning, windows and health is at most 1 KiB`() {
    let memory = SensorMemory.measure(plants: 1)
    #expect(memory.cleaning > 100 && memory.windows > 400 && memory.health > 100, "\(memory)")
    #expect(memory.total <= 1_024, "\(memory)")
  }
}
