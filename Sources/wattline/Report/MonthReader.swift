import DispatchPolicy
import InfluxSink
import MonthlyAccounts
import PlantModel
import PointSchema
import WattlineTime

/// Reader of a plant's month in the database, day by day.
struct MonthReader {
  /// Fields of a settled quarter of an hour that a report reads.
  private static let account = Measurement.kpi.selection(of: [
    .importEnergy, .exportEnergy, .exchangeShare, .dischargeEnergy, .chargeEnergy, .cost, .costCoverage, .carbon,
    .gridPower, .batteryPower,
  ])
  private static let decisions = Measurement.dispatch.selection(
    of: [.stateOfCharge, .price, .exportPrice], tags: [.asset])
  private static let completeness = Measurement.cleanHourly.selection(of: [.goodShare], tags: [.asset, .sensor])

  private let plant: Plant
  private let reader: DatabaseReader
  private var accountant: MonthlyAccountant
  /// Hours and sum of good shares, by asset and sensor of each power.
  private var good: [[String]: (hours: Double, shares: Double)] = [:]
  private var settled: [EnergyQuarter] = []
  /// Quarter-hours from before the account, which had all figures in one point per minute.
  private var earlier = MinuteQuarters()

  /// Reads the account of a month.
  ///
  /// - Parameters:
  ///   - span: The month, or its part up to now.
  ///   - plant: The plant.
  ///   - reader: Connection to the database.
  ///   - showsProgress: Whether progress is shown on the terminal.
  static func report(
    _ span: MonthSpan, of plant: Plant, from reader: DatabaseReader, showsProgress: Bool = true
  ) throws(ReadError) -> MonthlyReport {
    var month = MonthReader(plant: plant, span: span, reader: reader)
    var progress = ProgressBar("reading \(span.name) of \(plant.name)", total: (span.end - span.start).inHours)
    var day = span.start
    while day < span.end {
      let next = min(span.end, day + .day)
      try month.read(from: day, to: next)
      day = next
      if showsProgress { progress.update((day - span.start).inHours) }
    }
    progress.finish()
    return MonthlyReport(plant: plant, span: span, account: month.finish())
  }

  private init(plant: Plant, span: MonthSpan, reader: DatabaseReader) {
    (self.plant, self.reader) = (plant, reader)
    accountant = MonthlyAccountant(plant: plant, from: span.start, to: span.end)
  }

  private mutating func read(from start: Timestamp, to end: Timestamp) throws(ReadError) {
    let name = DatabaseReader.quoted(plant.name)
    let times = "time >= \(start.milliseconds)ms AND time < \(end.milliseconds)ms"
    let wanted = "WHERE \(Tag.plant.quoted) = \(name) AND \(times)"
    try readQuarters(wanted)
    try readDecisions(wanted)
    try readCompleteness(wanted)
  }

  private func rows(
    _ selection: String, where wanted: String
  ) throws(ReadError) -> [(time: Timestamp?, row: QueryRow)] {
    try reader.rows("SELECT \(selection) \(wanted)").map { row in
      (row.number("time").flatMap { Int64(exactly: $0) }.map(Timestamp.init(milliseconds:)), row)
    }
  }

  private mutating func readQuarters(_ wanted: String) throws(ReadError) {
    var minutes: [(Timestamp, QueryRow)] = []
    for case (let time?, let row) in try rows(Self.account, where: wanted) {
      guard let imported = row.number(.importEnergy) else {
        minutes.append((time, row))
        continue
      }
      var quarter = EnergyQuarter(start: time)
      (quarter.imported, quarter.exported) = (imported, row.number(.exportEnergy))
      quarter.exchangeShare = row.number(.exchangeShare) ?? 0
      (quarter.discharged, quarter.charged) = (row.number(.dischargeEnergy), row.number(.chargeEnergy))
      (quarter.cost, quarter.costCoverage) = (row.number(.cost), row.number(.costCoverage))
      quarter.carbon = row.number(.carbon)
      settled.append(quarter)
    }
    guard settled.isEmpty else { return }
    for (time, row) in minutes {
      earlier.record(
        time: time, exchange: row.number(.gridPower), battery: row.number(.batteryPower), cost: row.number(.cost),
        carbon: row.number(.carbon))
    }
  }

  private mutating func readDecisions(_ wanted: String) throws(ReadError) {
    for case (let time?, let row) in try rows(Self.decisions, where: wanted) {
      guard let asset = row.text(.asset) else { continue }
      accountant.record(
        decision: time, asset: asset, stateOfCharge: row.number(.stateOfCharge), price: row.number(.price),
        exportPrice: row.number(.exportPrice))
    }
  }

  private mutating func readCompleteness(_ wanted: String) throws(ReadError) {
    // `clean_1h` contains whole hours only.
    let powers = wanted + " AND \(Tag.sensor.quoted) =~ /^(active_|ac_)?power$/"
    for (_, row) in try rows(Self.completeness, where: powers) {
      guard let asset = row.text(.asset), let sensor = row.text(.sensor), let share = row.number(.goodShare)
      else { continue }
      good[[asset, sensor], default: (0, 0)].hours += 1
      good[[asset, sensor], default: (0, 0)].shares += share
    }
  }

  private mutating func finish() -> MonthlyAccount {
    let first = settled.first?.start
    for quarter in earlier.settled where first.map({ quarter.start < $0 }) ?? true { accountant.record(quarter) }
    for quarter in settled { accountant.record(quarter) }
    for (series, sum) in good {
      accountant.record(completenessOf: series[0], hours: sum.hours, goodShares: sum.shares)
    }
    return accountant.finish()
  }
}
