import PlantModel
import StreamCore
import WattlineTime

/// Running means of the current hour over its minute marks.
struct HourMeans {
  private(set) var count = 0
  private var sums = [Double](repeating: 0, count: 5)
  private var powers = 0
  private var unpriced = 0
  /// Usable energy in the battery at the hour's start [kWh]; NaN if unknown.
  var energy = Double.nan

  var load: Double { sums[0] / Double(max(1, count)) }
  var generation: Double { sums[1] / Double(max(1, count)) }
  var price: Double { sums[2] / Double(max(1, count)) }
  var exportPrice: Double { sums[4] / Double(max(1, count)) }
  /// Whether all prices of the hour are known; otherwise its cost is unknown.
  var isPriced: Bool { unpriced == 0 }
  /// Mean power of the battery [kW]; NaN if it was not measured.
  var batteryPower: Double { powers > 0 ? sums[3] / Double(powers) : .nan }

  mutating func add(_ sample: DispatchLearner.Sample) {
    if let power = sample.batteryPower, power.isFinite {
      sums[3] += power
      powers += 1
    }
    guard sample.power.netDemand.isFinite, sample.price.isFinite, sample.exportPrice.isFinite else { return }
    count += 1
    if !sample.isPriced { unpriced += 1 }
    sums[0] += sample.power.netDemand + sample.power.generation
    sums[1] += sample.power.generation
    sums[2] += sample.price
    sums[4] += sample.exportPrice
  }

  /// Replaces the hour's means by those of the energy account, if the account covers all four quarters.
  mutating func settle(_ quarters: [EnergyQuarter]) {
    guard count > 0, quarters.count == 4, quarters.allSatisfy({ $0.exchangePower != nil }) else { return }
    func mean(_ value: (EnergyQuarter) -> Double?) -> Double { quarters.reduce(0) { $0 + (value($1) ?? 0) } }
    let battery = mean { quarter in quarter.discharged.map { $0 - (quarter.charged ?? 0) } }
    let generation = mean(\.generation)
    sums[0] = (mean { ($0.exchangePower ?? 0) / 4 } + battery + generation) * Double(count)
    sums[1] = generation * Double(count)
    if quarters.allSatisfy({ ($0.batteryShare ?? 0) > 0.5 }) { sums[3] = battery * Double(powers) }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Int64(count))
    writer.write(Int64(powers))
    writer.write(Int64(unpriced))
    writer.write(energy)
    writer.write(sums)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let count = try reader.read(Int64.self)
    let powers = try reader.read(Int64.self)
    let unpriced = try reader.read(Int64.self)
    energy = try reader.readDouble()
    sums = try reader.readDoubles()
    guard sums.count == 5, (0...1_000_000).contains(count), (0...1_000_000).contains(powers),
      (0...1_000_000).contains(unpriced)
    else {
      throw .invalid("an hour that cannot be")
    }
    self.count = Int(count)
    self.powers = Int(powers)
    self.unpriced = Int(unpriced)
  }
}

/// The hours of the past day, for comparison with the optimum.
struct DayReview {
  private static let hours = 24
  private var series = DispatchSeries()
  private var powers: [Double] = []
  private var energies: [Double] = []

  mutating func removeAll() { self = DayReview() }

  mutating func append(_ hour: HourMeans) {
    if series.count == DayReview.hours {
      series = series.slots(1..<DayReview.hours)
      powers.removeFirst()
      energies.removeFirst()
    }
    series.append(
      load: hour.load, generation: hour.generation, price: hour.isPriced ? hour.price : .nan,
      exportPrice: hour.exportPrice)
    powers.append(hour.batteryPower)
    energies.append(hour.energy)
  }

  /// Returns the cost of the battery's measured power above the minimum [currency]. Energy left in the battery counts
  /// with its value. NaN unless the whole day is known, its prices included.
  func regret(_ problem: DispatchProblem, valued value: EnergyValue) -> Double {
    guard series.count == DayReview.hours, let start = energies.first,
      (powers + series.price + [start]).allSatisfy(\.isFinite)
    else {
      return .nan
    }
    func net(_ powers: [Double]) -> Double {
      var energy = start
      for power in powers { energy = problem.advance(energy, wanted: power).energy }
      return series.bill(of: powers, problem: problem).total - value.worth(of: energy)
    }
    let best = PerfectForesight.powers(series, problem: problem, from: start, valued: value)
    return max(0, net(powers) - net(best))
  }

  /// Returns the savings of the day [currency]; `nil` unless the whole day is known, its prices included.
  ///
  /// - Parameters:
  ///   - problem: The batteries.
  ///   - value: Value of the energy left in them.
  ///   - followed: Mean power of each hour if every recommendation had been followed [kW]; `nil` if unknown.
  ///   - end: End of the day.
  /// - Returns: The savings.
  func savings(
    _ problem: DispatchProblem, valued value: EnergyValue, followed: [Double]?, until end: Timestamp
  ) -> DaySavings? {
    guard series.count == DayReview.hours, let start = energies.first,
      (powers + series.price + [start]).allSatisfy(\.isFinite)
    else {
      return nil
    }
    func net(_ powers: [Double]) -> Double {
      let energy = powers.reduce(start) { problem.advance($0, wanted: $1).energy }
      return series.bill(of: powers, problem: problem).total - value.worth(of: energy)
    }
    let rest = net(powers.map { _ in 0 })
    let measured = rest - net(powers)
    let presumed = followed.map { rest - net($0) } ?? .nan
    let best = rest - net(PerfectForesight.powers(series, problem: problem, from: start, valued: value))
    // The optimum is exact but for the width of a cell of energy.
    let optimal = max(best, measured, presumed.isFinite ? presumed : measured)
    return DaySavings(measured: measured, followed: presumed, optimal: optimal, end: end)
  }

  func snapshot(into writer: inout SnapshotWriter) {
    for column in [series.load, series.generation, series.price, series.exportPrice, powers, energies] {
      writer.write(column)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    var columns: [[Double]] = []
    for _ in 0..<6 { columns.append(try reader.readDoubles()) }
    guard let count = columns.first?.count, count <= DayReview.hours, columns.allSatisfy({ $0.count == count }) else {
      throw .invalid("a day of uneven hours")
    }
    series = DispatchSeries()
    for hour in 0..<count {
      series.append(
        load: columns[0][hour], generation: columns[1][hour], price: columns[2][hour], exportPrice: columns[3][hour])
    }
    powers = columns[4]
    energies = columns[5]
  }
}
