import PlantModel
import PointSchema
import StreamCore
import Testing
import WattlineTime

@testable import FeatureWindows

@Test
func `the worked balance: 6 kW of sun, 5 kW of load, 3 kW into the battery import 2 kW`() {
  #expect(KeyPerformance(generation: 6, load: 5, grid: nil, battery: -3).grid == 2)
  #expect(KeyPerformance(generation: 10, load: nil, grid: -4, battery: 1).load == 7)
}

@Test
func `what is measured is taken as measured, what cannot be known is absent`() {
  let measured = KeyPerformance(generation: 0, load: 5, grid: 5.5, battery: nil)
  #expect(measured.load == 5 && measured.grid == 5.5)
  let unknown = KeyPerformance(generation: 3, load: nil, grid: nil, battery: nil)
  #expect(unknown.grid == nil && unknown.load == nil)
}

@Test
func `powers are told a minute while readings come, energy and money once a quarter of an hour`() {
  let tariff = Tariff(importPeriods: [Tariff.Period(fromMinute: 0, toMinute: 0, price: 0.6)], exportPrice: 0.1)
  let register = makeRegister([("load", "power"), ("chiller", "power"), ("pv1", "power")], tariff: tariff)
  var bench = Bench(register)
  for minute in 0..<16 {
    for series in 0..<3 {
      bench.feed([
        Sample(series: series, time: midnight + .minutes(Int64(minute)), value: [10, 4, 3][series])
      ])
    }
    if minute > 0 { bench.mark(midnight + .minutes(Int64(minute))) }
  }
  let points = bench.points.filter { $0.key == PointKey(.kpi, .plant) }
  let minutes = points.filter { point in point.fields.contains { $0.name == "load_kw" } }
  #expect(minutes.map(\.time) == (0..<15).map { midnight + .minutes($0) })
  #expect(bench.field("load_kw", of: .kpi).compactMap { $0 } == Array(repeating: 10, count: 15))
  #expect(bench.field("grid_kw", of: .kpi).compactMap { $0 } == Array(repeating: 7, count: 15))
  let quarters = points.filter { point in point.fields.contains { $0.name == "import_kwh" } }
  #expect(quarters.map(\.time) == [midnight])
  #expect(abs((bench.field("cost", of: .kpi).compactMap { $0 }.first ?? 0) - 7 * 0.6 / 4) < 1e-12)
  #expect(bench.field("self_consumption", of: .kpi).compactMap { $0 } == [1])
  #expect(quarters[0].fields.first { $0.name == "currency" }?.value == .text("EUR"))
}

@Test
func `an hourly meter gives the four quarters of each hour, at the prices that came with it`() {
  let register = makeRegister(
    [("load", "power"), ("pv1", "power"), ("grid", "price"), ("grid", "carbon")],
    overrides: [sensor("*", sampling: .intervalStart)])
  var bench = Bench(register)
  var mark = midnight
  for hour in 0..<6 {
    let time = midnight + .hours(Int64(hour))
    let values = [Double(hour), 1, 0.25, 0.5]
    bench.feed(values.enumerated().map { Sample(series: $0, time: time, value: $1) })
    while mark < time {
      bench.mark(mark)
      mark += .minute
    }
  }
  var costs: [Timestamp: Double] = [:]
  var carbon: [Timestamp: Double] = [:]
  for point in bench.points where point.key.measurement == .kpi {
    for field in point.fields {
      guard case .float(let value) = field.value else { continue }
      if field.name == "cost" { costs[point.time] = value }
      if field.name == "carbon_kg" { carbon[point.time] = value }
    }
  }
  // 3 kW less 1 kW of sun at 0.25 and 0.5 kg for an hour.
  let hour = (12..<16).map { midnight + .minutes(15 * $0) }
  #expect(abs(hour.reduce(0) { $0 + (costs[$1] ?? .nan) } - 0.5) < 1e-12)
  #expect(abs(hour.reduce(0) { $0 + (carbon[$1] ?? .nan) } - 1) < 1e-12)
}

@Test
func `a generator that fell silent leaves the balance open rather than making it up`() {
  let register = makeRegister([("load", "power"), ("pv1", "power")])
  var bench = Bench(register)
  for minute in 0..<10 {
    let time = midnight + .minutes(Int64(minute)) + .seconds(30)
    bench.feed([Sample(series: 0, time: time, value: 10)])
    if minute < 5 { bench.feed([Sample(series: 1, time: time, value: 4)]) }
    bench.mark(midnight + .minutes(Int64(minute) + 1))
  }
  #expect(bench.balance("grid_kw").first == .some(6))
  #expect(bench.balance("grid_kw").last == .some(nil))
  #expect(bench.balance("load_kw").last == .some(10))
  #expect(bench.balance("generation_kw").last == .some(nil))
  #expect(bench.balance("generation_coverage").first == .some(1))
  #expect(bench.balance("generation_coverage").last == .some(0))
}

@Test("of two generators the one that is heard is the sum, which says that it is half, until the other is forgotten")
func ofTwoGeneratorsTheOneThatIsHeardIsTheSumWhichSaysThatItIsHalfUntilThe() {
  let register = makeRegister([("load", "power"), ("pv1", "power"), ("pv2", "power")])
  var bench = Bench(register)
  func tell(_ minute: Int, values: [Double]) {
    let time = midnight + .minutes(Int64(minute)) + .seconds(30)
    bench.feed(values.enumerated().map { Sample(series: $0, time: time, value: $1) })
    bench.mark(midnight + .minutes(Int64(minute) + 1))
  }
  for minute in 0..<5 { tell(minute, values: [10, 4, 3]) }
  for minute in 5..<20 { tell(minute, values: [10, 4]) }
  for minute in [20 * 60, 30 * 60, 15 * 24 * 60] { tell(minute, values: [10, 4]) }
  let generation = bench.balance("generation_kw")
  let coverage = bench.balance("generation_coverage")
  let grid = bench.balance("grid_kw")
  #expect(generation[0] == 7 && coverage[0] == 1 && grid[0] == 3)
  // No cost and no exchange follows from half of the sun.
  #expect(generation[19] == 4 && coverage[19] == 0.5 && grid[19] == nil)
  #expect(generation[20...] == [4, 4, 4] && coverage[20...] == [0.5, 0.5, 1] && grid[20...] == [nil, 6, 6])
  #expect(bench.balance("load_coverage").allSatisfy { $0 == 1 })
  #expect(bench.balance("battery_coverage").allSatisfy { $0 == nil })
}

@Test
func `a load that follows from the balance is covered as far as what it follows from`() {
  let register = makeRegister([("grid", "power"), ("pv1", "power"), ("pv2", "power")])
  var bench = Bench(register)
  for (minute, values) in [(0, [1.0, 4, 3]), (30 * 60, [1, 4])] {
    let time = midnight + .minutes(Int64(minute)) + .seconds(30)
    bench.feed(values.enumerated().map { Sample(series: $0, time: time, value: $1) })
    bench.mark(midnight + .minutes(Int64(minute) + 1))
  }
  #expect(bench.balance("load_kw") == [8, 5])
  #expect(bench.balance("load_coverage") == [1, 0.5])
}

@Test("where the list of prices has ended, the cost is absent and its coverage is 0; without prices neither is there")
func whereTheListOfPricesHasEndedTheCostIsAbsentAndItsCoverageIs0Without() {
  var tariff = Tariff()
  tariff.schedule = PriceSchedule([.init(start: midnight, importPrice: 0.6)])
  for tariff in [tariff, Tariff()] {
    var bench = Bench(makeRegister([("load", "power")], tariff: tariff))
    for minute: Int64 in 45...90 {
      bench.feed([Sample(series: 0, time: midnight + .minutes(minute), value: 10)])
      bench.mark(midnight + .minutes(minute))
    }
    let quarters = bench.points.filter { point in point.fields.contains { $0.name == "import_kwh" } }
    func values(_ name: String) -> [Double?] {
      quarters.map { point in
        if case .float(let value) = point.fields.first(where: { $0.name == name })?.value { value } else { nil }
      }
    }
    #expect(quarters.map(\.time) == [45, 60, 75].map { midnight + .minutes($0) })
    if tariff.isKnown {
      #expect(values("cost").map { $0.map { ($0 * 1e9).rounded() / 1e9 } } == [1.5, nil, nil])
      #expect(values("cost_coverage") == [1, 0, 0])
    } else {
      #expect(values("cost") == [nil, nil, nil] && values("cost_coverage") == [nil, nil, nil])
    }
  }
}
