import PlantModel
import StreamCore
import Testing

@testable import Cleaning

/// One series, `load.power` of at most 150 kW, cleaned message by message.
private struct Bench {
  var stage = CleaningStage()
  var register: PlantRegister
  let series: SeriesIndex
  let start = Timestamp(seconds: 1_700_000_000)

  init() {
    var load = Asset(name: "load", kind: .load)
    load.capacityKilowatts = 100
    let place = Location(latitude: 0, longitude: 0, timezone: "UTC")
    register = PlantRegister(plant: Plant(name: "p", location: place, assets: [load]))
    series = register.admit(asset: "load", sensor: "power")
  }

  mutating func clean(_ values: [(second: Double, value: Double)], batch: Int = 1) -> ReadingBatch {
    var result = ReadingBatch()
    var frame = Frame()
    for (position, sample) in values.enumerated() {
      let time = start + TimeSpan(nanoseconds: Int64(sample.second * 1e9))
      if position % batch == 0 { frame.reset(cause: .readings, received: start + .hours(2), clock: start) }
      frame.readings.append(series: series, time: time, raw: sample.value, value: sample.value, hasSourceTime: true)
      guard position % batch == batch - 1 || position == values.count - 1 else { continue }
      stage.step(&frame, in: register)
      for i in 0..<frame.readings.count {
        result.append(
          series: series, time: frame.readings.time[i], raw: frame.readings.raw[i], value: frame.readings.value[i],
          hasSourceTime: true)
        result.quality[result.count - 1] = frame.readings.quality[i]
        result.flags[result.count - 1] = frame.readings.flags[i]
      }
    }
    return result
  }
}

@Suite("Cleaning")
struct CleaningStageTests {
  private let calm = (0..<20).map { (second: Double($0), value: 50 + Double($0 % 3) * 0.1) }

  @Test(
    "each fault has its code, and a reading that fails has the last good value as estimate",
    arguments: [
      (20.0, 50.0, Quality.good), (20, 900, .outOfRange), (19, 50, .duplicate), (5.5, 50, .late), (9_000, 50, .future),
    ])
  func codes(second: Double, value: Double, quality: Quality) {
    var bench = Bench()
    let cleaned = bench.clean(calm + [(second, value)])
    #expect(cleaned.quality.last == quality)
    if quality == .outOfRange { #expect(cleaned.value.last == 50.1) }
  }

  @Test("a departure of one sample is a spike, and one that stays becomes the new level")
  func spikes() {
    var bench = Bench()
    var load = Asset(name: "meter", kind: .generic)
    load.capacityKilowatts = nil
    bench.register = PlantRegister(
      plant: Plant(name: "p", location: Location(latitude: 0, longitude: 0, timezone: "UTC"), assets: [load]))
    _ = bench.register.admit(asset: "meter", sensor: "voltage_l1")
    let level = (0..<20).map { (second: Double($0), value: 230 + Double($0 % 3) * 0.1) }
    let cleaned = bench.clean(level + [(20, 400), (21, 230.1), (22, 400), (23, 400), (24, 400), (25, 400)])
    #expect(Array(cleaned.quality.suffix(6)) == [.spike, .good, .spike, .spike, .good, .good])
  }

  @Test("a value that stands for more than ten minutes is stuck, and zero power is not")
  func stuck() {
    var bench = Bench()
    let standing = (0..<50).map { (second: Double($0) * 30, value: 42.0) }
    #expect(bench.clean(standing).quality.last == .stuck)
    var other = Bench()
    let resting = (0..<50).map { (second: Double($0) * 30, value: 0.0) }
    #expect(other.clean(resting).quality.allSatisfy { $0 == .good })
  }

  @Test("a short gap is filled on the line between its ends, with quality 1 and no raw value")
  func gaps() {
    var bench = Bench()
    let cleaned = bench.clean(calm + [(23, 54.1)])
    let imputed = (0..<cleaned.count).filter { cleaned.quality[$0] == .imputed }
    #expect(imputed.count == 3)
    #expect(imputed.allSatisfy { cleaned.raw[$0].isNaN })
    #expect(abs(cleaned.value[imputed[0]] - 51.1) < 1e-9)
  }

  @Test("nothing depends on how readings are batched, nor on a restart from the snapshot")
  func batchingAndRestart() throws {
    var samples: [(second: Double, value: Double)] = []
    for n in 0..<400 {
      let second = n % 37 == 0 ? n - 20 : n
      let value = n % 41 == 0 ? 900 : 50 + (n * 7919) % 13
      samples.append((Double(second), Double(value)))
    }
    var single = Bench()
    var many = Bench()
    var restarted = Bench()
    let one = single.clean(samples, batch: 1)
    let hundred = many.clean(samples, batch: 100)
    let first = restarted.clean(Array(samples[..<200]), batch: 7)
    var writer = SnapshotWriter()
    restarted.stage.snapshot(into: &writer)
    var copy = Bench()
    var reader = SnapshotReader(writer.bytes)
    try copy.stage.restore(from: &reader)
    #expect(reader.isAtEnd)
    let second = copy.clean(Array(samples[200...]), batch: 7)
    #expect(one.quality == hundred.quality && one.time == hundred.time)
    #expect(one.quality == first.quality + second.quality)
    #expect(one.value.map(\.bitPattern) == hundred.value.map(\.bitPattern))
  }

  @Test("hostile times and values do not trap")
  func hostile() {
    var bench = Bench()
    let hostile: [Double] = [.infinity, -.infinity, .nan, 1e308, -1e308, .leastNonzeroMagnitude]
    var frame = Frame()
    for value in hostile {
      for time in [Int64.min, Int64.max, 0] {
        frame.reset(cause: .readings, received: bench.start, clock: bench.start)
        frame.readings.append(
          series: bench.series, time: Timestamp(nanoseconds: time), raw: value, value: value, hasSourceTime: true)
        bench.stage.step(&frame, in: bench.register)
        #expect(frame.readings.count >= 1)
      }
    }
  }
}
