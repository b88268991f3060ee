import EnergyAccounting
import PlantModel
import PlantTesting
import PointSchema
import StreamCore
import Testing
import WattlineTime

@testable import FeatureWindows

private let power = makeRegister([("load", "power")])
private let voltage = makeRegister([("load", "voltage")])

private func approx(_ a: Double, b: Double, tolerance: Double = 1e-9) -> Bool { abs(a - b) <= tolerance }

@Test
func `a minute of samples gives the worked statistics`() throws {
  var bench = Bench(power)
  bench.feed([1, 2, 3, 4, 5, 6].enumerated().map { Sample(time: midnight + .seconds(Int64($0 * 10)), value: $1) })
  #expect(bench.windows.isEmpty)
  bench.feed([Sample(time: midnight + .seconds(60), value: 7)])
  #expect(bench.windows.isEmpty)
  bench.feed([Sample(time: midnight + .seconds(70), value: 8)])
  let window = try #require(bench.windows.first)
  #expect(bench.windows.count == 1)
  #expect(window.start == midnight && window.length == .minute && !window.isUpdate)
  #expect(window.count == 6 && window.minimum == 1 && window.maximum == 6 && window.goodShare == 1)
  #expect(approx(window.mean, b: 3.5))
  #expect(approx(window.standardDeviation, b: (35.0 / 12).squareRoot()))
  // One kW in ten seconds is 360 kW per hour; the trapezoid to 7 kW at the full minute has a mean of 4 kW.
  #expect(approx(window.slope, b: 360, tolerance: 1e-3))
  #expect(approx(window.energyKilowattHours, b: 4.0 / 60))
  #expect(bench.field("energy_kwh", of: .feature) == [window.energyKilowattHours])
}

@Test
func `statistics stay exact where squares cancel`() throws {
  var bench = Bench(power)
  bench.feed((0..<8).map { Sample(time: midnight + .seconds(Int64($0) * 10), value: 1e9 + Double($0 % 2)) })
  let window = try #require(bench.last(.minute).first)
  #expect(approx(window.standardDeviation, b: 0.5, tolerance: 1e-6))
}

@Test(
  "a late reading changes the window, which is emitted again by the next tick; one far behind is counted as too late",
  arguments: [power, voltage])
func aLateReadingChangesTheWindowWhichIsEmittedAgainByTheNextTickOneFarBehind(register: PlantRegister) throws {
  var bench = Bench(register)
  bench.feed((0..<12).map { Sample(time: midnight + .seconds(Int64($0) * 10), value: 2) })
  #expect(bench.windows.count == 1)
  bench.feed([Sample(time: midnight + .seconds(5), value: 9, quality: .late)])
  bench.tick(midnight + .seconds(111), clock: midnight + .minutes(1))
  try #require(bench.windows.count == 2)
  #expect(bench.windows[1].isUpdate && bench.windows[1].count == 7 && bench.windows[1].maximum == 9)
  #expect(approx(bench.windows[1].mean, b: 3))
  #expect(bench.stage.tooLate == 0)
  bench.feed([Sample(time: midnight - .days(1), value: 9, quality: .late)])
  #expect(bench.windows.count == 2 && bench.stage.tooLate == 1)
}

@Test(
  arguments: WindowLength.allCases,
  [power, voltage])
func `the window before the newest of each length can still be changed`(length: WindowLength, register: PlantRegister)
  throws
{
  var bench = Bench(register)
  let step = TimeSpan(nanoseconds: length.span.nanoseconds / 4)
  bench.feed((0..<18).map { Sample(time: midnight + step * Int64($0), value: 2) })
  bench.feed([Sample(time: midnight + length.span * 3, value: 7, quality: .late)])
  bench.tick(midnight + step * 17, clock: midnight)
  let update = try #require(bench.windows.last { $0.length == length })
  #expect(update.isUpdate && update.start == midnight + length.span * 3 && update.maximum == 7)
}

@Test
func `bad readings count in the good share alone, duplicates and future ones not at all`() throws {
  var bench = Bench(power)
  bench.feed([
    Sample(time: midnight, value: 1), Sample(time: midnight + .seconds(10), value: 900, quality: .spike),
    Sample(time: midnight + .seconds(20), value: 3, quality: .imputed),
    Sample(time: midnight + .seconds(20), value: 700, quality: .duplicate),
    Sample(time: midnight + .days(2), value: 700, quality: .future), Sample(time: midnight + .seconds(40), value: 2),
    Sample(time: midnight + .seconds(80), value: 2),
  ])
  let window = try #require(bench.last(.minute).first)
  #expect(window.count == 3 && window.goodShare == 0.5 && approx(window.mean, b: 2) && window.maximum == 3)
}

@Test
func `a window is closed by the plant's clock two minutes after its end, and by a tick after a silent minute`() {
  var bench = Bench(power)
  bench.feed([Sample(time: midnight, value: 1), Sample(time: midnight + .seconds(30), value: 1)])
  bench.mark(midnight + .minutes(2))
  #expect(bench.windows.isEmpty)
  bench.mark(midnight + .minutes(3))
  #expect(bench.windows.map(\.length) == [.minute])

  var other = Bench(power)
  other.feed([Sample(time: midnight, value: 1), Sample(time: midnight + .seconds(30), value: 1)])
  other.tick(midnight + .seconds(89), clock: midnight)
  #expect(other.windows.isEmpty)
  other.tick(midnight + .hours(2), clock: midnight)
  #expect(other.windows.isEmpty, "the plant is catching up")
  other.tick(midnight + .seconds(90), clock: midnight)
  #expect(other.windows.map(\.length) == [.minute])
}

@Test
func `an hourly series gives each hour its exact energy and each quarter its value`() {
  let register = makeRegister([("load", "power")], overrides: [sensor("load.power", sampling: .intervalStart)])
  var bench = Bench(register)
  let values = [2.2758, 0.85117, 3.1, 0.1, 7.77, 1.0 / 3]
  bench.feed(values.enumerated().map { Sample(time: midnight + .hours(Int64($0)), value: $1) })
  // The last hour is whole as well, and is closed by silence even behind the present.
  bench.tick(midnight + .days(100), clock: midnight)
  let hours = bench.last(.hour)
  #expect(hours.map(\.energyKilowattHours) == values)
  #expect(hours.map(\.mean) == values)
  #expect(hours.allSatisfy { $0.count == 1 && $0.goodShare == 1 })
  #expect(bench.last(.quarterHour).map(\.mean) == values.flatMap { [$0, $0, $0, $0] })
  #expect(bench.last(.minute).isEmpty)
  #expect(bench.windows.allSatisfy { !$0.isUpdate })
  #expect(bench.field("energy_kwh", of: .cleanHourly) == values)
}

@Test
func `an interval's end names the interval before it`() {
  let register = makeRegister([("load", "power")], overrides: [sensor("load.power", sampling: .intervalEnd)])
  var bench = Bench(register)
  bench.feed((1...8).map { Sample(time: midnight + .minutes(15 * Int64($0)), value: Double($0)) })
  #expect(bench.last(.hour).map(\.mean) == [2.5, 6.5])
  #expect(bench.last(.hour).map(\.energyKilowattHours) == [2.5, 6.5])
  #expect(bench.last(.quarterHour).map(\.mean) == [1, 2, 3, 4, 5, 6, 7, 8])
}

@Test
func `energy is what was measured, and the good share says how much of the window that is`() throws {
  var bench = Bench(power)
  bench.feed((0...40).map { Sample(time: midnight + .minutes(Int64($0)), value: 6) })
  bench.feed((0...10).map { Sample(time: midnight + .minutes(110 + Int64($0)), value: 6) })
  bench.mark(midnight + .hours(3))
  let hours = bench.last(.hour)
  try #require(hours.count == 2)
  #expect(approx(hours[0].energyKilowattHours, b: 4) && approx(hours[0].goodShare, b: 40.0 / 60))
  #expect(approx(hours[1].energyKilowattHours, b: 1) && approx(hours[1].goodShare, b: 10.0 / 60))
}

@Test(arguments: [(100.0, 103.5, 3.5), (99_990, 20, 30), (5_000, 2, 2), (5_000, 4_990, 0), (65_530, 4, 10)])
func `a counter's increase`(before: Double, after: Double, increase: Double) {
  #expect(approx(CounterIncrease.between(before, value: after, scale: 1), b: increase))
}

@Test
func `a counter's windows add up to its increase, resets included, and their mean is the power`() {
  let register = makeRegister([("load", "energy")])
  var bench = Bench(register)
  // 6 kWh an hour, read every 7 minutes; reset to zero once.
  var samples: [Sample] = []
  for step in 0..<40 {
    let reading = 0.7 * Double(step)
    samples.append(
      Sample(time: midnight + .minutes(7 * Int64(step)), value: step < 20 ? 1_000 + reading : reading - 13.3))
  }
  bench.feed(samples)
  let hours = bench.last(.hour)
  #expect(hours.count == 4)
  for hour in hours {
    #expect(approx(hour.energyKilowattHours, b: 6, tolerance: 1e-6))
    #expect(approx(hour.mean, b: 6, tolerance: 1e-6))
  }
}

@Test(arguments: [(1_711_839_600, 23), (1_711_753_200, 24), (1_729_980_000, 25)])
func `local days hold 23, 24 or 25 hours`(start: Int64, hours: Int) throws {
  // 2024-03-31, 2024-03-30 and 2024-10-27 in Berlin.
  let register = makeRegister(
    [("load", "power")], overrides: [sensor("load.power", sampling: .intervalStart)], timezone: "Europe/Berlin")
  var bench = Bench(register)
  let begin = Timestamp(seconds: start)
  bench.feed((-3..<40).map { Sample(time: begin + .hours(Int64($0)), value: 2) })
  let points = bench.points.filter { $0.key.measurement == .cleanDaily }
  let point = try #require(points.last { $0.time == begin })
  #expect(point.fields.contains(Field("energy_kwh", .float(2 * Double(hours)))))
}

@Test
func `a zone off by half an hour rolls quarters up to its own hours`() {
  let register = makeRegister(
    [("load", "power")], overrides: [sensor("load.power", sampling: .intervalStart)], timezone: "Asia/Kolkata")
  var bench = Bench(register)
  bench.feed((0..<16).map { Sample(time: midnight + .minutes(15 * Int64($0)), value: Double($0)) })
  let points = bench.points.filter { $0.key.measurement == .cleanHourly }
  #expect(points.map(\.time) == [-30, 30, 90, 150].map { midnight + .minutes($0) })
  #expect(bench.field("mean", of: .cleanHourly) == [0.5, 3.5, 7.5, 11.5])
}

private let mixed = makeRegister(
  [("load", "power"), ("pv1", "power"), ("load", "energy"), ("grid", "power"), ("grid", "price")],
  overrides: [sensor("pv1.power", sampling: .intervalStart)], timezone: "Europe/Berlin")

/// Steady series with gaps, late readings and bad ones.
private func wildStream(seed: UInt64, count: Int) -> [Sample] {
  var random = SplitMix(state: seed)
  var clock = midnight
  var meter = 0.0
  return (0..<count).map { i in
    clock += .seconds(3)
    if Int.random(in: 0..<100, using: &random) == 0 { clock += .seconds(.random(in: 1...900, using: &random)) }
    meter += 0.01
    let series = i % 5
    let isLate = Int.random(in: 0..<20, using: &random) == 0
    let time = isLate ? clock - .seconds(.random(in: 11...5_000, using: &random)) : clock
    let isBad = Int.random(in: 0..<30, using: &random) == 0
    let value = series == 2 ? meter : .random(in: -10...10, using: &random)
    return Sample(series: series, time: time, value: value, quality: isLate ? .late : isBad ? .spike : .good)
  }
}

@Test(arguments: [2, 13, 1_000])
func `how readings are batched makes no difference`(batch: Int) {
  let samples = wildStream(seed: 1, count: 6_000)
  var single = Bench(mixed)
  single.feed(samples)
  var other = Bench(mixed)
  other.feed(samples, batch: batch)
  #expect(single.windows.map(String.init(describing:)) == other.windows.map(String.init(describing:)))
  #expect(single.points.map(\.fields) == other.points.map(\.fields))
  #expect(single.windows.contains { $0.isUpdate })
}

@Test
func `a restored stage goes on as the one that was saved`() throws {
  let samples = wildStream(seed: 2, count: 6_000)
  var saved = Bench(mixed)
  saved.feed(Array(samples[..<3_000]))
  saved.mark(samples[2_999].time.floored(to: .minute))
  var writer = SnapshotWriter()
  saved.stage.snapshot(into: &writer)
  var copy = Bench(mixed)
  var reader = SnapshotReader(writer.bytes)
  try copy.stage.restore(from: &reader)
  #expect(reader.isAtEnd)
  let (windows, points) = (saved.windows.count, saved.points.count)
  for chunk in 3..<6 {
    let part = Array(samples[chunk * 1_000..<(chunk + 1) * 1_000])
    for clock in [part[999].time.floored(to: .minute)] {
      saved.feed(part)
      copy.feed(part)
      saved.mark(clock)
      copy.mark(clock)
    }
  }
  #expect(saved.windows[windows...].map(String.init(describing:)) == copy.windows.map(String.init(describing:)))
  #expect(saved.points[points...].map(\.fields) == copy.points.map(\.fields))
  #expect(copy.points.contains { $0.key.measurement == .kpi })
  #expect(copy.stage.tooLate == saved.stage.tooLate)
}

@Test
func `a snapshot that is cut off is refused`() {
  var bench = Bench(power)
  bench.feed((0..<20).map { Sample(time: midnight + .minutes(Int64($0)), value: 1) })
  var writer = SnapshotWriter()
  bench.stage.snapshot(into: &writer)
  for length in stride(from: 0, to: writer.bytes.count, by: 7) {
    var reader = SnapshotReader(Array(writer.bytes[..<length]))
    var copy = FeatureWindowStage()
    #expect(throws: SnapshotError.self) { try copy.restore(from: &reader) }
  }
}

@Test
func `no time, value or quality crashes the stage, and no window runs backwards`() {
  var random = SplitMix(state: 4)
  let times: [Int64] = [.min, .min + 1, -1, 0, 1, 1_700_000_000_000_000_000, 1_700_000_007_000_000_000, .max - 1, .max]
  let values: [Double] = [
    .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, 1, .leastNonzeroMagnitude,
  ]
  var bench = Bench(mixed)
  for round in 0..<200 {
    bench.feed(
      (0..<50).map { _ in
        Sample(
          series: .random(in: 0..<5, using: &random),
          time: Timestamp(nanoseconds: times[.random(in: 0..<times.count, using: &random)]),
          value: values[.random(in: 0..<values.count, using: &random)],
          quality: Quality.allCases[.random(in: 0..<Quality.allCases.count, using: &random)])
      }, batch: 10, received: Timestamp(nanoseconds: times[round % times.count]))
    let clock = Timestamp(nanoseconds: times[(round + 3) % times.count])
    bench.mark(clock)
    bench.tick(Timestamp(nanoseconds: times[(round + 5) % times.count]), clock: clock)
  }
  #expect(!bench.windows.isEmpty)
  #expect(bench.windows.allSatisfy { $0.end > $0.start && $0.start.floored(to: $0.length.span) == $0.start })
}

@Test(arguments: [power, voltage])
func `a filled gap changes windows that a clock had closed, with one update each`(register: PlantRegister) throws {
  var bench = Bench(register)
  bench.feed((0..<10).map { Sample(time: midnight + .seconds(Int64($0) * 10), value: 1) })
  bench.tick(midnight + .minutes(5), clock: midnight + .minutes(1))
  #expect(bench.windows.map(\.isUpdate) == [false, false])
  bench.feed([
    Sample(time: midnight + .seconds(100), value: 2, quality: .imputed),
    Sample(time: midnight + .seconds(110), value: 3, quality: .imputed),
    Sample(time: midnight + .seconds(120), value: 4),
  ])
  bench.tick(midnight + .seconds(121), clock: midnight + .minutes(1))
  try #require(bench.windows.count == 3)
  #expect(bench.windows[2].isUpdate && bench.windows[2].count == 6 && bench.windows[2].maximum == 3)
}

@Test
func `the windows of a day of minutes add up to the day's energy on every level`() throws {
  var bench = Bench(power)
  bench.feed((0...(26 * 60)).map { Sample(time: midnight + .minutes(Int64($0)), value: Double($0)) })
  let quarters = bench.last(.quarterHour).prefix(96).reduce(0) { $0 + $1.energyKilowattHours }
  let hours = bench.last(.hour).prefix(24).reduce(0) { $0 + $1.energyKilowattHours }
  // The integral of a ramp by 60 kW an hour over 24 hours.
  #expect(approx(quarters, b: 17_280, tolerance: 1e-6) && approx(hours, b: 17_280, tolerance: 1e-6))
  #expect(bench.field("energy_kwh", of: .cleanDaily).compactMap { $0 }.map { ($0 * 1000).rounded() } == [17_280_000])
}

@Test("a fall that is taken back counts nothing, one that is not is counted from zero, and a dip is not counted twice")
func aFallThatIsTakenBackCountsNothingOneThatIsNotIsCountedFromZeroAndADipIs() {
  func energy(_ values: [(Double, Quality)], of asset: String = "load") -> Double {
    var plant = Plant(name: "p", location: Location(latitude: 0, longitude: 0, timezone: "UTC"))
    var pump = Asset(name: "pump", kind: .heatPump)
    pump.powerKilowatts = 10
    plant.assets = [Asset(name: "load", kind: .load), pump]
    var register = PlantRegister(plant: plant)
    _ = register.admit(asset: asset, sensor: "energy")
    var bench = Bench(register)
    // The hour is full and two more follow, so that all of it is told.
    bench.feed(
      values.enumerated().map {
        Sample(time: midnight + .minutes(5 * Int64($0.offset)), value: $0.element.0, quality: $0.element.1)
      })
    bench.tick(midnight + .hours(9), clock: midnight + .hours(9))
    return bench.last(.quarterHour).map(\.energyKilowattHours).reduce(0, +)
  }
  let full = (0...24).map { (1_000 + Double($0), Quality.good) }
  #expect(approx(energy(full), b: 24, tolerance: 1e-9))
  var glitch = full
  glitch[6] = (0, .good)
  // As cleaning tells it: the glitch is given again in front of the reading that takes it back.
  func told(_ values: [(Double, Quality)], glitchAt index: Int) -> Double {
    var bench = Bench(makeRegister([("load", "energy")]))
    var samples = values.enumerated().map {
      Sample(time: midnight + .minutes(5 * Int64($0.offset)), value: $0.element.0, quality: $0.element.1)
    }
    samples.insert(Sample(time: samples[index].time, value: .nan, quality: .spike), at: index + 1)
    bench.feed(samples)
    bench.tick(midnight + .hours(9), clock: midnight + .hours(9))
    return bench.last(.quarterHour).map(\.energyKilowattHours).reduce(0, +)
  }
  #expect(approx(told(glitch, glitchAt: 6), b: 24, tolerance: 1e-9))
  // A reset in the middle, to 0.5 after it.
  let reset = (0...24).map { ($0 < 12 ? 1_000 + Double($0) : Double($0) - 11.5, Quality.good) }
  #expect(approx(energy(reset), b: 23.5, tolerance: 1e-9))
  var dip = full
  dip[6] = (1_004, .spike)
  #expect(approx(energy(dip), b: 24, tolerance: 1e-9))
  // A meter of another count takes its place: nothing is known of the stretch between.
  let other = (0...24).map { ($0 < 12 ? 1_000 + Double($0) : 70_000 + Double($0), Quality.good) }
  #expect(energy(other, of: "pump") < 25)
}
