import PlantModel
import PlantTesting
import StreamCore
import Testing
import WattlineTime

@testable import Cleaning

private let load = makeRegister([("load", "power")])

/// Powers some seconds apart.
private func powers(_ values: [Double], from start: Timestamp, step: TimeSpan) -> [Sample] {
  values.enumerated().map { Sample(time: start + step * Int64($0.offset), value: $0.element) }
}

@Test
func `a filled value says its method, and its uncertainty is largest in the middle of the gap`() throws {
  let register = makeRegister([("weather", "temperature")])
  var samples = powers((0..<20).map { 20 + 0.1 * Double($0 % 2) }, from: epoch, step: .seconds(10))
  samples.append(Sample(time: epoch + .seconds(240), value: 20.4))
  let filled = clean(samples, in: register, batch: 100).filter { $0.quality == .imputed }
  let deviations = try filled.map { try #require($0.estimate).deviation }
  #expect(filled.allSatisfy { $0.estimate?.method == .line })
  // Changes of 0.1 from step to step; five steps: σ √(5 · 0.2 · 0.8) at the first.
  #expect(abs(deviations[0] - 0.1 * 0.8.squareRoot()) < 1e-6)
  #expect(deviations.count == 4 && deviations[1] > deviations[0] && abs(deviations[1] - deviations[2]) < 1e-6)
}

@Test
func `of a random walk, the truth lies within one standard deviation of the filled value two times in three`() {
  var random = SplitMix(state: 8)
  var level = 0.0
  // The sum of twelve even numbers is as good as normal.
  let walk = (0..<60_000).map { _ -> Double in
    level += (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0...1, using: &random) }
    return level
  }
  let register = makeRegister([("weather", "humidity")], overrides: [wide()])
  // Five of every twenty-five are missing.
  let samples = powers(walk, from: epoch, step: .seconds(10)).enumerated().filter { $0.offset % 25 < 20 }.map(\.element)
  var held = (inside: 0, all: 0)
  for value in clean(samples, in: register, batch: 1000) where value.quality == .imputed {
    guard let estimate = value.estimate, estimate.deviation > 0 else { continue }
    let truth = walk[Int((value.time - epoch).inSeconds / 10)]
    held.all += 1
    if abs(value.value - truth) <= estimate.deviation { held.inside += 1 }
  }
  #expect(held.all > 5_000)
  #expect((0.6...0.72).contains(Double(held.inside) / Double(held.all)))
}

/// Takes any value, and may not stand still.
private func wide() -> SensorOverride {
  var sensor = SensorOverride(match: "weather.humidity")
  sensor.unit = Unit.named("°C")
  sensor.range = -1e9...1e9
  return sensor
}

@Test
func `a refused value is held with an uncertainty, one that is good has neither`() throws {
  let register = makeRegister([("weather", "temperature")])
  var samples = powers((0..<20).map { 20 + 0.1 * Double($0 % 2) }, from: epoch, step: .seconds(10))
  samples.append(Sample(time: epoch + .seconds(200), value: 99))
  let result = clean(samples, in: register)
  #expect(result.dropLast().allSatisfy { $0.estimate == nil })
  let last = try #require(result.last?.estimate)
  #expect(last.method == .hold && abs(last.deviation - 0.1) < 1e-6)
}

/// Days of a load between 10 and 40 kW, a reading each five minutes.
private func loadDays(_ days: Int, from start: Timestamp = epoch, times factor: Double = 1) -> [Sample] {
  powers((0..<(288 * days)).map { factor * (25 + 15 * Double(($0 * 37) % 101) / 100) }, from: start, step: .minutes(5))
}

@Test("a load that says W for kW is out of range once its usual values are known, and the fault is never learned")
func aLoadThatSaysWForKWIsOutOfRangeOnceItsUsualValuesAreKnownAndTheFaultIs() {
  let samples = loadDays(5) + loadDays(3, from: epoch + .days(5), times: 1000)
  let result = clean(samples, in: load)
  #expect(result[..<(288 * 5)].allSatisfy { $0.quality != .outOfRange })
  #expect(result[(288 * 5)...].allSatisfy { $0.quality == .outOfRange })
}

@Test
func `a load that grows eightfold is believed, and one that has rested so far makes its first start`() {
  let grown = clean(loadDays(5) + loadDays(3, from: epoch + .days(5), times: 8), in: load)
  #expect(grown.allSatisfy { $0.quality != .outOfRange })
  let rested = powers((0..<2000).map { 0.004 + 0.001 * Double($0 % 3) }, from: epoch, step: .minutes(5))
  let started = clean(rested + loadDays(1, from: epoch + .days(7)), in: load)
  #expect(started.allSatisfy { $0.quality != .outOfRange })
}

@Test
func `a day raises a learned range to no more than twice what it was`() {
  var range = LearnedRange()
  for day in 0..<5 { range.learn(40, after: 40, at: epoch + .days(Int64(day))) }
  range.learn(90, after: 90, at: epoch + .days(4) + .second)
  #expect(range.reach == 80)
  let profile = CleaningProfile(load.series[0].profile)
  #expect(range.excludes(4001, profile: profile) && !range.excludes(3999, profile: profile))
}

@Test
func `a level that a generator comes back to is a limit and not stuck, one that it never left is`() {
  let power = makeRegister([("pv1", "power")])
  var minute = 0
  func stretch(_ values: [Double]) -> [Sample] {
    defer { minute += values.count }
    return powers(values, from: epoch + .minutes(Int64(minute)), step: .minutes(1))
  }
  let rise = (0..<30).map { 40 + Double($0) }
  let flat = [Double](repeating: 70, count: 60)
  let clouds = (0..<20).map { 65 - Double($0 % 7) }
  let result = clean(stretch(rise) + stretch(flat) + stretch(clouds) + stretch(flat), in: power)
  #expect(result[60..<90].allSatisfy { $0.quality == .stuck })
  #expect(result[112...].allSatisfy { $0.quality == .good })
}
