import PlantModel
import PlantTesting
import PointSchema
import StreamCore
import Testing
import WattlineTime

@testable import FeatureWindows

/// 3,600 values of a kind, in the order in which they come.
private func values(_ kind: String) -> [Double] {
  var random = SplitMix(state: 11)
  func uniform() -> Double { Double.random(in: 0..<1, using: &random) }
  return (0..<3_600).map { i in
    switch kind {
    case "uniform": return uniform()
    case "normal": return (0..<12).reduce(230.0) { sum, _ in sum + uniform() } - 6
    // The square of a square is as lopsided as an exponential one.
    case "skewed":
      let value = uniform()
      return value * value * value * value
    case "two levels": return uniform() < 0.3 ? 2 + uniform() / 10 : 50 + uniform()
    case "sawtooth": return 230 + 5 * (Double(i) / 311).truncatingRemainder(dividingBy: 1)
    case "sine":
      // A parabola for each half of the wave.
      let x = (Double(i) / 125).truncatingRemainder(dividingBy: 2) - 1
      return 4 * x * (1 - abs(x))
    case "falling": return -Double(i)
    default: return Double(i)
    }
  }
}

/// The share of values below an estimate, those equal to it counted half.
private func rank(_ estimate: Double, in values: [Double]) -> Double {
  let below = values.count { $0 < estimate }
  let equal = values.count { $0 == estimate }
  return (Double(below) + Double(equal) / 2) / Double(values.count)
}

@Test
func `quantiles of few readings are exact`() {
  var sketch = QuantileSketch()
  #expect(sketch.quantile(0.5).isNaN)
  for value in [4.0, 1, 3, 2] { sketch.insert(value) }
  #expect(Double(sevenDigitsOf: sketch.quantile(0.1)) == 1.3)
  #expect(Double(sevenDigitsOf: sketch.quantile(0.5)) == 2.5)
  #expect(Double(sevenDigitsOf: sketch.quantile(0.9)) == 3.7)
  var whole = QuantileSketch()
  for value in [230.1, 229.9, 230.3] { whole.insert(value) }
  whole.merge(sketch)
  // The middle of seven.
  #expect(Double(sevenDigitsOf: whole.quantile(0.5)) == 4)
}

@Test(arguments: ["uniform", "normal", "skewed", "two levels", "sawtooth", "sine", "rising", "falling"])
func `the rank of a quantile is off by little, also after merging`(kind: String) {
  let all = values(kind)
  var errors: [Double] = []
  for (part, bound) in [(60, 0.17), (900, 0.1), (3_600, 0.1)] {
    for first in stride(from: 0, to: 3_600, by: part) {
      let some = Array(all[first..<first + part])
      var merged = QuantileSketch()
      for minute in stride(from: 0, to: part, by: 60) {
        var sketch = QuantileSketch()
        for value in some[minute..<minute + 60] { sketch.insert(value) }
        merged.merge(sketch)
      }
      for probability in [0.1, 0.5, 0.9] {
        let error = abs(rank(Double(merged.quantile(Float(probability))), in: some) - probability)
        errors.append(error)
        #expect(error <= bound, "\(kind), \(part) values: \(probability)")
      }
    }
  }
  #expect(errors.reduce(0, +) / Double(errors.count) <= 0.04)
}

@Test(arguments: [230.1, 0, -0.001234567, 1_234_567, 4.2e20, 1e-20, 99_999.99])
func `single precision is written as the decimal it stands for`(value: Double) {
  #expect(Double(sevenDigitsOf: Float(value)) == value)
}

@Test
func `windows of every length carry the quantiles of their readings, updates leave them as they were`() throws {
  let register = makeRegister([("load", "voltage")])
  var bench = Bench(register)
  bench.feed((0..<7_300).map { Sample(time: midnight + .seconds(Int64($0)), value: Double($0 % 3_600)) })
  let minute = try #require(bench.last(.minute).first)
  #expect(abs(minute.p10 - 5.9) < 8 && abs(minute.p50 - 29.5) < 8 && abs(minute.p90 - 53.1) < 8)
  let quarter = try #require(bench.last(.quarterHour).first)
  #expect(abs(quarter.p10 - 90) < 81 && abs(quarter.p50 - 450) < 81 && abs(quarter.p90 - 810) < 81)
  let hours = bench.last(.hour)
  #expect(hours.count == 2)
  for hour in hours {
    #expect(abs(hour.p10 - 360) < 324 && abs(hour.p50 - 1_800) < 324 && abs(hour.p90 - 3_240) < 324)
  }
  #expect(bench.field("p50", of: .feature).compactMap { $0 }.count == bench.windows.count)
  bench.feed([Sample(time: midnight + .seconds(3_700), value: 9, quality: .late)])
  let update = try #require(bench.windows.last)
  #expect(update.isUpdate && update.length == .hour && update.count == 3_601)
}

@Test
func `a window merged of shorter ones has the statistics of all readings`() throws {
  var random = SplitMix(state: 5)
  let samples = (0..<4_000).map {
    Sample(time: midnight + .seconds(Int64($0)), value: 400 + .random(in: -3...3, using: &random) + Double($0) / 900)
  }
  var bench = Bench(makeRegister([("load", "power")]))
  bench.feed(samples)
  let hour = try #require(bench.last(.hour).first)
  let values = samples[..<3_600].map(\.value)
  let mean = values.reduce(0, +) / 3_600
  let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3_600
  let times = (0..<3_600).map { (Double($0) - 1_799.5) / 3_600 }
  let slope =
    zip(times, values).reduce(0) { $0 + $1.0 * ($1.1 - mean) } / times.reduce(0) { $0 + $1 * $1 }
  #expect(hour.count == 3_600 && hour.minimum == values.min() && hour.maximum == values.max())
  #expect(abs(hour.mean - mean) < 1e-9 && abs(hour.standardDeviation / variance.squareRoot() - 1) < 1e-5)
  #expect(abs(hour.slope / slope - 1) < 1e-4)
}

@Test
func `the state of a series stays small`() {
  #expect(MemoryLayout<WindowAccumulator>.stride == 64)
  #expect(MemoryLayout<QuantileSketch>.size == 42)
  #expect(MemoryLayout<SeriesWindows>.stride + MemoryLayout<LocalRollup>.stride <= 688)
}

@Test
func `a series silent for more than a day takes no room, keeps its watermark and its day, and comes back`() throws {
  var bench = Bench(makeRegister([("load", "voltage"), ("pv1", "voltage")]))
  func speak(_ series: Int, hours: Range<Int64>) {
    bench.feed(hours.map { Sample(series: series, time: midnight + .hours($0) + .minutes(5), value: Double($0)) })
  }
  speak(0, hours: 0..<3)
  speak(1, hours: 0..<3)
  for hour in Int64(3)..<30 {
    speak(1, hours: hour..<hour + 1)
    bench.mark(midnight + .hours(hour))
  }
  #expect(bench.stage.store.states.liveCount == 1)
  var writer = SnapshotWriter()
  bench.stage.snapshot(into: &writer)
  var reader = SnapshotReader(writer.bytes)
  try bench.stage.restore(from: &reader)
  bench.feed([Sample(time: midnight + .hours(40), value: 1), Sample(time: midnight + .hours(41), value: 5)])
  #expect(bench.stage.store.states.liveCount == 2)
  bench.feed([Sample(time: midnight + .hours(42), value: 5)])
  let days = bench.points.filter { $0.key == PointKey(.cleanDaily, .series(SeriesIndex(0))) }
  let first = try #require(days.last { $0.time == midnight })
  #expect(first.fields.contains(Field("mean", .float(1))) && first.fields.contains(Field("max", .float(2))))
}
