import PlantModel
import StreamCore
import Testing

@testable import FeatureWindows

@Test("the worked balance: 6 kW of sun, 5 kW of load, 3 kW into the battery import 2 kW")
func workedBalance() {
  let result = KeyPerformance(
    generation: 6, load: 5, grid: nil, battery: -3, importPrice: 0.3, carbonIntensity: 0.4, over: .minutes(30))
  #expect(result.grid == 2)
  #expect(result.selfConsumption == 1)
  #expect(result.cost == 0.3)
  #expect(result.carbon == 0.4)
}

@Test("the load follows from the balance where it is not metered, and export earns")
func derivedLoad() {
  let result = KeyPerformance(
    generation: 10, load: nil, grid: -4, battery: 1, importPrice: 0.3, exportPrice: 0.05, over: .hour)
  #expect(result.load == 7)
  #expect(result.selfConsumption == 0.6)
  #expect(result.cost == -0.2)
}

@Test("what is measured is taken as measured, what cannot be known is absent")
func measuredAndAbsent() {
  let measured = KeyPerformance(generation: 0, load: 5, grid: 5.5, battery: nil, over: .minute)
  #expect(measured.load == 5 && measured.grid == 5.5)
  #expect(measured.selfConsumption == nil && measured.cost == nil && measured.carbon == nil)
  let unknown = KeyPerformance(generation: 3, load: nil, grid: nil, battery: nil, importPrice: 1, over: .minute)
  #expect(unknown.grid == nil && unknown.load == nil && unknown.cost == nil)
}

@Test("a point a minute while readings come, with the tariff of the local minute, and none without news")
func pointAMinute() {
  let tariff = Tariff(importPeriods: [Tariff.Period(fromMinute: 0, toMinute: 0, price: 0.6)], exportPrice: 0.1)
  let register = makeRegister([("load", "power"), ("chiller", "power"), ("pv1", "power")], tariff: tariff)
  var bench = Bench(register)
  for minute in 0..<5 {
    for series in 0..<3 {
      bench.feed([
        Sample(series: series, time: midnight + .minutes(Int64(minute)) + .seconds(30), value: [10, 4, 3][series])
      ])
    }
    bench.mark(midnight + .minutes(Int64(minute) + 1))
  }
  bench.mark(midnight + .minutes(6))
  let points = bench.points.filter { $0.key == PointKey(.kpi, .plant) }
  #expect(points.map(\.time) == (0..<5).map { midnight + .minutes($0) })
  #expect(bench.field("load_kw", of: .kpi) == Array(repeating: 10, count: 5))
  #expect(bench.field("grid_kw", of: .kpi) == Array(repeating: 7, count: 5))
  let costs = bench.field("cost", of: .kpi).compactMap { $0 }
  #expect(costs.count == 5 && costs.allSatisfy { abs($0 - 0.07) < 1e-12 })
  let currencies = points.map { point in point.fields.first { $0.name == "currency" }?.value }
  #expect(currencies == Array(repeating: .text("EUR"), count: 5))
}

@Test("hourly data gives a point an hour that covers the hour, at the prices that came with it")
func hourlyCadence() {
  let register = makeRegister(
    [("load", "power"), ("pv1", "power"), ("grid", "price"), ("grid", "carbon")],
    overrides: [sensor("*", .intervalStart)])
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
  let points = bench.points.filter { $0.key.measurement == .kpi }
  #expect(points.map(\.time) == (0..<5).map { midnight + .hours($0) })
  #expect(bench.field("load_kw", of: .kpi) == [0, 1, 2, 3, 4])
  // 3 kW less 1 kW of sun at 0.25 and 0.5 kg for an hour.
  #expect(bench.field("cost", of: .kpi)[3] == 0.5)
  #expect(bench.field("carbon_kg", of: .kpi)[3] == 1)
}

@Test("a generator that fell silent leaves the balance open rather than making it up")
func silentGenerator() {
  let register = makeRegister([("load", "power"), ("pv1", "power")])
  var bench = Bench(register)
  for minute in 0..<10 {
    let time = midnight + .minutes(Int64(minute)) + .seconds(30)
    bench.feed([Sample(series: 0, time: time, value: 10)])
    if minute < 5 { bench.feed([Sample(series: 1, time: time, value: 4)]) }
    bench.mark(midnight + .minutes(Int64(minute) + 1))
  }
  #expect(bench.field("grid_kw", of: .kpi).first == .some(6))
  #expect(bench.field("grid_kw", of: .kpi).last == .some(nil))
  #expect(bench.field("load_kw", of: .kpi).last == .some(10))
  #expect(bench.field("generation_kw", of: .kpi).last == .some(nil))
  #expect(bench.field("generation_coverage", of: .kpi).first == .some(1))
  #expect(bench.field("generation_coverage", of: .kpi).last == .some(0))
}

@Test("of two generators the one that is heard is the sum, which says that it is half, until the other is forgotten")
func partOfTheGenerators() {
  let register = makeRegister([("load", "power"), ("pv1", "power"), ("pv2", "power")])
  var bench = Bench(register)
  func tell(_ minute: Int, _ values: [Double]) {
    let time = midnight + .minutes(Int64(minute)) + .seconds(30)
    bench.feed(values.enumerated().map { Sample(series: $0, time: time, value: $1) })
    bench.mark(midnight + .minutes(Int64(minute) + 1))
  }
  for minute in 0..<5 { tell(minute, [10, 4, 3]) }
  for minute in 5..<20 { tell(minute, [10, 4]) }
  for minute in [20 * 60, 30 * 60, 15 * 24 * 60] { tell(minute, [10, 4]) }
  let generation = bench.field("generation_kw", of: .kpi)
  let coverage = bench.field("generation_coverage", of: .kpi)
  let grid = bench.field("grid_kw", of: .kpi)
  #expect(generation[0] == 7 && coverage[0] == 1 && grid[0] == 3)
  // No cost and no exchange follows from half of the sun.
  #expect(generation[19] == 4 && coverage[19] == 0.5 && grid[19] == nil)
  #expect(generation[20...] == [4, 4, 4] && coverage[20...] == [0.5, 0.5, 1] && grid[20...] == [nil, 6, 6])
  #expect(bench.field("load_coverage", of: .kpi).allSatisfy { $0 == 1 })
  #expect(bench.field("battery_coverage", of: .kpi).allSatisfy { $0 == nil })
}

@Test("a load that follows from the balance is covered as far as what it follows from")
func coverageOfWhatFollows() {
  let register = makeRegister([("grid", "power"), ("pv1", "power"), ("pv2", "power")])
  var bench = Bench(register)
  for (minute, values) in [(0, [1.0, 4, 3]), (30 * 60, [1, 4])] {
    let time = midnight + .minutes(Int64(minute)) + .seconds(30)
    bench.feed(values.enumerated().map { Sample(series: $0, time: time, value: $1) })
    bench.mark(midnight + .minutes(Int64(minute) + 1))
  }
  #expect(bench.field("load_kw", of: .kpi) == [8, 5])
  #expect(bench.field("load_coverage", of: .kpi) == [1, 0.5])
}

@Test("a cost needs the price of what flows: import's for import, export's for export")
func costOfWhatFlows() {
  func cost(_ grid: Double, _ importPrice: Double?, _ exportPrice: Double?) -> Double? {
    KeyPerformance(
      generation: nil, load: nil, grid: grid, battery: nil, importPrice: importPrice, exportPrice: exportPrice,
      over: .hour
    ).cost
  }
  #expect(cost(2, 0.3, nil) == 0.6 && cost(2, nil, 0.1) == nil)
  #expect(cost(-2, nil, 0.1) == -0.2 && cost(-2, 0.3, nil) == nil)
  #expect(cost(-2, 0.1, 0.4) == -0.8 && cost(2, -0.05, nil) == -0.1)
  #expect(cost(0, 0.3, nil) == 0 && cost(0, nil, nil) == nil)
}

@Test("where the list of prices has ended, the cost is absent and its coverage is 0; without prices neither is there")
func unknownPrices() {
  var tariff = Tariff()
  tariff.schedule = PriceSchedule([.init(start: midnight, importPrice: 0.6)])
  for tariff in [tariff, Tariff()] {
    var bench = Bench(makeRegister([("load", "power")], tariff: tariff))
    for minute: Int64 in 58..<62 {
      bench.feed([Sample(series: 0, time: midnight + .minutes(minute) + .seconds(30), value: 10)])
      bench.mark(midnight + .minutes(minute + 1))
    }
    let costs = bench.field("cost", of: .kpi)
    let coverage = bench.field("cost_coverage", of: .kpi)
    if tariff.isKnown {
      #expect(costs.map { $0.map { ($0 * 1e9).rounded() / 1e9 } } == [0.1, 0.1, nil, nil])
      #expect(coverage == [1, 1, 0, 0])
    } else {
      #expect(costs == [nil, nil, nil, nil] && coverage == [nil, nil, nil, nil])
    }
  }
}
