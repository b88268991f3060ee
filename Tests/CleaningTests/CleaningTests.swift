import PlantModel
import PlantTesting
import StreamCore
import Testing
import WattlineTime

@testable import Cleaning

private let weather = makeRegister([("weather", "temperature")])
private let power = makeRegister([("pv1", "power")])

/// Temperatures a second apart that wander by a few tenths of a degree.
private func temperatures(_ count: Int, step: TimeSpan = .seconds(10)) -> [Sample] {
  (0..<count).map { Sample(time: epoch + step * Int64($0), value: 20 + 0.1 * Double($0 % 5)) }
}

/// One more reading after thirty ordinary ones.
private struct Case: CustomTestStringConvertible {
  var name: String
  var offset: TimeSpan
  var value: Double
  var quality: Quality
  var flags: [Quality] = []
  /// `nil` for NaN.
  var cleaned: Double?
  var testDescription: String { name }
}

@Test(arguments: [
  Case(name: "good", offset: .seconds(300), value: 20.2, quality: .good, cleaned: 20.2),
  Case(
    name: "range before rate", offset: .seconds(300), value: 99, quality: .outOfRange,
    flags: [.outOfRange, .rate, .spike], cleaned: 20.4),
  Case(
    name: "not a number", offset: .seconds(300), value: .nan, quality: .outOfRange, flags: [.outOfRange],
    cleaned: 20.4),
  Case(
    name: "spike before rate", offset: .seconds(300), value: 55, quality: .spike, flags: [.spike, .rate],
    cleaned: 20.4),
  Case(name: "rate", offset: .seconds(291), value: 22.6, quality: .rate, flags: [.rate], cleaned: 20.4),
  Case(name: "noise within seconds is no rate", offset: .seconds(291), value: 20.9, quality: .good, cleaned: 20.9),
  Case(name: "future", offset: .seconds(900), value: 20.2, quality: .future, flags: [.future]),
  Case(
    name: "late keeps its value", offset: .seconds(275), value: 20.2, quality: .late, flags: [.late], cleaned: 20.2),
  Case(
    name: "duplicate keeps its value", offset: .seconds(280), value: 20.2, quality: .duplicate, flags: [.duplicate],
    cleaned: 20.2),
  Case(
    name: "late before duplicate", offset: .seconds(260), value: 20.2, quality: .late, flags: [.late, .duplicate],
    cleaned: 20.2),
  Case(name: "out of order within the lateness", offset: .seconds(285), value: 20.1, quality: .good, cleaned: 20.1),
  Case(
    name: "range before late", offset: .seconds(100), value: -300, quality: .outOfRange,
    flags: [.outOfRange, .late]),
  Case(
    name: "range before future", offset: .seconds(900), value: 1_000, quality: .outOfRange,
    flags: [.outOfRange, .future]),
])
private func `each quality has its test, and the worst that applies wins`(_ example: Case) throws {
  var stage = CleaningStage()
  _ = clean(temperatures(30), in: weather, with: &stage)
  let sample = Sample(time: epoch + example.offset, value: example.value)
  let result = try #require(clean([sample], in: weather, received: epoch + .seconds(310), with: &stage).last)
  #expect(result.quality == example.quality)
  #expect(result.flags == example.flags.reduce(into: []) { $0.insert(QualityFlags($1)) })
  if let cleaned = example.cleaned { #expect(result.value == cleaned) } else { #expect(result.value.isNaN) }
  #expect(stage.qualityCounts.reduce(0, +) == 31)
}

@Test
func `a future reading does not move the watermark`() {
  var samples = temperatures(10)
  samples.insert(Sample(time: epoch + .days(30), value: 20), at: 5)
  let result = clean(samples, in: weather, received: epoch + .seconds(90))
  #expect(result.map(\.quality) == [.good, .good, .good, .good, .good, .future, .good, .good, .good, .good, .good])
}

@Test
func `receive times are made strictly increasing by a millisecond, source times are kept`() {
  let own = (0..<3).map { _ in Sample(time: epoch, value: 20, hasSourceTime: false) }
  #expect(clean(own, in: weather).map(\.time) == [0, 1, 2].map { epoch + .milliseconds($0) })
  let sourced = (0..<3).map { _ in Sample(time: epoch, value: 20) }
  let result = clean(sourced, in: weather)
  #expect(result.map(\.time) == [epoch, epoch, epoch])
  #expect(result.map(\.quality) == [.good, .duplicate, .duplicate])
}

@Test
func `a value that stands still is stuck after 10 minutes and 20 samples, and is good again when it moves`() {
  var samples = temperatures(5, step: .minute)
  samples += (5..<40).map { Sample(time: epoch + .minutes(Int64($0)), value: 20.05) }
  samples.append(Sample(time: epoch + .minutes(40), value: 20.1))
  let result = clean(samples, in: weather)
  #expect(result[..<25].allSatisfy { $0.quality == .good })
  #expect(result[25..<40].allSatisfy { $0.quality == .stuck })
  #expect(result[25].value == 20.05)
  #expect(result[39].value.isNaN)
  #expect(result[40].quality == .good)
}

@Test
func `a power that is commanded not to exceed a limit stands still there without being stuck`() {
  let samples = (0..<60).map { Sample(time: epoch + .minutes(Int64($0)), value: 40) }
  #expect(clean(samples, in: power).contains { $0.quality == .stuck })
  let held = clean(samples, in: power, limits: [AssetIndex(0): 40])
  #expect(held.allSatisfy { $0.quality == .good && $0.value == 40 })
}

@Test
func `PV at zero all night is not stuck, a counter that rests is not stuck`() {
  let night = (0..<600).map { Sample(time: epoch + .minutes(Int64($0)), value: 0) }
  #expect(clean(night, in: power).allSatisfy { $0.quality == .good })
  let meter = makeRegister([("load", "energy")])
  let resting = (0..<600).map { Sample(time: epoch + .minutes(Int64($0)), value: 1234.5) }
  #expect(clean(resting, in: meter).allSatisfy { $0.quality == .good })
}

@Test
func `a counter's reset is no error`() {
  let meter = makeRegister([("load", "energy")])
  let samples = (0..<40).map { minute in
    let count = minute < 20 ? 5000 + minute : minute
    return Sample(time: epoch + .minutes(Int64(minute)), value: Double(count))
  }
  #expect(clean(samples, in: meter).allSatisfy { $0.quality == .good })
}

@Test
func `an honest step is accepted as the new level with its third value`() {
  let register = makeRegister([("load", "voltage_l1")])
  let samples = (0..<30).map { second in
    let level: Double = second < 20 ? 230 : 115
    return Sample(time: epoch + .seconds(Int64(second)), value: level + 0.1 * Double(second % 3))
  }
  let result = clean(samples, in: register)
  #expect(result[20].quality == .spike)
  #expect(result[21].quality == .spike)
  #expect(result[22...].allSatisfy { $0.quality == .good })
}

@Test
func `a switched load is flagged once at the most, a single spike of it always until such steps are known`() {
  let register = makeRegister([("load", "power")])
  var random = SplitMix(state: 7)
  var samples = (0..<100).map {
    Sample(time: epoch + .seconds(Int64($0)), value: 50 + .random(in: -1...1, using: &random))
  }
  samples[80].value = 500
  samples += (100..<400).map {
    let level: Double = $0 / 50 % 2 == 0 ? 120 : 50
    return Sample(time: epoch + .seconds(Int64($0)), value: level + .random(in: -1...1, using: &random))
  }
  let result = clean(samples, in: register)
  #expect(result.indices.filter { result[$0].quality != .good } == [80, 100, 101])
}

@Test
func `PV ramps in broken cloud give no false alarm but for the first jump`() {
  var random = SplitMix(state: 11)
  var cover = 1.0
  let samples = (0..<5_000).map { second in
    if second > 500, Int.random(in: 0..<40, using: &random) == 0 { cover = .random(in: 0.2...1, using: &random) }
    let clear = 80 * Double(second) / 5_000 + 10
    return Sample(time: epoch + .seconds(Int64(second)), value: clear * cover + .random(in: -0.2...0.2, using: &random))
  }
  let flagged = clean(samples, in: power).filter { $0.quality != .good }
  #expect(flagged.count <= 5)
}

@Test
func `a gap of a few intervals is filled on the straight line, in front of the reading that ends it`() {
  var samples = temperatures(10)
  samples.append(Sample(time: epoch + .seconds(130), value: 20.8))
  let result = clean(samples, in: weather, batch: 100)
  #expect(result.count == 14)
  #expect(result[10...12].allSatisfy { $0.quality == .imputed && $0.flags == QualityFlags(.imputed) })
  #expect(result[10...12].map(\.time) == [100, 110, 120].map { epoch + .seconds($0) })
  #expect(abs(result[11].value - 20.6) < 1e-9)
  #expect(result[13].quality == .good)
}

@Test
func `longer gaps, counters and gaps that end in a bad value are not filled`() {
  #expect(clean(temperatures(10) + [Sample(time: epoch + .seconds(200), value: 20)], in: weather).count == 11)
  #expect(clean(temperatures(10) + [Sample(time: epoch + .seconds(130), value: 99)], in: weather).count == 11)
  let meter = makeRegister([("load", "energy")])
  #expect(clean(temperatures(10) + [Sample(time: epoch + .seconds(130), value: 21)], in: meter).count == 11)
}

/// A stream with jumps, gaps, repeats, disorder and nonsense over three series.
private func wildStream(seed: UInt64, count: Int) -> [Sample] {
  var random = SplitMix(state: seed)
  var clock = epoch
  return (0..<count).map { _ in
    if Int.random(in: 0..<50, using: &random) == 0 { clock += .seconds(.random(in: 1...90, using: &random)) }
    clock += .seconds(1)
    var time = clock
    if Int.random(in: 0..<20, using: &random) == 0 { time = time - .seconds(.random(in: 0...30, using: &random)) }
    if Int.random(in: 0..<100, using: &random) == 0 { time += .hour }
    var value = 20 + Double.random(in: -1...1, using: &random)
    if Int.random(in: 0..<40, using: &random) == 0 { value *= .random(in: -10...10, using: &random) }
    return Sample(
      series: .random(in: 0..<3, using: &random), time: time, value: value,
      hasSourceTime: Int.random(in: 0..<10, using: &random) > 0)
  }
}

private let three = makeRegister([("pv1", "power"), ("weather", "temperature"), ("load", "energy")])

@Test(arguments: [2, 7, 1_000])
func `how readings are batched makes no difference`(batch: Int) {
  let samples = wildStream(seed: 3, count: 3_000)
  // The receive time is that of the frame, so it is held fixed here.
  let received = epoch + .minutes(30)
  let single = clean(samples, in: three, batch: 1, received: received)
  #expect(clean(samples, in: three, batch: batch, received: received) == single)
  #expect(Set(single.map(\.quality)).count >= 7)
}

@Test
func `a restored stage goes on as the one that was saved`() throws {
  let samples = wildStream(seed: 5, count: 2_000)
  var stage = CleaningStage()
  _ = clean(Array(samples[..<1_000]), in: three, with: &stage)
  var writer = SnapshotWriter()
  stage.snapshot(into: &writer)
  var copy = CleaningStage()
  var reader = SnapshotReader(writer.bytes)
  try copy.restore(from: &reader)
  #expect(reader.isAtEnd)
  let rest = Array(samples[1_000...])
  #expect(clean(rest, in: three, with: &copy) == clean(rest, in: three, with: &stage))
  #expect(copy.qualityCounts == stage.qualityCounts)
}

@Test
func `a snapshot that is cut off is refused`() {
  var stage = CleaningStage()
  _ = clean(temperatures(20), in: weather, with: &stage)
  var writer = SnapshotWriter()
  stage.snapshot(into: &writer)
  for length in 0..<writer.bytes.count {
    var reader = SnapshotReader(Array(writer.bytes[..<length]))
    var copy = CleaningStage()
    #expect(throws: SnapshotError.self) { try copy.restore(from: &reader) }
  }
}

@Test
func `no time and no value crashes the stage, and each reading keeps its point`() {
  var random = SplitMix(state: 99)
  let times: [Int64] = [.min, .min + 1, -1, 0, 1, 1_700_000_000_000_000_000, .max - 1, .max]
  let values: [Double] = [
    .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, -0.0, .leastNonzeroMagnitude,
  ]
  let samples = (0..<20_000).map { _ in
    Sample(
      series: .random(in: 0..<3, using: &random),
      time: Timestamp(nanoseconds: times.randomElement(using: &random).unsafelyUnwrapped),
      value: values.randomElement(using: &random).unsafelyUnwrapped, hasSourceTime: Bool.random(using: &random))
  }
  let result = clean(samples, in: three)
  #expect(result.filter { $0.quality != .imputed }.count == samples.count)
  #expect(result.allSatisfy { $0.value.isFinite || $0.quality != .good })
}

@Test
func `the state of a series stays small`() {
  #expect(MemoryLayout<SeriesCleaner>.stride <= 184)
}

@Test
func `the usual interval is the median of the last gaps, and is regular while most agree with it`() {
  var interval = IntervalEstimator()
  #expect(interval.typical == .zero && interval.count == 0)
  for gap: Int64 in [10, 10, 10, 95, 10] { interval.observe(.seconds(gap)) }
  #expect(interval.typical == .seconds(10) && interval.isRegular)
  interval.observe(.zero)
  interval.observe(.seconds(-5))
  #expect(interval.count == 5)
  let copy = IntervalEstimator(replaying: interval.remembered)
  #expect(copy.remembered == interval.remembered && copy.typical == interval.typical)
  for gap: Int64 in [1, 40, 7, 300] { interval.observe(.seconds(gap)) }
  #expect(interval.count == 7 && !interval.isRegular)
}

@Test
func `a step that was taken back at once does not teach what steps are usual`() {
  var test = SpikeTest()
  for value: Double in [5, 5.1, 5, 90, 5, 5.1, 5] { test.accept(value) }
  #expect(test.largestStep < 0.2 && test.reach < 6)
  for value: Double in [50, 50, 50] { test.accept(value) }
  #expect(abs(test.largestStep - 45) < 0.01 && abs(test.reach - 50) < 0.01)
}

@Test
func `the mean of an interval is a spike only far beyond what was ever reached`() {
  var override = SensorOverride(match: "load.power")
  override.sampling = .intervalStart
  let register = makeRegister([("load", "power")], overrides: [override])
  var samples = (0..<100).map { Sample(time: epoch + .hours(Int64($0)), value: 5 + Double($0 % 4)) }
  samples[60].value = 15
  samples[80].value = 5_000
  let result = clean(samples, in: register)
  #expect(result.indices.filter { result[$0].quality != .good } == [80])
}

@Test
func `a series silent for more than a day takes no room, keeps its watermark, and comes back`() {
  let register = makeRegister([("load", "power"), ("pv1", "power")])
  var stage = CleaningStage()
  _ = clean([Sample(time: epoch, value: 5), Sample(series: 1, time: epoch, value: 5)], in: register, with: &stage)
  var frame = Frame()
  frame.reset(cause: .minute, received: epoch, clock: (epoch + .hours(27)).floored(to: .hour))
  stage.step(&frame, in: register)
  #expect(stage.states.liveCount == 0)
  let back = clean(
    [Sample(time: epoch - .hours(1), value: 6), Sample(time: epoch + .hours(27), value: 7)], in: register, with: &stage)
  #expect(back.map(\.quality) == [.late, .good] && stage.states.liveCount == 1)
}
