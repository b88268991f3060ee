import PlantModel
import PlantPhysics
import Testing
import WattlineTime

@testable import EnergyAccounting

/// A series with its true power over time, as it was drawn, and the readings of it.
private struct Drawn {
  /// Steps of constant power [kW], from the first time on; the power ends with the last time.
  var times: [Int64]
  var powers: [Double]

  /// A plain sum over the steps [kWh]; times in seconds.
  func energy(_ from: Int64, to: Int64) -> Double {
    var sum = 0.0
    for step in powers.indices {
      let (begin, end) = (max(from, times[step]), min(to, times[step + 1]))
      if end > begin { sum += powers[step] * Double(end - begin) / 3600 }
    }
    return sum
  }
}

private let start = Timestamp(seconds: 1_711_839_600)

private func draw(_ random: inout SplitMix64, steps: Int, grid: Int64, least: Double) -> Drawn {
  var times: [Int64] = [0]
  for _ in 0..<steps { times.append(times[times.count - 1] + grid * Int64(1 + random.below(9))) }
  return Drawn(times: times, powers: (0..<steps).map { _ in least + 10 * random.unit() })
}

extension SplitMix64 {
  fileprivate mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
  fileprivate mutating func below(_ bound: UInt64) -> Int { Int(next() % bound) }
}

@Suite("Energies beside a plain integrator")
struct AgainstAnIntegratorTests {
  private func check(_ samples: [MeterSample], drawn: Drawn, rule: MeterRule, holds: Bool, until: Int64) {
    var random = SplitMix64(seed: UInt64(samples.count))
    // In order, shuffled, doubled: once all are there it is the same.
    var shuffled = samples + samples.prefix(samples.count / 3)
    for place in stride(from: shuffled.count - 1, to: 0, by: -1) {
      shuffled.swapAt(place, random.below(UInt64(place + 1)))
    }
    var inOrder = Meter()
    inOrder.holds = holds
    for sample in samples { _ = inOrder.observe(sample, rule: rule) }
    var meter = Meter()
    meter.holds = holds
    for sample in shuffled { _ = meter.observe(sample, rule: rule) }
    #expect(meter.history == inOrder.history)
    func measured(_ from: Int64, to: Int64) -> Double {
      meter.energy(from: start + .seconds(from), to: start + .seconds(to), rule: rule).net
    }
    let truth = drawn.energy(0, to: until)
    #expect(abs(measured(0, to: until) - truth) <= 1e-9 * max(1, abs(truth)))
    // Any partition adds up.
    var cuts = (0..<20).map { _ in Int64(random.below(UInt64(until))) } + [0, until]
    cuts.sort()
    let parts = zip(cuts, cuts.dropFirst()).map { measured($0, to: $1) }.reduce(0, +)
    #expect(abs(parts - truth) <= 1e-9 * max(1, abs(truth)))
    for (from, to) in zip(cuts, cuts.dropFirst()) {
      #expect(abs(measured(from, to: to) - drawn.energy(from, to: to)) <= 1e-9 * max(1, abs(truth)))
    }
    let quarters = stride(from: Int64(0), to: until, by: 900).reduce(0.0) { sum, quarter in
      sum + meter.minutes(of: start + .seconds(quarter), rule: rule).total.net
    }
    if until % 900 == 0 { #expect(abs(quarters - truth) <= 1e-9 * max(1, abs(truth))) }
  }

  @Test(arguments: 0..<20)
  func `values that hold until the next`(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    let drawn = draw(&random, steps: 60, grid: 77, least: -5)
    let samples = drawn.powers.indices.map {
      MeterSample(time: start + .seconds(drawn.times[$0]), value: drawn.powers[$0], standing: .good)
    }
    check(samples, drawn: drawn, rule: MeterRule(sampling: .instant), holds: true, until: drawn.times[60])
  }

  @Test(arguments: 0..<20)
  func `a counter read at irregular times, with resets`(seed: Int) {
    var random = SplitMix64(seed: UInt64(100 + seed))
    let drawn = draw(&random, steps: 60, grid: 45, least: 0)
    var level = 5_000.0
    var samples: [MeterSample] = []
    for place in drawn.times.indices {
      if place > 0 {
        let increase = drawn.energy(drawn.times[place - 1], to: drawn.times[place])
        level = place % 23 == 0 ? increase : level + increase
      }
      samples.append(MeterSample(time: start + .seconds(drawn.times[place]), value: level, standing: .good))
    }
    check(samples, drawn: drawn, rule: MeterRule(sampling: .counter), holds: false, until: drawn.times[60])
  }

  @Test(arguments: [(300, false), (900, true), (1_800, false), (3_600, true)] as [(Int64, Bool)])
  func `means of intervals, by their start and their end, with gaps`(length: Int64, isEnd: Bool) {
    var random = SplitMix64(seed: UInt64(length))
    var drawn = Drawn(times: [0], powers: [])
    var samples: [MeterSample] = []
    for place in 0..<96 {
      // After a few, one in ten is missing, and nothing is known of its time.
      let isMissing = place > 6 && place < 95 && random.below(10) == 0
      let power = isMissing ? 0 : random.unit() * 8 - 2
      drawn.times.append(length * Int64(place + 1))
      drawn.powers.append(power)
      if isMissing { continue }
      samples.append(
        MeterSample(
          time: start + .seconds(length * Int64(isEnd ? place + 1 : place)), value: power, standing: .good))
    }
    check(
      samples, drawn: drawn, rule: MeterRule(sampling: isEnd ? .intervalEnd : .intervalStart), holds: false,
      until: length * 96)
  }

  @Test(arguments: 0..<20)
  func `a power sampled at irregular times is the trapezoid, gaps left out`(seed: Int) {
    var random = SplitMix64(seed: UInt64(300 + seed))
    var time: Int64 = 0
    var samples: [(Int64, Double)] = []
    for place in 0..<200 {
      time += place == 100 ? 7_200 : Int64(5 + random.below(50))
      samples.append((time, random.unit() * 20 - 10))
    }
    var truth = 0.0
    for ((t0, a), (t1, b)) in zip(samples, samples.dropFirst()) where t1 - t0 < 3_600 {
      truth += (a + b) / 2 * Double(t1 - t0) / 3600
    }
    var meter = Meter()
    let rule = MeterRule(sampling: .instant)
    for (time, value) in samples.shuffled(using: &random) {
      _ = meter.observe(MeterSample(time: start + .seconds(time), value: value, standing: .imperfect), rule: rule)
    }
    let cell = meter.energy(from: start, to: start + .day, rule: rule)
    #expect(abs(cell.net - truth) <= 1e-9 * max(1, abs(truth)))
    let signed = meter.energy(from: start, to: start + .seconds(1_800), rule: rule)
    #expect(signed.positive >= 0 && signed.negative >= 0)
  }
}
