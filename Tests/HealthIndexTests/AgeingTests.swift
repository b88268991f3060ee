import Foundation
import PlantPhysics
import PlantTesting
import Testing

@testable import HealthIndex

/// Recordings for development; `nil` where they are missing.
private let recordings = PackageFolder.existingRecordings()

private func lines(_ name: String) throws -> [[String]] {
  let folder = try #require(recordings)
  return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    .split(whereSeparator: \.isNewline).dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
}

@Suite("End of life")
struct CapacityForecastTests {
  /// Steady loss with noise and, now and then, some of it back.
  private func history(_ count: Int, loss: Double, seed: UInt64) -> [Double] {
    var random = SeededGenerator(seed: seed)
    var capacity = 2.0
    return (0..<count).map { cycle in
      capacity -= loss + (cycle % 20 == 19 ? -5 * loss : 0)
      return capacity + 0.002 * random.normal()
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `a cell that goes on as before reaches its end within the interval`(seed: UInt64) throws {
    let all = history(200, loss: 0.0045, seed: seed)
    let end = Double((all.firstIndex { $0 < 1.4 } ?? -1) + 1)
    let forecast = try #require(
      CapacityForecast(cycles: (1...100).map(Double.init), capacities: Array(all[..<100]), threshold: 1.4, seed: seed))
    #expect(forecast.horizon == 200 && forecast.isReached)
    #expect(try #require(forecast.interval).contains(end))
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `a cell that may get there near the horizon does so not before it is told`(seed: UInt64) throws {
    let all = history(240, loss: 0.0045, seed: seed)
    let end = Double((all.firstIndex { $0 < 1.32 } ?? -1) + 1)
    let forecast = try #require(
      CapacityForecast(cycles: (1...100).map(Double.init), capacities: Array(all[..<100]), threshold: 1.32, seed: seed))
    #expect(!forecast.isReached && forecast.chance > 0)
    #expect(
      forecast.soonest > 150 && forecast.soonest < forecast.horizon && forecast.soonest <= end, "\(forecast) \(end)")
  }

  @Test func `a cell that loses the same with each cycle is foretold to the cycle, whatever was not measured`() throws {
    var capacities = (1...100).map { 2 - 0.004 * Double($0) }
    for cycle in stride(from: 10, to: 100, by: 20) { capacities[cycle] = 0 }
    let forecast = try #require(
      CapacityForecast(cycles: (1...100).map(Double.init), capacities: capacities, threshold: 1.4))
    #expect(forecast.chance == 1)
    let interval = try #require(forecast.interval)
    #expect(interval.contains(151) && interval.lowerBound >= 145 && interval.upperBound <= 157)
    #expect(CapacityForecast(cycles: (1...20).map { 1e307 * Double($0) }, capacities: capacities, threshold: 1) == nil)
  }

  @Test func `a cell that hardly ages is said not to reach it, and too short a past says nothing`() throws {
    let cycles = (1...100).map(Double.init)
    let forecast = try #require(
      CapacityForecast(cycles: cycles, capacities: history(100, loss: 0.001, seed: 1), threshold: 1.4))
    #expect(!forecast.isReached && forecast.median == nil && forecast.soonest == forecast.horizon)
    #expect(CapacityForecast(cycles: [1, 2, 3], capacities: [2, 1.9, 1.8], threshold: 1.4) == nil)
    #expect(CapacityForecast(cycles: cycles, capacities: cycles.map { _ in .nan }, threshold: 1.4) == nil)
    #expect(CapacityForecast(cycles: cycles.map { _ in 1 }, capacities: cycles, threshold: 1.4) == nil)
  }

  @Test(
    .enabled(if: recordings != nil),
    arguments: ["B0005", "B0006", "B0007", "B0018"])
  func `the first half of four real cells foretells when 1.4 Ah is reached`(cell: String) throws {
    let rows = try lines("battery/\(cell).csv").compactMap { row -> (Double, Double)? in
      guard row.count == 2, let cycle = Double(row[0]), let capacity = Double(row[1]) else { return nil }
      return (cycle, capacity)
    }
    let half = rows.prefix(rows.count / 2)
    let forecast = try #require(CapacityForecast(cycles: half.map(\.0), capacities: half.map(\.1), threshold: 1.4))
    if let end = rows.first(where: { $0.1 < 1.4 })?.0 {
      #expect(try #require(forecast.interval).contains(end))
    } else {
      #expect(!forecast.isReached)
    }
  }
}

@Suite("Expected power of a plant")
struct ExpectedPowerTests {
  private func sample(_ irradiance: Double, temperature: Double, hour: Double) -> ExpectedPower.Sample {
    let turn = 0.05 * sin((hour - 12) / 12 * Double.pi)
    return ExpectedPower.Sample(
      irradiance: irradiance, moduleTemperature: temperature, hour: hour,
      power: 1000 * irradiance * (1 - 0.004 * (temperature - 25) + turn))
  }

  @Test func `a plant that follows the form is met within a thousandth`() throws {
    var random = SeededGenerator(seed: 1)
    let samples = (0..<500).map { _ in
      sample(random.uniform(0, high: 1), temperature: random.uniform(10, high: 60), hour: random.uniform(6, high: 18))
    }
    let model = try #require(ExpectedPower(fitting: Array(samples[..<300])))
    #expect(model.normalizedError(Array(samples[300...])) < 1e-3)
  }

  @Test func `too little sun, or values that are not finite, have no model`() {
    #expect(ExpectedPower(fitting: (0..<49).map { sample(0.5, temperature: 30, hour: Double($0) / 3) }) == nil)
    #expect(ExpectedPower(fitting: (0..<100).map { _ in sample(0.01, temperature: 30, hour: 12) }) == nil)
    #expect(ExpectedPower(fitting: (0..<100).map { _ in sample(.nan, temperature: 30, hour: 12) }) == nil)
  }

  @Test(.enabled(if: recordings != nil))
  func `a real plant's expected power has an error below 5.5 % of its mean`() throws {
    var weather: [String: (Double, Double)] = [:]
    for row in try lines("solar_plant/Plant_1_Weather_Sensor_Data.csv") where row.count == 5 {
      weather[row[0]] = (Double(row[3]) ?? .nan, Double(row[4]) ?? .nan)
    }
    var power: [String: Double] = [:]
    for row in try lines("solar_plant/Plant_1_Generation_Data.csv") where row.count == 6 {
      power[row[0], default: 0] += Double(row[3]) ?? .nan
    }
    var training: [ExpectedPower.Sample] = []
    var test: [ExpectedPower.Sample] = []
    for (time, total) in power {
      // 15-05-2020 00:00
      let parts = time.split { "- :".contains($0) }.compactMap { Int($0) }
      guard parts.count == 5, let (module, irradiance) = weather[time] else { continue }
      let sample = ExpectedPower.Sample(
        irradiance: irradiance, moduleTemperature: module, hour: Double(parts[3]) + Double(parts[4]) / 60, power: total)
      if parts[1] < 6 || parts[0] < 8 { training.append(sample) } else { test.append(sample) }
    }
    let model = try #require(ExpectedPower(fitting: training))
    #expect(model.normalizedError(test) < 0.055)
  }
}

extension ExpectedPower {
  /// The root mean squared error divided by the mean power, over records with sun; NaN without any.
  fileprivate func normalizedError(_ samples: [Sample]) -> Double {
    let used = samples.filter { $0.irradiance > ExpectedPower.leastIrradiance && $0.power.isFinite }
    let squares = used.reduce(0) { $0 + (power($1) - $1.power) * (power($1) - $1.power) }
    let mean = used.reduce(0) { $0 + $1.power } / Double(used.count)
    return (squares / Double(used.count)).squareRoot() / mean
  }
}
