import Glibc
import Testing

@testable import Community

@Suite("the whole of a community from some of its meters")
struct MacroFilterTests {
  /// Days of quarter-hours of members: a common daily profile, a common deviation that decays, and own noise.
  private struct Village {
    var draw = SplitMix(seed: 5)
    var common = 0.0
    let members: Int
    static let decay = 0.95

    mutating func powers(_ step: Int) -> [Double] {
      let news: Double = (1 - Village.decay * Village.decay).squareRoot() * 0.2
      common = Village.decay * common + news * draw.normal()
      let angle: Double = 2 * .pi * Double(step % 96) / 96
      let level: Double = 1 + 0.5 * sin(angle) + common
      var powers: [Double] = []
      for member in 0..<members {
        let size: Double = 0.6 + 0.2 * Double(member % 5)
        powers.append(size * level + 0.15 * draw.normal())
      }
      return powers
    }
  }

  /// Errors of a filter that sees some members, over days after the first ten.
  private static func run(_ metered: Int, of members: Int, days: Int = 40) -> (
    error: Double, naive: Double, covered: Double, filter: MacroFilter
  ) {
    var village = Village(members: members)
    var filter = MacroFilter(members: members, stepsPerDay: 96)
    var (error, naive, covered, count) = (0.0, 0.0, 0.0, 0.0)
    for step in 0..<96 * days {
      let powers = village.powers(step)
      let whole = powers.reduce(0, +)
      // Members that are metered are of all kinds.
      let seen = (0..<metered).map { powers[($0 * members / metered + $0 % 5) % members] }
      let estimate = filter.advance(.init(seen), slot: step % 96)
      guard step >= 96 * 10 else { continue }
      let scaled = seen.reduce(0, +) / Double(metered) * Double(members)
      error += (estimate.power - whole) * (estimate.power - whole)
      naive += (scaled - whole) * (scaled - whole)
      covered += estimate.likely.contains(whole) ? 1 : 0
      count += 1
    }
    return ((error / count).squareRoot(), (naive / count).squareRoot(), covered / count, filter)
  }

  @Test func `with all meters the whole is their sum`() {
    let run = Self.run(50, of: 50)
    #expect(run.error < 0.02 * 50)
    #expect(run.filter.decay > 0.8 && run.filter.processVariance > 0)
  }

  @Test func `from some of the meters it is nearer than their scaled sum, and says how near`() {
    let run = Self.run(10, of: 200)
    #expect(run.error < 0.9 * run.naive, "\(run.error) \(run.naive)")
    #expect(run.covered > 0.8, "\(run.covered)")
  }

  @Test func `more meters leave less uncertainty`() {
    #expect(Self.run(100, of: 200).error < Self.run(10, of: 200).error)
  }

  @Test func `forecasts hold the whole about as often as they say, and spread with time`() throws {
    var village = Village(members: 100)
    var filter = MacroFilter(members: 100, stepsPerDay: 96)
    var pending: [Int: MacroFilter.Estimate] = [:]
    var (covered, count) = (0.0, 0.0)
    for step in 0..<96 * 60 {
      let powers = village.powers(step)
      if let forecast = pending.removeValue(forKey: step) {
        covered += forecast.likely.contains(powers.reduce(0, +)) ? 1 : 0
        count += 1
      }
      filter.advance(.init(powers), slot: step % 96)
      if step > 96 * 20 { pending[step + 16] = filter.forecast(steps: 16, slot: (step + 16) % 96) }
    }
    #expect((0.68...0.92).contains(covered / count), "\(covered / count)")
    let (near, far) = (filter.forecast(steps: 1, slot: 0), filter.forecast(steps: 40, slot: 0))
    #expect(try #require(near).deviation < #require(far).deviation)
  }

  @Test func `innovations tell when the world changes`() {
    var (filter, village) = (MacroFilter(members: 50, stepsPerDay: 96), Village(members: 50))
    for step in 0..<96 * 30 { filter.advance(.init(village.powers(step)), slot: step % 96) }
    #expect(filter.isConsistent, "\(filter.surpriseLevel)")
    for step in 0..<96 * 2 {
      filter.advance(.init(village.powers(step).map { $0 * (step % 2 == 0 ? 3 : 0.2) }), slot: step % 96)
    }
    #expect(!filter.isConsistent && filter.surpriseLevel > 2, "\(filter.surpriseLevel)")
  }

  @Test func `steps without a meter are bridged with growing uncertainty, and nothing is forecast too early`() {
    var (filter, village) = (MacroFilter(members: 50, stepsPerDay: 96), Village(members: 50))
    #expect(filter.forecast(steps: 1, slot: 0) == nil)
    for step in 0..<96 * 20 { filter.advance(.init(village.powers(step)), slot: step % 96) }
    let seen = filter.advance(.init(village.powers(0)), slot: 0)
    var last = seen
    for step in 1..<8 {
      let next = filter.advance(nil, slot: step)
      #expect(next.deviation > last.deviation || step == 1 && next.deviation >= last.deviation)
      last = next
    }
    #expect(last.power.isFinite && last.deviation.isFinite)
  }

  @Test func `one meter and no variance are no trouble`() {
    var filter = MacroFilter(members: 1, stepsPerDay: 4)
    for step in 0..<40 {
      let estimate = filter.advance(.init([2]), slot: step % 4)
      #expect(abs(estimate.power - 2) < 1e-9 && estimate.deviation.isFinite)
    }
  }

  /// A community whose members share the weather, and have much noise of their own.
  private static func madePowers(days: Int, members: Int) -> [[Double]] {
    var random: UInt64 = 11
    func draw() -> Double {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(random >> 11) / 9_007_199_254_740_992 - 0.5
    }
    var weather = 0.0
    return (0..<days * 96).map { step in
      weather = 0.98 * weather + 0.12 * draw()
      let hour = Double(step % 96) / 4
      let habit = 0.5 + (hour > 17 && hour < 22 ? 0.8 : 0)
      return (0..<members).map { _ in habit + weather + 2 * draw() }
    }
  }

  @Test func `the forecast of the whole errs less than the sum of members' forecasts, and its range holds`() throws {
    let (days, members) = (16, 20)
    let powers = Self.madePowers(days: days, members: members)
    var whole = MacroFilter(members: members, stepsPerDay: 96)
    var singles = (0..<members).map { _ in MacroFilter(members: 1, stepsPerDay: 96) }
    var (squares, sums, held, count) = (0.0, 0.0, 0.0, 0.0)
    let ahead = 4
    for step in 0..<powers.count - ahead {
      whole.advance(MacroFilter.Reading(powers[step]), slot: step % 96)
      for member in 0..<members {
        singles[member].advance(MacroFilter.Reading([powers[step][member]]), slot: step % 96)
      }
      guard step > 10 * 96, step % 4 == 0, let estimate = whole.forecast(steps: ahead, slot: (step + ahead) % 96) else {
        continue
      }
      let sum = singles.reduce(0) { $0 + ($1.forecast(steps: ahead, slot: (step + ahead) % 96)?.power ?? 0) }
      let truth = powers[step + ahead].reduce(0, +)
      squares += (estimate.power - truth) * (estimate.power - truth)
      sums += (sum - truth) * (sum - truth)
      held += estimate.likely.contains(truth) ? 1 : 0
      count += 1
    }
    let ratio = (squares / sums).squareRoot()
    #expect(ratio < 0.95, "\(ratio)")
    #expect((0.65...0.95).contains(held / count), "\(held / count)")
  }
}
